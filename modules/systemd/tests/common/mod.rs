//! What a change of the fixture would be alerted as.

use assay_module_systemd::Systemd;
use assay_sdk::testkit::{Fixture, Seen};
use assay_sdk::{Entry, Module as _};
use std::collections::BTreeMap;

pub(crate) fn look(fixture: &Fixture) -> Seen {
    fixture.collect::<Systemd>()
}

/// One line for each alert that the core would send: `added KIND KEY`, `removed KIND KEY` or
/// `changed KIND KEY: FIELDS`.
pub(crate) fn alerts(before: &Seen, after: &Seen) -> Vec<String> {
    let manifest = Systemd::manifest();
    let by_key = |seen: &Seen| -> BTreeMap<String, Entry> {
        let named = |entry: &Entry| (format!("{} {}", entry.kind, entry.key), entry.clone());
        seen.entries.iter().map(named).collect()
    };
    let compared = |entry: &Entry| {
        let kind = manifest.kind_named(&entry.kind).expect("declared");
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &entry.fields {
            if kind
                .fields
                .iter()
                .any(|field| field.name == *name && field.compared)
            {
                fields.insert(name.clone(), value.to_string());
            }
        }
        fields.insert("source".into(), entry.source.to_string());
        fields.insert("programs".into(), format!("{:?}", entry.programs));
        fields.insert("unparsable".into(), format!("{:?}", entry.unparsable));
        fields
    };
    let (before, after) = (by_key(before), by_key(after));
    let mut alerts = Vec::new();
    for (name, old) in &before {
        let Some(new) = after.get(name) else {
            alerts.push(format!("removed {name}"));
            continue;
        };
        let (old, new) = (compared(old), compared(new));
        let names = old.keys().chain(new.keys());
        let mut differing: Vec<&String> = names.filter(|name| old.get(*name) != new.get(*name)).collect();
        differing.sort();
        differing.dedup();
        if !differing.is_empty() {
            let fields: Vec<&str> = differing.into_iter().map(String::as_str).collect();
            alerts.push(format!("changed {name}: {}", fields.join(" ")));
        }
    }
    let added = after.keys().filter(|name| !before.contains_key(*name));
    alerts.extend(added.map(|name| format!("added {name}")));
    alerts
}
