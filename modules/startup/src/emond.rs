//! The event monitor daemon of macOS 10.7 to 12: runs commands as root when events come.
//!
//! launchd starts it when anything lies in `/private/var/db/emondClients`; its rules are read from one folder
//! and from those that its settings add.

use crate::parse;
use assay_sdk::{Entry, Keys, Result, Scan, Value, plist};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["/private/etc/emond.d/**", "/private/var/db/emondClients/*"];

const CONFIG: &str = "/private/etc/emond.d/emond.plist";
const RULES: &str = "/private/etc/emond.d/rules";
const CLIENTS: &str = "/private/var/db/emondClients";
const PLIST_LIMIT: u64 = 4 << 20;
/// Further folders that are followed; nobody has more than one.
const MAX_FOLDERS: usize = 64;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut folders = vec![PathBuf::from(RULES)];
    folders.extend(config(scan)?);
    let mut real = HashSet::new();
    for folder in folders {
        let canonical = scan.root().canonical(&folder);
        if scan.or_gap(canonical).is_some_and(|folder| real.insert(folder)) {
            for path in scan.files(&folder, |name| name.ends_with(b".plist")) {
                rules(scan, &path)?;
            }
        }
    }
    for path in scan.files(Path::new(CLIENTS), |_| true) {
        let target = scan.root().read_link(&path).ok();
        let entry = Entry::new("emond_client", path.as_path(), &path);
        scan.entry(entry.maybe("link_target", target.as_deref()))?;
    }
    Ok(())
}

/// Lists the settings, and answers with the folders of rules that they add.
fn config(scan: &mut Scan<'_>) -> Result<Vec<PathBuf>> {
    let path = Path::new(CONFIG);
    let parsed = match scan.content(path, PLIST_LIMIT) {
        None => return Ok(Vec::new()),
        Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
        Some(Err(why)) => Err(why),
    };
    let entry = Entry::new("emond_config", path, path);
    match parsed {
        Ok(parsed) => {
            let config = parse::emond_config(&parsed);
            let folders = config.rules_folders.iter().flatten().map(PathBuf::from);
            let folders = folders
                .filter(|folder| folder.is_absolute())
                .take(MAX_FOLDERS)
                .collect();
            let entry = entry
                .maybe("rules_folders", config.rules_folders.map(Value::from_iter))
                .maybe("settings", config.settings);
            scan.entry(entry)?;
            Ok(folders)
        }
        Err(why) => {
            scan.entry(entry.unparsable(why))?;
            Ok(Vec::new())
        }
    }
}

fn rules(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let parsed = match scan.content(path, PLIST_LIMIT) {
        None => return Ok(()),
        Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
        Some(Err(why)) => Err(why),
    };
    let rules = match parsed.and_then(|parsed| parse::emond_rules(&parsed)) {
        Ok(rules) => rules,
        Err(why) => return scan.entry(Entry::new("emond_rule", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    for rule in rules {
        let key = [rule.name.as_bytes(), b" in ", path.as_os_str().as_bytes()].concat();
        let mut programs = Vec::new();
        for command in &rule.commands {
            let argv: Vec<_> = command.iter().map(|word| word.as_str().into()).collect();
            programs.extend(scan.programs().argv(&argv));
        }
        let mut seen = HashSet::new();
        programs.retain(|program| seen.insert(program.clone()));
        let entry = Entry::new("emond_rule", keys.unique(key.into()), path)
            .maybe("enabled", rule.enabled)
            .maybe("events", rule.events)
            .maybe("criterion", rule.criterion)
            .maybe("actions", rule.actions)
            .programs(programs);
        scan.entry(entry)?;
    }
    Ok(())
}
