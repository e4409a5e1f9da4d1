//! Settings of the server.

use crate::{linux, scan};
use assay_sdk::testkit::{Fixture, Seen};

const MAIN: &str = "/etc/ssh/sshd_config";

fn with(text: &str) -> Seen {
    scan(&linux().file(MAIN, text))
}

const USUAL: &str = "\
Include /etc/ssh/sshd_config.d/*.conf
Port 22
Port = 2222
PermitRootLogin no # never
permitrootlogin yes
AcceptEnv LANG \"LC_*\"
AllowUsers ana git@10.0.0.0/8
Subsystem\tsftp\t/usr/lib/openssh/sftp-server -l INFO
ForceCommand /opt/audit \"--as %u\"   # a shell's comment
SetEnv A=b API_TOKEN=letmein
Match user=git
  ForceCommand /opt/git-shell
  PermitTTY no
Match Address 10.0.0.0/8 Group \"wheel x\"
  ForceCommand none
  Include match.conf
PermitTTY yes
";

#[test]
fn a_server_with_a_bit_of_everything() {
    let fixture = linux()
        .file(MAIN, USUAL)
        .file(
            "/etc/ssh/sshd_config.d/50-b.conf",
            "UsePAM yes\nMatch all\nX11Forwarding no\n",
        )
        .file(
            "/etc/ssh/sshd_config.d/10-a.conf",
            "UsePAM no\nAuthorizedKeysCommand /opt/keys '%u'\n",
        )
        .file("/etc/ssh/sshd_config.d/ignored", "UsePAM maybe\n")
        .file(
            "/etc/ssh/match.conf",
            "GatewayPorts yes\nMatch Host x\nGatewayPorts no\n",
        )
        .script("/opt/audit", "")
        .script("/opt/keys", "");
    let seen = scan(&fixture);
    assert!(!format!("{seen:?}").contains("letmein"));
    insta::assert_snapshot!(seen.snapshot());
}

/// Whatever is written, what `sshd -T` would print is the same.
#[test]
fn a_new_layout_is_no_change() {
    let before = with("PermitRootLogin no\nAcceptEnv LANG LC_*\nMatch User git\nPermitTTY no\n");
    let after = with(
        "\n# x\nACCEPTENV LC_*\r\n\"permitrootlogin\" 'no'\nAcceptEnv=LANG\nPermitRootLogin yes\nmatch USER=git\n\tpermitTTY  no\nPermitTTY yes",
    );
    assert_eq!(after.changes_since(&before), [""; 0]);
}

#[test]
fn every_compared_field_shows_its_change() {
    let before = with("PermitRootLogin no\n");
    with("permitrootlogin yes\nPermitRootLogin no\n").assert_changed("value", &before);
    let one = "Match User a\nForceCommand /a\n";
    let other = "Match Group b\nForceCommand /b\n";
    let swapped = with(&format!("{other}{one}")).changes_since(&with(&format!("{one}{other}")));
    let expected = [
        "changed sshd_setting forcecommand (match group b): after",
        "changed sshd_setting forcecommand (match user a): after",
    ];
    assert_eq!(swapped, expected);
    assert_eq!(
        with("Port 22\nPort 2222\n").changes_since(&with("Port 22\n")),
        ["added sshd_setting port 2222"]
    );
    let gone = with("").changes_since(&before);
    assert_eq!(gone, ["removed sshd_setting permitrootlogin"]);
}

#[test]
fn what_is_included_under_a_match_ends_with_it() {
    let fixture = linux()
        .file(MAIN, "Match User a\nInclude more\nPermitTTY no\n")
        .file("/etc/ssh/more", "Match Group b\nGatewayPorts yes\n");
    let keys = scan(&fixture).keys("sshd_setting");
    assert_eq!(
        keys,
        [
            "gatewayports (match user a, match group b)",
            "permittty (match user a)"
        ]
    );
}

/// SUSE's own file is read while root has none.
#[test]
fn vendors_and_old_macs_have_theirs_elsewhere() {
    let vendor = linux().file("/usr/etc/ssh/sshd_config", "Port 1\n");
    assert_eq!(scan(&vendor).keys("sshd_setting"), ["port 1"]);
    assert_eq!(
        scan(&vendor.file(MAIN, "Port 2\n")).keys("sshd_setting"),
        ["port 2"]
    );
    let old = Fixture::macos().file("/private/etc/sshd_config", "Port 3\n");
    assert_eq!(scan(&old).keys("sshd_setting"), ["port 3"]);
    let mac = Fixture::macos()
        .file(
            "/private/etc/ssh/sshd_config",
            "Include /etc/ssh/sshd_config.d/*\n",
        )
        .file("/private/etc/ssh/sshd_config.d/100-macos.conf", "UsePAM yes\n");
    assert_eq!(scan(&mac).keys("sshd_setting"), ["usepam"]);
}
