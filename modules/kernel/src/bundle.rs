//! macOS: bundles, which are folders with an `Info.plist` and the program that it names.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Entry, FileType, GapReason, Result, Scan, Text, Value};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Graphics drivers list every card they know: some 500 KB.
const INFO_LIMIT: u64 = 4 << 20;
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

/// The entry of a bundle.
pub(crate) fn entry(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Entry {
    let target = scan.root().read_link(path).ok();
    if let (Some(target), Err(error)) = (&target, scan.root().canonical(path)) {
        let entry = Entry::new(kind, path, path).field("link_target", target.as_path());
        return entry.unparsable(error.why.to_string());
    }
    let (source, bundle) = read(scan, path);
    let entry =
        Entry::new(kind, path, source.as_deref().unwrap_or(path)).maybe("link_target", target.as_deref());
    match bundle {
        Err(why) => entry.unparsable(why),
        Ok(bundle) => entry
            .maybe("identifier", bundle.identifier)
            .maybe("version", bundle.version)
            .maybe("executable", bundle.executable)
            .maybe("required", bundle.required)
            .maybe("personalities", bundle.personalities)
            .programs(bundle.program.into_iter().collect()),
    }
}

/// The program of a bundle, when it has one that can be known.
pub(crate) fn program(scan: &mut Scan<'_>, path: &Path) -> Option<Text> {
    read(scan, path).1.ok()?.program
}

#[derive(Debug, Default)]
struct Bundle {
    identifier: Option<String>,
    version: Option<String>,
    executable: Option<String>,
    required: Option<String>,
    personalities: Option<Value>,
    program: Option<Text>,
}

/// The `Info.plist` and what it says. A Mac's bundle has it in `Contents`; a driver's is flat.
fn read(scan: &mut Scan<'_>, path: &Path) -> (Option<PathBuf>, std::result::Result<Bundle, String>) {
    for (info, programs) in [("Contents/Info.plist", "Contents/MacOS"), ("Info.plist", "")] {
        let info = path.join(info);
        let parsed = match scan.content(&info, INFO_LIMIT) {
            None => continue,
            Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
            Some(Err(why)) => Err(why),
        };
        let bundle = parsed.and_then(|parsed| {
            let mut bundle = parsed.as_dictionary().map(bundle).ok_or("no dictionary")?;
            bundle.program = bundle
                .executable
                .as_deref()
                .filter(|name| is_plain(name))
                .map(|name| {
                    let program = path.join(programs).join(name);
                    let program = scan.root().canonical(&program).unwrap_or(program);
                    program.as_path().into()
                });
            Ok(bundle)
        });
        return (Some(info), bundle);
    }
    (None, Err("bundle without an Info.plist".to_owned()))
}

fn bundle(info: &Dictionary) -> Bundle {
    let text = |name: &str| info.get(name).map(plist::flat);
    let personalities = info.get("IOKitPersonalities").and_then(Plist::as_dictionary);
    Bundle {
        identifier: text("CFBundleIdentifier"),
        version: text("CFBundleVersion"),
        executable: text("CFBundleExecutable"),
        required: text("OSBundleRequired"),
        personalities: personalities.filter(|all| !all.is_empty()).map(|all| {
            let sorted: BTreeSet<String> = all.iter().map(|(name, value)| personality(name, value)).collect();
            sorted.into_iter().collect()
        }),
        program: None,
    }
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

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}
