//! Tasks and settings of editors of the VS Code family, of users and of projects.

use crate::parse::editors::{self as parse, Task};
use crate::parse::json;
use crate::search::Found;
use assay_sdk::json::Value;
use assay_sdk::{Entry, Keys, Os, Result, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/.config/{Code,Code - Insiders,Code - OSS,VSCodium,Cursor,Windsurf}/User/{tasks,settings}.json",
    "~/Library/Application Support/{Code,Code - Insiders,VSCodium,Cursor,Windsurf}/User/{tasks,settings}.json",
    "~/{.vscode-server,.vscode-server-insiders,.cursor-server}/data/Machine/settings.json",
    "~/**/.vscode/{tasks,settings}.json",
    "~/**/{.devcontainer/devcontainer,.devcontainer}.json",
];

const EDITORS: [&str; 7] = [
    "Code",
    "Code - Insiders",
    "Code - OSS",
    "VSCodium",
    "Cursor",
    "Windsurf",
    "Kiro",
];
const SERVERS: [&str; 4] = [
    ".vscode-server",
    ".vscode-server-insiders",
    ".cursor-server",
    ".windsurf-server",
];
const FILE_LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>, found: &Found) -> Result<()> {
    let config = match scan.os() {
        Os::Linux => ".config",
        Os::Macos => "Library/Application Support",
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    for home in scan.homes() {
        folders.extend(EDITORS.map(|editor| home.path.join(config).join(editor).join("User")));
        folders.push(home.path.join(".local/share/code-server/User"));
        folders.extend(SERVERS.map(|server| home.path.join(server).join("data/Machine")));
    }
    folders.extend(found.projects.iter().map(|project| project.join(".vscode")));
    let mut lister = Lister::default();
    for folder in folders {
        lister.file(scan, &folder.join("tasks.json"), "editor_task")?;
        lister.file(scan, &folder.join("settings.json"), "editor_setting")?;
    }
    for project in &found.projects {
        for name in [".devcontainer/devcontainer.json", ".devcontainer.json"] {
            lister.file(scan, &project.join(name), "editor_task")?;
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
    fn file(&mut self, scan: &mut Scan<'_>, path: &Path, kind: &str) -> Result<()> {
        if !self.read.insert(path.to_owned()) {
            return Ok(());
        }
        let Some(content) = scan.content(path, FILE_LIMIT) else {
            return Ok(());
        };
        let file = match content.and_then(|bytes| json(&bytes)) {
            Ok(file) => file,
            Err(why) => return scan.entry(Entry::new(kind, path, path).unparsable(why)),
        };
        if kind == "editor_setting" {
            return self.settings(scan, path, &file);
        }
        // The folder that tasks run in is that of the project.
        let work = path.parent().and_then(Path::parent).unwrap_or(path);
        for task in parse::automatic_tasks(&file)
            .into_iter()
            .chain(parse::container_commands(&file))
        {
            self.task(scan, path, work, &task)?;
        }
        Ok(())
    }

    fn task(&mut self, scan: &mut Scan<'_>, path: &Path, work: &Path, task: &Task) -> Result<()> {
        let mut programs: Vec<Text> = Vec::new();
        let others = task.by_system.iter().map(|(_, argv)| argv);
        for argv in std::iter::once(&task.argv).chain(others) {
            let found = if task.is_shell() {
                scan.programs().folder(work).shell(argv.join(" ").as_bytes())
            } else {
                let argv: Vec<Text> = argv.iter().map(|word| word.as_str().into()).collect();
                scan.programs().folder(work).argv(&argv)
            };
            programs.extend(found);
        }
        let mut seen = HashSet::new();
        programs.retain(|program| seen.insert(program.clone()));
        let by_system = task.by_system.iter();
        let by_system = by_system.map(|(system, argv)| format!("{system}: {}", parse::line(argv)));
        let by_system: Vec<Text> = by_system.map(Text::from).collect();
        let by_system = (!by_system.is_empty()).then(|| by_system.into_iter().collect::<assay_sdk::Value>());
        let command = (!task.argv.is_empty()).then(|| parse::line(&task.argv));
        let entry = Entry::new("editor_task", self.key(path, &task.label), path)
            .maybe("command", command)
            .maybe("by_system", by_system)
            .maybe("type", task.kind.as_deref());
        scan.entry(entry.programs(programs))
    }

    fn settings(&mut self, scan: &mut Scan<'_>, path: &Path, file: &Value) -> Result<()> {
        for (name, value) in parse::settings(file) {
            let entry = Entry::new("editor_setting", self.key(path, &name), path).field("value", value);
            scan.entry(entry)?;
        }
        Ok(())
    }

    fn key(&mut self, path: &Path, name: &str) -> Text {
        let key = [path.as_os_str().as_bytes(), b": ", name.as_bytes()].concat();
        self.keys.unique(key.into())
    }
}
