//! macOS: which kernel extensions somebody approved, and which were ever loaded.

use crate::sqlite::{Database, Row};
use assay_sdk::{Entry, GapReason, Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/private/var/db/SystemPolicyConfiguration/KextPolicy*"];

const DATABASE: &str = "/private/var/db/SystemPolicyConfiguration/KextPolicy";
const LOG: &str = "/private/var/db/SystemPolicyConfiguration/KextPolicy-wal";
const LIMIT: u64 = 16 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(DATABASE);
    let bytes = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(bytes)) => bytes,
        Some(Err(why)) => return scan.entry(Entry::new("kext_policy", path, path).unparsable(why)),
    };
    // What was approved a minute ago stands only in the write-ahead log.
    let log = match scan.content(Path::new(LOG), LIMIT) {
        None => Vec::new(),
        Some(Ok(log)) => log,
        Some(Err(why)) => {
            scan.gap(Path::new(LOG), GapReason::Unparsable, &why)?;
            Vec::new()
        }
    };
    match entries(bytes, &log) {
        Ok(entries) => entries.into_iter().try_for_each(|entry| scan.entry(entry)),
        Err(error) => scan.entry(Entry::new("kext_policy", path, path).unparsable(error.to_string())),
    }
}

fn entries(bytes: Vec<u8>, log: &[u8]) -> rusqlite::Result<Vec<Entry>> {
    let database = Database::from_bytes(bytes, log)?;
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
