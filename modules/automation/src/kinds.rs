//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

#[rustfmt::skip]
pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new("calendar_alarm", "T1546", "an alarm of a calendar that opens a file")
            .compared("action", FieldKind::Text, "what it does: PROCEDURE opens the file")
            .compared("target", FieldKind::Text, "what is opened")
            .compared("trigger", FieldKind::Text, "when, before or after its event")
            .compared("start", FieldKind::Text, "when the event begins")
            .compared("repeats", FieldKind::Text, "when the event comes again")
            .shown("summary", FieldKind::Text, "what the event is called"),
        Kind::new("folder_action", "T1546", "a script that runs when something comes to a folder")
            .compared("enabled", FieldKind::Bool, "whether it runs: folder actions, this folder and this script are on"),
        Kind::new("mail_script_rule", "T1546", "a rule of Mail that runs a script on messages, which anybody may send")
            .compared("script", FieldKind::Text, "the script, as the rule names it")
            .compared("criteria", FieldKind::Text, "which messages")
            .compared("active", FieldKind::Bool, "whether the rule is switched on")
            .compared("deletes", FieldKind::Bool, "whether the message is deleted, so that nobody sees it")
            .shown("name", FieldKind::Text, "what the rule is called"),
        Kind::new("workflow", "T1546", "an Automator workflow that a menu, a folder, a calendar or a printer runs")
            .severity(Severity::Low)
            .compared("steps", FieldKind::List, "its actions in their order, with the commands that they run")
            .compared("menu", FieldKind::List, "its items in the Services menu, sorted")
            .compared("link_target", FieldKind::Text, "where it leads, as written, when it is a link"),
        Kind::new("automator_plugin", "T1546", "code that Automator loads, or the Services menu")
            .severity(Severity::Low)
            .compared("identifier", FieldKind::Text, "its bundle identifier")
            .compared("executable", FieldKind::Text, "the file that it says it runs")
            .compared("link_target", FieldKind::Text, "where it leads, as written, when it is a link"),
    ]
}
