//! macOS: the rules by which Gatekeeper lets code run. Whether it is on at all is in a property list, of which a watch
//! list tells.

use assay_sdk::sqlite::{self, Database, Row};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::collections::HashSet;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/private/var/db/SystemPolicy{,Configuration/SystemPolicy}*"];

/// Where the rules are: since macOS 15 the second.
const DATABASES: [&str; 2] = [
    "/private/var/db/SystemPolicy",
    "/private/var/db/SystemPolicyConfiguration/SystemPolicy",
];
const KIND: &str = "gatekeeper_rule";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for path in DATABASES.map(Path::new) {
        let Some(database) = Database::read(scan, path) else {
            continue;
        };
        match database.and_then(|database| entries(&database, path)) {
            Ok(entries) => entries.into_iter().try_for_each(|entry| scan.entry(entry))?,
            Err(error) => scan.entry(Entry::new(KIND, path, path).unparsable(error.to_string()))?,
        }
    }
    Ok(())
}

fn entries(database: &Database, path: &Path) -> sqlite::Result<Vec<Entry>> {
    let mut rows = database.rows("authority")?;
    rows.sort_by_key(|row| row.int("id"));
    let (mut keys, mut labels) = (Keys::default(), HashSet::new());
    Ok(rows
        .iter()
        .map(|row| entry(row, path, &mut keys, &mut labels))
        .collect())
}

fn entry(row: &Row, path: &Path, keys: &mut Keys, labels: &mut HashSet<String>) -> Entry {
    let text = |column: &str| row.text(column).filter(|text| !text.is_empty());
    let requirement = text("requirement").unwrap_or_default();
    let about = match row.int("type") {
        Some(1) => "run",
        Some(2) => "install",
        Some(3) => "open",
        _ => "?",
    };
    // Apple's rules have labels, and what somebody approved has none.
    let label = text("label").map(|label| format!("{about} {label}"));
    let name = match label {
        Some(label) if labels.insert(label.clone()) => label,
        Some(label) => format!("{label}: {requirement}"),
        None => format!("{about} {requirement}"),
    };
    let key = keys.unique(crate::key(path, &name));
    Entry::new(KIND, key, path)
        .maybe("allow", row.int("allow").map(|number| number != 0))
        .maybe(
            "disabled",
            row.int("disabled").filter(|number| *number != 0).map(|_| true),
        )
        .field("requirement", requirement.as_str())
        .maybe("priority", text("priority"))
        .maybe("remarks", text("remarks"))
}
