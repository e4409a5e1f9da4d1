//! Settings of coding agents: servers of the Model Context Protocol, hooks, permissions.

use super::secrets;
use super::{shown, text};
use assay_sdk::json::Value;

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// What it is called, after the folder that it is for, when it is for one.
    pub name: String,
    /// The program with its arguments.
    pub argv: Vec<String>,
    /// Its address, without secrets.
    pub url: Option<String>,
    /// Variables, without secrets.
    pub environment: Vec<String>,
    /// Whether it is switched off.
    pub is_off: bool,
}

/// A command at an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The event, or the setting that names the command.
    pub event: String,
    /// Which tools it is for.
    pub matcher: Option<String>,
    /// The command line.
    pub command: String,
}

const MAX_ITEMS: usize = 5_000;
/// What the members are called that hold servers: of most agents, of VS Code, of Zed, of opencode.
const SERVERS: [&str; 4] = ["mcpServers", "servers", "context_servers", "mcp"];
/// Settings of an agent that are commands.
const COMMANDS: [&str; 7] = [
    "statusLine",
    "subagentStatusLine",
    "fileSuggestion",
    "apiKeyHelper",
    "awsAuthRefresh",
    "awsCredentialExport",
    "otelHeadersHelper",
];

/// The servers of a file; Claude Code has further ones for each folder it was started in.
#[must_use]
pub fn servers(file: &Value) -> Vec<Server> {
    let mut found = of_place(file, "");
    let projects = file
        .get("projects")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (folder, project) in projects.take(MAX_ITEMS) {
        found.extend(of_place(project, &format!("{folder} ")));
    }
    found
}

fn of_place(place: &Value, before: &str) -> Vec<Server> {
    let all = SERVERS
        .iter()
        .filter_map(|name| place.get(name)?.as_object())
        .flatten()
        .take(MAX_ITEMS);
    all.filter(|(_, server)| server.is_object())
        .map(|(name, server)| one(format!("{before}{name}"), server))
        .collect()
}

fn one(name: String, server: &Value) -> Server {
    let command = server.get("command");
    let words = |value: Option<&Value>| {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.take(MAX_ITEMS).map(shown).collect::<Vec<String>>()
    };
    // opencode writes one list, Zed an object.
    let mut argv = words(command);
    argv.extend(command.and_then(Value::as_str).map(str::to_owned));
    argv.extend(
        command
            .and_then(|command| text(command, "path"))
            .map(str::to_owned),
    );
    argv.extend(words(server.get("args")));
    argv.extend(words(command.and_then(|command| command.get("args"))));
    let environment = ["env", "environment"]
        .into_iter()
        .filter_map(|name| server.get(name)?.as_object())
        .flatten();
    let mut environment: Vec<String> = environment
        .take(MAX_ITEMS)
        .map(|(name, value)| secrets::pair(name, &shown(value)))
        .collect();
    environment.sort();
    let is = |name: &str| server.get(name).and_then(Value::as_bool);
    let url = ["url", "serverUrl", "httpUrl"]
        .into_iter()
        .find_map(|name| text(server, name));
    Server {
        name,
        argv,
        url: url.map(secrets::text),
        environment,
        is_off: is("disabled") == Some(true) || is("enabled") == Some(false),
    }
}

/// The hooks of a file, and its settings that are commands.
#[must_use]
pub fn hooks(file: &Value) -> Vec<Hook> {
    let mut found = Vec::new();
    let events = file.get("hooks").and_then(Value::as_object).into_iter().flatten();
    for (event, groups) in events.take(MAX_ITEMS) {
        for group in groups.as_array().into_iter().flatten().take(MAX_ITEMS) {
            let matcher = text(group, "matcher").filter(|matcher| !matcher.is_empty());
            // Cursor's hooks are commands themselves.
            let inner = group.get("hooks").and_then(Value::as_array);
            let commands = inner.map_or_else(|| vec![group], |inner| inner.iter().take(MAX_ITEMS).collect());
            for command in commands.into_iter().filter_map(|hook| text(hook, "command")) {
                found.push(Hook {
                    event: event.clone(),
                    matcher: matcher.map(str::to_owned),
                    command: command.to_owned(),
                });
            }
        }
    }
    for name in COMMANDS {
        let value = file.get(name);
        let command = value.and_then(|value| value.as_str().or_else(|| text(value, "command")));
        found.extend(command.map(|command| Hook {
            event: name.to_owned(),
            matcher: None,
            command: command.to_owned(),
        }));
    }
    found
}

/// What an agent may do without asking: names, each with a value.
#[must_use]
pub fn permissions(file: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let permissions = file.get("permissions").unwrap_or(&Value::Null);
    for list in ["allow", "deny", "additionalDirectories"] {
        let items = permissions
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let items = items.take(MAX_ITEMS).filter_map(Value::as_str);
        found.extend(items.map(|item| (format!("{list} {}", secrets::text(item)), list.to_owned())));
    }
    for (place, name) in [
        (permissions, "defaultMode"),
        (file, "enableAllProjectMcpServers"),
        (file, "skipDangerousModePermissionPrompt"),
        (file, "disableAllHooks"),
    ] {
        found.extend(place.get(name).map(|value| (name.to_owned(), shown(value))));
    }
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
}
