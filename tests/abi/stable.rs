//! What must not change within ABI 1: the layout in C, the records, and the one symbol. A file in `golden` is what a
//! module of ABI 1.0 wrote; it is never edited, only joined by others.

use crate::bench::{cc, compile, has, here};
use assay_engine::run::{Output, Scan, parse};
use assay_model::{Look, Operation, Os, Record, Request};
use assay_tests::built;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Streams that the program writes today as it always did.
const WRITTEN: &[&str] = &["everything.jsonl", "more.jsonl"];

pub(crate) fn golden(name: &str) -> String {
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
    let mut kinds_of_record = BTreeSet::new();
    for line in WRITTEN
        .iter()
        .flat_map(|name| golden(name).lines().map(str::to_owned).collect::<Vec<_>>())
    {
        let record: Record = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        kinds_of_record.insert(number(&record));
    }
    let every: BTreeSet<usize> = (0..RECORDS).collect();
    assert_eq!(kinds_of_record, every, "a record that no golden stream has");
}

/// How many kinds of record there are; a new one has to be added here, and to a golden stream.
const RECORDS: usize = 8;

fn number(record: &Record) -> usize {
    match record {
        Record::Sandbox(_) => 0,
        Record::Hello { .. } => 1,
        Record::Kinds { .. } => 2,
        Record::Entry(_) => 3,
        Record::Gap(_) => 4,
        Record::Inputs { .. } => 5,
        Record::Log { .. } => 6,
        Record::Done { .. } => 7,
    }
}

#[test]
fn what_is_learned_on_the_way_counts() {
    let scan = scan("more.jsonl");
    let kinds: Vec<_> = scan
        .manifest
        .kinds
        .iter()
        .map(|kind| kind.name.as_str())
        .collect();
    assert_eq!((kinds, scan.entries.len()), (vec!["found", "other"], 1));
    assert_eq!(scan.gaps[0].hides[1].as_bytes(), b"/root/\xff");
    let inputs = scan.inputs;
    assert!(scan.complete);
    assert_eq!(inputs.len(), 6);
    let Look::Kept(Some(stamp)) = inputs[0].1 else {
        panic!("{inputs:?}")
    };
    assert_eq!(
        (stamp.ino, stamp.mtime, stamp.ctime),
        (u64::MAX, i64::MIN, i64::MAX)
    );
    assert_eq!(inputs[4].1, Look::Leads(Some("/f".into())));
}

/// What a core asks is what cores always asked, and what one of then, or of a later minor, asks is understood.
#[test]
fn requests_are_read_and_written_as_they_always_were() {
    let text = golden("requests.jsonl");
    let requests: Vec<Request> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [whole, least, newer] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(
        Some(serde_json::to_string(whole).unwrap().as_str()),
        text.lines().next()
    );
    assert_eq!(whole.avoid[1].as_bytes(), b"/mnt/\xff");
    assert_eq!((least.op, least.host.os), (Operation::Describe, Os::Macos));
    assert!(least.config.is_empty() && least.features.is_empty() && least.avoid.is_empty());
    assert_eq!((newer.op, newer.features.len()), (Operation::Collect, 3));
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

/// The modules in C that ship, as they are and against the header as it is.
#[test]
fn a_c_module_compiles_without_a_warning() {
    if !has("cc") {
        return;
    }
    let sources = fs::read_dir(here().join("../modules/c")).unwrap();
    let sources = sources.map(|file| file.unwrap().path());
    let sources: Vec<_> = sources
        .filter(|path| path.extension().is_some_and(|e| e == "c"))
        .collect();
    assert!(!sources.is_empty(), "there is no module in C");
    for source in sources {
        let mut command = cc(source.to_str().unwrap());
        command.arg("-fsyntax-only");
        compile(command);
    }
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
