//! What the module lists: one line of prose for every kind and field.

use assay_sdk::FieldKind::{Bool, Int, List, Text};
use assay_sdk::{Kind, Severity, SourceCheck};

const LINK: &str = "where the file leads, as written, when it is a link";
const ALGORITHM: &str = "the type of the key, as the key itself says";
const BITS: &str = "its length";
const WEAK: &str = "why the key should not be trusted; absent when nothing is known against it";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new("authorized_key", "T1098.004", "a key that lets somebody in")
            .compared("options", List, "what stands before the key, in order")
            .compared(
                "authority",
                Bool,
                "true when every key is let in that it has signed",
            )
            .compared("weak", Text, WEAK)
            .compared("reason", Text, "why a line is no key")
            .compared("link_target", Text, LINK)
            .shown("type", Text, ALGORITHM)
            .shown("bits", Int, BITS)
            .shown("comment", Text, "what stands after the key")
            .shown("users", List, "accounts whose home the file is in, sorted"),
        Kind::new(
            "authorized_principal",
            "T1098.004",
            "a name that lets somebody in when it stands in a certificate",
        )
        .compared("options", List, "what stands before the name, in order")
        .compared("link_target", Text, LINK),
        Kind::new(
            "sshd_setting",
            "T1098.004",
            "a setting of the SSH server that holds",
        )
        .compared(
            "value",
            Text,
            "its value; <hidden> when a name says that it is a secret",
        )
        .compared(
            "after",
            Text,
            "the Match lines before its own under which the keyword stands too: there the first one holds",
        ),
        Kind::new(
            "ssh_client_setting",
            "T1546",
            "a setting with which ssh runs or loads something, or trusts somebody",
        )
        .severity(Severity::Medium)
        .compared(
            "value",
            Text,
            "its value; <hidden> when a name says that it is a secret",
        ),
        Kind::new(
            "ssh_login_script",
            "T1546.004",
            "a script that runs at every login with SSH",
        )
        .compared("link_target", Text, LINK),
        Kind::new(
            "ssh_environment",
            "T1546.004",
            "a variable that is set at a login with SSH",
        )
        .compared(
            "value",
            Text,
            "its value; <hidden> when the name says that it is a secret",
        )
        .compared("link_target", Text, LINK),
        key_file(
            "ssh_host_key",
            "a key of this host, or another in the folder of the SSH server",
        ),
        key_file("ssh_private_key", "a private key of a user"),
        Kind::new("ssh_known_host", "T1098", "a key of a host that all users trust")
            .severity(Severity::Medium)
            .compared("weak", Text, WEAK)
            .shown("type", Text, ALGORITHM)
            .shown("bits", Int, BITS),
        Kind::new(
            "ssh_trusted_host",
            "T1098",
            "a host whose users are let in without a key",
        )
        .severity(Severity::Medium)
        .compared(
            "anyone",
            Bool,
            "true when it stands for every host, or every user of one",
        )
        .compared("link_target", Text, LINK),
    ]
}

/// A kind whose entries are files with one key: every byte of them counts, and none of a secret is shown.
fn key_file(name: &str, summary: &str) -> Kind {
    Kind::new(name, "T1098", summary)
        .severity(Severity::Medium)
        .source(SourceCheck::Content)
        .compared("fingerprint", Text, "SHA256 of the public key")
        .compared("encrypted", Bool, "whether a passphrase protects it")
        .compared("weak", Text, WEAK)
        .compared("link_target", Text, LINK)
        .shown("format", Text, "how a private key is written")
        .shown("type", Text, ALGORITHM)
        .shown("bits", Int, BITS)
}
