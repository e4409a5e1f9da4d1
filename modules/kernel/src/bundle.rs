//! macOS: bundles of the kernel's extensions and of drivers.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Entry, FileType, GapReason, Result, Scan, Value};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Folders in which bundles are looked for, below one place.
const MAX_FOLDERS: usize = 4_000;
/// Keys of a personality by which the kernel finds it; the rest are the driver's own settings.
const MATCH_KEYS: &[&str] = &[
    "CFBundleIdentifier",
    "IOClass",
    "IOProviderClass",
    "IOUserClass",
    "idProduct",
    "idVendor",
];

/// The bundles below a place whose name has that ending, those in the `PlugIns` of others too, at most `depth`
/// folders deep. Links are not followed.
pub(crate) fn find(scan: &mut Scan<'_>, place: &Path, ending: &[u8], depth: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = 0;
    let mut todo = vec![(place.to_owned(), depth)];
    while let Some((folder, depth)) = todo.pop() {
        folders += 1;
        if folders > MAX_FOLDERS {
            scan.gap(&folder, GapReason::TooBig, "too many folders")?;
            break;
        }
        for listed in scan.list(&folder) {
            let path = folder.join(&listed.name);
            let below = depth.checked_sub(1);
            let is_folder = listed.file_type == FileType::Directory;
            // The file system of a Mac knows no case.
            if listed.name.as_bytes().to_ascii_lowercase().ends_with(ending) {
                if is_folder && let Some(below) = below {
                    todo.push((path.join("Contents/PlugIns"), below));
                }
                found.push(path);
            } else if is_folder && let Some(below) = below {
                todo.push((path, below));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The entry of a bundle; none when it is gone by now.
pub(crate) fn entry(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Option<Entry> {
    let bundle = scan.bundle(path)?;
    let target = scan.root().read_link(path).ok();
    let entry = Entry {
        unparsable: bundle.broken.clone(),
        ..Entry::new(kind, path, &bundle.source)
    };
    let entry = entry
        .maybe("link_target", target.as_deref())
        .maybe("identifier", bundle.text("CFBundleIdentifier"))
        .maybe("version", bundle.text("CFBundleVersion"))
        .maybe("executable", bundle.text("CFBundleExecutable"))
        .maybe("required", bundle.text("OSBundleRequired"))
        .maybe("personalities", personalities(&bundle.info))
        .programs(bundle.program.into_iter().collect());
    Some(entry)
}

/// What a driver is for.
fn personalities(info: &Dictionary) -> Option<Value> {
    let all = info.get("IOKitPersonalities")?.as_dictionary()?;
    let sorted: BTreeSet<String> = all.iter().map(|(name, value)| personality(name, value)).collect();
    (!sorted.is_empty()).then(|| sorted.into_iter().collect())
}

fn personality(name: &str, value: &Plist) -> String {
    let matches = |key: &str| MATCH_KEYS.contains(&key) || (key.starts_with("IO") && key.contains("Match"));
    let keys = value
        .as_dictionary()
        .into_iter()
        .flatten()
        .filter(|(key, _)| matches(key));
    let keys: Dictionary = keys.map(|(key, value)| (key.clone(), value.clone())).collect();
    format!("{name}: {}", plist::flat(&Plist::Dictionary(keys)))
}
