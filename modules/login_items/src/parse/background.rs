//! The database of Background Task Management, an archive of `Storage` with one `ItemRecord` for each item.
//!
//! Its number in the file's name grew from 3 (beta of macOS 13) to 13 and beyond; records got more fields, and lost
//! none. A field that is not there is not shown.

use super::flat;
use assay_sdk::archive::{self, Content, Object};
use assay_sdk::{Text, bookmark};
use std::collections::BTreeMap;

/// What bits of `type` mean.
const TYPES: &[(u64, &str)] = &[
    (0x1, "user item"),
    (0x2, "app"),
    (0x4, "login item"),
    (0x8, "agent"),
    (0x10, "daemon"),
    (0x20, "developer"),
    (0x40, "spotlight"),
    (0x800, "quicklook"),
    (0x1_0000, "legacy"),
    (0x8_0000, "curated"),
];

/// What the database says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Database {
    /// The items by the identifier of their account, sorted.
    pub(crate) records: BTreeMap<String, Vec<Record>>,
    /// What management decides, by the identifier of its payload.
    pub(crate) policies: BTreeMap<String, String>,
}

/// One item.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) identifier: String,
    pub(crate) url: Option<String>,
    pub(crate) executable: Option<String>,
    pub(crate) arguments: Vec<String>,
    pub(crate) types: Vec<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) allowed: Option<bool>,
    pub(crate) hidden: Option<bool>,
    pub(crate) notified: Option<bool>,
    pub(crate) parent: Option<String>,
    pub(crate) bundle: Option<String>,
    pub(crate) associated: Vec<String>,
    pub(crate) developer: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) items: Vec<String>,
    pub(crate) generation: Option<i64>,
    pub(crate) flags: Option<i64>,
    pub(crate) modified: Option<i64>,
    /// Where its bookmark leads.
    pub(crate) bookmark: Option<Text>,
}

/// Reads the database.
pub(crate) fn database(bytes: &[u8]) -> Result<Database, String> {
    let archive = archive::parse(bytes).map_err(|error| error.to_string())?;
    let store = archive.get("store").or_else(|| archive.get("root"));
    let store = store.ok_or("it has no store")?;
    let users = store.get("itemsByUserIdentifier").ok_or("it lists no items")?;
    let mut database = Database::default();
    for (user, items) in pairs(users) {
        let mut records: Vec<Record> = items.items().iter().map(record).collect();
        records.sort();
        database.records.entry(user).or_default().append(&mut records);
    }
    // Apple misspelled it, once.
    for name in ["mdmPayloadsByIdentifier", "mdmPaloadsByIdentifier"] {
        let policies = store.get(name).map(pairs).unwrap_or_default();
        let policies = policies
            .into_iter()
            .map(|(name, rules)| (name, flat(rules).unwrap_or_default()));
        database.policies.extend(policies);
    }
    Ok(database)
}

/// The pairs of a dictionary whose keys are texts.
fn pairs(object: &Object) -> Vec<(String, &Object)> {
    match &object.content {
        Content::Pairs(pairs) => {
            let pairs = pairs
                .iter()
                .filter_map(|(key, value)| Some((key.as_text()?.to_owned(), value)));
            pairs.collect()
        }
        Content::Fields(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        _ => Vec::new(),
    }
}

fn record(object: &Object) -> Record {
    let text = |name: &str| object.get(name).and_then(Object::as_text).map(str::to_owned);
    let number = |name: &str| object.get(name).and_then(Object::as_int);
    let list = |name: &str| {
        let items = object.get(name).map(Object::items).unwrap_or_default();
        items
            .iter()
            .filter_map(Object::as_text)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let sorted = |mut items: Vec<String>| {
        items.sort();
        items
    };
    let switch = |bit: i64| number("disposition").map(|bits| bits & bit != 0);
    Record {
        identifier: text("identifier")
            .or_else(|| text("uuid"))
            .unwrap_or_else(|| "without identifier".to_owned()),
        url: text("url"),
        executable: text("executablePath"),
        arguments: list("programArguments"),
        types: number("type").map(types).unwrap_or_default(),
        enabled: switch(1),
        allowed: switch(2),
        hidden: switch(4),
        notified: switch(8),
        parent: text("container"),
        bundle: text("bundleIdentifier"),
        associated: sorted(list("associatedBundleIdentifiers")),
        developer: text("developerName"),
        team: text("teamIdentifier"),
        name: text("name"),
        items: sorted(list("items")),
        generation: number("generation"),
        flags: number("flags"),
        modified: object.get("modificationDate").and_then(Object::as_time),
        bookmark: object
            .get("bookmark")
            .and_then(Object::as_data)
            .and_then(|data| bookmark::parse(data).ok()?.path),
    }
}

/// The words for the bits of a type, and one number for those without.
fn types(bits: i64) -> Vec<String> {
    let mut rest = bits.cast_unsigned();
    let mut words = Vec::new();
    for (bit, word) in TYPES {
        if rest & bit != 0 {
            words.push((*word).to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::types;

    #[test]
    fn a_type_is_words_and_what_no_word_is_known_for() {
        assert_eq!(types(0x1_0010), ["daemon", "legacy"]);
        assert_eq!(types(0x100_0802), ["app", "quicklook", "0x1000000"]);
        assert_eq!(types(-1).last().map(String::as_str), Some("0xfffffffffff6f780"));
        assert_eq!(types(0), [""; 0]);
    }
}
