//! Start-up scripts of Linux: what is seen, and what each change looks like.

use assay_module_startup::Startup;
use assay_sdk::testkit::{Fixture, Seen};

const HEADER: &str = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ledger\n# Default-Start: 4 2\n\
    # Short-Description: Ledger daemon\n### END INIT INFO\n";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Startup>()
}

#[test]
fn a_debian_with_a_bit_of_everything() {
    let fixture = Fixture::new()
        .file("/usr/sbin/getty", "")
        .file("/etc/rc.local", "#!/bin/sh\nexit 0\n")
        .script("/etc/local.d/tune.start", "#!/bin/sh\n")
        .file("/etc/local.d/README", "")
        .script("/etc/init.d/ledger", HEADER)
        .script("/etc/init.d/plain", "#!/bin/sh\n")
        .file("/etc/init.d/.depend.boot", "TARGETS =\n")
        .file("/etc/init.d/boot.local", "sysctl -q x\n")
        .link("/etc/rc2.d/S07ledger", "../init.d/ledger")
        .link("/etc/rc0.d/K01ledger", "../init.d/ledger")
        .link("/etc/rc2.d/S99odd", "/opt/odd/run")
        .script("/opt/odd/run", "")
        .script("/etc/rcS.d/S00inline", "#!/bin/sh\n")
        .file("/etc/rcS.d/README", "")
        .link("/etc/rc3.d/S01gone", "../init.d/gone")
        .link("/etc/runlevels/default/ledger", "/etc/init.d/ledger")
        .file(
            "/etc/inittab",
            "# comment\nid:2:initdefault:\nt1:23:respawn:/usr/sbin/getty -L ttyS0\nt1:4:off:/opt/odd/run\n",
        );
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// RHEL: `/etc/init.d`, `/etc/rc.local` and `/etc/rc3.d` are links into `/etc/rc.d`.
#[test]
fn nothing_is_listed_twice_through_links() {
    let fixture = Fixture::new()
        .script("/etc/rc.d/rc.local", "#!/bin/sh\n")
        .link("/etc/rc.local", "rc.d/rc.local")
        .script("/etc/rc.d/init.d/network", "#!/bin/sh\n")
        .link("/etc/init.d", "rc.d/init.d")
        .link("/etc/rc.d/rc3.d/S10network", "../init.d/network")
        .link("/etc/rc3.d", "rc.d/rc3.d");
    let seen = scan(&fixture);
    assert_eq!(seen.keys("rc_script"), ["/etc/rc.d/rc.local"]);
    assert_eq!(seen.keys("sysv_script"), ["/etc/init.d/network"]);
    assert_eq!(seen.keys("sysv_link"), ["/etc/rc3.d/S10network"]);
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);

    let elsewhere = Fixture::new()
        .script("/etc/rc.d/rc.local", "#!/bin/sh\n")
        .script("/var/tmp/x", "")
        .link("/etc/rc.local", "/var/tmp/x");
    let seen = scan(&elsewhere);
    assert_eq!(
        seen.field("rc_script", "/etc/rc.local", "link_target"),
        "/var/tmp/x"
    );
    assert_eq!(seen.programs("rc_script", "/etc/rc.local"), ["/var/tmp/x"]);
}

/// One alert for one act: a script that changes is watched by its own entry, not by each run level's link.
#[test]
fn only_the_script_itself_watches_its_bytes() {
    let fixture = Fixture::new()
        .script("/etc/init.d/a", "#!/bin/sh\n")
        .link("/etc/rc2.d/S01a", "../init.d/a")
        .link("/etc/rc5.d/S01a", "../init.d/a");
    let seen = scan(&fixture);
    assert_eq!(seen.programs("sysv_script", "/etc/init.d/a"), ["/etc/init.d/a"]);
    assert_eq!(seen.entries.iter().filter(|e| !e.programs.is_empty()).count(), 1);
}

/// Each pair differs in one compared thing: same keys, another entry.
#[test]
fn every_compared_field_shows_its_change() {
    let script = |text: &str| Fixture::new().script("/etc/init.d/s", text);
    let link = |target: &str| {
        Fixture::new()
            .script("/opt/a", "")
            .script("/opt/b", "")
            .link("/etc/rc2.d/S01s", target)
    };
    let line = |text: &str| Fixture::new().file("/etc/inittab", text);
    let pairs = [
        (
            "provides",
            script(HEADER),
            script(&HEADER.replace("ledger\n", "ssh\n")),
        ),
        (
            "default_start",
            script(HEADER),
            script(&HEADER.replace("4 2", "4 2 S")),
        ),
        ("inert", script(""), Fixture::new().file("/etc/init.d/s", "")),
        (
            "inert",
            Fixture::new().script("/etc/rc.local", ""),
            Fixture::new().file("/etc/rc.local", ""),
        ),
        ("link_target", link("/opt/a"), link("/opt/b")),
        (
            "regular_file",
            link("/opt/a"),
            Fixture::new().script("/etc/rc2.d/S01s", ""),
        ),
        ("runlevels", line("a:2:wait:/x"), line("a:3:wait:/x")),
        ("action", line("a:2:wait:/x"), line("a:2:respawn:/x")),
        ("process", line("a:2:wait:/x"), line("a:2:wait:/y")),
    ];
    for (field, before, after) in pairs {
        scan(&after).assert_changed(field, &scan(&before));
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let plain = Fixture::new()
        .file("/etc/inittab", "a:2:wait:/x\nb:3:wait:/y\n")
        .script("/etc/init.d/s", HEADER);
    let other = Fixture::new()
        .file("/etc/inittab", "#\n\nb:3:wait:/y\n  a:2:wait:/x\r\n")
        .script(
            "/etc/init.d/s",
            HEADER.replace("4 2", " 2\t4 ").replace('\n', "\r\n"),
        );
    assert_eq!(scan(&plain).snapshot(), scan(&other).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/etc/rc.local")
        .fifo("/etc/inittab")
        .fifo("/etc/init.d/fifo")
        .folder("/etc/init.d/folder")
        .link("/etc/init.d/loop", "loop")
        .fifo("/etc/rc2.d/S01fifo")
        .script("/etc/init.d/line\nbreak", "")
        .file("/etc/rc.d/rc.M", vec![b'#'; 3 << 20])
        .link("/etc/rc3.d", "rc3.d")
        .file("/etc/inittab.d/big.tab", vec![b'x'; 2 << 20]);
    let name = std::os::unix::ffi::OsStringExt::from_vec(b"etc/init.d/\xff\xfe".to_vec());
    let path: std::ffi::OsString = name;
    std::os::unix::fs::symlink("/nowhere", fixture.host("/").join(path)).expect("a name that is no UTF-8");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
}
