//! pacman: the hooks of its transactions.

use crate::parse::hook;
use crate::{MAX_FILE, unparsable};
use assay_sdk::{Result, Scan, Text, split_words};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/pacman.conf",
    "/etc/pacman.d/hooks/*.hook",
    "/usr/share/libalpm/hooks/*.hook",
];

pub(crate) fn hooks(scan: &mut Scan<'_>) -> Result<()> {
    let mut folders = BTreeSet::from(["/usr/share/libalpm/hooks", "/etc/pacman.d/hooks"].map(PathBuf::from));
    let conf = scan
        .read(Path::new("/etc/pacman.conf"), MAX_FILE)
        .unwrap_or_default();
    folders.extend(
        hook::hook_folders(&conf)
            .iter()
            .map(|folder| folder.as_path().components().collect()),
    );
    for folder in folders.into_iter().filter(|folder| folder.is_absolute()).take(16) {
        for path in scan.files(&folder, |name| name.ends_with(b".hook")) {
            one(scan, &path)?;
        }
    }
    Ok(())
}

/// A link to /dev/null masks the hook of that name, and is no file.
fn one(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(own) = scan.own_program("pacman_hook", path) else {
        return Ok(());
    };
    let mut entry = own.entry;
    entry.programs.clear();
    let text = match scan.content(path, MAX_FILE) {
        Some(Ok(text)) => text,
        Some(Err(why)) if entry.unparsable.is_none() => return unparsable(scan, "pacman_hook", path, &why),
        _ => return scan.entry(entry),
    };
    let hook = hook::hook(&text);
    let argv: Vec<Text> = split_words(hook.exec.as_ref().map_or(b"", Text::as_bytes))
        .into_iter()
        .map(|word| word.text)
        .collect();
    let programs = scan.programs().argv(&argv);
    scan.entry(
        entry
            .maybe("exec", hook.exec)
            .maybe("when", hook.when)
            .maybe("operations", hook.operations)
            .maybe("targets", hook.targets)
            .programs(programs),
    )
}
