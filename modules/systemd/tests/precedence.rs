//! Which file and which drop-in counts, and what it runs.

use assay_module_systemd::Systemd;
use assay_sdk::testkit::{Fixture, Seen};

fn look(fixture: &Fixture) -> Seen {
    fixture.collect::<Systemd>()
}

fn service(command: &str) -> String {
    format!("[Service]\nExecStart={command}\n")
}

#[test]
fn the_strongest_folder_wins_and_names_those_it_shadows() {
    let order = [
        "/etc/systemd/system.control",
        "/etc/systemd/system",
        "/etc/systemd/system.attached",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ];
    let paths = order.map(|folder| format!("{folder}/u.service"));
    for strongest in 0..order.len() {
        let below = &paths[strongest..];
        let fixture = below
            .iter()
            .fold(Fixture::new(), |f, path| f.file(path, service(path)));
        let seen = look(&fixture);
        assert_eq!(seen.keys("systemd_unit"), ["u.service"]);
        let entry = seen.entry("systemd_unit", "u.service");
        assert_eq!(entry.source, paths[strongest].as_str());
        let shadows = seen.field("systemd_unit", "u.service", "shadows");
        let expected = if below.len() > 1 {
            format!("[{}]", below[1..].join(", "))
        } else {
            String::new()
        };
        assert_eq!(shadows, expected);
    }
}

#[test]
fn a_folder_behind_two_names_is_listed_once() {
    let fixture = Fixture::new()
        .link("/lib", "usr/lib")
        .link("/etc/xdg/systemd/user", "../../systemd/user")
        .file("/usr/lib/systemd/system/a.service", service("/a"))
        .file("/etc/systemd/user/b.service", service("/b"));
    let seen = look(&fixture);
    assert_eq!(seen.keys("systemd_unit"), ["a.service", "user:b.service"]);
    assert_eq!(
        seen.entry("systemd_unit", "user:b.service").source,
        "/etc/systemd/user/b.service"
    );
    assert_eq!(seen.field("systemd_unit", "user:b.service", "shadows"), "");
    assert_eq!(seen.gaps, []);
}

#[test]
fn drop_ins_go_by_name_and_the_strongest_folder_wins_for_each() {
    let folder = |place: &str, name: &str| format!("{place}/systemd/system/w.service.d/{name}.conf");
    let fixture = Fixture::new()
        .file("/usr/lib/systemd/system/w.service", service("/main"))
        .file(&folder("/usr/lib", "10-a"), service("/lib-10"))
        .file(&folder("/etc", "10-a"), service("/etc-10"))
        .file(&folder("/usr/lib", "30-c"), "[Service]\nExecStart=/never\n")
        .link(&folder("/etc", "30-c"), "/dev/null")
        .file(
            &folder("/usr/local/lib", "20-b"),
            "[Service]\nExecStart=\nExecStart=/reset\n",
        )
        .file(&folder("/usr/lib", "40-d"), service("/last"));
    let seen = look(&fixture);
    assert_eq!(
        seen.field("systemd_unit", "w.service", "exec_start"),
        "[/reset, /last]"
    );
    let expected = [
        folder("/etc", "10-a"),
        folder("/usr/local/lib", "20-b"),
        folder("/usr/lib", "40-d"),
    ];
    assert_eq!(
        seen.field("systemd_unit", "w.service", "drop_ins"),
        format!("[{}]", expected.join(", "))
    );
}

#[test]
fn drop_ins_of_every_alias_count() {
    let etc = "/etc/systemd/system";
    let fixture = Fixture::new()
        .file("/usr/lib/systemd/system/real.service", service("/main"))
        .link(
            &format!("{etc}/first.service"),
            "../../../usr/lib/systemd/system/real.service",
        )
        .link(&format!("{etc}/second.service"), "first.service")
        .file(&format!("{etc}/second.service.d/x.conf"), "[Service]\nUser=eve\n");
    let seen = look(&fixture);
    assert_eq!(seen.keys("systemd_unit"), ["real.service"]);
    assert_eq!(seen.field("systemd_unit", "real.service", "user"), "eve");
    assert_eq!(
        seen.field(
            "systemd_enable_link",
            "/etc/systemd/system/first.service",
            "link_target"
        ),
        "/usr/lib/systemd/system/real.service"
    );
    assert_eq!(
        seen.field(
            "systemd_enable_link",
            "/etc/systemd/system/second.service",
            "link_target"
        ),
        "/etc/systemd/system/first.service"
    );
}

#[test]
fn a_unit_linked_from_elsewhere_is_read_there() {
    let fixture = Fixture::new()
        .file("/dev/shm/.cache/n.service", service("/dev/shm/.cache/n"))
        .link("/etc/systemd/system/n.service", "/dev/shm/.cache/n.service")
        .link("/etc/systemd/system/other.service", "/dev/shm/.cache/n.service")
        .link(
            "/etc/systemd/system/multi-user.target.wants/n.service",
            "/dev/shm/.cache/n.service",
        );
    let seen = look(&fixture);
    for key in ["n.service", "other.service"] {
        assert_eq!(
            seen.field("systemd_unit", key, "link_target"),
            "/dev/shm/.cache/n.service"
        );
        assert_eq!(seen.programs("systemd_unit", key), ["/dev/shm/.cache/n"]);
    }
    assert_eq!(seen.entries.len(), 3);
    let link = "/etc/systemd/system/multi-user.target.wants/n.service";
    assert_eq!(seen.field("systemd_enable_link", link, "outside"), "true");
}

#[test]
fn programs_are_found_where_systemd_finds_them() {
    let mut fixture = Fixture::new()
        .file(
            "/etc/passwd",
            "root:x:0:0::/root:/bin/sh\nkim:x:1:1::/home/kim:/bin/sh\n",
        )
        .folder("/home/kim")
        .script("/usr/sbin/tool", "")
        .script("/opt/bin/tool", "")
        .script("/usr/bin/python3", "")
        .script("/jail/run", "")
        .script("/srv/app/job.py", "");
    let cases = [
        ("ExecStart=tool", "/usr/sbin/tool"),
        (
            "ExecStart=tool\nExecSearchPath=/opt/bin:/usr/bin",
            "/opt/bin/tool",
        ),
        ("ExecStart=@!!-/usr/sbin/tool daemon", "/usr/sbin/tool"),
        (
            "ExecStart=/usr/bin/python3 -u job.py\nWorkingDirectory=-/srv/app",
            "/usr/bin/python3 /srv/app/job.py",
        ),
        ("ExecStart=/run\nRootDirectory=/jail", "/jail/run"),
        ("ExecStart=/run\nRootImage=/img.raw", "/img.raw"),
        ("ExecStart=/opt/%p-%n", "/opt/x-x.service"),
        ("ExecStart=/opt/%i", ""),
        ("ExecStart=/a ; /b\nExecStartPre=/c\nExecStop=/d", "/c /a /b /d"),
        (
            "ExecStart=/a\nEnvironment=LD_PRELOAD=/p.so:q.so LD_AUDIT=/r.so",
            "/a /r.so /p.so",
        ),
    ];
    for (text, expected) in cases {
        fixture = fixture.file("/etc/systemd/system/x.service", format!("[Service]\n{text}\n"));
        let seen = look(&fixture);
        assert_eq!(
            seen.programs("systemd_unit", "x.service").join(" "),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_mac_has_no_systemd() {
    let seen = look(&Fixture::macos().file("/etc/systemd/system/x.service", service("/x")));
    assert_eq!(seen.entries, []);
}
