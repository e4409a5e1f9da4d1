//! Files of editors of the VS Code family: the list of extensions, tasks, settings.

use super::secrets;
use super::{shown, text};
use assay_sdk::Text;
use assay_sdk::json::Value;
use std::collections::HashSet;

/// An extension that the editor's list names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// `publisher.name` in lower case.
    pub id: String,
    /// Its version.
    pub version: Option<String>,
    /// `gallery`, `vsix`, or nothing.
    pub from: Option<String>,
    /// The gallery's number of its publisher.
    pub publisher_id: Option<String>,
    /// Its folder, absolute or a name.
    pub folder: Option<String>,
}

/// Extensions of one editor, and tasks of one file.
const MAX_ITEMS: usize = 5_000;

/// What `extensions.json` names.
#[must_use]
pub fn extensions(list: &Value) -> Vec<Extension> {
    let all = list.as_array().into_iter().flatten().take(MAX_ITEMS);
    all.filter_map(|item| {
        let metadata = item.get("metadata").unwrap_or(&Value::Null);
        let location = item.get("location").unwrap_or(&Value::Null);
        Some(Extension {
            id: text(item.get("identifier")?, "id")?.to_ascii_lowercase(),
            version: text(item, "version").map(str::to_owned),
            from: text(metadata, "source").map(str::to_owned),
            publisher_id: text(metadata, "publisherId").map(str::to_owned),
            folder: text(location, "fsPath")
                .or_else(|| text(location, "path"))
                .or_else(|| text(item, "relativeLocation"))
                .map(str::to_owned),
        })
    })
    .collect()
}

/// The `publisher.name` of a package, in lower case.
#[must_use]
pub fn id_of(package: &Value) -> Option<String> {
    let id = format!("{}.{}", text(package, "publisher")?, text(package, "name")?);
    Some(id.to_ascii_lowercase())
}

/// A task that runs when its folder is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// What it is called.
    pub label: String,
    /// `shell` or `process`.
    pub kind: Option<String>,
    /// The program with its arguments.
    pub argv: Vec<String>,
    /// The same for one system.
    pub by_system: Vec<(&'static str, Vec<String>)>,
}

impl Task {
    /// Whether a shell reads its command line.
    #[must_use]
    pub fn is_shell(&self) -> bool {
        self.kind.as_deref() != Some("process")
    }
}

/// The tasks of a file that run when the folder is opened, and those that these depend on.
#[must_use]
pub fn automatic_tasks(file: &Value) -> Vec<Task> {
    let all: Vec<&Value> = file
        .get("tasks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MAX_ITEMS)
        .collect();
    let is_automatic =
        |task: &&&Value| task.pointer("/runOptions/runOn").and_then(Value::as_str) == Some("folderOpen");
    let mut wanted: HashSet<String> = HashSet::new();
    let mut todo: Vec<&Value> = all.iter().filter(is_automatic).copied().collect();
    let mut found = Vec::new();
    while let Some(task) = todo.pop() {
        if !wanted.insert(label(task)) {
            continue;
        }
        found.push(one(task, file));
        let needed = task.get("dependsOn");
        let needed = needed.and_then(Value::as_array).map_or_else(
            || needed.into_iter().collect(),
            |list| list.iter().collect::<Vec<_>>(),
        );
        let needed: HashSet<&str> = needed.into_iter().filter_map(Value::as_str).collect();
        if !needed.is_empty() {
            todo.extend(all.iter().filter(|other| needed.contains(label(other).as_str())));
        }
    }
    found.sort_by(|a, b| a.label.cmp(&b.label));
    found
}

fn label(task: &Value) -> String {
    let label = text(task, "label").or_else(|| text(task, "taskName"));
    let label = label
        .or_else(|| text(task, "script"))
        .or_else(|| text(task, "task"));
    label.map_or_else(|| argv(task).join(" "), str::to_owned)
}

fn one(task: &Value, file: &Value) -> Task {
    let systems = ["linux", "osx", "windows"].into_iter();
    let by_system = systems.filter_map(|system| {
        // A part of a file may give all its tasks another program.
        let argv = task.get(system).or_else(|| file.get(system)).map(argv)?;
        (!argv.is_empty()).then_some((system, argv))
    });
    let mut own = argv(task);
    if own.is_empty() {
        own = argv(file);
    }
    Task {
        label: label(task),
        kind: text(task, "type").map(str::to_owned),
        argv: own,
        by_system: by_system.collect(),
    }
}

/// A command and its arguments, each a text or an object with one; of a task of npm, the script.
fn argv(task: &Value) -> Vec<String> {
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        value => text(value, "value").map(str::to_owned),
    };
    let command = task.get("command").or_else(|| task.get("script"));
    let command = command.and_then(|command| match command {
        Value::Array(words) => Some(words.iter().filter_map(word).collect::<Vec<_>>().join(" ")),
        command => word(command),
    });
    let arguments = task
        .get("args")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MAX_ITEMS);
    command.into_iter().chain(arguments.filter_map(word)).collect()
}

/// What a development container runs on the machine itself before it is made.
#[must_use]
pub fn container_commands(file: &Value) -> Vec<Task> {
    let Some(command) = file.get("initializeCommand") else {
        return Vec::new();
    };
    let task = |label: String, command: &Value| Task {
        label,
        kind: Some(if command.is_array() { "process" } else { "shell" }.to_owned()),
        argv: match command {
            Value::Array(words) => words.iter().take(MAX_ITEMS).map(shown).collect(),
            command => vec![shown(command)],
        },
        by_system: Vec::new(),
    };
    match command {
        Value::Object(several) => {
            let several = several.iter().take(MAX_ITEMS);
            several
                .map(|(name, command)| task(format!("initializeCommand {name}"), command))
                .collect()
        }
        command => vec![task("initializeCommand".to_owned(), command)],
    }
}

/// What the last part of a name holds when the setting names a program, gives one its surroundings, or lets it run.
const WORDS: &[&str] = &[
    "path",
    "exec",
    "command",
    "cmd",
    "interpreter",
    "shell",
    "runtime",
    "tsdk",
    "proxy",
    "autoapprove",
    "automatictasks",
    "trust",
    "profiles",
    "profile",
    "env",
    "args",
    "server",
];
/// Names in which these words mean something else.
const NOT: &[&str] = &[
    "showpath",
    "pathintellisense",
    "enablecommand",
    "commandpalette",
    "commandcenter",
    "breadcrumb",
];

/// The settings that matter, each with its value, without secrets.
#[must_use]
pub fn settings(file: &Value) -> Vec<(String, String)> {
    let all = file.as_object().into_iter().flatten();
    all.filter(|(name, _)| matters(name))
        .map(|(name, value)| (name.clone(), said(name, value)))
        .collect()
}

fn matters(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_of_systems = ["linux", "osx", "windows"];
    let mut parts = name.rsplit('.').filter(|part| !is_of_systems.contains(part));
    let last = parts.next().unwrap_or_default();
    WORDS.iter().any(|word| last.contains(word)) && !NOT.iter().any(|word| name.contains(word))
        || name.starts_with("security.workspace.trust.")
}

fn said(name: &str, value: &Value) -> String {
    match value {
        value if secrets::is_secret(name) && !value.is_boolean() => "<hidden>".to_owned(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| secrets::pair(name, &said(name, value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", secrets::arguments(&items).join(", "))
        }
        value => secrets::text(&shown(value)),
    }
}

/// A command line to be read by people, without secrets.
#[must_use]
pub fn line(argv: &[String]) -> Text {
    secrets::arguments(argv).join(" ").into()
}
