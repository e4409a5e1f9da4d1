//! Whoever plants an entry writes the files that are read here.

use crate::{ED25519, linux, scan};
use assay_sdk::GapReason;
use assay_sdk::testkit::Fixture;

#[test]
fn what_is_no_file_neither_hangs_nor_hides() {
    let fixture = linux()
        .fifo("/etc/ssh/sshd_config")
        .folder("/etc/ssh/ssh_config")
        .link("/etc/ssh/sshrc", "sshrc")
        .fifo("/etc/ssh/ssh_host_rsa_key")
        .fifo("/home/ana/.ssh/authorized_keys")
        .fifo("/home/ana/.ssh/config")
        .fifo("/home/ana/.ssh/environment")
        .fifo("/home/ana/.ssh/rc")
        .fifo("/home/ana/.ssh/id_x")
        .fifo("/home/ana/.rhosts")
        .file("/root/.ssh", "no folder\n")
        .file("/root/.rhosts", vec![b'x'; 2 << 20]);
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn includes_end() {
    let fixture = linux()
        .file("/home/ana/.ssh/config", "Include * config config\nProxyJump a\n")
        .file("/etc/ssh/sshd_config", "Include /etc/ssh/*\nUsePAM no\n")
        .file("/root/.ssh/config", b"Include /*/*/*/*/*/*/*/* \0 /etc/\xff\n");
    let seen = scan(&fixture);
    let why = "it includes more than anybody writes";
    for (kind, key) in [
        ("ssh_client_setting", "/home/ana/.ssh/config"),
        ("sshd_setting", "/etc/ssh/sshd_config"),
    ] {
        assert_eq!(seen.entry(kind, key).unparsable.as_deref(), Some(why));
    }
    assert_eq!(seen.field("sshd_setting", "usepam", "value"), "no");
}

/// What was known of a file that is full of rubbish is not taken for gone, and a key in it is still seen.
#[test]
fn rubbish_hides_no_key() {
    let rubbish: String = (0..5000).map(|n| format!("{n} \u{1b}[2J\0\n")).collect();
    let fixture = linux()
        .file(
            "/home/ana/.ssh/authorized_keys",
            format!("{rubbish}\n{ED25519}\n"),
        )
        .file("/root/.ssh/authorized_keys", vec![b' '; 3 << 20]);
    let seen = scan(&fixture);
    let keys = seen.keys("authorized_key");
    assert!(keys.iter().any(|key| key.contains("SHA256:")), "{keys:?}");
    assert!(keys.len() < 200, "{}", keys.len());
    let home = seen.entry("authorized_key", "/home/ana/.ssh/authorized_keys");
    assert_eq!(
        home.unparsable.as_deref(),
        Some("too many of its lines are no keys")
    );
    assert!(
        seen.entry("authorized_key", "/root/.ssh/authorized_keys")
            .unparsable
            .is_some()
    );
}

#[test]
fn patterns_that_stand_for_everything_are_bounded() {
    let fixture = (0..200).fold(linux(), |fixture, n| fixture.folder(&format!("/srv/{n}")));
    let text: String = (0..300).map(|n| format!("Include /srv/*{n}* ~/no/*\n")).collect();
    let fixture = fixture.file("/home/ana/.ssh/config", text);
    let seen = scan(&fixture);
    assert!(
        seen.gaps.iter().any(|gap| gap.reason == GapReason::TooBig),
        "{seen:?}"
    );
}

#[test]
fn long_names_stay_apart() {
    let long = "x".repeat(70_000);
    let text = format!("AllowUsers {long}a {long}b\nMatch User {long}\nPermitTTY no\n");
    let seen = scan(&linux().file("/etc/ssh/sshd_config", text));
    assert_eq!(seen.entries.len(), 3);
    assert!(seen.entries.iter().all(|entry| entry.key.as_bytes().len() < 2200));
}

/// An entry that stands twice would end the scan, and with it the sight of everything else.
#[test]
fn no_name_of_a_file_is_taken_for_another_entry() {
    let fixture = linux()
        .file(
            "/etc/ssh/sshd_config",
            "TrustedUserCAKeys /root/.ssh/authorized_keys\nMatch all\nTrustedUserCAKeys /root//.ssh/authorized_keys\n",
        )
        .file("/root/.ssh/authorized_keys", ED25519)
        .file(
            "/home/ana/.ssh/config",
            "ProxyJump a\nInclude \"config: proxyjump\"\n",
        )
        .fifo("/home/ana/.ssh/config: proxyjump");
    let seen = scan(&fixture);
    let file = "/home/ana/.ssh/config: proxyjump";
    assert_eq!(
        seen.keys("ssh_client_setting"),
        [file.to_owned(), format!("{file} #2")]
    );
    assert_eq!(seen.keys("authorized_key").len(), 2);
}

#[test]
fn homes_that_are_one_are_listed_once() {
    let fixture = Fixture::new()
        .file(
            "/etc/passwd",
            "a:x:1:1::/srv/h:/bin/sh\nb:x:2:2::/srv/link:/bin/sh\n",
        )
        .link("/srv/link", "h")
        .file("/srv/h/.ssh/authorized_keys", ED25519);
    let seen = scan(&fixture);
    let [key] = &seen.keys("authorized_key")[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(seen.field("authorized_key", key, "users"), "[a, b]");
}
