//! Crontabs and scripts: what one act makes of many lines, and what comes back as something else.

use super::{File, Gone, Link, Script, expect, learn, put, run, told};
use assay_tests::{Scratch, change_of};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const TAB: &str = "/etc/cron.d/three";
const LINES: [&str; 3] = [
    "1 1 * * * root /opt/a",
    "2 2 * * * root /opt/b",
    "3 3 * * * root /opt/c",
];

fn three_lines() -> Scratch {
    let scratch = Scratch::new();
    put(
        &scratch,
        &[
            File("/etc/crontab", "9 9 * * * root /opt/other\n"),
            File(TAB, &format!("{}\n", LINES.join("\n"))),
        ],
    );
    learn(&scratch);
    scratch
}

/// `change kind key` of each line of the tab.
fn each(change: &str) -> Vec<String> {
    LINES
        .iter()
        .map(|line| format!("{change} cron_job {TAB}: {line}"))
        .collect()
}

#[test]
fn chmod_of_a_crontab_is_one_alert() {
    let scratch = three_lines();
    let mode = |mode| fs::set_permissions(scratch.host(TAB), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o666);
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        [format!("changed source {TAB} [mode]")]
    );
    assert_eq!(
        change_of(&alerts[0], "mode"),
        ("0644".to_owned(), "0666".to_owned())
    );
    let named_by: Vec<_> = LINES
        .iter()
        .map(|line| format!("cron/cron_job/{TAB}: {line}"))
        .collect();
    assert_eq!(alerts[0]["named_by"], serde_json::json!(named_by));
    mode(0o644);
    expect(&scratch, "chmod back", &[format!("reverted source {TAB} [mode]")]);
}

#[test]
fn a_crontab_that_goes_and_comes_back_says_each_line_once() {
    let scratch = three_lines();
    let all = format!("{}\n", LINES.join("\n"));
    put(&scratch, &[Gone(TAB)]);
    expect(&scratch, "removing it", &each("removed"));
    expect(&scratch, "nothing", &[""; 0]);
    put(&scratch, &[File(TAB, &all)]);
    expect(&scratch, "putting it back", &each("reverted"));
    put(&scratch, &[Gone(TAB)]);
    expect(&scratch, "removing it again", &each("removed"));

    // Back with other rights: the lines are as before, their file is not.
    put(&scratch, &[Script(TAB, &all)]);
    let mut told = each("reverted");
    told.push(format!("changed source {TAB} [mode]"));
    expect(&scratch, "putting it back with another mode", &told);
    expect(&scratch, "nothing", &[""; 0]);
}

/// Meanwhile what it ran was swapped.
#[test]
fn a_line_that_comes_back_to_another_program_is_not_as_before() {
    let line = "/etc/cron.d/one: 1 1 * * * root /opt/a";
    let plant = [
        File("/etc/cron.d/one", "1 1 * * * root /opt/a\n"),
        Script("/opt/a", "#!/bin/sh\nexit 0\n"),
    ];
    let scratch = Scratch::new();
    put(&scratch, &plant);
    learn(&scratch);
    put(&scratch, &[Gone("/etc/cron.d/one")]);
    expect(&scratch, "removing it", &[format!("removed cron_job {line}")]);
    put(&scratch, &[Script("/opt/a", "#!/bin/sh\nexit 1\n")]);
    expect(&scratch, "a change of what nothing runs", &[""; 0]);
    put(&scratch, &plant[..1]);
    expect(
        &scratch,
        "putting it back",
        &[format!("changed cron_job {line} [file:/opt/a:sha256]")],
    );
    expect(&scratch, "nothing", &[""; 0]);
    put(&scratch, &plant);
    expect(&scratch, "the program too", &["reverted program /opt/a [sha256]"]);
    assert_eq!(
        scratch.json(&["alerts", "--open"]),
        [""; 0],
        "nothing is open any more"
    );
}

#[test]
fn a_crontab_that_comes_back_changed_says_so() {
    let scratch = three_lines();
    put(&scratch, &[Gone(TAB)]);
    expect(&scratch, "removing it", &each("removed"));
    put(
        &scratch,
        &[File(
            TAB,
            &format!("{}\n{}\n4 4 * * * root /opt/d\n", LINES[0], LINES[1]),
        )],
    );
    expect(
        &scratch,
        "putting back another",
        &[
            format!("reverted cron_job {TAB}: {}", LINES[0]),
            format!("reverted cron_job {TAB}: {}", LINES[1]),
            format!("added cron_job {TAB}: 4 4 * * * root /opt/d"),
        ],
    );
    let open = scratch.json(&["alerts", "--open"]);
    let open: Vec<_> = open.iter().map(told).collect();
    assert_eq!(
        open,
        [
            format!("removed cron_job {TAB}: {}", LINES[2]),
            format!("added cron_job {TAB}: 4 4 * * * root /opt/d"),
        ]
    );
}

#[test]
fn a_script_that_comes_back_as_another_is_not_as_before() {
    for path in ["/etc/cron.daily/clean", "/etc/cron.hourly/clean"] {
        let scratch = Scratch::new();
        put(&scratch, &[Script(path, "#!/bin/sh\nexit 0\n")]);
        learn(&scratch);
        put(&scratch, &[Gone(path)]);
        expect(&scratch, "removing it", &[format!("removed cron_script {path}")]);
        put(&scratch, &[Script(path, "#!/bin/sh\nexit 1\n")]);
        expect(
            &scratch,
            "putting another in its place",
            &[format!("changed cron_script {path} [file:{path}:sha256]")],
        );
        expect(&scratch, "nothing", &[""; 0]);
        put(&scratch, &[Script(path, "#!/bin/sh\nexit 0\n")]);
        let lines = run(&scratch);
        assert!(
            lines.len() == 1 && lines[0].starts_with("reverted "),
            "{lines:#?}"
        );
        assert_eq!(
            scratch.json(&["alerts", "--open"]),
            [""; 0],
            "nothing is open any more"
        );
    }
}

/// A line is known by its whole text; edited in one field it is still one change, and undone one return.
#[test]
fn an_edited_line_is_one_change() {
    let scratch = three_lines();
    let tab = |last: &str| format!("{}\n{}\n{last}\n", LINES[0], LINES[1]);
    let (schedule, command) = LINES[2].split_once(" root ").unwrap();
    for (edited, fields) in [
        (format!("59 23 * * * root {command}"), "[key schedule]"),
        (format!("{schedule} root {command} --more"), "[command key]"),
    ] {
        put(&scratch, &[File(TAB, &tab(&edited))]);
        expect(
            &scratch,
            &edited,
            &[format!("changed cron_job {TAB}: {edited} {fields}")],
        );
        put(&scratch, &[File(TAB, &tab(LINES[2]))]);
        expect(
            &scratch,
            "undone",
            &[format!("reverted cron_job {TAB}: {} {fields}", LINES[2])],
        );
    }
    put(&scratch, &[File(TAB, &tab("59 23 * * * root /opt/other"))]);
    let both = [
        format!("added cron_job {TAB}: 59 23 * * * root /opt/other"),
        format!("removed cron_job {TAB}: {}", LINES[2]),
    ];
    expect(&scratch, "another line in its place", &both);
}

#[test]
fn a_table_is_followed_through_a_link() {
    let scratch = Scratch::new();
    put(
        &scratch,
        &[
            File("/opt/tab", "1 1 * * * root /opt/a\n"),
            Link("/etc/cron.d/tab", "/opt/tab"),
        ],
    );
    learn(&scratch);
    put(
        &scratch,
        &[File("/opt/tab", "1 1 * * * root /opt/a\n2 2 * * * root /opt/b\n")],
    );
    expect(
        &scratch,
        "a line more",
        &["added cron_job /etc/cron.d/tab: 2 2 * * * root /opt/b"],
    );
}

#[test]
fn what_nobody_needs_to_accept_is_told_once_and_known() {
    let scratch = Scratch::new();
    scratch.config(&format!(
        "baseline.accept = 'auto'\n[[sink]]\ntype = 'file'\npath = '{}'\n",
        scratch.path("alerts.jsonl").display()
    ));
    let path = "/etc/cron.daily/clean";
    let entry = format!("cron_script {path}");
    learn(&scratch);
    put(&scratch, &[Script(path, "#!/bin/sh\nexit 0\n")]);
    expect(&scratch, "planting it", &[format!("added {entry}")]);
    put(&scratch, &[Script(path, "#!/bin/sh\nexit 1\n")]);
    expect(
        &scratch,
        "a change",
        &[format!("changed program {path} [sha256]")],
    );
    put(&scratch, &[Script(path, "#!/bin/sh\nexit 0\n")]);
    expect(
        &scratch,
        "a change back is a change",
        &[format!("changed program {path} [sha256]")],
    );
    put(&scratch, &[Gone(path)]);
    expect(&scratch, "removing it", &[format!("removed {entry}")]);
    put(&scratch, &[Script(path, "#!/bin/sh\nexit 0\n")]);
    expect(
        &scratch,
        "putting it back is planting it",
        &[format!("added {entry}")],
    );
    expect(&scratch, "nothing", &[""; 0]);
    let status = &scratch.json(&["status"])[0];
    assert_eq!(
        status["open"],
        serde_json::json!([]),
        "nothing ever waits for anybody"
    );
}
