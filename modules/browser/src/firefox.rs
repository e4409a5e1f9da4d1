//! Firefox and its family, Thunderbird among them.

use crate::kinds::{self, EXTENSION};
use crate::parse::Extension;
use crate::parse::firefox::{self as parse, AddOn};
use assay_sdk::{Entry, FileType, Os, Result, Scan, Text, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/{.mozilla/firefox,.config/mozilla/firefox,.librewolf,.waterfox,.thunderbird}/*/{extensions.json,extensions/*}",
    "~/{snap/firefox/common,.var/app/org.mozilla.firefox}/.mozilla/firefox/*/{extensions.json,extensions/*}",
    "~/Library/Application Support/Firefox/Profiles/*/{extensions.json,extensions/*}",
    "~/Library/Thunderbird/Profiles/*/{extensions.json,extensions/*}",
];

const LINUX: &[&str] = &[
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    ".librewolf",
    ".waterfox",
    ".thunderbird",
    "snap/firefox/common/.mozilla/firefox",
    "snap/thunderbird/common/.thunderbird",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.Thunderbird/.thunderbird",
];
const MACOS: &[&str] = &[
    "Library/Application Support/Firefox",
    "Library/Application Support/LibreWolf",
    "Library/Application Support/Waterfox",
    "Library/Thunderbird",
];

const LIST_LIMIT: u64 = 32 << 20;
const PROFILES_LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let browsers = match scan.os() {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    };
    let mut seen = HashSet::new();
    for home in scan.homes() {
        for browser in browsers {
            let folder = home.path.join(browser);
            for profile in profiles(scan, &folder) {
                if scan.behind(&profile).is_some_and(|real| seen.insert(real)) {
                    one_profile(scan, &profile)?;
                }
            }
            let list = folder.join("profiles.ini");
            let named = named(scan, &folder, &list);
            scan.begin_named_by(&list);
            for profile in named {
                if scan.behind(&profile).is_some_and(|real| seen.insert(real)) {
                    one_profile(scan, &profile)?;
                }
            }
            scan.end_named_by();
        }
    }
    Ok(())
}

/// The folders beside `profiles.ini`, or in `Profiles`.
fn profiles(scan: &mut Scan<'_>, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for parent in [folder.to_owned(), folder.join("Profiles")] {
        let listed = scan.list(&parent).into_iter();
        let folders = listed.filter(|listed| listed.file_type == FileType::Directory);
        found.extend(folders.map(|listed| parent.join(listed.name)));
    }
    found
}

/// Those that it names elsewhere.
fn named(scan: &mut Scan<'_>, folder: &Path, list: &Path) -> Vec<PathBuf> {
    let list = scan.read(list, PROFILES_LIMIT).unwrap_or_default();
    let named = parse::profiles(&list).into_iter();
    let named = named.filter(|(path, is_relative)| *is_relative || path.as_path().is_absolute());
    named.map(|(path, _)| folder.join(path.as_path())).collect()
}

fn one_profile(scan: &mut Scan<'_>, profile: &Path) -> Result<()> {
    let path = profile.join("extensions.json");
    let Some(content) = scan.content(&path, LIST_LIMIT) else {
        return Ok(());
    };
    let mut known = HashSet::new();
    match content.and_then(|bytes| json::parse(&bytes).map_err(|error| error.to_string())) {
        Ok(list) => {
            for add_on in parse::add_ons(&list) {
                if known.insert(add_on.extension.id.clone()) {
                    registered(scan, profile, &path, add_on)?;
                }
            }
        }
        // It stands for all that it named.
        Err(why) => return scan.entry(Entry::new(EXTENSION, path.as_path(), &path).unparsable(why)),
    }
    unregistered(scan, profile, &known)
}

fn registered(scan: &mut Scan<'_>, profile: &Path, source: &Path, add_on: AddOn) -> Result<()> {
    let AddOn {
        mut extension,
        path,
        is_signed,
    } = add_on;
    let file = path.filter(|path| path.starts_with('/'));
    // The path is that of the disk it was written on; only its end tells when that is mounted elsewhere.
    let is_in_profile = file
        .as_deref()
        .is_some_and(|file| Path::new(file).starts_with(profile));
    if !is_in_profile {
        extension.code = file.clone();
    }
    let programs: Vec<Text> = file.filter(|_| !is_signed).map(Text::from).into_iter().collect();
    scan.entry(kinds::entry(profile, source, extension).programs(programs))
}

/// Files in the profile's folder that the list does not name: the next start takes them in.
fn unregistered(scan: &mut Scan<'_>, profile: &Path, known: &HashSet<String>) -> Result<()> {
    let folder = profile.join("extensions");
    for listed in scan.list(&folder) {
        let name = listed.name.to_string_lossy();
        let id = name.strip_suffix(".xpi").unwrap_or(&name);
        // `staged` and `trash` are Firefox' own.
        if known.contains(id) || matches!(id, "staged" | "trash") {
            continue;
        }
        let path = folder.join(&listed.name);
        let extension = Extension {
            id: id.to_owned(),
            ..Extension::default()
        };
        let programs = match listed.file_type {
            FileType::RegularFile => vec![path.as_path().into()],
            _ => Vec::new(),
        };
        let entry = kinds::entry(profile, &path, extension).field("unregistered", true);
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}
