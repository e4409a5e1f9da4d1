//! Files as somebody would make them who wants to hide, or to break the scan.

use crate::seen;
use assay_sdk::testkit::Fixture;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

const ALL: &str = "
[[watch]]
paths = ['/x/**']
format = 'lines'
[[watch]]
paths = ['/x/**']
format = 'ini'
[[watch]]
paths = ['/x/**']
format = 'json'
[[watch]]
paths = ['/x/**']
format = 'plist'
[[watch]]
paths = ['/x/**']
format = 'toml'
items = '/*/*'
[[watch]]
paths = ['/x/**']
format = 'git'";

#[test]
fn what_makes_no_sense_is_an_entry_and_nothing_hangs() {
    let deep = |open: &str, count| open.repeat(count);
    let fixture = Fixture::new()
        .fifo("/x/fifo")
        .link("/x/loop", "loop")
        .link("/x/nowhere", "/dev/null/x")
        .file("/x/binary", [0u8, 255, 13, 10, 91, 0xe2, 0x80])
        .file("/x/deep", deep("[", 100_000))
        .file("/x/deep-toml", format!("a = {}", deep("[", 50_000)))
        .file("/x/twice.json", r#"{"a": 1, "a": 2}"#)
        .file("/x/long-line", "a".repeat(900_000))
        .file("/x/huge", "");
    fs::File::options()
        .write(true)
        .open(fixture.host("/x/huge"))
        .and_then(|file| file.set_len(1 << 40))
        .expect("sparse");
    fs::write(
        fixture.host("/x").join(std::ffi::OsStr::from_bytes(b"\xff\n")),
        "a\n",
    )
    .expect("a name");
    let seen = seen(fixture, ALL);
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
    let why = |kind: &str, path: &str| seen.entry(kind, path).unparsable.clone().unwrap_or_default();
    for kind in ["k1", "k2", "k3", "k4", "k5", "k6"] {
        assert_eq!(why(kind, "/x/fifo"), "is a FIFO");
        assert_eq!(why(kind, "/x/loop"), "too many links");
        assert_eq!(why(kind, "/x/nowhere"), "link leads nowhere");
        assert_eq!(why(kind, "/x/huge"), "larger than 1048576 bytes");
    }
    assert_eq!(why("k3", "/x/twice.json"), "names a key twice");
    assert_eq!(why("k3", "/x/deep"), "JSON beyond its bounds");
    assert!(why("k5", "/x/deep-toml").starts_with("no TOML"));
    assert!(why("k4", "/x/binary").starts_with("no property list"));
    assert!(
        seen.entries
            .iter()
            .any(|entry| entry.kind == "k1" && entry.key.as_bytes() == b"/x/\xff\n: a")
    );
    let long = seen
        .entries
        .iter()
        .find(|e| e.kind == "k1" && e.source == "/x/long-line")
        .expect("the line");
    assert!(
        long.key.as_bytes().len() < 2000 && long.unparsable.is_some(),
        "too much for a field, so its bytes count"
    );
}

/// One file that makes more entries than the core takes would be a file that blinds every list.
#[test]
fn a_file_of_many_lines_is_compared_as_a_whole() {
    let list = "[[watch]]\npaths = ['/many']\nformat = 'lines'";
    let lines = |count: u32| (0..count).map(|n| format!("{n}\n")).collect::<String>();
    let few = seen(Fixture::new().file("/many", lines(5_000)), list);
    assert_eq!(few.entries.len(), 5_000);
    let many = seen(Fixture::new().file("/many", lines(5_001)), list);
    assert_eq!(many.entries.len(), 1);
    assert_eq!(
        many.entry("k1", "/many").unparsable.as_deref(),
        Some("holds more than 5000 entries")
    );
}

/// Lists of many such files end in a gap, not in a scan that fails.
#[test]
fn many_files_of_many_lines_are_a_gap() {
    let list = "[[watch]]\npaths = ['/many/*']\nformat = 'lines'";
    let lines: String = (0..4_000).map(|n| format!("{n}\n")).collect();
    let fixture = (0..14).fold(Fixture::new(), |fixture, n| {
        fixture.file(&format!("/many/{n:02}"), &lines)
    });
    let seen = seen(fixture, list);
    assert_eq!(seen.entries.len(), 48_000);
    let gaps: Vec<_> = seen.gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert_eq!(gaps, ["/many/12", "/many/13"]);
}

/// A line of one file can be made to look like one of another.
#[test]
fn keys_of_two_files_are_never_the_same() {
    let list = "[[watch]]\npaths = ['/x/**']\nformat = 'lines'";
    let fixture = Fixture::new().file("/x/a", "b: c\n").file("/x/a: b", "c\n");
    let seen = seen(fixture, list);
    assert_eq!(seen.keys("k1"), ["/x/a: b: c", "/x/a: b: c #2"]);
    // Names that begin alike and are cut.
    let long = |end: &str| format!("{}{end}\n", "k".repeat(3000));
    let seen = crate::seen(Fixture::new().file("/x/a", long("1") + &long("2")), list);
    assert_eq!(seen.entries.len(), 2);
    assert_ne!(seen.entries[0].fields, seen.entries[1].fields);
}

/// Root would otherwise write into a log what Ana may not read.
#[test]
fn what_the_owner_of_a_home_may_not_read_is_not_told() {
    let fixture = Fixture::new()
        .file(
            "/etc/passwd",
            "ana:x:4242:1::/home/ana:\nbo:x:4243:1::/home/bo:\n",
        )
        .file("/etc/shadow", "root:SECRET:1::::::\n")
        .file("/etc/open", "run /opt/x\n")
        .link("/home/ana/.tmux.conf", "/etc/shadow")
        .link("/home/ana/.config", "/etc")
        .file("/home/bo/.tmux.conf", "run /opt/y\n");
    fs::hard_link(fixture.host("/etc/shadow"), fixture.host("/home/ana/.hard")).expect("a link");
    fs::set_permissions(fixture.host("/etc/shadow"), fs::Permissions::from_mode(0o600)).expect("mode");
    let list = "
[[watch]]
paths = ['~/{.tmux.conf,.hard,.config/shadow,.config/open}']
format = 'lines'
[[watch]]
paths = ['/etc/shadow']
format = 'lines'
fields = ['user', 'password', 'rest']
separator = ':'
compare = ['user']";
    let seen = seen(fixture, list);
    let told = |kind: &str| {
        format!(
            "{:?}",
            seen.entries.iter().filter(|e| e.kind == kind).collect::<Vec<_>>()
        )
    };
    assert!(!told("k1").contains("SECRET"), "{}", told("k1"));
    assert_eq!(
        seen.keys("k1"),
        [
            "/etc/open: run /opt/x",
            "/etc/shadow",
            "/home/ana/.hard",
            "/home/ana/.tmux.conf",
            "/home/bo/.tmux.conf: run /opt/y"
        ]
    );
    let by_bytes = seen.entry("k1", "/home/ana/.tmux.conf");
    assert_eq!(by_bytes.source, "/etc/shadow");
    assert_eq!(by_bytes.unparsable.as_deref(), Some(assay_sdk::PRIVATE));
    assert_eq!(
        seen.keys("k2"),
        ["/etc/shadow: root"],
        "a list that names it itself"
    );
}

/// Ana's link to Bo's file keeps nobody from seeing what Bo changes in it.
#[test]
fn a_link_of_another_hides_nothing() {
    let list = "[[watch]]\npaths = ['~/.config/x']\nformat = 'lines'";
    let fixture = Fixture::new()
        .file("/etc/passwd", "ana:x:4242:1::/home/ana:\nroot2:x:0:1::/srv/bo:\n")
        .link("/home/ana/.config", "/srv/bo/.config")
        .file("/srv/bo/.config/x", "run /opt/x\n");
    fs::set_permissions(
        fixture.host("/srv/bo/.config/x"),
        fs::Permissions::from_mode(0o600),
    )
    .expect("mode");
    assert_eq!(seen(fixture, list).keys("k1"), ["/srv/bo/.config/x: run /opt/x"]);
}

/// Nor which files there are in a folder that Ana may not list; and the same folder is another's to have watched.
#[test]
fn names_behind_a_link_are_told_to_whom_the_folder_is_open() {
    let list = "
[[watch]]
paths = ['~/.config/*']
format = 'opaque'
[[watch]]
paths = ['/srv/bo/*']
format = 'opaque'";
    let fixture = Fixture::new()
        .file("/etc/passwd", "ana:x:4242:1::/home/ana:\n")
        .link("/home/ana/.config", "/srv/bo")
        .file("/srv/bo/SECRET", "");
    fs::set_permissions(fixture.host("/srv/bo"), fs::Permissions::from_mode(0o700)).expect("mode");
    let seen = seen(fixture, list);
    assert_eq!(seen.keys("k1"), [""; 0]);
    assert_eq!(seen.keys("k2"), ["/srv/bo/SECRET"]);
    assert!(seen.snapshot().contains("gap /home/ana/.config (permission)"));
}
