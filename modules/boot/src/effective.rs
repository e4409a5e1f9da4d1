//! Settings in several folders, of which a file hides those of its name further on.

use assay_sdk::{Entry, Result, Scan, Text};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Where each kind of settings folder may be, the strongest first. `/lib` leads to `/usr/lib` on most systems.
const PREFIXES: &[&str] = &["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
const LIMIT: u64 = 4 << 20;

/// The files of `folder` below every prefix that count, by their names.
pub(crate) fn files(scan: &mut Scan<'_>, folder: &str, ending: &[u8]) -> Vec<PathBuf> {
    let mut real = Vec::new();
    let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for prefix in PREFIXES {
        let folder = Path::new(prefix).join(folder);
        let canonical = scan.root().canonical(&folder);
        let Some(canonical) = scan.or_gap(canonical) else {
            continue;
        };
        if real.contains(&canonical) {
            continue;
        }
        real.push(canonical);
        for path in scan.files(&folder, |name| name.ends_with(ending)) {
            let name = path.file_name().unwrap_or_default().to_owned();
            files.entry(name).or_insert(path);
        }
    }
    files.into_values().collect()
}

/// What a file holds. A mask holds nothing; of what is no file there is an entry of `kind`.
pub(crate) fn text(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Result<Option<Vec<u8>>> {
    let target = scan.root().read_link(path).ok();
    if target.as_deref() == Some(Path::new("/dev/null")) {
        return Ok(None);
    }
    match scan.content(path, LIMIT) {
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(why)) => {
            scan.entry(Entry::new(kind, path, path).unparsable(why))?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// `name (file)`: the same in two files is two entries.
pub(crate) fn key(name: &[u8], path: &Path) -> Text {
    [name, b" (", path.as_os_str().as_bytes(), b")"].concat().into()
}
