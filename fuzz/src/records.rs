use assay_engine::run::{Failure, Output, Scan, parse};
use assay_model::{PROTOCOL_VERSION, Record};
use std::collections::BTreeSet;

/// The module that all records are of.
const MODULE: &str = "golden";

/// Every name that a failure may have, as docs/modules.md lists them for what a module wrote.
const NAMES: &[&str] = &[
    "bad_manifest",
    "duplicate_key",
    "invalid_record",
    "line_too_long",
    "nested_too_deep",
    "no_done",
    "no_hello",
    "other_protocol",
    "output_too_big",
    "record_after_done",
    "too_many_records",
    "undeclared",
    "wrong_count",
];

/// What a module's process writes: a module may be broken, or taken over by what it reads.
///
/// # Panics
/// When a scan is taken that breaks a rule of the protocol, or reads differently once it was written again; when a
/// failure has no documented name, or says more than an alert should hold.
pub fn records(bytes: &[u8]) {
    match parse(&Output::recorded(bytes.to_vec()), MODULE) {
        Ok(scan) => {
            keeps_the_rules(&scan);
            let again = parse(&Output::recorded(written(&scan)), MODULE).expect("a whole scan");
            assert_eq!(again, scan);
        }
        Err(Failure { name, text }) => {
            assert!(NAMES.contains(&name), "{name}");
            assert!(!text.is_empty() && text.len() <= 1003, "{text}");
        }
    }
}

fn keeps_the_rules(scan: &Scan) {
    assert_eq!(scan.manifest.name, MODULE);
    let mut keys = BTreeSet::new();
    for entry in &scan.entries {
        let kind = scan.manifest.kind_named(&entry.kind).expect("a declared kind");
        for (name, value) in &entry.fields {
            let field = kind.fields.iter().find(|field| field.name == *name);
            assert!(field.is_some_and(|field| field.kind.holds(value)), "{name}");
        }
        let mut paths = entry.programs.iter().chain([&entry.source]);
        assert!(paths.all(|path| path.as_path().is_absolute()));
        assert!(keys.insert((&entry.kind, &entry.key)), "{} came twice", entry.key);
    }
}

/// The scan as a module would have written it.
pub(crate) fn written(scan: &Scan) -> Vec<u8> {
    let hello = Record::Hello {
        v: PROTOCOL_VERSION,
        manifest: scan.manifest.clone(),
    };
    let mut records = vec![Record::Sandbox(scan.sandbox.clone()), hello];
    records.extend(scan.entries.iter().cloned().map(Record::Entry));
    records.extend(scan.gaps.iter().cloned().map(Record::Gap));
    records.push(Record::Inputs {
        seen: scan.inputs.clone(),
        complete: scan.complete,
    });
    let log = scan.log.iter().cloned();
    records.extend(log.map(|(level, text)| Record::Log { level, text }));
    records.push(Record::Done {
        entries: scan.entries.len() as u64,
    });
    let line = |record: &Record| serde_json::to_vec(record).expect("a record");
    records.iter().map(line).collect::<Vec<_>>().join(&b'\n')
}
