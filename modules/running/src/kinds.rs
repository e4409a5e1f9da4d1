//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity, SourceCheck};

/// Event Triggered Execution.
const EVENT: &str = "T1546";

pub(crate) fn all() -> Vec<Kind> {
    let kinds = [
        Kind::new(
            "running_helper",
            EVENT,
            "a program that the kernel starts by itself, as root",
        )
        .compared(
            "value",
            FieldKind::Text,
            "as it is set; of core_pattern a program after `|`",
        ),
        Kind::new(
            "running_format",
            EVENT,
            "what runs files that begin with certain bytes, as of now",
        )
        .severity(Severity::Medium)
        .compared("interpreter", FieldKind::Text, "what runs them")
        .compared("enabled", FieldKind::Bool, "whether it does")
        .compared(
            "flags",
            FieldKind::Text,
            "letters: C runs with the rights of the file, F opens the interpreter once, O, P",
        ),
        Kind::new(
            "pinned_bpf",
            "T1014",
            "a program or a map of eBPF that outlives who loaded it",
        ),
        Kind::new(
            "running_argument",
            "T1542",
            "a word of the command line that the kernel was started with",
        )
        .severity(Severity::Medium)
        .compared(
            "values",
            FieldKind::List,
            "what stands after its `=`, in order when it stands there more than once",
        ),
        Kind::new(
            "firmware_entry",
            "T1542.003",
            "something that the firmware may start",
        )
        .severity(Severity::Critical)
        .compared("title", FieldKind::Text, "what the firmware calls it")
        .compared("active", FieldKind::Bool, "whether it is tried")
        .compared(
            "file",
            FieldKind::Text,
            "the file on the firmware's partition, or nothing for a device or the network",
        ),
        Kind::new(
            "firmware_setting",
            "T1542.003",
            "a setting of the firmware that says what is started",
        )
        .severity(Severity::Critical)
        .compared("value", FieldKind::Text, "as it is set"),
        Kind::new(
            "firmware_keys",
            "T1542.003",
            "keys of whose signatures the firmware or the shim approves, or not",
        )
        .severity(Severity::Critical)
        .compared(
            "checksum",
            FieldKind::Text,
            "of the bytes, to tell that they have changed",
        ),
    ];
    // The kernel's files have no owner that could be changed.
    kinds
        .into_iter()
        .map(|kind| kind.source(SourceCheck::None))
        .collect()
}
