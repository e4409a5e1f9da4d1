//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

const COMMAND: &str = "the command line, without secrets";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new("git_hook", "T1546", "a program that git runs in a repository")
            .severity(Severity::Medium)
            .compared(
                "inert",
                FieldKind::Bool,
                "true when it cannot run: it is not executable",
            )
            .compared(
                "link_target",
                FieldKind::Text,
                "where it leads, as written, when it is a link",
            ),
        Kind::new(
            "git_setting",
            "T1546",
            "a setting of git that names a command, or where to look for one",
        )
        .severity(Severity::Medium)
        .compared("value", FieldKind::Text, "its value, without secrets"),
        Kind::new(
            "editor_extension",
            "T1176.002",
            "an extension of an editor of the VS Code family",
        )
        .severity(Severity::Medium)
        .shown("name", FieldKind::Text, "what it says it is")
        .shown("version", FieldKind::Text, "its version")
        .compared("from", FieldKind::Text, "where it came from: gallery, vsix")
        .compared(
            "publisher_id",
            FieldKind::Text,
            "its publisher, as the gallery numbers them",
        )
        .compared(
            "activation",
            FieldKind::List,
            "events that start it, sorted; * is every start",
        )
        .compared(
            "code",
            FieldKind::Text,
            "where its code lies, when that is not the editor's folder",
        )
        .compared(
            "unregistered",
            FieldKind::Bool,
            "true when it lies there, and the editor's list does not name it",
        ),
        Kind::new(
            "editor_task",
            "T1546",
            "a command that an editor runs when a folder is opened",
        )
        .compared("command", FieldKind::Text, COMMAND)
        .compared(
            "by_system",
            FieldKind::List,
            "other commands for one system, sorted",
        )
        .shown("type", FieldKind::Text, "shell, process, or whose it is"),
        Kind::new(
            "editor_setting",
            "T1546",
            "a setting of an editor that names a program, or lets one run",
        )
        .severity(Severity::Medium)
        .compared("value", FieldKind::Text, "its value, without secrets"),
        Kind::new(
            "agent_server",
            "T1546",
            "a server that a coding agent starts or speaks to",
        )
        .severity(Severity::Medium)
        .compared("command", FieldKind::Text, COMMAND)
        .compared("url", FieldKind::Text, "its address, without secrets")
        .compared(
            "environment",
            FieldKind::List,
            "variables that it gets, sorted, without secrets",
        )
        .compared("enabled", FieldKind::Bool, "false when it is switched off"),
        Kind::new(
            "agent_hook",
            "T1546",
            "a command that a coding agent runs at an event",
        )
        .severity(Severity::Medium)
        .compared("command", FieldKind::Text, COMMAND)
        .compared("matcher", FieldKind::Text, "the tools that it is for"),
        Kind::new(
            "agent_permission",
            "T1546",
            "what a coding agent may do without asking",
        )
        .severity(Severity::Low)
        .compared("value", FieldKind::Text, "its value"),
        Kind::new("xcode_script", "T1546", "a script that a build in Xcode runs")
            .compared(
                "type",
                FieldKind::Text,
                "build phase, build rule, external tool, scheme action, file",
            )
            .compared("shell", FieldKind::Text, "what runs it")
            .compared("script", FieldKind::Text, "its text")
            .shown("name", FieldKind::Text, "what the project calls it"),
        Kind::new(
            "python_environment_line",
            "T1546.018",
            "a line that every start of Python in an environment runs or imports from",
        )
        .compared("line", FieldKind::Text, "the line"),
    ]
}
