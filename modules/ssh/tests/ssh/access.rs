//! Keys and names that let somebody in.

use crate::{DSA, ECDSA, ED25519, FINGERPRINT, RSA_1024, RSA_2048, linux, scan};
use assay_sdk::testkit::{Fixture, Seen};

const FILE: &str = "/home/ana/.ssh/authorized_keys";

fn with_keys(text: &str) -> Fixture {
    linux().file(FILE, text)
}

#[test]
fn keys_of_every_type_with_what_is_wrong_with_them() {
    let text = format!(
        "# ana's\n{ED25519} ana@desk\n\n\
         no-pty,Command=\"/opt/x 'a, b' \\\"c\\\"\",environment=\"LD_PRELOAD=/opt/l.so\" {RSA_1024} old desk\n\
         {RSA_2048}\n{DSA} x\ncert-authority,principals=\"ana,root\" {ECDSA} ca\r\n\
         environment=\"API_TOKEN=letmein\" {ED25519} twice\n\
         ssh-rsa AAAA\n-----BEGIN RSA PRIVATE KEY-----\n"
    );
    let fixture = with_keys(&text).script("/opt/x", "").file("/opt/l.so", "");
    let seen = scan(&fixture);
    assert!(!format!("{seen:?}").contains("letmein"));
    insta::assert_snapshot!(seen.snapshot());
}

/// What a login is let in with, not how the line is laid out.
#[test]
fn a_new_layout_is_no_change() {
    let before = scan(&with_keys(&format!("{ED25519} a\nno-pty {RSA_2048} b\n")));
    let after = scan(&with_keys(&format!(
        "#\n  NO-PTY\t{RSA_2048}   c d \r\n\n{ED25519}"
    )));
    assert_eq!(after.changes_since(&before), [""; 0]);
}

#[test]
fn every_compared_field_shows_its_change() {
    let keys = |text: &str| scan(&with_keys(text));
    let plain = keys(ED25519);
    keys(&format!("from=\"*\" {ED25519}")).assert_changed("options", &plain);
    keys(&format!("cert-authority {ED25519}")).assert_changed("authority", &plain);
    let linked = linux().link(FILE, "/srv/keys").file("/srv/keys", ED25519);
    scan(&linked).assert_changed("link_target", &plain);
    let swapped = keys(&format!("command=\"/opt/b\" {ED25519}"));
    swapped.assert_changed("programs", &keys(&format!("command=\"/opt/a\" {ED25519}")));
}

/// OpenSSH takes the type from the key itself, and knows short names for it.
#[test]
fn a_key_hides_behind_no_other_name() {
    let blob = ED25519.split_once(' ').map(|(_, blob)| blob).unwrap_or_default();
    for line in [
        format!("ED25519 {blob}"),
        format!("restrict ssh-ed25519 {}", blob.trim_end_matches('=')),
    ] {
        assert_eq!(
            scan(&with_keys(&line)).keys("authorized_key"),
            [format!("{FILE}: {FINGERPRINT}")]
        );
    }
}

fn files(seen: &Seen) -> Vec<String> {
    let mut files: Vec<_> = seen
        .entries
        .iter()
        .filter(|entry| entry.kind.starts_with("authorized"))
        .map(|entry| entry.source.to_string())
        .collect();
    files.dedup();
    files
}

#[test]
fn the_server_says_where_keys_are() {
    let names = "no-pty ana\n# x\nroot\n";
    let fixture = linux()
        .file(
            "/etc/ssh/sshd_config",
            "AuthorizedKeysFile /srv/%u/keys /srv/all/%u.pub .ssh/more\n\
             TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile %h/.ssh/names\n\
             Match User git\nAuthorizedKeysFile %h/.ssh/%u-%%-keys none\nTrustedUserCAKeys none\n",
        )
        .file("/srv/nobody/keys", ED25519)
        .file("/srv/all/ldap.pub", ED25519)
        .file("/srv/all/readme", ED25519)
        .file("/home/ana/.ssh/more", ED25519)
        .file("/home/ana/.ssh/ana-%-keys", ED25519)
        .file("/root/.ssh/authorized_keys2", ED25519)
        .file("/root/.ssh/names", names)
        .file("/etc/ssh/authorized_keys.d/svc", ED25519)
        .file("/etc/ssh/ca.pub", ECDSA);
    let seen = scan(&fixture);
    let expected = [
        "/etc/ssh/authorized_keys.d/svc",
        "/home/ana/.ssh/ana-%-keys",
        "/home/ana/.ssh/more",
        "/root/.ssh/authorized_keys2",
        "/srv/all/ldap.pub",
        "/srv/nobody/keys",
        "/etc/ssh/ca.pub",
        "/root/.ssh/names",
    ];
    assert_eq!(files(&seen), expected);
    assert_eq!(
        seen.keys("authorized_principal"),
        ["/root/.ssh/names: ana", "/root/.ssh/names: root"]
    );
    assert_eq!(seen.keys("ssh_host_key"), [""; 0], "an authority is told once");
    let authority = seen
        .keys("authorized_key")
        .into_iter()
        .find(|key| key.starts_with("/etc/ssh/ca.pub"));
    assert_eq!(
        seen.field("authorized_key", &authority.unwrap_or_default(), "authority"),
        "true"
    );
}
