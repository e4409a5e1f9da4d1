//! Scenarios: something is planted, changed or taken away, and the alerts are read.
//!
//! Each is data: files before, an act, and what is to be said, one line an alert:
//! `change kind key [fields that differ]`.

mod acts;
mod cron;
mod fields;
mod jobs;
mod lists;
mod machine;
mod modules;
mod units;

use assay_tests::{Scratch, short};
use serde_json::Value;
use std::fs;

/// Something that is put into a root.
#[derive(Clone, Copy, Debug)]
enum Put<'a> {
    /// A file of mode 0644.
    File(&'a str, &'a str),
    /// A file of mode 0755.
    Script(&'a str, &'a str),
    /// A link, and where it leads.
    Link(&'a str, &'a str),
    /// Nothing is there any more.
    Gone(&'a str),
}
use Put::{File, Gone, Link, Script};

impl<'a> Put<'a> {
    fn path(self) -> &'a str {
        let (File(path, _) | Script(path, _) | Link(path, _) | Gone(path)) = self;
        path
    }
}

/// Puts everything where it belongs, in place of what was there.
fn put(scratch: &Scratch, things: &[Put<'_>]) {
    for thing in things {
        let host = scratch.host(thing.path());
        let there = fs::symlink_metadata(&host);
        if there.as_ref().is_ok_and(fs::Metadata::is_dir) {
            fs::remove_dir_all(&host).unwrap();
        } else if there.is_ok() {
            fs::remove_file(&host).unwrap();
        }
        match *thing {
            File(path, content) => scratch.file(path, content),
            Script(path, content) => scratch.script(path, content),
            Link(path, target) => scratch.link(path, target),
            Gone(_) => {}
        }
    }
}

/// `change kind key [fields that differ]`; of a file that entries name, its facts are the fields.
fn told(alert: &Value) -> String {
    let changed = alert["changed"].as_array().into_iter().flatten();
    let fields: Vec<_> = changed.filter_map(|change| change["field"].as_str()).collect();
    if fields.is_empty() {
        short(alert)
    } else {
        format!("{} [{}]", short(alert), fields.join(" "))
    }
}

/// Runs, and gives what was told, sorted: alerts of one run have no order that means something.
fn run(scratch: &Scratch) -> Vec<String> {
    let mut lines: Vec<_> = scratch.run().iter().map(told).collect();
    lines.sort();
    lines
}

/// Runs, and holds what was told, all of it, against what should be: what is told twice fails the next of these.
#[track_caller]
fn expect<S: AsRef<str>>(scratch: &Scratch, act: &str, told: &[S]) {
    let mut due: Vec<_> = told.iter().map(AsRef::as_ref).collect();
    let told = run(scratch);
    let mut surplus = Vec::new();
    for line in &told {
        match due.iter().position(|due| due == line) {
            Some(at) => _ = due.swap_remove(at),
            None => surplus.push(line),
        }
    }
    assert!(
        due.is_empty() && surplus.is_empty(),
        "after: {act}\n   untold: {due:#?}\n too much: {surplus:#?}"
    );
}

/// Makes the baseline of what is there.
#[track_caller]
fn learn(scratch: &Scratch) {
    expect(scratch, "the first run", &["baseline_created"]);
    expect(scratch, "a second run", &[""; 0]);
}

/// Whether the tests may give files away; only root may.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says what this machine does not let a test do; under CI every test must run whole.
#[expect(clippy::print_stderr, reason = "who runs the test must know")]
pub(crate) fn left_out(what: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "this test cannot run whole: {what}"
    );
    eprintln!("left out: {what}");
}
