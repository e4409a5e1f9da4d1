//! macOS: which kernel extensions somebody approved, and which were ever loaded.

use assay_sdk::sqlite::{self, Database, Row};
use assay_sdk::{Entry, Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/private/var/db/SystemPolicyConfiguration/KextPolicy*"];

const DATABASE: &str = "/private/var/db/SystemPolicyConfiguration/KextPolicy";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(DATABASE);
    match Database::read(scan, path) {
        None => Ok(()),
        Some(database) => match database.and_then(|database| entries(&database)) {
            Ok(entries) => entries.into_iter().try_for_each(|entry| scan.entry(entry)),
            Err(error) => scan.entry(Entry::new("kext_policy", path, path).unparsable(error.to_string())),
        },
    }
}

fn entries(database: &Database) -> sqlite::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in database.rows("kext_policy")? {
        let entry = identified("kext_policy", &row);
        entries.push(
            entry
                .maybe("developer", row.text("developer_name"))
                .maybe("flags", row.int("flags")),
        );
    }
    for row in database.rows("kext_policy_mdm")? {
        entries.push(identified("kext_policy_profile", &row).maybe("payload", row.text("payload_uuid")));
    }
    for row in database.rows("kext_load_history_v3")? {
        let entry = Entry::new(
            "kext_load",
            row.text("path").unwrap_or_default(),
            Path::new(DATABASE),
        );
        entries.push(
            entry
                .maybe("team", row.text("team_id"))
                .maybe("identifier", row.text("bundle_id")),
        );
    }
    // Keys of their tables; a database without those constraints is not Apple's, and one row of each stands.
    entries.sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
    entries.dedup_by(|a, b| (&a.kind, &a.key) == (&b.kind, &b.key));
    Ok(entries)
}

fn identified(kind: &str, row: &Row) -> Entry {
    let words = [row.text("team_id"), row.text("bundle_id")];
    let key = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Entry::new(kind, key, Path::new(DATABASE))
        .maybe("allowed", row.int("allowed").map(|allowed| allowed != 0))
}
