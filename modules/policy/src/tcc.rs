//! macOS: which applications may look at or control the system.

use assay_sdk::sqlite::{self, Database, Row};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["{/,~/}Library/Application Support/com.apple.TCC/TCC.db*"];

const DATABASE: &str = "Library/Application Support/com.apple.TCC/TCC.db";
/// Services that let an application take over, or see all there is; the others are for single things.
const POWERFUL: [&str; 12] = [
    "Accessibility",
    "AppleEvents",
    "DeveloperTool",
    "EndpointSecurityClient",
    "ListenEvent",
    "PostEvent",
    "RemoteDesktop",
    "ScreenCapture",
    "SystemPolicyAllFiles",
    "SystemPolicyAppBundles",
    "SystemPolicyAppData",
    "SystemPolicySysAdminFiles",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut places: BTreeSet<PathBuf> = ["/", "/private/var/root"].map(PathBuf::from).into();
    places.extend(scan.homes().into_iter().map(|home| home.path));
    for place in places {
        let path = place.join(DATABASE);
        let Some(database) = Database::read(scan, &path) else {
            continue;
        };
        match database.and_then(|database| database.rows("access")) {
            Ok(rows) => grants(scan, &path, &rows)?,
            Err(error) => broken(scan, &path, &error)?,
        }
    }
    Ok(())
}

fn broken(scan: &mut Scan<'_>, path: &Path, error: &sqlite::Error) -> Result<()> {
    scan.entry(Entry::new("privacy_grant", path, path).unparsable(error.to_string()))
}

fn grants(scan: &mut Scan<'_>, path: &Path, rows: &[Row]) -> Result<()> {
    let mut keys = Keys::default();
    for row in rows {
        let text = |column: &str| row.text(column).unwrap_or_default();
        let service = text("service");
        let service = service.strip_prefix("kTCCService").unwrap_or(&service);
        if !POWERFUL.contains(&service) {
            continue;
        }
        let client = text("client");
        let about = text("indirect_object_identifier");
        let about = if matches!(about.as_str(), "" | "UNUSED") {
            String::new()
        } else {
            format!(" of {about}")
        };
        let key = crate::key(path, &format!("{service}{about} for {client}"));
        let programs = match row.int("client_type") {
            Some(1) => scan.programs().argv(&[client.as_str().into()]),
            _ => Vec::new(),
        };
        let entry = Entry::new("privacy_grant", keys.unique(key), path)
            .maybe("decision", decision(row))
            .maybe("reason", row.int("auth_reason").map(reason))
            .maybe(
                "client_type",
                row.int("client_type").map(|number| match number {
                    0 => "bundle".to_owned(),
                    1 => "path".to_owned(),
                    other => other.to_string(),
                }),
            )
            .maybe(
                "requirement",
                row.bytes("csreq")
                    .filter(|bytes| !bytes.is_empty())
                    .map(crate::hex),
            )
            .maybe("service_version", row.int("auth_version"))
            .maybe("changed", row.int("last_modified"));
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

/// `auth_value`, and `allowed` before macOS 11.
fn decision(row: &Row) -> Option<String> {
    let named = |number: i64, words: &[&str]| {
        let word = usize::try_from(number).ok().and_then(|index| words.get(index));
        word.map_or_else(|| number.to_string(), ToString::to_string)
    };
    let value = row
        .int("auth_value")
        .map(|number| named(number, &["denied", "unknown", "allowed", "limited"]));
    value.or_else(|| {
        row.int("allowed")
            .map(|number| named(number, &["denied", "allowed"]))
    })
}

fn reason(number: i64) -> String {
    let words = [
        "error",
        "user consent",
        "user set",
        "system set",
        "service policy",
        "profile",
        "override policy",
        "missing usage string",
        "prompt timeout",
        "preflight unknown",
        "entitled",
        "application type",
    ];
    let word = usize::try_from(number - 1)
        .ok()
        .and_then(|index| words.get(index));
    word.map_or_else(|| number.to_string(), ToString::to_string)
}
