//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

pub(crate) fn all() -> Vec<Kind> {
    vec![
        desktop_entry(
            "autostart_entry",
            "T1547.013",
            "what starts when a user logs in to a desktop",
        ),
        desktop_entry("login_screen_entry", "T1037", "what starts with the login screen")
            .severity(Severity::Medium),
        desktop_entry(
            "desktop_session",
            "T1546.004",
            "a session that the login screen offers",
        )
        .severity(Severity::Medium),
        desktop_entry(
            "application_launcher",
            "T1546.001",
            "what starts when a user opens an application or a file",
        )
        .severity(Severity::Medium)
        .compared(
            "mime_types",
            FieldKind::List,
            "types of files and addresses that it opens, sorted",
        )
        .compared("actions", FieldKind::List, "further commands in its menu, sorted")
        .compared(
            "url",
            FieldKind::Text,
            "where it leads, when it is a link to a place",
        ),
        Kind::new(
            "gnome_extension",
            "T1176",
            "code that GNOME's shell loads into itself",
        )
        .severity(Severity::Medium)
        .shown("name", FieldKind::Text, "what it says it is")
        .shown("version", FieldKind::Text, "its version")
        .compared(
            "uuid",
            FieldKind::Text,
            "its name for the shell, when that is not its folder's",
        ),
        Kind::new(
            "gnome_setting",
            "T1546",
            "a setting of the desktop that names a command, an extension or a proxy",
        )
        .severity(Severity::Low)
        .compared("value", FieldKind::Text, "its value, lists in brackets"),
    ]
}

fn desktop_entry(name: &str, technique: &str, summary: &str) -> Kind {
    Kind::new(name, technique, summary)
        .compared("exec", FieldKind::Text, "the command line")
        .compared(
            "try_exec",
            FieldKind::Text,
            "a program without which it does not start",
        )
        .compared("working_folder", FieldKind::Text, "where it runs")
        .compared("hidden", FieldKind::Bool, "true when it is switched off")
        .compared("enabled", FieldKind::Bool, "what GNOME's own switch says")
        .compared(
            "only_in",
            FieldKind::List,
            "desktops that start it, sorted; others do not",
        )
        .compared("not_in", FieldKind::List, "desktops that do not start it, sorted")
        .compared("condition", FieldKind::Text, "what else must hold")
        .compared(
            "by_bus",
            FieldKind::Bool,
            "true when the bus starts it, and not its command",
        )
        .compared(
            "link_target",
            FieldKind::Text,
            "where the file leads, as written, when it is a link",
        )
        .shown("name", FieldKind::Text, "what it says it is")
        .shown(
            "shadows",
            FieldKind::Text,
            "the system's entry of this name, which it stands in front of",
        )
}
