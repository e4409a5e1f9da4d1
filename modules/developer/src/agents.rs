//! Coding agents: what they start, what they run at an event, and what they may do unasked.

use crate::parse::agents as parse;
use crate::parse::editors::line;
use crate::parse::{json, secrets};
use crate::search::Found;
use assay_sdk::json::Value;
use assay_sdk::{Entry, Keys, Os, Result, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/claude-code/managed-{settings,mcp}.json",
    "/Library/Application Support/ClaudeCode/managed-{settings,mcp}.json",
    "~/{.claude.json,.claude/settings.json,.cursor/mcp.json,.cursor/hooks.json,.gemini/settings.json}",
    "~/**/{.mcp.json,.cursor/mcp.json,.cursor/hooks.json,.vscode/mcp.json,.claude/settings.json,.claude/settings.local.json}",
];

const SYSTEM: &[&str] = &[
    "/etc/claude-code/managed-settings.json",
    "/etc/claude-code/managed-mcp.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-mcp.json",
];
const USER: &[&str] = &[
    ".claude.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".codeium/windsurf/mcp_config.json",
    ".windsurf/mcp_config.json",
    ".copilot/mcp-config.json",
    ".kiro/settings/mcp.json",
    ".aws/amazonq/mcp.json",
    ".config/opencode/opencode.json",
    ".config/zed/settings.json",
];
/// Of a desktop application, below the folder of settings.
const OF_DESKTOP: &[&str] = &[
    "Claude/claude_desktop_config.json",
    "Code/User/mcp.json",
    "Code - Insiders/User/mcp.json",
    "VSCodium/User/mcp.json",
];
const PROJECT: &[&str] = &[
    ".mcp.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".vscode/mcp.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".gemini/settings.json",
];
/// The file of Claude Code also holds what was said.
const FILE_LIMIT: u64 = 64 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>, found: &Found) -> Result<()> {
    let desktop = match scan.os() {
        Os::Linux => ".config",
        Os::Macos => "Library/Application Support",
    };
    let mut lister = Lister::default();
    let mut own: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    for home in scan.homes() {
        own.extend(USER.iter().map(|name| home.path.join(name)));
        own.extend(OF_DESKTOP.iter().map(|name| home.path.join(desktop).join(name)));
    }
    for path in own {
        lister.file(scan, &path, true)?;
    }
    for project in &found.projects {
        for name in PROJECT {
            // In a project each question that is answered with "always" is a permission: that is no news.
            lister.file(scan, &project.join(name), false)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Lister {
    read: HashSet<PathBuf>,
    keys: Keys,
}

impl Lister {
    fn file(&mut self, scan: &mut Scan<'_>, path: &Path, with_permissions: bool) -> Result<()> {
        if !self.read.insert(path.to_owned()) {
            return Ok(());
        }
        let Some(content) = scan.content(path, FILE_LIMIT) else {
            return Ok(());
        };
        let file = match content.and_then(|bytes| json(&bytes)) {
            Ok(file) => file,
            Err(why) => return scan.entry(Entry::new("agent_server", path, path).unparsable(why)),
        };
        self.servers(scan, path, &file)?;
        self.hooks(scan, path, &file)?;
        if with_permissions {
            for (name, value) in parse::permissions(&file) {
                let entry = Entry::new("agent_permission", self.key(path, &name), path);
                scan.entry(entry.field("value", value))?;
            }
        }
        Ok(())
    }

    fn servers(&mut self, scan: &mut Scan<'_>, path: &Path, file: &Value) -> Result<()> {
        for server in parse::servers(file) {
            let argv: Vec<Text> = server.argv.iter().map(|word| word.as_str().into()).collect();
            let programs = scan.programs().argv(&argv);
            let command = (!argv.is_empty()).then(|| line(&server.argv));
            let environment = server.environment.into_iter();
            let environment: Vec<Text> = environment.map(Text::from).collect();
            let environment =
                (!environment.is_empty()).then(|| environment.into_iter().collect::<assay_sdk::Value>());
            let entry = Entry::new("agent_server", self.key(path, &server.name), path)
                .maybe("command", command)
                .maybe("url", server.url)
                .maybe("environment", environment)
                .maybe("enabled", server.is_off.then_some(false));
            scan.entry(entry.programs(programs))?;
        }
        Ok(())
    }

    fn hooks(&mut self, scan: &mut Scan<'_>, path: &Path, file: &Value) -> Result<()> {
        for hook in parse::hooks(file) {
            let programs = scan.programs().shell(hook.command.as_bytes());
            let command = secrets::text(&hook.command);
            let name = format!("{} {command}", hook.event);
            let entry = Entry::new("agent_hook", self.key(path, &name), path)
                .field("command", command)
                .maybe("matcher", hook.matcher)
                .programs(programs);
            scan.entry(entry)?;
        }
        Ok(())
    }

    fn key(&mut self, path: &Path, name: &str) -> Text {
        let key = [path.as_os_str().as_bytes(), b": ", name.as_bytes()].concat();
        self.keys.unique(key.into())
    }
}
