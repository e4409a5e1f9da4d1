//! Whatever somebody put where a unit belongs: an entry or a gap, and never a hang or a missing neighbour.

use assay_module_systemd::Systemd;
use assay_sdk::testkit::{Fixture, Seen};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

const ETC: &str = "/etc/systemd/system";

fn look(fixture: &Fixture) -> Seen {
    fixture.collect::<Systemd>()
}

fn why(fixture: &Fixture, kind: &str, key: &str) -> String {
    look(fixture)
        .entry(kind, key)
        .unparsable
        .clone()
        .unwrap_or_default()
}

#[test]
fn things_that_are_no_files_are_told_of() {
    let fixture = Fixture::new()
        .fifo(&format!("{ETC}/fifo.service"))
        .folder(&format!("{ETC}/folder.service"))
        .link(&format!("{ETC}/gone.service"), "/opt/gone.service")
        .link(&format!("{ETC}/self.service"), "/opt/self.service")
        .link("/opt/self.service", "self.service")
        .fifo(&format!("{ETC}/good.service.d/x.conf"))
        .link(&format!("{ETC}/good.service.d/y.conf"), "/opt/gone.conf")
        .file(&format!("{ETC}/good.service"), "[Service]\nExecStart=/good\n")
        .file(&format!("{ETC}/a.target.wants/plain.service"), "")
        .fifo("/etc/systemd/system-generators/pipe")
        .link("/etc/systemd/system-generators/nowhere", "/opt/gone")
        .fifo("/etc/environment.d/pipe.conf")
        .fifo("/etc/systemd/system.conf");
    for (kind, key, reason) in [
        ("systemd_unit", "fifo.service", "is a FIFO"),
        ("systemd_unit", "folder.service", "is a folder"),
        ("systemd_unit", "gone.service", "link leads nowhere"),
        ("systemd_unit", "self.service", "too many links"),
        (
            "systemd_drop_in",
            "/etc/systemd/system/good.service.d/x.conf",
            "is a FIFO",
        ),
        (
            "systemd_drop_in",
            "/etc/systemd/system/good.service.d/y.conf",
            "link leads nowhere",
        ),
        (
            "systemd_enable_link",
            "/etc/systemd/system/a.target.wants/plain.service",
            "is no link, and systemd passes over it",
        ),
        (
            "systemd_generator",
            "/etc/systemd/system-generators/pipe",
            "is a FIFO",
        ),
        (
            "systemd_generator",
            "/etc/systemd/system-generators/nowhere",
            "link leads nowhere",
        ),
        ("systemd_environment", "/etc/environment.d/pipe.conf", "is a FIFO"),
        ("systemd_environment", "/etc/systemd/system.conf", "is a FIFO"),
    ] {
        assert_eq!(why(&fixture, kind, key), reason, "{key}");
    }
    let seen = look(&fixture);
    assert_eq!(
        seen.field("systemd_unit", "good.service", "exec_start"),
        "[/good]"
    );
    assert_eq!(seen.field("systemd_unit", "good.service", "drop_ins"), "");
    assert_eq!(
        seen.field("systemd_unit", "gone.service", "link_target"),
        "/opt/gone.service"
    );
    assert_eq!(seen.gaps, []);
}

#[test]
fn names_are_bytes() {
    let fixture = Fixture::new().folder(ETC);
    let names: [&[u8]; 4] = [
        b"line\nbreak.service",
        b"\xff\xfe.service",
        b".hidden.service",
        b"a b .service",
    ];
    for name in names {
        fs::write(
            fixture.host(ETC).join(OsStr::from_bytes(name)),
            "[Service]\nExecStart=/x\n",
        )
        .expect("a file");
    }
    let seen = look(&fixture);
    let keys: Vec<&[u8]> = seen.entries.iter().map(|entry| entry.key.as_bytes()).collect();
    assert_eq!(keys.len(), 4);
    assert!(names.iter().all(|name| keys.contains(name)), "{keys:?}");
}

#[test]
fn a_system_unit_cannot_take_the_key_of_a_users() {
    let fixture = Fixture::new()
        .file("/etc/systemd/user/x.service", "[Service]\nExecStart=/user\n")
        .file(
            "/etc/systemd/system/user:x.service",
            "[Service]\nExecStart=/system\n",
        );
    let seen = look(&fixture);
    assert_eq!(
        seen.keys("systemd_unit"),
        ["system:user:x.service", "user:x.service"]
    );
}

#[test]
fn a_home_linked_to_the_systems_folder_takes_no_keys() {
    let fixture = Fixture::new()
        .file(
            "/etc/passwd",
            "eve:x:7:7::/home/eve:/bin/sh\nbob:x:8:8::/home/bob:/bin/sh\n",
        )
        .file("/etc/systemd/user/x.service", "[Service]\nExecStart=/x\n")
        .link("/etc/systemd/user/default.target.wants/x.service", "../x.service")
        .link("/home/eve/.config/systemd/user", "/etc/systemd/user")
        .link("/home/bob/.config", "/home/eve/.config");
    // The testkit refuses a key that comes twice.
    let seen = look(&fixture);
    assert_eq!(
        seen.keys("systemd_unit"),
        ["user:x.service", "/home/bob:x.service", "/home/eve:x.service"]
    );
}

#[test]
fn malformed_files_are_told_once_with_what_they_would_run() {
    let broken = "[Service]\nExecStart=\nExecStart=/evil\n[Install\nWantedBy=x\n";
    let fixture = Fixture::new().file(&format!("{ETC}/u.service"), "[Service]\nExecStart=/good\n");
    let before = look(&fixture);
    let drop_in = format!("{ETC}/u.service.d/x.conf");
    let now = look(&fixture.file(&drop_in, broken));
    assert_eq!(
        now.changes_since(&before),
        [format!("added systemd_drop_in {drop_in}")]
    );
    assert_eq!(now.field("systemd_drop_in", &drop_in, "exec_start"), "[/evil]");
    let fixture = Fixture::new()
        .file(&format!("{ETC}/open.service"), broken)
        .file(&format!("{ETC}/binary.service"), b"\x7fELF\0\0\xff\xfe")
        .file("/etc/systemd/system.conf", "[Manager\n");
    assert_eq!(
        why(&fixture, "systemd_unit", "open.service"),
        "a section header is not closed"
    );
    assert_eq!(
        why(&fixture, "systemd_unit", "binary.service"),
        "no section header"
    );
    assert_eq!(
        why(&fixture, "systemd_environment", "/etc/systemd/system.conf"),
        "a section header is not closed"
    );
}

#[test]
fn large_files_and_many_drop_ins_are_bounded() {
    let line = "ExecStart=/\u{1}\n";
    let large = format!("[Service]\n{}", line.repeat(6000));
    let fixture = Fixture::new()
        .file(&format!("{ETC}/large.service"), &large)
        .file(&format!("{ETC}/fits.service"), &large[..30_000])
        .file(&format!("{ETC}/sum.service"), "[Service]\nExecStart=/a\n");
    let fixture = (0..8).fold(fixture, |f, n| {
        f.file(&format!("{ETC}/sum.service.d/{n}.conf"), &large[..5_000])
    });
    assert_eq!(
        why(&fixture, "systemd_unit", "large.service"),
        "larger than 32768 bytes"
    );
    assert_eq!(
        why(&fixture, "systemd_unit", "sum.service"),
        "with its drop-ins larger than 32768 bytes"
    );
    let seen = look(&fixture);
    let fits = seen.entry("systemd_unit", "fits.service");
    assert_eq!(fits.unparsable, None);
    let fields: usize = fits.fields.values().map(|value| value.to_string().len()).sum();
    assert!(fields > 15_000, "{fields}");
}

#[test]
fn short_settings_cannot_make_a_long_record() {
    let jail = "j".repeat(4000);
    let lines: String = (0..1000).map(|n| format!("ExecStart=/{n}\n")).collect();
    let names = "%n".repeat(10_000);
    let fixture = Fixture::new()
        .file(
            &format!("{ETC}/jail.service"),
            format!("[Service]\nRootDirectory=/{jail}\n{lines}"),
        )
        .file(
            &format!("{ETC}/{}.service", "n".repeat(200)),
            format!("[Service]\nExecStart=/{names}\n"),
        );
    for entry in look(&fixture).entries {
        let bytes: usize = entry
            .programs
            .iter()
            .map(|program| program.as_bytes().len())
            .sum();
        assert!(bytes <= 40_000, "{}: {bytes}", entry.key);
    }
}

#[test]
fn a_tier_that_is_too_large_is_a_gap_and_harms_no_other() {
    let home = "/home/eve/.config/systemd/user";
    let padding = "#".repeat(30_000);
    let fixture = Fixture::new()
        .file("/etc/passwd", "eve:x:7:7::/home/eve:/bin/sh\n")
        .file(&format!("{ETC}/u.service"), "[Service]\nExecStart=/good\n");
    let fixture = (0..300).fold(fixture, |f, n| f.file(&format!("{home}/{n}.service"), &padding));
    let seen = look(&fixture);
    assert_eq!(seen.field("systemd_unit", "u.service", "exec_start"), "[/good]");
    let gaps: Vec<String> = seen.gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert_eq!(gaps, [home]);
}

#[test]
fn aliases_that_go_round_in_circles_end() {
    let fixture = Fixture::new()
        .link(&format!("{ETC}/a.service"), "b.service")
        .link(&format!("{ETC}/b.service"), "a.service")
        .file(&format!("{ETC}/a.service.d/x.conf"), "[Service]\nExecStart=/x\n");
    let seen = look(&fixture);
    assert_eq!(seen.keys("systemd_enable_link").len(), 2);
    assert_eq!(seen.programs("systemd_drop_in", "a.service.d"), ["/x"]);
}
