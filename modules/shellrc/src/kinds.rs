//! What the module lists: one line of prose for every kind and field.

use assay_sdk::FieldKind::{Bool, Int, Text};
use assay_sdk::{Kind, Severity};

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "shell_code",
            "T1546.004",
            "a statement of a shell's start-up file, or of a file that one loads",
        )
        .compared("code", Text, "its lines, without the blanks around them")
        .shown("remark", Text, "what is remarkable in it")
        .shown("line", Int, "where it stands"),
        Kind::new(
            "shell_script",
            "T1546.004",
            "a file that a shell loads, compared as bytes",
        )
        .compared(
            "link_target",
            Text,
            "where it leads, as written, when it is a link",
        ),
        Kind::new(
            "hidden_profile",
            "T1546.004",
            "a login file that bash leaves out, because another one comes first",
        )
        .severity(Severity::Medium)
        .compared("by", Text, "the file that is read in its place"),
        Kind::new(
            "path_folder",
            "T1574.007",
            "a folder that path_helper puts into PATH",
        )
        .severity(Severity::Medium)
        .compared(
            "before_system",
            Bool,
            "true when its file names it before /usr/bin",
        )
        .shown("line", Int, "where it stands"),
    ]
}
