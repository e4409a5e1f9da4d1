//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

#[rustfmt::skip]
pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new("background_item", "T1547.015", "what Background Task Management starts, or keeps from starting")
            .compared("type", FieldKind::List, "what it is: app, login item, agent, daemon, legacy …")
            .compared("enabled", FieldKind::Bool, "whether it was switched on")
            .compared("allowed", FieldKind::Bool, "whether the user or management lets it run")
            .compared("hidden", FieldKind::Bool, "whether System Settings does not show it")
            .compared("path", FieldKind::Text, "its bundle or property list")
            .compared("executable", FieldKind::Text, "the file that it runs")
            .compared("arguments", FieldKind::List, "its arguments, the first being its name")
            .compared("parent", FieldKind::Text, "the item that it belongs to")
            .compared("bundle", FieldKind::Text, "its bundle identifier")
            .compared("associated", FieldKind::List, "applications that System Settings shows as its owner, sorted")
            .compared("developer", FieldKind::Text, "the name in its signature")
            .compared("team", FieldKind::Text, "the team that signed it")
            .shown("name", FieldKind::Text, "what System Settings calls it")
            .shown("user", FieldKind::Text, "the account, as far as it is known")
            .shown("notified", FieldKind::Bool, "whether the user was told of it")
            .shown("items", FieldKind::List, "items that belong to it, sorted")
            .shown("generation", FieldKind::Int, "how often it was registered")
            .shown("flags", FieldKind::Int, "bits without a known meaning")
            .shown("modified", FieldKind::Int, "when its record changed, in seconds since 1970")
            .shown("database", FieldKind::Text, "the file that it was read from"),
        Kind::new("background_item_policy", "T1547.015", "what management decides about background items")
            .compared("rules", FieldKind::Text, "all that it says"),
        Kind::new("login_item", "T1547.015", "what a user opens at login, as macOS up to 12 remembers it")
            .compared("path", FieldKind::Text, "what is opened")
            .compared("hidden", FieldKind::Bool, "whether it opens without a window")
            .compared("volume", FieldKind::Text, "the volume that holds it, when it is not that of the system")
            .compared("disk_image", FieldKind::Text, "the disk image that holds the volume")
            .compared("options", FieldKind::List, "the rest of what its record says, sorted"),
        shortcut("reopened_app", "T1547.007", "an application from an odd place, or under another's name, that is opened again at login")
            .compared("hidden", FieldKind::Bool, "whether it opens hidden")
            .shown("state", FieldKind::Int, "whether it was in the foreground or background"),
        shortcut("dock_item", "T1647", "a Dock icon that opens an application from an odd place, or under another's name"),
    ]
}

fn shortcut(name: &str, technique: &str, summary: &str) -> Kind {
    Kind::new(name, technique, summary)
        .severity(Severity::Medium)
        .compared("path", FieldKind::Text, "what is opened")
        .compared("bundle", FieldKind::Text, "the bundle identifier that it goes by")
        .compared(
            "actual_bundle",
            FieldKind::Text,
            "the identifier of what is there, when it is another",
        )
}
