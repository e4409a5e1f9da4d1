//! A Mac as macOS 15 leaves it, in the formats of its own, on which a vendor's software comes and goes.

mod etc;
mod stores;
mod system;
mod vendor;

use super::{Wrong, learn, with_everything};
use assay_sdk::testkit::binary_plist;
use assay_tests::{Scratch, short};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use vendor::{ACME, BEACON};

#[test]
fn every_file_of_a_mac_is_learned() {
    let mac = Mac::new();
    learn(&mac.scratch);
    let mut seen = BTreeSet::new();
    for entry in mac.scratch.json(&["list"]) {
        let programs = entry["programs"].as_array().into_iter().flatten();
        let paths = programs
            .map(|program| program.get("path").unwrap_or(program))
            .chain([&entry["source"]]);
        seen.extend(paths.filter_map(Value::as_str).map(str::to_owned));
    }
    let mut wrong = Wrong::default();
    wrong.unless_empty("nothing is known of", &mac.files.into_inner() - &seen);
}

#[test]
fn what_a_vendor_installs_and_takes_away_is_told_whole() {
    let mac = Mac::new();
    learn(&mac.scratch);

    mac.install(&BEACON);
    let told = mac.scratch.run();
    same(&told, "added");
    assert_eq!(mac.scratch.said(), [""; 0]);

    assert_eq!(
        mac.scratch.assay(&["accept", "--all", "--reason", "bought"]).code,
        0
    );
    mac.uninstall(&BEACON);
    let told = mac.scratch.run();
    same(&told, "removed");
    assert_eq!(mac.scratch.said(), [""; 0]);
    assert_eq!(super::status(&mac.scratch)["gaps"], serde_json::json!([]));
}

/// Each thing of the vendor, no more and no fewer, and all of it one story: what lies in the application, the daemon
/// that names it as its owner, with the helper that it runs, and the developer, to whom the agent belongs.
fn same(told: &[Value], change: &str) {
    let mut said: Vec<_> = told.iter().map(short).collect();
    said.sort();
    let mut due: Vec<_> = BEACON
        .entries()
        .iter()
        .map(|entry| format!("{change} {entry}"))
        .collect();
    due.sort();
    assert_eq!(said, due);
    let groups: BTreeMap<_, Vec<_>> = told.iter().fold(BTreeMap::new(), |mut groups, alert| {
        let group: &mut Vec<_> = groups.entry(alert["group"].as_str()).or_default();
        group.push(alert["key"].as_str());
        groups
    });
    assert!(groups.len() == 1 && !groups.contains_key(&None), "{groups:#?}");
}

/// The root, and the files in it that start something.
struct Mac {
    scratch: Scratch,
    files: RefCell<BTreeSet<String>>,
}

impl Mac {
    fn new() -> Self {
        let mac = Self {
            scratch: with_everything(Scratch::macos()),
            files: RefCell::default(),
        };
        system::put(&mac);
        etc::put(&mac);
        mac.install(&ACME);
        mac
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        self.scratch.file(path, content);
        self.files.borrow_mut().insert(path.to_owned());
    }

    /// A program: its bytes are the beginning of one for Apple's processors, and then its name.
    fn program(&self, path: &str) {
        self.scratch
            .script(path, [b"\xcf\xfa\xed\xfe\x0c\0\0\x01", path.as_bytes()].concat());
        self.files.borrow_mut().insert(path.to_owned());
    }

    fn script(&self, path: &str, text: &str) {
        self.scratch.script(path, text);
        self.files.borrow_mut().insert(path.to_owned());
    }

    /// A property list as macOS keeps it.
    fn binary(&self, path: &str, plist: &str) {
        self.file(path, binary_plist(plist));
    }

    /// A property list as people and installers write it.
    fn xml(&self, path: &str, dictionary: &str) {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#;
        self.file(
            path,
            format!("{head}\n<plist version=\"1.0\"><dict>{dictionary}</dict></plist>\n"),
        );
    }

    /// A database; where one is already, this happens to it.
    fn sqlite(&self, path: &str, statements: &str) {
        let host = self.scratch.host(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        rusqlite::Connection::open(host)
            .unwrap()
            .execute_batch(statements)
            .unwrap();
        self.files.borrow_mut().insert(path.to_owned());
    }

    /// A bundle with a program of its own name.
    fn bundle(&self, path: &str, identifier: &str, more: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let info = format!(
            "{{ CFBundleIdentifier = \"{identifier}\"; CFBundleExecutable = \"{name}\"; CFBundleVersion = \"412\"; {more} }}"
        );
        self.scratch
            .file(&format!("{path}/Contents/Info.plist"), binary_plist(info));
        self.scratch.file(
            &format!("{path}/Contents/_CodeSignature/CodeResources"),
            binary_plist("{ files = { }; }"),
        );
        self.program(&format!("{path}/Contents/MacOS/{name}"));
    }
}
