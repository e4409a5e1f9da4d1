//! Chromium and its family: a folder of settings for each browser, and in it one for each profile.

use crate::kinds::{self, EXTENSION};
use crate::parse::Extension;
use crate::parse::chromium::{self as parse, Registered};
use assay_sdk::json::{self, Value};
use assay_sdk::{Entry, FileType, Os, Result, Scan, Text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/.config/{google-chrome,chromium,microsoft-edge,BraveSoftware/Brave-Browser,vivaldi,opera}/*/{Preferences,Secure Preferences}",
    "~/.config/{google-chrome,chromium,microsoft-edge,BraveSoftware/Brave-Browser,vivaldi,opera}/*/Extensions/*/*/manifest.json",
    "~/Library/Application Support/{Google/Chrome,Chromium,Microsoft Edge,BraveSoftware/Brave-Browser,Vivaldi}/*/{Preferences,Secure Preferences}",
    "~/Library/Application Support/{Google/Chrome,Chromium,Microsoft Edge,BraveSoftware/Brave-Browser,Vivaldi}/*/Extensions/*/*/manifest.json",
];

const LINUX: &[&str] = &[
    ".config/google-chrome",
    ".config/google-chrome-beta",
    ".config/google-chrome-unstable",
    ".config/chromium",
    ".config/microsoft-edge",
    ".config/microsoft-edge-beta",
    ".config/microsoft-edge-dev",
    ".config/BraveSoftware/Brave-Browser",
    ".config/BraveSoftware/Brave-Browser-Beta",
    ".config/BraveSoftware/Brave-Browser-Nightly",
    ".config/vivaldi",
    ".config/opera",
    ".config/yandex-browser",
    "snap/chromium/common/chromium",
    ".var/app/com.google.Chrome/config/google-chrome",
    ".var/app/org.chromium.Chromium/config/chromium",
    ".var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser",
    ".var/app/com.microsoft.Edge/config/microsoft-edge",
];
const MACOS: &[&str] = &[
    "Library/Application Support/Google/Chrome",
    "Library/Application Support/Google/Chrome Beta",
    "Library/Application Support/Google/Chrome Dev",
    "Library/Application Support/Google/Chrome Canary",
    "Library/Application Support/Chromium",
    "Library/Application Support/BraveSoftware/Brave-Browser",
    "Library/Application Support/BraveSoftware/Brave-Browser-Beta",
    "Library/Application Support/BraveSoftware/Brave-Browser-Nightly",
    "Library/Application Support/Microsoft Edge",
    "Library/Application Support/Microsoft Edge Beta",
    "Library/Application Support/Microsoft Edge Dev",
    "Library/Application Support/Vivaldi",
    "Library/Application Support/com.operasoftware.Opera",
    "Library/Application Support/Yandex/YandexBrowser",
    "Library/Application Support/Arc/User Data",
];

/// The first counts: what a browser protects it reads from there alone.
const FILES: [&str; 2] = ["Secure Preferences", "Preferences"];
const PREFERENCES_LIMIT: u64 = 64 << 20;
const MANIFEST_LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let browsers = match scan.os() {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    };
    for home in scan.homes() {
        for browser in browsers {
            let folder = home.path.join(browser);
            let profiles = scan.list(&folder).into_iter();
            let profiles = profiles.filter(|listed| listed.file_type == FileType::Directory);
            let profiles: Vec<PathBuf> = profiles.map(|listed| folder.join(listed.name)).collect();
            // Opera has one profile, which is the folder itself.
            for profile in std::iter::once(folder).chain(profiles) {
                one_profile(scan, &profile)?;
            }
        }
    }
    Ok(())
}

fn one_profile(scan: &mut Scan<'_>, profile: &Path) -> Result<()> {
    let mut all: BTreeMap<String, (PathBuf, Registered)> = BTreeMap::new();
    let (mut is_profile, mut is_understood) = (false, true);
    for path in FILES.map(|name| profile.join(name)) {
        let Some(content) = scan.content(&path, PREFERENCES_LIMIT) else {
            continue;
        };
        is_profile = true;
        match content.and_then(|bytes| json::parse(&bytes).map_err(|error| error.to_string())) {
            Ok(preferences) => {
                for found in parse::registered(&preferences) {
                    all.entry(found.extension.id.clone())
                        .or_insert((path.clone(), found));
                }
            }
            Err(why) => {
                is_understood = false;
                scan.entry(Entry::new(EXTENSION, path.as_path(), &path).unparsable(why))?;
            }
        }
    }
    if !is_profile {
        return Ok(());
    }
    // Settings that make no sense name nothing, and stand for all that they named.
    if is_understood {
        unregistered(scan, profile, &all)?;
    }
    for (source, found) in all.into_values() {
        registered(scan, profile, &source, found)?;
    }
    Ok(())
}

fn registered(scan: &mut Scan<'_>, profile: &Path, source: &Path, found: Registered) -> Result<()> {
    let Registered {
        mut extension,
        path,
        manifest,
    } = found;
    let folder = path.map(|path| profile.join("Extensions").join(path));
    scan.begin_named_by(source);
    let on_disk = folder.as_deref().and_then(|folder| read_manifest(scan, folder));
    scan.end_named_by();
    let manifest = on_disk.or(manifest).unwrap_or(Value::Null);
    parse::describe(&mut extension, &manifest);
    // Only what no store keeps an eye on; the browser's own comes and goes with it.
    let is_watched = extension.code.is_some() && extension.location.as_deref() != Some("component");
    let programs = match folder.filter(|_| is_watched) {
        Some(folder) => code(&folder, &manifest),
        None => Vec::new(),
    };
    scan.entry(kinds::entry(profile, source, extension).programs(programs))
}

/// Folders of extensions that the settings do not name.
fn unregistered(
    scan: &mut Scan<'_>,
    profile: &Path,
    known: &BTreeMap<String, (PathBuf, Registered)>,
) -> Result<()> {
    let parent = profile.join("Extensions");
    for listed in scan.list(&parent) {
        let Some(id) = listed
            .name
            .to_str()
            .filter(|name| parse::is_id(name) && !known.contains_key(*name))
        else {
            continue;
        };
        let folder = parent.join(id);
        let versions = scan.list(&folder).into_iter();
        let Some(newest) = versions.map(|version| folder.join(version.name)).next_back() else {
            continue;
        };
        let mut extension = Extension {
            id: id.to_owned(),
            ..Extension::default()
        };
        let manifest = read_manifest(scan, &newest).unwrap_or(Value::Null);
        parse::describe(&mut extension, &manifest);
        let entry = kinds::entry(profile, &folder, extension).field("unregistered", true);
        scan.entry(entry.programs(code(&newest, &manifest)))?;
    }
    Ok(())
}

fn read_manifest(scan: &mut Scan<'_>, folder: &Path) -> Option<Value> {
    // What cannot be understood says nothing, and is still among what is measured.
    let bytes = scan
        .content(&folder.join("manifest.json"), MANIFEST_LIMIT)?
        .ok()?;
    json::parse(&json::without_comments(&bytes)).ok()
}

/// The manifest and the code that it names.
fn code(folder: &Path, manifest: &Value) -> Vec<Text> {
    const MAX_PROGRAMS: usize = 64;
    let code = parse::code(manifest).into_iter().map(|path| folder.join(path));
    let all = std::iter::once(folder.join("manifest.json")).chain(code);
    all.take(MAX_PROGRAMS)
        .map(|path| Text::from(path.as_path()))
        .collect()
}
