//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

/// Modify Authentication Process: Pluggable Authentication Modules.
const PAM: &str = "T1556.003";
/// Abuse Elevation Control Mechanism: Sudo and Sudo Caching.
const SUDO: &str = "T1548.003";
const MALFORMED: &str = "true for a line that makes no sense there";
const LINK: &str = "where it leads, as written, when it is a link";

pub(crate) fn all() -> Vec<Kind> {
    let kinds = vec![
        Kind::new("pam_rule", PAM, "a line of a PAM service")
            .compared(
                "control",
                FieldKind::Text,
                "what its success and failure mean for the stack",
            )
            .compared(
                "arguments",
                FieldKind::List,
                "what the module is given; a password among them is hidden",
            )
            .compared(
                "skips",
                FieldKind::List,
                "rules that count and are left out when this one succeeds, in order",
            )
            .compared("malformed", FieldKind::Bool, MALFORMED)
            .shown("position", FieldKind::Int, "its place among the rules of the file")
            .shown(
                "inert",
                FieldKind::Bool,
                "true in a pam.conf that is not read, because there is a pam.d",
            ),
        Kind::new("pam_module", PAM, "a file in a folder of PAM modules").compared(
            "link_target",
            FieldKind::Text,
            LINK,
        ),
        Kind::new("sudo_rule", SUDO, "who may run what as whom, by sudoers")
            .compared(
                "grants",
                FieldKind::List,
                "the commands, each with whom it may run as and its tags, in order: the last that matches counts",
            )
            .compared("malformed", FieldKind::Bool, MALFORMED),
        Kind::new("sudo_default", SUDO, "a setting of sudoers").compared(
            "setting",
            FieldKind::List,
            "on, off, or the words that are set, added or taken off, in order",
        ),
        Kind::new("sudo_alias", SUDO, "a name for users, hosts or commands in sudoers").compared(
            "members",
            FieldKind::List,
            "what it stands for; in order where one of them is excluded, else sorted",
        ),
        Kind::new(
            "sudo_include",
            SUDO,
            "a file or folder that sudoers includes, or a file in it that sudo skips",
        )
        .compared(
            "inert",
            FieldKind::Bool,
            "true for a file that is skipped: its name has a dot or ends in ~, or nothing includes its folder",
        ),
        Kind::new("sudo_setting", SUDO, "a line of sudo.conf: plug-ins and paths").compared(
            "value",
            FieldKind::Text,
            "the path and arguments, or the value",
        ),
        Kind::new("sudo_plugin", SUDO, "a library that sudo loads").compared(
            "link_target",
            FieldKind::Text,
            LINK,
        ),
    ];
    let critical = kinds.into_iter().map(|kind| kind.severity(Severity::Critical));
    let doas = Kind::new("doas_rule", SUDO, "who may run what as whom, by doas.conf")
        .compared(
            "rules",
            FieldKind::List,
            "the rules for it, in order: the last that matches counts",
        )
        .compared("malformed", FieldKind::Bool, MALFORMED);
    critical.chain([doas]).collect()
}
