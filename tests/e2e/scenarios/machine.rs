//! The machine that the tests run on.

use super::told;
use assay_tests::{Scratch, built};
use std::process::Command;

#[test]
fn a_second_run_on_this_machine_is_silent() {
    let scratch = Scratch::new();
    let run = |flags: &[&str]| {
        let mut command = Command::new(built().join("assay"));
        command.args(["run", "--json", "--root", "/"]).args(flags);
        for (flag, path) in [
            ("--state", scratch.path("state")),
            ("--config", scratch.path("assay.toml")),
            ("--modules", built().to_owned()),
        ] {
            command.arg(flag).arg(path);
        }
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| told(&serde_json::from_str(line).expect(line)))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(&[]), ["baseline_created"]);
    assert_eq!(run(&[]), [""; 0]);
    assert_eq!(run(&["--full"]), [""; 0], "nor one that reads everything again");
    let entries = Command::new(built().join("assay"))
        .args(["list", "--json", "--root", "/", "--state"])
        .arg(scratch.path("state"))
        .output()
        .unwrap();
    assert!(!entries.stdout.is_empty(), "there is something on every machine");
}
