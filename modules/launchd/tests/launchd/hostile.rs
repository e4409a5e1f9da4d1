//! What an attacker can put where a job belongs.

use super::{binary, collect, job};
use assay_sdk::testkit::Fixture;

#[test]
fn whatever_stands_where_a_job_belongs_is_an_entry_and_never_a_hang() {
    let folder = "/Users/eve/Library/LaunchAgents";
    let fixture = Fixture::macos()
        .fifo(&format!("{folder}/fifo.plist"))
        .folder(&format!("{folder}/folder.plist"))
        .link(&format!("{folder}/loop.plist"), "loop.plist")
        .link(&format!("{folder}/away.plist"), "/nowhere/at/all")
        .link(&format!("{folder}/to-fifo.plist"), "fifo.plist")
        .file(&format!("{folder}/empty.plist"), "")
        .file(&format!("{folder}/._apple.plist"), b"\0\x05\x16\x07\0\x02\0\0")
        .file(&format!("{folder}/cut.plist"), &binary(job("a", "/b", ""))[..30])
        .file(&format!("{folder}/array.plist"), "<plist><array/></plist>")
        .file(&format!("{folder}/UPPER.PLIST"), job("UPPER", "/u", ""))
        .file(&format!("{folder}/line\nbreak.plist"), job("l", "/l", ""));
    let huge = fixture.host(&format!("{folder}/huge.plist"));
    let huge = std::fs::File::create(huge).expect("creates");
    huge.set_len(5 << 30).expect("a sparse file");
    {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.plist");
        std::fs::write(fixture.host(folder).join(name), job("b", "/b", "")).expect("writes");
    }
    let seen = collect(&fixture);
    assert_eq!(seen.gaps, []);
    let why: Vec<_> = seen
        .entries
        .iter()
        .map(|entry| {
            let name = entry.key.to_string().split_off(folder.len() + 1);
            format!("{name}: {}", entry.unparsable.as_deref().unwrap_or("fine"))
        })
        .collect();
    let mut why = why;
    why.retain(|why| !why.starts_with("cut.plist: no property list"));
    why.sort();
    assert_eq!(
        why,
        [
            "._apple.plist: it is the metadata of another file, no property list",
            "UPPER.PLIST: fine",
            "\\xff\\xfe.plist: fine",
            "array.plist: its top level is an array, no dictionary",
            "away.plist: link leads nowhere",
            "empty.plist: no property list: it is empty",
            "fifo.plist: is a FIFO",
            "folder.plist: is a folder",
            "huge.plist: larger than 4194304 bytes",
            "line\\nbreak.plist: fine",
            "loop.plist: too many links",
            "to-fifo.plist: is a FIFO",
        ]
    );
    assert_eq!(
        seen.field("launch_agent", &format!("{folder}/away.plist"), "link_target"),
        "/nowhere/at/all"
    );
}

/// A job whose entry would not fit on a line of the protocol must not take all others with it.
#[test]
fn a_job_that_says_too_much_is_unparsable() {
    let paths = "<string>/0123456789abcdef</string>".repeat(4000);
    let script: String = (0..60).map(|n| format!("./p{n};")).collect();
    let deep = format!(
        "<key>WorkingDirectory</key><string>/{}</string>\
         <key>ProgramArguments</key><array><string>sh</string><string>-c</string><string>{script}</string></array>",
        "d".repeat(3000)
    );
    let fixture = Fixture::macos()
        .file(
            "/Library/LaunchDaemons/fields.plist",
            job(
                "fields",
                "/f",
                &format!("<key>WatchPaths</key><array>{paths}</array>"),
            ),
        )
        .file(
            "/Library/LaunchDaemons/programs.plist",
            job("programs", "/bin/sh", &deep),
        );
    let seen = collect(&fixture);
    let why: Vec<_> = seen
        .entries
        .iter()
        .map(|entry| entry.unparsable.as_deref())
        .collect();
    assert_eq!(
        why,
        [
            Some("it says more than 65536 bytes"),
            Some("the paths it runs take more than 65536 bytes"),
        ]
    );
}

/// A home may be a folder that is read already, and no key may come twice.
#[test]
fn a_home_in_a_system_folder_gives_nothing_twice() {
    let account = "<plist><dict><key>name</key><array><string>odd</string></array>\
        <key>home</key><array><string>/System</string><string>/Applications</string></array></dict></plist>";
    let fixture = Fixture::macos()
        .file("/private/var/db/dslocal/nodes/Default/users/odd.plist", account)
        .file("/System/Library/LaunchDaemons/a.plist", job("a", "/a", ""))
        .file(
            "/Applications/Applications/B.app/Contents/Library/LaunchAgents/b.plist",
            job("b", "/b", ""),
        );
    let seen = collect(&fixture);
    assert_eq!(
        seen.keys("launch_daemon"),
        ["/System/Library/LaunchDaemons/a.plist"]
    );
    assert_eq!(seen.keys("bundled_launch_agent").len(), 1);
}

#[test]
fn a_folder_that_is_none_is_a_gap() {
    let fixture = Fixture::macos()
        .file("/Library/LaunchDaemons", "")
        .fifo("/Library/LaunchAgents");
    let gaps = collect(&fixture).gaps;
    let paths: Vec<_> = gaps.iter().map(|gap| gap.path.to_string()).collect();
    assert_eq!(paths, ["/Library/LaunchDaemons", "/Library/LaunchAgents"]);
}
