//! What must not change within ABI 1: the layout in C, the records, and the one symbol. A file in `golden` is what a
//! module of ABI 1.0 wrote; it is never edited, only joined by others.

use crate::bench::{cc, compile, has, here};
use assay_engine::run::{Output, Scan, parse};
use assay_model::Record;
use assay_tests::built;
use serde_json::Value;
use std::fs;
use std::process::Command;

fn golden(name: &str) -> String {
    fs::read_to_string(here().join("abi/golden").join(name)).unwrap()
}

fn scan(name: &str) -> Scan {
    parse(&Output::recorded(golden(name).into_bytes()), "golden").unwrap()
}

#[test]
fn the_least_that_a_module_may_say_is_enough() {
    let scan = scan("least.jsonl");
    let entry = &scan.entries[0];
    assert_eq!(
        (scan.entries.len(), scan.gaps.len(), scan.manifest.kinds.len()),
        (1, 1, 1)
    );
    assert!(entry.fields.is_empty() && entry.programs.is_empty() && entry.unparsable.is_none());
    assert!(scan.gaps[0].text.is_empty() && scan.manifest.watch.is_empty());
}

#[test]
fn bytes_that_are_not_utf_8_and_extremes_arrive_as_they_were_sent() {
    let scan = scan("everything.jsonl");
    let [plain, bytes, unparsable] = &scan.entries[..] else {
        panic!("{:?}", scan.entries)
    };
    assert_eq!(plain.fields["number"], i64::MIN.into());
    assert_eq!(bytes.key.as_bytes(), b"/etc/\xff");
    assert_eq!(bytes.programs[0].as_bytes(), b"/bin/\xff");
    assert_eq!(unparsable.key.as_bytes(), b"line\nbreak \x1b[31m");
    let reasons: Vec<_> = scan.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    assert_eq!(reasons, ["permission", "too_big", "unparsable", "timeout", "io"]);
}

/// Every record that the program writes today is, byte for byte, what ABI 1.0 wrote.
#[test]
fn records_are_written_as_they_always_were() {
    for line in golden("everything.jsonl").lines() {
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
    }
}

#[test]
fn what_a_newer_module_adds_is_ignored() {
    let (newer, known) = (golden("newer.jsonl"), golden("everything.jsonl"));
    for (newer, known) in newer.lines().zip(known.lines()) {
        let [newer, known] = [newer, known].map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert!(newer["later"].is_object() && known["later"].is_null());
    }
    assert_eq!(scan("newer.jsonl"), scan("everything.jsonl"));
}

#[test]
fn the_layout_in_c_is_that_of_1_0() {
    if !cfg!(target_pointer_width = "64") || !has("cc") {
        return;
    }
    let mut command = cc("layout.c");
    command.arg("-fsyntax-only");
    compile(command);
}

#[test]
fn a_shipped_module_exports_one_symbol() {
    if !has("nm") {
        return;
    }
    let files = fs::read_dir(built()).unwrap().map(|file| file.unwrap().path());
    let modules: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "so"))
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("libassay_module_")
        })
        .collect();
    assert!(modules.len() >= 5, "{modules:?}");
    for module in modules {
        let output = Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(&module)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let symbols: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_whitespace().last())
            .collect();
        assert_eq!(symbols, ["assay_module_entry"], "{}", module.display());
    }
}
