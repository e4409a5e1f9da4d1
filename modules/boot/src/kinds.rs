//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

/// Pre-OS Boot.
const PRE_OS: &str = "T1542";
/// Event Triggered Execution.
const EVENT: &str = "T1546";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new("boot_entry", PRE_OS, "a choice of a boot loader's menu")
            .compared("kernel", FieldKind::Text, "the kernel or program it starts")
            .compared(
                "arguments",
                FieldKind::List,
                "the kernel's command line, in order",
            )
            .compared(
                "initrd",
                FieldKind::List,
                "what is unpacked before the kernel runs `init`, in order",
            )
            .compared("commands", FieldKind::List, "what else is done, in order")
            .shown("title", FieldKind::Text, "what the menu calls it"),
        Kind::new(
            "boot_menu_line",
            PRE_OS,
            "a line of a boot loader's menu outside its choices",
        ),
        Kind::new("kernel_argument", PRE_OS, "a word of the kernel's command line")
            .severity(Severity::Medium)
            .compared(
                "values",
                FieldKind::List,
                "what stands after its `=`, in order when it stands there more than once",
            ),
        Kind::new("udev_rule", "T1546.017", "what udev runs or starts for a device").compared(
            "when",
            FieldKind::List,
            "what must hold of the device and the event, for each rule that does it, sorted",
        ),
        Kind::new("sysctl_setting", "T1547", "a setting of the kernel, made at boot")
            .severity(Severity::Medium)
            .compared("value", FieldKind::Text, "what it is set to"),
        Kind::new(
            "sysctl_helper",
            EVENT,
            "a program that the kernel is told, at boot, to run as root",
        )
        .compared(
            "value",
            FieldKind::Text,
            "what it is set to; of core_pattern a program after `|`",
        ),
        Kind::new(
            "binary_format",
            EVENT,
            "what runs files that begin with certain bytes",
        )
        .severity(Severity::Medium)
        .compared("interpreter", FieldKind::Text, "what runs them")
        .compared(
            "detector",
            FieldKind::Text,
            "what is asked whether a file is of the format",
        )
        .compared(
            "matches",
            FieldKind::Text,
            "the bytes, or the ending of a name, by which they are told",
        )
        .compared(
            "flags",
            FieldKind::Text,
            "letters: C runs with the rights of the file, F opens the interpreter once, O, P",
        ),
    ]
}
