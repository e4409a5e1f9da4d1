//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "hidden_executable",
            "T1564.001",
            "an executable that hides where anybody may write, or where none belongs",
        )
        .severity(Severity::Low),
        // Its mode and owner are compared with the file itself.
        Kind::new(
            "planted_setid_file",
            "T1548.001",
            "a program, where none belongs, that runs with the rights of its owner or group",
        )
        .shown("mode", FieldKind::Text, "its mode, in octal")
        .shown(
            "owner",
            FieldKind::Int,
            "the user whose rights it gives, with the bit 4000",
        )
        .shown(
            "group",
            FieldKind::Int,
            "the group whose rights it gives, with the bit 2000",
        ),
    ]
}
