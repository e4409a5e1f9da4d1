//! The machine that the tests run on.

use super::{is_root, left_out, told};
use assay_tests::{Scratch, built, spine};
use std::fs;
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
            ("--modules", spine().to_owned()),
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

/// A host that ends at once tells which modules are asked: those fail.
#[test]
fn a_module_is_not_asked_when_nothing_that_it_looked_at_has_changed() {
    if !is_root() {
        return left_out("only root may look at everything, and what cannot be looked at is asked for");
    }
    let scratch = Scratch::new();
    for folder in ["bin", "lib/assay/modules"] {
        fs::create_dir_all(scratch.path(folder)).unwrap();
    }
    let module = "libassay_module_startup.so";
    let host = scratch.path("lib/assay/assay-host");
    fs::copy(built().join("assay"), scratch.path("bin/assay")).unwrap();
    fs::copy(built().join("assay-host"), &host).unwrap();
    fs::copy(
        built().join(module),
        scratch.path("lib/assay/modules").join(module),
    )
    .unwrap();
    let run = |flags: &[&str]| {
        let mut command = Command::new(scratch.path("bin/assay"));
        command.args(["run", "--json", "--root", "/"]).args(flags);
        command.arg("--state").arg(scratch.path("state"));
        command.arg("--config").arg(scratch.path("assay.toml"));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let told = text
            .lines()
            .map(|line| told(&serde_json::from_str(line).expect(line)));
        told.collect::<Vec<_>>()
    };
    // The first run has read everything, as one with `--full` does.
    assert_eq!(run(&[]), ["baseline_created"]);
    fs::copy("/bin/true", &host).unwrap();
    assert_eq!(run(&[]), [""; 0]);
    assert_eq!(run(&["--full"]), [""; 0], "every byte is as it was too");
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("{config}[module.startup]\nother = true\n"));
    assert_eq!(run(&["--full"]), ["module_failed"], "another question is asked");
}
