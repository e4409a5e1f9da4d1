//! Applications that are opened again at login, and those of the Dock: what is odd about them.

use crate::parse::shortcuts::{self, Shortcut};
use crate::target::{Target, is_elsewhere};
use assay_sdk::{Entry, GapReason, Home, Keys, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "~/Library/Preferences/ByHost/com.apple.loginwindow*.plist",
    "~/Library/Preferences/com.apple.dock.plist",
];

/// A Dock of many windows' icons: some 200 KB.
const LIMIT: u64 = 8 << 20;
/// Each is looked up in the root.
const MAX_SHORTCUTS: usize = 2_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        let preferences = home.path.join("Library/Preferences");
        // The name holds the Mac's own identifier, or that of one before it.
        let is_ours = |name: &[u8]| name.starts_with(b"com.apple.loginwindow") && name.ends_with(b".plist");
        for path in scan.files(&preferences.join("ByHost"), is_ours) {
            list(scan, "reopened_app", &home, &path, shortcuts::reopened)?;
        }
        list(
            scan,
            "dock_item",
            &home,
            &preferences.join("com.apple.dock.plist"),
            shortcuts::dock,
        )?;
    }
    Ok(())
}

type Parser = fn(&[u8]) -> std::result::Result<Vec<Shortcut>, String>;

fn list(scan: &mut Scan<'_>, kind: &str, home: &Home, path: &Path, parse: Parser) -> Result<()> {
    let Some(content) = scan.content(path, LIMIT) else {
        return Ok(());
    };
    let mut shortcuts = match content.and_then(|bytes| parse(&bytes)) {
        Ok(shortcuts) => shortcuts,
        Err(why) => return scan.entry(Entry::new(kind, path, path).unparsable(why)),
    };
    shortcuts.sort();
    if shortcuts.len() > MAX_SHORTCUTS {
        scan.gap(
            path,
            GapReason::TooBig,
            &format!("more than {MAX_SHORTCUTS} applications"),
        )?;
    }
    let mut keys = Keys::default();
    for shortcut in shortcuts.into_iter().take(MAX_SHORTCUTS) {
        let target = Target::of(scan, path, &shortcut.path);
        let actual = target.identifier.filter(|actual| {
            let claimed = shortcut.bundle.as_deref();
            claimed.is_some_and(|claimed| !claimed.eq_ignore_ascii_case(actual))
        });
        if actual.is_none() && !is_elsewhere(scan, &shortcut.path, &home.path) {
            continue;
        }
        // A Dock icon is known by what it says, so that one which opens something else now is a change.
        let name = shortcut
            .label
            .as_deref()
            .map_or(shortcut.path.as_bytes(), str::as_bytes);
        let key = [name, b" in ", path.as_os_str().as_bytes()].concat();
        let entry = Entry::new(kind, keys.unique(key.into()), path)
            .field("path", shortcut.path)
            .maybe("bundle", shortcut.bundle)
            .maybe("actual_bundle", actual)
            .maybe("hidden", shortcut.hidden)
            .maybe("state", shortcut.state)
            .programs(target.programs);
        scan.entry(entry)?;
    }
    Ok(())
}
