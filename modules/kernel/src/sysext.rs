//! macOS: system extensions, as `sysextd` keeps them in its database.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Entry, Keys, Result, Scan, Value, bookmark};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/Library/SystemExtensions/**"];

const DATABASE: &str = "/Library/SystemExtensions/db.plist";
const LIMIT: u64 = 16 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(DATABASE);
    let parsed = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
        Some(Err(why)) => Err(why),
    };
    let settings = Entry::new("system_extension_settings", path, path);
    let database = match &parsed {
        Ok(Plist::Dictionary(database)) => database,
        Ok(_) => return scan.entry(settings.unparsable("no dictionary")),
        Err(why) => return scan.entry(settings.unparsable(why)),
    };
    let developer = database
        .get("developerMode")
        .map(|mode| matches!(plist::flat(mode).as_str(), "true" | "1"));
    scan.entry(settings.maybe("developer_mode", developer))?;

    let mut keys = Keys::default();
    for extension in dictionaries(database, "extensions") {
        let entry = extension_entry(scan, extension, &mut keys);
        scan.entry(entry)?;
    }
    for (key, value) in policies(database) {
        scan.entry(Entry::new("system_extension_policy", key, path).maybe("value", value))?;
    }
    Ok(())
}

fn dictionaries<'a>(database: &'a Dictionary, name: &str) -> impl Iterator<Item = &'a Dictionary> + use<'a> {
    let items = database.get(name).and_then(Plist::as_array);
    items.into_iter().flatten().filter_map(Plist::as_dictionary)
}

fn extension_entry(scan: &mut Scan<'_>, extension: &Dictionary, keys: &mut Keys) -> Entry {
    let text = |name: &str| extension.get(name).map(plist::flat);
    let inner = |outer: &str, name: &str| {
        extension
            .get(outer)
            .and_then(Plist::as_dictionary)
            .and_then(|outer| outer.get(name))
            .map(plist::flat)
    };
    // An update brings a new copy with an id of its own beside the old one: only all three tell copies apart.
    let words = ["teamID", "identifier", "uniqueID"].map(text);
    let key = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let versions = [
        inner("bundleVersion", "CFBundleShortVersionString"),
        inner("bundleVersion", "CFBundleVersion"),
    ];
    let version = versions.into_iter().flatten().collect::<Vec<_>>().join(" build ");
    let mut categories: Vec<String> = match extension.get("categories") {
        Some(Plist::Array(categories)) => categories.iter().map(plist::flat).collect(),
        _ => Vec::new(),
    };
    categories.sort();
    let staged = inner("stagedBundleURL", "relative").and_then(|url| bookmark::of_url(&url));
    let program = staged.and_then(|bundle| scan.bundle(bundle.as_path())?.program);
    Entry::new("system_extension", keys.unique(key.into()), Path::new(DATABASE))
        .maybe("state", text("state"))
        .maybe("version", (!version.is_empty()).then_some(version))
        .maybe(
            "categories",
            (!categories.is_empty()).then(|| Value::from_iter(categories)),
        )
        .maybe("origin", text("originPath"))
        .maybe("container", inner("container", "bundlePath"))
        .programs(program.into_iter().collect())
}

/// What profiles allow: one item of each list of each policy, sorted and each once; whatever is no list has a value.
fn policies(database: &Dictionary) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    for (name, value) in dictionaries(database, "extensionPolicies").flatten() {
        match value {
            Plist::Array(items) => all.extend(
                items
                    .iter()
                    .map(|item| (format!("{name} {}", plist::flat(item)), None)),
            ),
            Plist::Dictionary(teams) => {
                for (team, allowed) in teams {
                    match allowed {
                        Plist::Array(items) => {
                            all.extend(
                                items
                                    .iter()
                                    .map(|item| (format!("{name} {team} {}", plist::flat(item)), None)),
                            );
                        }
                        other => _ = all.insert(format!("{name} {team}"), Some(plist::flat(other))),
                    }
                }
            }
            other => _ = all.insert(name.clone(), Some(plist::flat(other))),
        }
    }
    all
}
