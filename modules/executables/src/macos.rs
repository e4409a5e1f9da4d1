//! macOS: set-id files outside the sealed volume.

use crate::kinds;
use crate::walk::{Found, Walk};
use assay_sdk::{Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/{usr/local,opt,Library,Applications}/**"];

/// Folders, and how many levels of folders below them are looked through: `/Applications/X.app/Contents/MacOS/x`.
const PLACES: &[(&str, usize)] = &[
    ("/usr/local", 5),
    ("/opt", 5),
    ("/Library", 5),
    ("/Applications", 4),
];
/// What holds many files and no programs that somebody starts.
const SKIPPED: &[&str] = &[
    "Apple",
    "Audio",
    "Caches",
    "Developer",
    "Documentation",
    "Fonts",
    "Frameworks",
    "Logs",
    "Updates",
    "_CodeSignature",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut found = Found::default();
    let mut walk = Walk::default();
    let skip =
        |name: &[u8]| SKIPPED.iter().any(|skipped| skipped.as_bytes() == name) || name.ends_with(b".lproj");
    for (folder, levels) in PLACES {
        walk.add(scan, Path::new(folder), *levels, &skip, &mut found)?;
    }
    for file in found.files.iter().filter(|file| file.is_setid()) {
        scan.entry(kinds::setid(file))?;
    }
    Ok(())
}
