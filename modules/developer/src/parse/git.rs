//! Settings of git that make it run something, and the file that says where a repository is.

use assay_sdk::{Text, ini};

/// A setting that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `section.subsection.key`, as git writes it.
    pub name: String,
    /// Its value; empty when it has none.
    pub value: Text,
    /// What it does with its value.
    pub role: Role,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A command line.
    Command,
    /// A folder of hooks.
    Hooks,
    /// A folder that new repositories are made from.
    Template,
    /// A further file of settings.
    Include,
    /// Something else that decides what runs or where code comes from.
    Other,
}

/// Settings that name commands, by section and key; `*` stands for any section's key.
const COMMANDS: &[(&str, &[&str])] = &[
    (
        "core",
        &[
            "pager",
            "editor",
            "sshcommand",
            "fsmonitor",
            "askpass",
            "gitproxy",
            "alternaterefscommand",
        ],
    ),
    ("sequence", &["editor"]),
    ("interactive", &["difffilter"]),
    ("filter", &["clean", "smudge", "process"]),
    ("diff", &["external", "command", "textconv"]),
    ("merge", &["driver"]),
    ("difftool", &["cmd", "path"]),
    ("mergetool", &["cmd", "path"]),
    ("credential", &["helper"]),
    ("gpg", &["program", "defaultkeycommand"]),
    ("uploadpack", &["packobjectshook"]),
    ("remote", &["uploadpack", "receivepack", "vcs"]),
    (
        "sendemail",
        &["sendmailcmd", "tocmd", "cccmd", "headercmd", "smtpserver"],
    ),
    ("browser", &["cmd", "path"]),
    ("man", &["cmd", "path"]),
    ("guitool", &["cmd"]),
    ("trailer", &["cmd", "command"]),
    ("tar", &["command"]),
    ("hook", &["command"]),
    ("instaweb", &["httpd", "browser"]),
    ("imap", &["tunnel"]),
];

/// Others that decide what runs, whom git believes, or where code comes from.
const OTHERS: &[(&str, &[&str])] = &[
    ("core", &["attributesfile", "worktree"]),
    ("url", &["insteadof", "pushinsteadof"]),
    ("protocol", &["allow"]),
    ("http", &["proxy", "sslverify"]),
    ("remote", &["proxy"]),
    ("safe", &["directory", "barerepository"]),
    ("hook", &["event"]),
    ("receive", &["procreceiverefs"]),
];

/// The settings of a file that matter, in their order.
#[must_use]
pub fn settings(text: &[u8]) -> Vec<Setting> {
    let git = ini::git(text);
    let mut found = Vec::new();
    for section in &git.sections {
        let name = section.name.to_string();
        for setting in &section.settings {
            let key = setting.key.to_string();
            let value = setting.value.clone().unwrap_or_default();
            let Some(role) = role(&name, &key, value.as_bytes()) else {
                continue;
            };
            let name = match &section.subsection {
                Some(sub) => format!("{name}.{sub}.{key}"),
                None => format!("{name}.{key}"),
            };
            found.push(Setting { name, value, role });
        }
    }
    found
}

fn role(section: &str, key: &str, value: &[u8]) -> Option<Role> {
    let is_of = |table: &[(&str, &[&str])]| {
        table
            .iter()
            .any(|(name, keys)| *name == section && keys.contains(&key))
    };
    match (section, key) {
        ("core", "hookspath") => Some(Role::Hooks),
        ("init", "templatedir") => Some(Role::Template),
        ("include" | "includeif", "path") => Some(Role::Include),
        // Of an alias, only one that is a command of the shell; of a submodule, the same.
        ("alias", _) | ("submodule", "update") => value.starts_with(b"!").then_some(Role::Command),
        // `ext::` is an address that is a command.
        ("remote", "url" | "pushurl") => value.starts_with(b"ext::").then_some(Role::Command),
        ("pager", _) => (!matches!(value, b"true" | b"false" | b"")).then_some(Role::Command),
        _ if is_of(COMMANDS) => Some(Role::Command),
        _ if is_of(OTHERS) => Some(Role::Other),
        _ => None,
    }
}

/// The command line of a value.
#[must_use]
pub fn command(value: &Text) -> &[u8] {
    let bytes = value.as_bytes();
    let bytes = bytes.strip_prefix(b"!").unwrap_or(bytes);
    bytes.strip_prefix(b"ext::").unwrap_or(bytes)
}

/// What a file `.git` says: where the repository is.
#[must_use]
pub fn link(text: &[u8]) -> Option<Text> {
    let line = text.split(|byte| *byte == b'\n').next()?;
    let path = line.strip_prefix(b"gitdir:")?.trim_ascii();
    (!path.is_empty()).then(|| path.into())
}
