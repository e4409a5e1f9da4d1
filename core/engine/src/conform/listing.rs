//! What is wrong with a scan that kept every rule of the protocol.

use super::places::Place;
use crate::run::Scan;
use assay_model::{Entry, Gap, Manifest, Text, Value};
use assay_root::{Last, Root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a test saw, and what to do about it.
pub(super) type Fault = (String, &'static str);

/// A word that stands in a file beside the root, and nowhere in it.
pub(super) const OUTSIDE: &str = "assay-check-canary";

/// What must hold of every scan of a root that nobody changes meanwhile.
pub(super) fn fault(scan: &Scan, root: &Root) -> Option<Fault> {
    scan.entries.iter().find_map(|entry| entry_fault(entry, root))
}

fn entry_fault(entry: &Entry, root: &Root) -> Option<Fault> {
    let named = format!("{} `{}`", entry.kind, entry.key);
    let root_path = root.path().as_os_str().as_encoded_bytes();
    if root.path() != Path::new("/") && holds(entry, root_path) {
        let advice = "a path in a record begins at the root of the request, as if that were `/`";
        return Some((format!("{named} names the root folder itself"), advice));
    }
    if holds(entry, OUTSIDE.as_bytes()) {
        let advice = "resolve every link inside the root: `Root` of the SDK and of assay_module.py do";
        return Some((
            format!("{named} was read from a file outside of the root"),
            advice,
        ));
    }
    if matches!(root.stat(entry.source.as_path(), Last::Keep), Ok(None)) {
        let advice = "list only what is there; `source` is the file that the entry was read from";
        return Some((
            format!("{named} has the source `{}`, which does not exist", entry.source),
            advice,
        ));
    }
    None
}

/// Whether any text of an entry holds these bytes.
fn holds(entry: &Entry, bytes: &[u8]) -> bool {
    let within = |text: &Text| text.as_bytes().windows(bytes.len()).any(|part| part == bytes);
    let in_fields = entry.fields.values().any(|value| match value {
        Value::Text(text) => within(text),
        Value::List(texts) => texts.iter().any(within),
        Value::Bool(_) | Value::Int(_) => false,
    });
    in_fields || within(&entry.key) || within(&entry.source) || entry.programs.iter().any(within)
}

/// The places that cannot be read, that the module reads for certain, and of which nothing was said.
pub(super) fn silent(scan: &Scan, places: &[&Place]) -> BTreeSet<PathBuf> {
    let is_silent = |path: &Path| {
        let place = Text::from(path);
        let is_gap = |gap: &Gap| gap.hides(&place) || gap.path.as_path().starts_with(path);
        !scan.gaps.iter().any(is_gap) && !scan.entries.iter().any(|entry| entry.source == place)
    };
    let literal = places.iter().filter(|place| place.literal);
    literal
        .map(|place| &place.path)
        .filter(|path| is_silent(path))
        .cloned()
        .collect()
}

/// How two scans of the same differ in what the core compares.
pub(super) fn difference(manifest: &Manifest, one: &Scan, other: &Scan) -> Option<String> {
    let [one, other] = [one, other].map(by_key);
    let missing = |from: &BTreeMap<_, _>, of: &BTreeMap<(&str, &Text), &Entry>| {
        let (kind, key) = of.keys().find(|key| !from.contains_key(*key))?;
        Some(format!("{kind} `{key}` is only in one of them"))
    };
    missing(&one, &other)
        .or_else(|| missing(&other, &one))
        .or_else(|| {
            one.iter()
                .find_map(|(key, entry)| field(manifest, entry, other.get(key)?))
        })
}

fn by_key(scan: &Scan) -> BTreeMap<(&str, &Text), &Entry> {
    scan.entries
        .iter()
        .map(|entry| ((entry.kind.as_str(), &entry.key), entry))
        .collect()
}

fn field(manifest: &Manifest, one: &Entry, other: &Entry) -> Option<String> {
    let kind = manifest.kind_named(&one.kind)?;
    let compared = kind.fields.iter().filter(|field| field.compared);
    let field = compared
        .map(|field| field.name.as_str())
        .find(|name| one.fields.get(*name) != other.fields.get(*name));
    let named = format!("{} `{}`", one.kind, one.key);
    match field {
        Some(name) => Some(format!("the field {name} of {named}")),
        None if one.programs != other.programs => Some(format!("the programs of {named}")),
        None if one.source != other.source => Some(format!("the source of {named}")),
        None if one.unparsable != other.unparsable => Some(format!("the reason why {named} is unparsable")),
        None => None,
    }
}
