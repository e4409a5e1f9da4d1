//! Watch lists: what they find on a root, and what becomes of lists that come, change, go, or are wrong.

use super::{File, Gone, Link, Script, expect, learn, put, told};
use assay_tests::{Scratch, built, change_of, needs};
use serde_json::Value;
use std::fs;
use std::path::Path;
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

#[test]
fn a_list_that_changes_is_told_and_what_it_finds_is_learned() {
    let scratch = watched(
        &[File("/etc/x", "a\n"), File("/etc/y", "b\n")],
        "paths = ['/etc/x']\nformat = 'lines'",
    );
    write(
        &scratch,
        "things.toml",
        &list("paths = ['/etc/{x,y}']\nformat = 'lines'"),
    );
    let alerts = scratch.run();
    let lines: Vec<_> = alerts.iter().map(told).collect();
    assert_eq!(lines, ["module_changed [sha256]", "baseline_created"]);
    let changed = &alerts[0];
    let (old, new) = change_of(changed, "sha256");
    assert!(old.len() == 64 && new.len() == 64 && old != new);
    assert_eq!(
        (&changed["fields"]["list"], &changed["module"]),
        (&"things".into(), &"files".into())
    );
    assert_eq!(
        changed["source"].as_str(),
        scratch.watch.join("things.toml").to_str()
    );
    expect(&scratch, "nothing", NOTHING);
    put(&scratch, &[File("/etc/y", "c\n")]);
    expect(
        &scratch,
        "what is watched now",
        &["changed thing /etc/y: c [key line]"],
    );
    // Prose and severity find nothing else.
    write(
        &scratch,
        "things.toml",
        &list("severity = 'low'\npaths = ['/etc/{x,y}']\nformat = 'lines'"),
    );
    expect(&scratch, "a severity", &["module_changed [sha256]"]);
    put(&scratch, &[File("/etc/y", "d\n")]);
    assert_eq!(scratch.run()[0]["severity"], "low");
}

#[test]
fn a_list_that_is_gone_is_one_alert_and_its_return_is_no_storm() {
    let scratch = watched(
        &[File("/etc/x", "a\nb\nc\n")],
        "paths = ['/etc/x']\nformat = 'lines'",
    );
    let text = fs::read_to_string(scratch.watch.join("things.toml")).unwrap();
    fs::remove_file(scratch.watch.join("things.toml")).unwrap();
    put(&scratch, &[File("/etc/x", "a\nb\n")]);
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(told).collect::<Vec<_>>(), ["module_missing"]);
    assert_eq!(alerts[0]["fields"]["kinds"][0], "thing");
    assert_eq!(
        (&alerts[0]["severity"], alerts[0]["text"].as_str().unwrap()),
        (
            &"high".into(),
            "the watch list `things` is gone; what it watched is not watched any more"
        )
    );
    expect(&scratch, "nothing", NOTHING);
    assert_eq!(scratch.json(&["list", "thing"]).len(), 3, "what it found stays");
    assert!(
        scratch
            .assay(&["status"])
            .stdout
            .contains("things is not there any more; nobody watches thing")
    );
    // What happened meanwhile is found, not learned.
    write(&scratch, "things.toml", &text);
    expect(
        &scratch,
        "its return",
        &["module_recovered", "removed thing /etc/x: c"],
    );
    expect(&scratch, "nothing", NOTHING);
    scratch.config(
        &(fs::read_to_string(scratch.path("assay.toml")).unwrap() + "[watch]\ndisabled = ['things']\n"),
    );
    expect(&scratch, "switched off", &["module_missing"]);
}

#[test]
fn a_bad_list_harms_itself_alone() {
    let scratch = watched(
        &[File("/etc/x", "a\n"), File("/etc/y", "a\n")],
        "paths = ['/etc/x']\nformat = 'lines'",
    );
    write(
        &scratch,
        "other.toml",
        &list("paths = ['/etc/y']\nformat = 'lines'").replace("'thing'", "'other'"),
    );
    expect(&scratch, "another list", &["baseline_created"]);
    let good = fs::read_to_string(scratch.watch.join("things.toml")).unwrap();
    write(
        &scratch,
        "things.toml",
        &good.replace("format = 'lines'", "format = 'linse'"),
    );
    put(&scratch, &[File("/etc/x", "b\n"), File("/etc/y", "a\nb\n")]);
    let alerts = scratch.run();
    let mut lines: Vec<_> = alerts.iter().map(told).collect();
    lines.sort();
    assert_eq!(lines, ["added other /etc/y: b", "module_refused"]);
    let refused = alerts
        .iter()
        .find(|alert| alert["change"] == "module_refused")
        .unwrap();
    let path = scratch.watch.join("things.toml").display().to_string();
    let text = refused["text"].as_str().unwrap();
    assert!(
        text.starts_with(&format!("{path}:6:10: unknown variant `linse`, expected one of")),
        "{text}"
    );
    assert!(text.ends_with("; not watched until then: thing"), "{text}");
    assert_eq!(
        (refused["source"].as_str(), &refused["severity"]),
        (Some(path.as_str()), &"high".into())
    );
    expect(&scratch, "nothing", NOTHING);
    for (command, code) in [(&["status"][..], 0), (&["config", "check"], 1)] {
        let ran = scratch.assay(command);
        let said = ran.stdout + &ran.stderr;
        assert!(
            ran.code == code && said.contains(&format!("{path}:6:10: ")),
            "{command:?}: {said}"
        );
    }
    write(&scratch, "things.toml", &good);
    expect(
        &scratch,
        "mended",
        &["module_recovered", "changed thing /etc/x: b [key line]"],
    );
    assert_eq!(scratch.assay(&["config", "check"]).code, 0);
}

#[test]
fn what_is_unchanged_is_not_looked_at_and_another_list_is() {
    let scratch = watched(&[File("/etc/x", "a\n")], "paths = ['/etc/x']\nformat = 'lines'");
    // Files must be some time old before their stamps are relied on; the clock of a mount cannot be turned.
    let stored = || -> Value { scratch.json(&["status"])[0]["lists"][0]["sha256"].clone() };
    let before = stored();
    write(
        &scratch,
        "things.toml",
        &list("# twice\npaths = ['/etc/x']\nformat = 'lines'"),
    );
    expect(&scratch, "a comment", &["module_changed [sha256]"]);
    assert_ne!(before, stored());
    expect(&scratch, "nothing", NOTHING);
}

/// However many globs lead into a folder, one run lists it once.
#[test]
fn no_folder_is_listed_twice() {
    let there = Command::new("strace")
        .arg("-V")
        .output()
        .is_ok_and(|output| output.status.success());
    if !needs(there, "strace") {
        return;
    }
    let scratch = Scratch::new();
    let more = "paths = ['/opt/*/a', '/opt/**/b', '/opt/{x,y}/*', '/link/*/a', '~/*', '/home/*/c']\nformat = 'exists'";
    write(&scratch, "things.toml", &list(more));
    write(&scratch, "other.toml", &list(more).replace("'thing'", "'other'"));
    put(
        &scratch,
        &[
            File("/opt/x/a", ""),
            File("/opt/y/z/b", ""),
            Link("/link", "/opt"),
            File("/home/ana/c", ""),
        ],
    );
    let alone = scratch.path("modules");
    fs::create_dir(&alone).unwrap();
    let file = format!("libassay_module_files{}", std::env::consts::DLL_SUFFIX);
    fs::copy(built().join(&file), alone.join(&file)).unwrap();
    let mut scratch = scratch;
    scratch.modules = vec![alone];
    let trace = scratch.path("trace");
    let run = scratch.command(&["run"]);
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-y", "-e", "trace=getdents64", "-o"])
        .arg(&trace)
        .arg(run.get_program())
        .args(run.get_args());
    assert!(traced.output().unwrap().status.success());
    let text = fs::read_to_string(&trace).unwrap();
    let root = scratch.path("root");
    // Each listing ends with a call that gives nothing.
    let mut listed: Vec<&str> = text
        .lines()
        .filter(|line| line.ends_with("= 0"))
        .filter_map(|line| line.split(['<', '>']).nth(1))
        .collect();
    listed.retain(|folder| Path::new(folder).starts_with(&root));
    listed.sort_unstable();
    let mut once = listed.clone();
    once.dedup();
    assert_eq!(listed, once, "{text}");
    let below = |path: &str| root.join(path).display().to_string();
    assert_eq!(
        listed,
        ["home", "home/ana", "opt", "opt/x", "opt/y", "opt/y/z"].map(below)
    );
    assert_eq!(scratch.json(&["list", "thing"]).len(), 4);
}

#[test]
fn the_lists_that_are_shipped_are_sound() {
    let mut scratch = Scratch::new();
    scratch.watch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
    let checked = scratch.assay(&["config", "check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
    let runner =
        "\u{feff}{\"agentId\": 1, \"gitHubUrl\": \"https://github.com/a/b\", \"serverUrl\": \"https://x\"}";
    let gitlab = "[[runners]]\nname = \"one\"\nurl = \"https://gitlab.example\"\ntoken = \"glrt-secret\"\nexecutor = \"shell\"\n";
    put(
        &scratch,
        &[
            File("/opt/actions-runner/.runner", runner),
            File("/etc/gitlab-runner/config.toml", gitlab),
            File("/etc/hosts", "127.0.0.1 localhost\n"),
            File("/etc/nsswitch.conf", "passwd: files systemd\n"),
            File("/home/ana/.npmrc", "registry=https://registry.npmjs.org/\n"),
            File("/home/ana/.cargo/config.toml", "[build]\njobs = 2\n"),
        ],
    );
    learn(&scratch);
    put(
        &scratch,
        &[
            File("/opt/actions-runner/.runner", &runner.replace("/a/b", "/evil/b")),
            File(
                "/etc/gitlab-runner/config.toml",
                &gitlab.replace("shell", "custom").replace("glrt-", "glrt-2"),
            ),
            File("/etc/hosts", "127.0.0.1 localhost\n0.0.0.0 updates.example\n"),
            File("/etc/nsswitch.conf", "passwd:\tfiles evil\n"),
            File(
                "/home/ana/.npmrc",
                "registry=https://evil.example/\n//x/:_authToken=secret\n",
            ),
            File(
                "/home/ana/.cargo/config.toml",
                "[build]\njobs = 2\nrustc-wrapper = '/opt/x'\n",
            ),
            File(
                "/home/ana/.mozilla/native-messaging-hosts/x.json",
                "{\"name\": \"x\", \"path\": \"/opt/x\", \"type\": \"stdio\", \"allowed_extensions\": [\"x@y\"]}",
            ),
        ],
    );
    let alerts = scratch.run();
    let mut lines: Vec<_> = alerts.iter().map(told).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "added cargo_setting /home/ana/.cargo/config.toml: /build/rustc-wrapper",
            "added hosts_line /etc/hosts: 0.0.0.0 updates.example",
            "added native_messaging_host /home/ana/.mozilla/native-messaging-hosts/x.json: x",
            "added npm_setting /home/ana/.npmrc: //x/:_authToken",
            "changed ci_runner /opt/actions-runner/.runner: /gitHubUrl [value]",
            "changed gitlab_runner /etc/gitlab-runner/config.toml: one https://gitlab.example [executor]",
            "changed name_service /etc/nsswitch.conf: passwd [services]",
            "changed npm_setting /home/ana/.npmrc: registry [value]",
        ]
    );
    assert!(
        !fs::read_to_string(scratch.path("alerts.jsonl"))
            .unwrap()
            .contains("secret")
    );
}
