//! `assay verify`: a history that is not as it was made is told, and so is a log server's copy that is not.

mod chain;
mod copy;

use crate::damage::job;
use crate::receivers::modules;
use assay_tests::{Ran, Scratch};
use serde_json::Value;

/// A machine with six alerts, the last but one of which has lines that must be shortened, and the lines that were
/// sent of them.
fn history() -> (Scratch, Vec<String>) {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    let file = scratch.path("alerts.jsonl");
    scratch.config(&format!(
        "alerts.max_line = '1KiB'\n[[sink]]\ntype = 'stdout'\n[[sink]]\ntype = 'file'\npath = '{}'\n",
        file.display()
    ));
    let mut lines = Vec::new();
    let mut run = |args: &[&str]| {
        let ran = scratch.assay(args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let sent = ran.stdout.lines().filter(|line| line.starts_with("change="));
        lines.extend(sent.map(str::to_owned));
    };
    run(&["run"]);
    for name in ["one", "two", "three"] {
        job(&scratch, name);
        run(&["run"]);
    }
    let long = format!("1 1 * * * root /opt/long {}\n", "\u{e9}x ".repeat(900));
    scratch.file("/etc/cron.d/long", long);
    run(&["run"]);
    run(&["accept", "--all"]);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[4].contains("...(+"), "{}", lines[4]);
    (scratch, lines)
}

/// What `assay verify ARGS` says in JSON, which must agree with its exit code.
#[track_caller]
fn verified(scratch: &Scratch, args: &[&str]) -> Value {
    let ran = scratch.assay(&[&["verify", "--json"], args].concat());
    let Ran { code, stdout, stderr } = &ran;
    assert_eq!(stderr, "", "{args:?}");
    let said: Value = serde_json::from_str(stdout).expect(stdout);
    assert_eq!(*code, if said["sound"] == true { 0 } else { 1 }, "{said:#}");
    // A person gets the same verdict.
    let told = scratch.assay(&[&["verify"], args].concat());
    assert_eq!((told.code, told.stderr.as_str()), (*code, ""), "{told:?}");
    said
}

/// `line alert what` of a fault, with what is absent left out.
fn short(fault: &Value) -> String {
    let number = |name: &str| fault[name].as_u64().map(|number| format!("{name} {number} "));
    let (line, alert) = (number("line"), number("alert"));
    let what = fault["what"].as_str().unwrap();
    format!("{}{}{what}", line.unwrap_or_default(), alert.unwrap_or_default())
}
