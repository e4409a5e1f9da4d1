//! Watch lists: what they find on a root, and what becomes of the lists themselves.

mod changes;
mod cost;
mod shipped;

use super::{File, Gone, Link, Script, expect, learn, put, told};
use assay_tests::{Scratch, change_of};
use std::fs;
use std::process::Command;

const NOTHING: &[&str] = &[];

/// A list with one kind, `thing`.
fn list(more: &str) -> String {
    format!("[[watch]]\nkind = 'thing'\nsummary = 'a thing'\ntechnique = 'T1574'\n{more}\n")
}

fn write(scratch: &Scratch, name: &str, text: &str) {
    fs::create_dir_all(&scratch.watch).unwrap();
    fs::write(scratch.watch.join(name), text).unwrap();
}

/// A root with some things, watched by a list.
fn watched(files: &[super::Put<'_>], more: &str) -> Scratch {
    let scratch = Scratch::new();
    write(&scratch, "things.toml", &list(more));
    put(&scratch, files);
    learn(&scratch);
    scratch
}

#[test]
fn an_alert_names_the_line() {
    let scratch = watched(
        &[File("/etc/x", "a 1\nb 2\nc 3\n")],
        "paths = ['/etc/x']\nformat = 'lines'",
    );
    put(&scratch, &[File("/etc/x", "c 3\n# said again\na 1\n\nb 2\n")]);
    expect(&scratch, "another order", NOTHING);
    put(&scratch, &[File("/etc/x", "a 1\nb 2\nc 3\nd 4\n")]);
    expect(&scratch, "a line", &["added thing /etc/x: d 4"]);
    put(&scratch, &[File("/etc/x", "a 1\nb 5\nc 3\nd 4\n")]);
    expect(&scratch, "an edit", &["changed thing /etc/x: b 5 [key line]"]);
    put(&scratch, &[Gone("/etc/x")]);
    expect(
        &scratch,
        "the file is gone",
        &[
            "removed thing /etc/x: a 1",
            "removed thing /etc/x: b 5",
            "removed thing /etc/x: c 3",
            "reverted thing /etc/x: d 4",
        ],
    );
}

#[test]
fn an_alert_names_the_setting_and_what_it_was() {
    let scratch = watched(
        &[File(
            "/home/ana/.config/pip/pip.conf",
            "[global]\nindex-url = https://pypi.org/simple\ntimeout = 3\n",
        )],
        "paths = ['~/.config/pip/pip.conf']\nformat = 'ini'\nignore = ['*.timeout']",
    );
    put(
        &scratch,
        &[File(
            "/home/ana/.config/pip/pip.conf",
            "[global]\n timeout=9\n index-url=https://u:pw@evil.example/\n",
        )],
    );
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        ["changed thing /home/ana/.config/pip/pip.conf: global.index-url [value]"]
    );
    let new = "https://u:<hidden>@evil.example/".to_owned();
    assert_eq!(
        change_of(&alerts[0], "value"),
        ("https://pypi.org/simple".to_owned(), new)
    );
    assert_eq!(
        (
            &alerts[0]["module"],
            &alerts[0]["technique"],
            &alerts[0]["severity"]
        ),
        (&"files".into(), &"T1574".into(), &"high".into())
    );
}

#[test]
fn an_alert_names_the_nested_value() {
    let plist = |value: &str, other: &str| {
        format!(
            "<plist version='1.0'><dict><key>{other}</key><true/><key>a</key><array><dict><key>Name</key><string>n</string><key>Command</key><string>{value}</string></dict></array></dict></plist>"
        )
    };
    let path = "/Library/Preferences/x.plist";
    let scratch = watched(
        &[File(path, &plist("/opt/a --x", "z"))],
        "paths = ['/Library/Preferences/*.plist']\nformat = 'plist'\nitems = '/a/*'\nfields = ['Name', 'Command']\nkey = ['name']\ncommand = 'command'",
    );
    let mut binary = Vec::new();
    plist::Value::from_reader_xml(plist("/opt/a --x", "y").as_bytes())
        .unwrap()
        .to_writer_binary(&mut binary)
        .unwrap();
    fs::write(scratch.host(path), binary).unwrap();
    expect(&scratch, "the same in another form", NOTHING);
    put(&scratch, &[File(path, &plist("/opt/b --x", "z"))]);
    expect(
        &scratch,
        "another command",
        &["changed thing /Library/Preferences/x.plist: n [command programs]"],
    );
    put(&scratch, &[File(path, "<plist")]);
    expect(
        &scratch,
        "nonsense",
        &[
            "added thing /Library/Preferences/x.plist",
            "changed opaque /Library/Preferences/x.plist [sha256]",
        ],
    );
    put(&scratch, &[File(path, "<plis")]);
    expect(
        &scratch,
        "other nonsense",
        &["changed opaque /Library/Preferences/x.plist [sha256]"],
    );
    put(&scratch, &[File(path, &plist("/opt/b --x", "z"))]);
    expect(
        &scratch,
        "sense again",
        &["reverted thing /Library/Preferences/x.plist"],
    );
}

#[test]
fn a_file_that_runs_is_measured() {
    let scratch = watched(
        &[
            Script("/etc/hooks/a", "#!/bin/sh\n"),
            Link("/etc/hooks/b", "../../opt/b"),
            Script("/opt/b", "1"),
        ],
        "paths = ['/etc/hooks/**']\nformat = 'opaque'\nprogram = 'file'",
    );
    put(&scratch, &[Script("/opt/b", "2"), Script("/etc/hooks/.c", "")]);
    expect(
        &scratch,
        "a program behind a link",
        &["changed program /opt/b [sha256]", "added thing /etc/hooks/.c"],
    );
    let touched = Command::new("touch")
        .arg(scratch.host("/etc/hooks/a"))
        .status()
        .unwrap();
    assert!(touched.success());
    expect(&scratch, "touched", NOTHING);
    put(&scratch, &[Link("/etc/hooks/a", "/opt/b")]);
    expect(
        &scratch,
        "a link in its place",
        &[
            "changed thing /etc/hooks/a [link_target programs file:/etc/hooks/a:mode file:/etc/hooks/a:sha256 file:/etc/hooks/a:target file:/etc/hooks/a:type]",
        ],
    );
}

#[test]
fn a_limit_is_a_gap_and_nothing_is_removed() {
    let scratch = watched(
        &[File("/srv/1", ""), File("/srv/2", "")],
        "paths = ['/srv/*']\nformat = 'exists'\nmax_files = 2",
    );
    put(&scratch, &[File("/srv/0", "")]);
    expect(
        &scratch,
        "one more than the limit",
        &["added thing /srv/0", "gap_opened /srv"],
    );
    put(&scratch, &[Gone("/srv/0"), Gone("/srv/2")]);
    expect(
        &scratch,
        "below the limit",
        &["gap_closed /srv", "reverted thing /srv/0", "removed thing /srv/2"],
    );
}

/// Ten times as many files as a list looks into: a gap, in bounded time, and the other list goes on.
#[test]
fn a_hundred_thousand_files() {
    let scratch = Scratch::new();
    write(
        &scratch,
        "things.toml",
        &list("paths = ['/srv/**']\nformat = 'lines'"),
    );
    write(
        &scratch,
        "other.toml",
        &list("paths = ['/etc/x']\nformat = 'lines'").replace("'thing'", "'other'"),
    );
    put(&scratch, &[File("/etc/x", "a\n")]);
    learn(&scratch);
    for folder in 0..100 {
        let folder = scratch.host(&format!("/srv/{folder:02}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..1000 {
            fs::File::create(folder.join(format!("{file:03}"))).unwrap();
        }
    }
    put(&scratch, &[File("/etc/x", "a\nb\n")]);
    expect(
        &scratch,
        "many files",
        &["added other /etc/x: b", "gap_opened /srv"],
    );
    let gaps = scratch.json(&["status"])[0]["gaps"].clone();
    assert_eq!(
        gaps[0]["text"],
        "thing: not all of it was looked at: more than the 10000 files of `max_files`"
    );
}

#[test]
fn a_fifo_and_a_link_out_of_the_root_are_entries() {
    let scratch = watched(&[], "paths = ['/etc/x/*']\nformat = 'lines'");
    fs::create_dir_all(scratch.host("/etc/x")).unwrap();
    let made = Command::new("mkfifo")
        .arg(scratch.host("/etc/x/fifo"))
        .status()
        .unwrap();
    assert!(made.success());
    let outside = scratch.path("secret");
    fs::write(&outside, "outside\n").unwrap();
    put(&scratch, &[Link("/etc/x/out", outside.to_str().unwrap())]);
    let alerts = scratch.run();
    let mut lines: Vec<_> = alerts
        .iter()
        .map(|alert| format!("{}: {}", told(alert), alert["text"].as_str().unwrap()))
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "added thing /etc/x/fifo: is a FIFO",
            "added thing /etc/x/out: link leads nowhere"
        ]
    );
}
