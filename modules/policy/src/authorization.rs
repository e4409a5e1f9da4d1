//! macOS: the authorization database, which says what it takes to be given a right, and what runs when one is asked for.

use assay_sdk::sqlite::{self, Database, Row};
use assay_sdk::{Entry, Keys, Result, Scan, Value};
use std::collections::HashMap;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/private/var/db/auth.db*"];

const DATABASE: &str = "/private/var/db/auth.db";
const KIND: &str = "authorization_right";
const MAX_NAME: usize = 256;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(DATABASE);
    let Some(database) = Database::read(scan, path) else {
        return Ok(());
    };
    match database.and_then(|database| entries(&database)) {
        Ok(entries) => entries.into_iter().try_for_each(|entry| scan.entry(entry)),
        Err(error) => scan.entry(Entry::new(KIND, path, path).unparsable(error.to_string())),
    }
}

fn entries(database: &Database) -> sqlite::Result<Vec<Entry>> {
    let mut rules = database.rows("rules")?;
    rules.sort_by_key(|row| row.int("id"));
    let named = |row: &Row| Some((row.int("id")?, short(row.text("name")?)));
    let names: HashMap<i64, String> = rules.iter().filter_map(named).collect();
    let mechanisms = database.rows("mechanisms")?;
    let mechanisms: HashMap<i64, String> = mechanisms
        .iter()
        .filter_map(|row| Some((row.int("id")?, mechanism(row))))
        .collect();
    let mut mechanisms = lists(&database.rows("mechanisms_map")?, "m_id", &mechanisms);
    let mut delegates = lists(&database.rows("delegates_map")?, "d_id", &names);

    let mut keys = Keys::default();
    let entries = rules.iter().map(|row| {
        let id = row.int("id").unwrap_or_default();
        let key = keys.unique(row.text("name").unwrap_or_default().as_str().into());
        let text = |column: &str| row.text(column).filter(|text| !text.is_empty());
        let positive = |column: &str| row.int(column).filter(|number| *number > 0);
        Entry::new(KIND, key, Path::new(DATABASE))
            .maybe(
                "type",
                row.int("type").map(|number| named_or(number, &["right", "rule"])),
            )
            .maybe("class", row.int("class").map(|number| named_or(number, CLASSES)))
            .maybe("group", text("group"))
            .maybe("mechanisms", mechanisms.remove(&id))
            .maybe("rules", delegates.remove(&id))
            .maybe("rules_needed", positive("kofn"))
            .maybe("timeout", row.int("timeout"))
            .maybe("tries", positive("tries"))
            .maybe("flags", row.int("flags"))
            .maybe(
                "requirement",
                row.bytes("requirement")
                    .filter(|bytes| !bytes.is_empty())
                    .map(crate::hex),
            )
            .maybe("creator", text("identifier"))
    });
    Ok(entries.collect())
}

const CLASSES: &[&str] = &["user", "rule", "evaluate-mechanisms", "allow", "deny"];

/// The word for a number that counts from 1, or the number.
fn named_or(number: i64, words: &[&str]) -> String {
    let word = usize::try_from(number - 1)
        .ok()
        .and_then(|index| words.get(index));
    word.map_or_else(|| number.to_string(), ToString::to_string)
}

/// `plugin:mechanism,privileged`, as `security authorizationdb` writes it.
fn mechanism(row: &Row) -> String {
    let text = |column: &str| row.text(column).unwrap_or_default();
    let privileged = if row.int("privileged") == Some(1) {
        ",privileged"
    } else {
        ""
    };
    short(format!("{}:{}{privileged}", text("plugin"), text("param")))
}

/// A name that stands in many lists, or as much of it as any real one has.
fn short(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let kept: String = name.chars().take(MAX_NAME).collect();
    format!("{kept} ... ({} bytes)", name.len())
}

/// What a table maps each rule to, in its order.
fn lists(map: &[Row], member: &str, names: &HashMap<i64, String>) -> HashMap<i64, Value> {
    let mut lists: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
    for row in map {
        if let (Some(rule), Some(member)) = (row.int("r_id"), row.int(member)) {
            let name = names
                .get(&member)
                .cloned()
                .unwrap_or_else(|| format!("#{member}"));
            lists
                .entry(rule)
                .or_default()
                .push((row.int("ord").unwrap_or_default(), name));
        }
    }
    let sorted = lists.into_iter().map(|(rule, mut members)| {
        members.sort();
        (rule, members.into_iter().map(|(_, name)| name).collect())
    });
    sorted.collect()
}
