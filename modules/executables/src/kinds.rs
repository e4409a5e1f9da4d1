//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{Entry, FieldKind, Kind, Severity};

const LINK: &str = "where it leads, as written, when it is a link";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "system_program",
            "T1554",
            "a program where packages put theirs",
        )
        .severity(Severity::Critical)
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new("local_program", "T1036", "a program that no system brings")
            .severity(Severity::Medium)
            .compared("link_target", FieldKind::Text, LINK),
        Kind::new(
            "shadowing_program",
            "T1574.007",
            "a program with the name of a system program, which it hides from whoever looks in its folder first",
        )
        .severity(Severity::Medium)
        .compared("link_target", FieldKind::Text, LINK)
        .shown("hides", FieldKind::Text, "the system program"),
        // Its mode and owner are compared with the file itself.
        Kind::new(
            "setid_file",
            "T1548.001",
            "a program that runs with the rights of its owner or group",
        )
        .shown("mode", FieldKind::Text, "its mode, in octal")
        .shown("owner", FieldKind::Int, "the user whose rights it gives, with the bit 4000")
        .shown("group", FieldKind::Int, "the group whose rights it gives, with the bit 2000"),
        Kind::new(
            "file_capability",
            "T1548",
            "a program that is given some of root's rights",
        )
        .compared(
            "capabilities",
            FieldKind::List,
            "each with e effective, i inheritable, p permitted, sorted",
        )
        .compared("root_user", FieldKind::Int, "the user that is root where they count"),
    ]
}

/// The entry of a set-id file.
pub(crate) fn setid(file: &crate::walk::File) -> Entry {
    let entry = Entry::new("setid_file", file.path.as_path(), &file.path);
    entry
        .field("mode", format!("{:04o}", file.stat.st_mode & 0o7777))
        .field("owner", i64::from(file.stat.st_uid))
        .field("group", i64::from(file.stat.st_gid))
        .programs(vec![file.path.as_path().into()])
}
