//! macOS: plug-ins that are asked when somebody logs in, and those that answer for accounts.

use assay_sdk::{Entry, Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "/{System/Library/CoreServices,Library/Security}/SecurityAgentPlugins/*",
    "/Library/DirectoryServices/PlugIns/*",
    "/Library/OpenDirectory/Modules/*",
];

const PLACES: [(&str, &str); 5] = [
    ("authorization_plugin", "/Library/Security/SecurityAgentPlugins"),
    (
        "authorization_plugin",
        "/System/Library/CoreServices/SecurityAgentPlugins",
    ),
    ("directory_plugin", "/Library/DirectoryServices/PlugIns"),
    (
        "directory_plugin",
        "/System/Library/Frameworks/DirectoryService.framework/Versions/A/Resources/Plugins",
    ),
    ("directory_plugin", "/Library/OpenDirectory/Modules"),
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for (kind, folder) in PLACES {
        let folder = Path::new(folder);
        for listed in scan.list(folder) {
            // The Finder leaves this in any folder that somebody looked into.
            if listed.name != ".DS_Store"
                && let Some(entry) = entry(scan, kind, &folder.join(listed.name))
            {
                scan.entry(entry)?;
            }
        }
    }
    Ok(())
}

/// What macOS loads it for tells its place; what it loads, its `Info.plist`.
fn entry(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Option<Entry> {
    let target = scan.root().read_link(path).ok();
    let bundle = scan.bundle(path)?;
    let entry = Entry::new(kind, path, &bundle.source)
        .maybe("link_target", target.as_deref())
        .maybe("identifier", bundle.text("CFBundleIdentifier"))
        .maybe("version", bundle.text("CFBundleVersion"))
        .maybe("executable", bundle.text("CFBundleExecutable"))
        .programs(bundle.program.into_iter().collect());
    Some(match bundle.broken {
        Some(why) => entry.unparsable(why),
        None => entry,
    })
}
