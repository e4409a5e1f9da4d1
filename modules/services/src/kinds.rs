//! What the module lists: one line of prose for every kind and field.

use assay_sdk::FieldKind::{Bool, List, Text};
use assay_sdk::{Kind, Severity, SourceCheck};

pub(crate) fn all() -> Vec<Kind> {
    let of_logrotate = |kind: Kind| {
        kind.compared(
            "inert",
            Text,
            "why logrotate does not read it; absent when it does",
        )
    };
    let directive = |kind: Kind| {
        kind.compared(
            "section",
            Text,
            "the blocks that it stands in, the outermost first",
        )
        .compared("directive", Text, "its name, in lower case")
        .compared("arguments", Text, "the rest of it")
    };
    vec![
        of_logrotate(
            Kind::new(
                "logrotate_command",
                "T1053",
                "a script or program that logrotate runs",
            )
            .compared("command", Text, "its lines, or a path"),
        ),
        of_logrotate(
            Kind::new(
                "logrotate_setting",
                "T1053",
                "a directive of logrotate that runs nothing",
            )
            .severity(Severity::Low)
            .compared("value", Text, "its value"),
        ),
        Kind::new(
            "syslog_program",
            "T1546",
            "a program or pipe that messages of the log go to, or a module",
        ),
        Kind::new(
            "syslog_rule",
            "T1562.001",
            "any other statement of a syslog daemon: where messages go",
        )
        .severity(Severity::Medium),
        directive(Kind::new(
            "web_server_code",
            "T1505",
            "a directive that makes a web server load or run something, or pass requests on",
        )),
        directive(
            Kind::new(
                "web_server_setting",
                "T1505",
                "any other directive of a web server",
            )
            .severity(Severity::Medium),
        ),
        Kind::new(
            "mail_delivery",
            "T1546",
            "where a mail goes: a program, a file, an address",
        )
        .severity(Severity::Medium)
        .compared("recipient", Text, "whose mail")
        .compared("action", Text, "what becomes of it; `|` begins a command"),
        Kind::new("mail_service", "T1546", "a service of Postfix")
            .severity(Severity::Medium)
            .compared(
                "flags",
                List,
                "private, unprivileged, chroot, wakeup, maxproc, in their order",
            )
            .compared("command", Text, "the program of Postfix that it is")
            .compared(
                "arguments",
                Text,
                "what that is given, such as argv= of what it runs",
            ),
        Kind::new("container", "T1610", "a container of Docker or Podman")
            .compared("image", Text, "what it is made of")
            .compared("command", List, "the program and its arguments")
            .compared(
                "restart",
                Text,
                "when it is started again: always, unless-stopped, …",
            )
            .compared("privileged", Bool, "true when it may do what root may")
            .compared("binds", List, "what of the host it sees, sorted")
            .compared(
                "namespaces",
                List,
                "what it shares with the host or others, sorted",
            )
            .compared("capabilities", List, "what it may do besides, sorted"),
        Kind::new(
            "quadlet",
            "T1610",
            "a file that systemd makes a service with a container of",
        )
        .compared("image", Text, "what it is made of")
        .compared("command", Text, "what runs in it")
        .compared("settings", List, "everything else, sorted")
        .compared("link_target", Text, "where it leads, when it is a link"),
        Kind::new(
            "static_pod",
            "T1610",
            "a manifest that a kubelet or k3s starts by itself; every byte is compared",
        )
        .source(SourceCheck::Content)
        .compared("name", Text, "its name")
        .compared("images", List, "what its containers are made of, sorted")
        .compared("commands", List, "words of its commands and arguments")
        .compared("host_paths", List, "what of the host it sees, sorted")
        .compared("rights", List, "privileged, hostPID and the like, sorted")
        .compared("link_target", Text, "where it leads, when it is a link"),
    ]
}
