//! doas.

use crate::parse::doas;
use assay_sdk::{Entry, Result, Scan, Text, Value};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/private,/usr/local,/opt/homebrew,}/etc/doas.conf",
    "/etc/doas.d/*.conf",
];

const FILES: [&str; 4] = [
    "/etc/doas.conf",
    "/usr/local/etc/doas.conf",
    "/private/etc/doas.conf",
    "/opt/homebrew/etc/doas.conf",
];
const LIMIT: u64 = 256 << 10;

/// What a file says of one identity.
#[derive(Default)]
struct Said {
    rules: Vec<Text>,
    commands: Vec<Text>,
    malformed: bool,
}

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    paths.extend(scan.files(Path::new("/etc/doas.d"), |name| name.ends_with(b".conf")));
    let mut done = std::collections::HashSet::new();
    for path in paths {
        if scan
            .root()
            .canonical(&path)
            .map_or(true, |real| done.insert(real))
        {
            file(scan, &path)?;
        }
    }
    Ok(())
}

fn file(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let text = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => text,
        Some(Err(why)) => return scan.entry(Entry::new("doas_rule", path, path).unparsable(why)),
    };
    let mut identities: BTreeMap<Text, Said> = BTreeMap::new();
    for rule in doas::rules(&text) {
        let malformed = rule.identity.is_none();
        let said = identities
            .entry(rule.identity.unwrap_or_else(|| rule.text.clone()))
            .or_default();
        said.malformed |= malformed;
        said.rules.push(rule.text);
        said.commands.extend(rule.command);
    }
    for (identity, said) in identities {
        let key = [path.as_os_str().as_bytes(), b": ", identity.as_bytes()].concat();
        let mut programs: Vec<Text> = Vec::new();
        for command in said.commands.iter().take(64) {
            programs.extend(scan.programs().argv(std::slice::from_ref(command)));
        }
        programs.sort();
        programs.dedup();
        let entry = Entry::new("doas_rule", key, path)
            .field("rules", said.rules.into_iter().collect::<Value>())
            .maybe("malformed", said.malformed.then_some(true));
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}
