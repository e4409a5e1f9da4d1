//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

const LINK: &str = "where it leads, as written, when it is a link";

pub(crate) fn all() -> Vec<Kind> {
    let mut kinds = linux();
    kinds.extend(macos());
    kinds
}

fn linux() -> Vec<Kind> {
    vec![
        Kind::new(
            "polkit_action",
            "T1548",
            "something that polkit allows or refuses",
        )
        .severity(Severity::Medium)
        .compared("allow_any", FieldKind::Text, "the answer to anybody")
        .compared(
            "allow_inactive",
            FieldKind::Text,
            "the answer to who is logged in elsewhere",
        )
        .compared("allow_active", FieldKind::Text, "the answer to who sits there")
        .compared(
            "annotations",
            FieldKind::List,
            "settings such as the program that pkexec may run, sorted",
        ),
        Kind::new(
            "dbus_service",
            "T1543",
            "a program that a bus starts when somebody asks for its name",
        )
        .compared("bus_name", FieldKind::Text, "the name that it answers for")
        .compared("command", FieldKind::Text, "the command line")
        .compared("user", FieldKind::Text, "whom it runs as")
        .compared(
            "unit",
            FieldKind::Text,
            "the systemd unit that is started instead",
        ),
        Kind::new(
            "dbus_policy",
            "T1543",
            "who may own and call what on a bus, or a setting of a bus",
        )
        .severity(Severity::Medium)
        .compared(
            "rules",
            FieldKind::List,
            "what is allowed and denied, in order: the last that matches counts",
        ),
        Kind::new(
            "audit_plugin",
            "T1562.012",
            "a program that the audit daemon starts as root",
        )
        .compared("active", FieldKind::Text, "yes when it is started")
        .compared("path", FieldKind::Text, "the program")
        .compared("arguments", FieldKind::Text, "what it is given")
        .compared("type", FieldKind::Text, "always when it is a program of its own")
        .compared("settings", FieldKind::List, "everything else, sorted"),
    ]
}

fn macos() -> Vec<Kind> {
    vec![
        Kind::new(
            "authorization_right",
            "T1556",
            "what it takes to be given a right of macOS",
        )
        .severity(Severity::Critical)
        .compared("type", FieldKind::Text, "right, or rule that rights refer to")
        .compared(
            "class",
            FieldKind::Text,
            "allow, deny, user, rule or evaluate-mechanisms",
        )
        .compared("group", FieldKind::Text, "whose members are given it")
        .compared("mechanisms", FieldKind::List, "plug-ins that are asked, in order")
        .compared("rules", FieldKind::List, "rules that decide, in order")
        .compared("rules_needed", FieldKind::Int, "how many of them must allow it")
        .compared("timeout", FieldKind::Int, "seconds for which a password counts")
        .compared("tries", FieldKind::Int, "how often a password may be wrong")
        .compared(
            "flags",
            FieldKind::Int,
            "bits: 1 shared, 2 root without asking, 4 session owner, 8 authenticate as the user",
        )
        .compared("requirement", FieldKind::Text, "the code that may change it")
        .shown("creator", FieldKind::Text, "the program that made it"),
        bundle(
            "authorization_plugin",
            "code that runs when somebody logs in or asks for a right",
        ),
        bundle("directory_plugin", "code that answers for accounts"),
        Kind::new(
            "privacy_grant",
            "T1548.006",
            "an application that may look at or control the system",
        )
        .compared("decision", FieldKind::Text, "allowed, denied, limited or unknown")
        .compared(
            "reason",
            FieldKind::Text,
            "who decided: a person, a profile, the system",
        )
        .compared("client_type", FieldKind::Text, "bundle, or path of a program")
        .compared(
            "requirement",
            FieldKind::Text,
            "the code that it is given to, in Apple's binary form",
        )
        .compared("service_version", FieldKind::Int, "version of the decision")
        .shown("changed", FieldKind::Int, "when, in seconds since 1970"),
        Kind::new(
            "gatekeeper_rule",
            "T1553.001",
            "code that Gatekeeper lets run, or not",
        )
        .compared("allow", FieldKind::Bool, "whether it may run")
        .compared("disabled", FieldKind::Bool, "true when the rule does not count")
        .compared("requirement", FieldKind::Text, "the code that it is about")
        .compared(
            "priority",
            FieldKind::Text,
            "the highest rule that matches counts",
        )
        .compared("remarks", FieldKind::Text, "the path of what somebody approved"),
        Kind::new(
            "trusted_certificate",
            "T1553.004",
            "a certificate that somebody decided about",
        )
        .compared(
            "settings",
            FieldKind::List,
            "for what it counts and how, in order; none: for everything",
        )
        .shown("issuer", FieldKind::Text, "who signed it")
        .shown("serial", FieldKind::Text, "its number"),
    ]
}

fn bundle(name: &str, summary: &str) -> Kind {
    Kind::new(name, "T1556", summary)
        .severity(Severity::Critical)
        .compared("identifier", FieldKind::Text, "its bundle identifier")
        .compared("version", FieldKind::Text, "its bundle version")
        .compared("executable", FieldKind::Text, "the file that it says it runs")
        .compared("link_target", FieldKind::Text, LINK)
}
