//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

const INERT: &str = "true when it cannot run: nothing executable is there";
const LINK: &str = "where it leads, as written, when it is a link";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        script("rc_script", "T1037.004", "a script that runs at boot or shutdown"),
        script("sysv_script", "T1037", "a SysV or OpenRC script of init.d")
            .compared(
                "provides",
                FieldKind::List,
                "facilities of its LSB header, sorted",
            )
            .compared(
                "default_start",
                FieldKind::List,
                "run levels that start it, by its LSB header",
            )
            .shown("description", FieldKind::Text, "what its LSB header says it is"),
        Kind::new("sysv_link", "T1037", "what puts a script into a run level")
            .compared("link_target", FieldKind::Text, "where it leads, as written")
            .compared(
                "regular_file",
                FieldKind::Bool,
                "true when it is a file of its own, where a link belongs",
            ),
        Kind::new("inittab_line", "T1037", "a line of inittab")
            .compared("runlevels", FieldKind::Text, "run levels in which it holds")
            .compared("action", FieldKind::Text, "when the process runs")
            .compared("process", FieldKind::Text, "the command line"),
        Kind::new("startup_item", "T1037.005", "a SystemStarter item")
            .compared("provides", FieldKind::List, "services it provides, sorted")
            .compared(
                "requires",
                FieldKind::List,
                "services that start before it, sorted",
            )
            .compared(
                "uses",
                FieldKind::List,
                "services that start before it when they are there, sorted",
            )
            .compared("order", FieldKind::Text, "First, Early, None, Late or Last")
            .shown("description", FieldKind::Text, "what it says it is")
            .compared(
                "loose",
                FieldKind::Bool,
                "true for a file where the folder of an item belongs",
            )
            .compared("inert", FieldKind::Bool, INERT)
            .compared("link_target", FieldKind::Text, LINK),
        Kind::new(
            "login_hook",
            "T1037.002",
            "a LoginHook or LogoutHook: runs as root for every user",
        )
        .severity(Severity::Critical)
        .compared("command", FieldKind::Text, "a path, or a command line"),
        Kind::new("emond_rule", "T1546.014", "a rule of the event monitor")
            .compared("enabled", FieldKind::Bool, "whether it is switched on")
            .compared("events", FieldKind::List, "events that trigger it, sorted")
            .compared("criterion", FieldKind::Text, "what else must hold")
            .compared("actions", FieldKind::List, "what it does, in order"),
        Kind::new("emond_config", "T1546.014", "the settings of the event monitor")
            .compared(
                "rules_folders",
                FieldKind::List,
                "further folders that hold rules, sorted",
            )
            .compared("settings", FieldKind::Text, "everything else in `config`"),
        Kind::new(
            "emond_client",
            "T1546.014",
            "a file that makes launchd start the event monitor",
        )
        .compared("link_target", FieldKind::Text, LINK),
        script(
            "privileged_helper",
            "T1543.004",
            "a tool that an application installed to act as root",
        ),
    ]
}

/// A kind whose entries are what runs.
fn script(name: &str, technique: &str, summary: &str) -> Kind {
    Kind::new(name, technique, summary)
        .compared("inert", FieldKind::Bool, INERT)
        .compared("link_target", FieldKind::Text, LINK)
}
