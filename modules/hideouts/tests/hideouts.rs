//! What hides, and what does not.

use assay_module_hideouts::Hideouts;
use assay_sdk::testkit::{Fixture, Seen};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// What is found of a kind, sorted.
fn keys(seen: &Seen, kind: &str) -> Vec<String> {
    let mut keys = seen.keys(kind);
    keys.sort();
    keys
}

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Hideouts>()
}

fn with_mode(fixture: Fixture, path: &str, mode: u32) -> Fixture {
    fs::set_permissions(fixture.host(path), fs::Permissions::from_mode(mode)).expect(path);
    fixture
}

fn machine() -> Fixture {
    Fixture::new()
        .file(
            "/etc/passwd",
            "ana:x:1000:1000::/home/ana:/bin/sh\nsys:x:3:3::/dev:/bin/sh\n",
        )
        .file("/tmp/.X0-lock", "")
        .script("/tmp/build/a.out", "ELF")
        .script("/var/tmp/x/y/z/.deep", "ELF")
        .script("/home/ana/.cache/x", "ELF")
        .script("/home/ana/bin/tool", "ELF")
        .file("/dev/shm/pulse-shm-1", "")
        .link("/dev/fd", "/proc/self/fd")
        .script("/var/www/cgi/x", "#!")
}

#[test]
fn an_ordinary_machine_hides_nothing() {
    let seen = scan(&machine());
    assert!(
        seen.entries.is_empty() && seen.gaps.is_empty(),
        "{}",
        seen.snapshot()
    );
}

#[test]
fn what_an_intruder_hides_is_told() {
    let fixture = machine()
        .script("/dev/shm/.rk", "ELF")
        .script("/tmp/.cache/run", "ELF")
        .script("/var/tmp/kworker ", "ELF")
        .file("/dev/sdz", "key log")
        .script("/home/ana/.../sh", "ELF")
        .script("/tmp/root-shell", "ELF")
        .script("/var/www/html/up", "ELF")
        .script("/srv/a/b/locked", "");
    let fixture = with_mode(fixture, "/tmp/root-shell", 0o4755);
    let fixture = with_mode(fixture, "/var/www/html/up", 0o6755);
    let fixture = with_mode(fixture, "/srv/a/b/locked", 0o2644);
    let seen = scan(&fixture);
    assert_eq!(
        keys(&seen, "hidden_executable"),
        [
            "/dev/sdz",
            "/dev/shm/.rk",
            "/home/ana/.../sh",
            "/tmp/.cache/run",
            "/var/tmp/kworker "
        ]
    );
    assert_eq!(
        keys(&seen, "planted_setid_file"),
        ["/tmp/root-shell", "/var/www/html/up"]
    );
}

#[test]
fn links_and_odd_things_lead_nowhere() {
    let fixture = Fixture::new()
        .link("/tmp/.loop", ".")
        .link("/tmp/.etc", "/etc")
        .script("/etc/.x", "")
        .fifo("/tmp/.fifo")
        .script("/tmp/.once", "")
        .link("/var/tmp", "/tmp")
        .link("/dev/shm", "shm")
        .file("/srv", "no folder")
        .fifo("/dev/x");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn a_mac_has_such_places_too() {
    let fixture = Fixture::macos()
        .link("/tmp", "private/tmp")
        .script("/private/tmp/.helper", "")
        .script("/Users/Shared/.x/y", "")
        .script("/Users/ana/up", "");
    let fixture = with_mode(fixture, "/Users/ana/up", 0o4755);
    let seen = scan(&fixture);
    assert_eq!(
        keys(&seen, "hidden_executable"),
        ["/Users/Shared/.x/y", "/private/tmp/.helper"]
    );
    assert_eq!(keys(&seen, "planted_setid_file"), ["/Users/ana/up"]);
}
