//! Lists that come, change, go, or are wrong.

use super::{NOTHING, list, watched, write};
use crate::scenarios::{File, expect, put, told};
use assay_tests::change_of;
use std::fs;

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
