//! Settings of clients, and what logins run.

use crate::{linux, scan};
use assay_sdk::testkit::{Fixture, Seen};

const MINE: &str = "/home/ana/.ssh/config";

fn with(text: &str) -> Seen {
    scan(&linux().file(MINE, text))
}

#[test]
fn clients_and_logins_with_a_bit_of_everything() {
    let fixture = linux()
        .file("/etc/ssh/ssh_config", "Include ssh_config.d/*.conf\nHost *\n  SendEnv LANG LC_*\n  HashKnownHosts yes\n")
        .file("/etc/ssh/ssh_config.d/a.conf", "GlobalKnownHostsFile /opt/known\n")
        .file(
            MINE,
            "Include ~/.ssh/fleet/* /srv/shared\nUser ana\nHost *.corp !x\n  ProxyCommand exec nc %h %p | tee %d/log\n\
             Match host a exec \"${HOME}/m.sh --of '%h'\"\n  PKCS11Provider ~/p.so\n  SetEnv A=b PASSWORD=letmein\n\
             ProxyCommand none\nProxyCommand /opt/never\n",
        )
        .file("/home/ana/.ssh/fleet/web", "RemoteForward 9000 localhost:22\nRemoteForward 9001 localhost:80\n")
        .file("/home/ana/.ssh/rc", "exit\n")
        .link("/root/.ssh/rc", "/srv/rc")
        .file("/srv/rc", "x\n")
        .script("/etc/ssh/sshrc", "#!/bin/sh\n")
        .file("/home/ana/.ssh/environment", "# x\nA=1\nLD_PRELOAD=/opt/a.so:b.so\nDB_PASSWORD=letmein\nA=2\nnone\n")
        .file("/usr/bin/nc", "")
        .file("/usr/bin/tee", "");
    let seen = scan(&fixture);
    assert!(!format!("{seen:?}").contains("letmein"));
    insta::assert_snapshot!(seen.snapshot());
}

/// Hosts come and go all day.
#[test]
fn names_of_hosts_are_no_news() {
    let before = with("Host a\nProxyJump b\n");
    let after = with(
        "# x\nHost c\n  HostName 10.0.0.1\n  IdentityFile ~/.ssh/id_c\n  Port 2222\nhost  \"a\"\n\tproxyjump=b\n",
    );
    assert_eq!(after.changes_since(&before), [""; 0]);
}

#[test]
fn every_compared_field_shows_its_change() {
    with("Host a\nProxyJump c\n").assert_changed("value", &with("Host a\nProxyJump b\n"));
    with("LocalCommand ~/y\n").assert_changed("programs", &with("LocalCommand ~/x\n"));
    let variable = |text: &str| scan(&linux().file("/home/ana/.ssh/environment", text));
    variable("A=2").assert_changed("value", &variable("A=1"));
    let script = |target: &str| {
        scan(
            &linux()
                .link("/etc/ssh/sshrc", target)
                .script("/opt/a", "")
                .script("/opt/b", ""),
        )
    };
    script("/opt/b").assert_changed("link_target", &script("/opt/a"));
}

/// A user who makes root read a file may not learn what is in it.
#[test]
fn links_in_homes_show_nothing() {
    let secret = "user=letmein\n";
    let fixture = linux()
        .file("/etc/secret", secret)
        .link("/home/ana/.ssh/environment", "/etc/secret")
        .link("/home/ana/.rhosts", "/etc/secret")
        .link("/home/ana/.ssh/authorized_keys", "/etc/secret")
        .link("/home/ana/.ssh/config", "/etc/secret")
        .file("/root/.ssh/config", "Include /etc/secret\n");
    let seen = scan(&fixture);
    assert!(!format!("{seen:?}").contains("letmein"), "{seen:?}");
    let environment = seen.entry("ssh_environment", "/home/ana/.ssh/environment");
    assert_eq!(
        environment.unparsable.as_deref(),
        Some("a link in a home is not followed")
    );
}

#[test]
fn macs_have_theirs() {
    let fixture = Fixture::macos()
        .file(
            "/private/etc/ssh/ssh_config",
            "Include /etc/ssh/ssh_config.d/*\nHost *\n  SendEnv LANG\n",
        )
        .file(
            "/private/etc/ssh/ssh_config.d/x",
            "XAuthLocation /opt/X11/bin/xauth\n",
        )
        .file("/Users/ana/.ssh/config", "IdentityAgent ~/agent.sock\n")
        .file("/private/etc/ssh/sshrc", "")
        .file(
            "/Users/ana/.ssh/environment",
            "DYLD_INSERT_LIBRARIES=/tmp/x.dylib\n",
        );
    insta::assert_snapshot!(scan(&fixture).snapshot());
}
