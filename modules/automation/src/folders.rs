//! Scripts attached to folders.

use crate::parse::folders;
use assay_sdk::{Entry, Result, Scan};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["~/Library/Preferences/com.apple.FolderActionsDispatcher.plist"];

const PREFERENCES: &str = "Library/Preferences/com.apple.FolderActionsDispatcher.plist";
/// It remembers what was in each folder, too.
const LIMIT: u64 = 32 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        let path = home.path.join(PREFERENCES);
        let Some(content) = scan.content(&path, LIMIT) else {
            continue;
        };
        match content.and_then(|bytes| folders::actions(&bytes)) {
            Ok(actions) => list(scan, &path, actions)?,
            Err(why) => scan.entry(Entry::new("folder_action", path.as_path(), &path).unparsable(why))?,
        }
    }
    Ok(())
}

fn list(scan: &mut Scan<'_>, path: &Path, actions: Vec<folders::Action>) -> Result<()> {
    // A script that is attached to a folder twice runs when one of the two is on.
    let mut all = BTreeMap::new();
    for action in actions {
        let on = all.entry((action.script, action.folder)).or_insert(false);
        *on |= action.enabled;
    }
    for ((script, folder), enabled) in all {
        let key = [
            script.as_bytes(),
            b" on ",
            folder.as_bytes(),
            b" in ",
            path.as_os_str().as_bytes(),
        ]
        .concat();
        let programs = scan.programs().argv(&[script]);
        scan.entry(
            Entry::new("folder_action", key, path)
                .field("enabled", enabled)
                .programs(programs),
        )?;
    }
    Ok(())
}
