//! What the module lists: one line of prose for every kind and field.

use assay_sdk::FieldKind::{Bool, List, Text};
use assay_sdk::{Kind, Severity};

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "interface_option",
            "T1546",
            "an option of a network interface, among them commands that run as root",
        )
        .compared("value", Text, "its value; <hidden> when it is a password"),
        Kind::new(
            "inet_service",
            "T1543",
            "a program that inetd or xinetd starts for whoever connects",
        )
        .compared("socket_type", Text, "stream, dgram, …")
        .compared("protocol", Text, "tcp, udp, …")
        .compared("port", Text, "where it listens, when its name does not say so")
        .compared("user", Text, "whom it runs as")
        .compared("program", Text, "what is started; `internal` is a part of inetd")
        .compared("arguments", Text, "what it is given; of inetd its own name first")
        .compared("disabled", Bool, "true when it is switched off")
        .compared("other", List, "what else is said of it, sorted"),
        Kind::new(
            "trusted_root",
            "T1553.004",
            "a certificate in the bundle that programs trust",
        )
        .severity(Severity::Medium)
        .compared("serial", Text, "its number, in hexadecimal")
        .compared(
            "signature_end",
            Text,
            "the last bytes of its signature, in hexadecimal",
        ),
        Kind::new(
            "firewall_application",
            "T1562.004",
            "a program that the application firewall of macOS knows",
        )
        .severity(Severity::Medium)
        .compared("bundle_id", Text, "its identifier")
        .compared("path", Text, "where it lies")
        .compared(
            "state",
            Text,
            "2 when connections are let through, 4 when they are not",
        ),
        Kind::new(
            "network_extension",
            "T1556",
            "a VPN, filter, DNS proxy or relay that traffic goes through",
        )
        .severity(Severity::Medium)
        .compared("application", Text, "the application that it belongs to")
        .compared(
            "parts",
            List,
            "what it is: VPN, ContentFilter, DNSProxy, …; off when disabled; sorted",
        )
        .compared(
            "providers",
            List,
            "identifiers of the bundles that see the traffic, sorted",
        )
        .compared(
            "servers",
            List,
            "servers and addresses that traffic or names go to, sorted",
        ),
    ]
}
