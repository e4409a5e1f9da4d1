//! Rules of udev, which runs as root what they name whenever a device comes or goes.

use crate::effective;
use crate::parse::udev;
use assay_sdk::{Entry, Result, Scan, Text, Value, split_words};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/{etc,run,usr/local/lib,usr/lib,lib}/udev/rules.d/*.rules"];

/// Where udev looks for a program without a path.
const PROGRAMS: &str = "/usr/lib/udev:/lib/udev";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for path in effective::files(scan, "udev/rules.d", b".rules") {
        if let Some(text) = effective::text(scan, "udev_rule", &path)? {
            rules(scan, &path, &text)?;
        }
    }
    Ok(())
}

/// One entry for what is run, however many rules of the file run it.
fn rules(scan: &mut Scan<'_>, path: &Path, text: &[u8]) -> Result<()> {
    let mut all: BTreeMap<Vec<u8>, (udev::Launch, BTreeSet<Text>)> = BTreeMap::new();
    for rule in udev::rules(text) {
        for launch in rule.launches {
            let name = [&launch.how[..], b" ", &launch.what].concat();
            let (_, when) = all.entry(name).or_insert_with(|| (launch, BTreeSet::new()));
            when.insert(rule.when.clone().into());
        }
    }
    for (name, (launch, when)) in all {
        let mut programs = Vec::new();
        if launch.is_command {
            let words: Vec<Text> = split_words(&launch.what)
                .into_iter()
                .map(|word| word.text)
                .collect();
            programs = scan.programs().path(PROGRAMS).argv(&words);
        }
        let entry = Entry::new("udev_rule", effective::key(&name, path), path);
        let entry = entry.field("when", when.into_iter().collect::<Value>());
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}
