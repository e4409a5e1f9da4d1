//! Linux: what the dynamic linker is told, and what `ldconfig` made of it.

use crate::libraries::{self, Place};
use crate::parse::{cache, settings};
use crate::safety::loose;
use crate::search::is_usual;
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::collections::{BTreeSet, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/ld.so.{preload,conf,cache}",
    "/etc/ld.so.conf.d/*",
    "/etc/ld-musl-*.path",
];

const PRELOAD: &str = "/etc/ld.so.preload";
const CONF: &str = "/etc/ld.so.conf";
const CACHE: &str = "/etc/ld.so.cache";
const LIMIT: u64 = 1 << 20;
const CACHE_LIMIT: u64 = 64 << 20;
/// Files of settings, each of which may include others.
const MAX_FILES: usize = 256;

pub(crate) fn collect(scan: &mut Scan<'_>, places: &[Place]) -> Result<()> {
    preload(scan)?;
    let mut folders = conf(scan)?;
    musl(scan)?;
    folders.extend(libraries::FOLDERS.iter().map(PathBuf::from));
    folders.extend(
        places
            .iter()
            .map(|place| place.folder.clone())
            .filter(|folder| is_usual(folder)),
    );
    look_at_cache(scan, &folders)
}

fn preload(scan: &mut Scan<'_>) -> Result<()> {
    let kind = "preloaded_library";
    let Some(text) = content(scan, kind, Path::new(PRELOAD), LIMIT)? else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for library in settings::preload(&text) {
        let mut programs = Vec::new();
        for path in settings::candidates(&library) {
            // Of a name alone the linker looks through its folders.
            if path.is_absolute() {
                programs.extend(scan.programs().argv(&[path.as_path().into()]));
            } else {
                let path_list = libraries::FOLDERS.join(":");
                programs.extend(scan.programs().path(&path_list).argv(&[path.as_path().into()]));
            }
        }
        let entry = Entry::new(kind, keys.unique(library.into()), Path::new(PRELOAD));
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

/// Lists the folders of `ld.so.conf` and of what it includes.
fn conf(scan: &mut Scan<'_>) -> Result<Vec<PathBuf>> {
    let mut left = vec![PathBuf::from(CONF)];
    let mut seen = HashSet::new();
    let mut folders = Vec::new();
    while let Some(path) = left.pop() {
        if !seen.insert(path.clone()) || seen.len() > MAX_FILES {
            continue;
        }
        let Some(text) = content(scan, "library_folder", &path, LIMIT)? else {
            continue;
        };
        let conf = settings::conf(&text);
        for pattern in conf.includes {
            left.extend(included(scan, &path, &pattern));
        }
        folders.extend(conf.folders.iter().cloned());
        list_folders(scan, &path, conf.folders)?;
    }
    Ok(folders)
}

/// musl reads one file, with a colon or a line end after each folder, in the place of its defaults.
fn musl(scan: &mut Scan<'_>) -> Result<()> {
    let wanted = |name: &[u8]| name.starts_with(b"ld-musl-") && name.ends_with(b".path");
    for path in scan.files(Path::new("/etc"), wanted) {
        if let Some(text) = content(scan, "library_folder", &path, LIMIT)? {
            list_folders(scan, &path, settings::musl(&text))?;
        }
    }
    Ok(())
}

fn list_folders(scan: &mut Scan<'_>, path: &Path, folders: Vec<PathBuf>) -> Result<()> {
    for folder in folders.into_iter().collect::<BTreeSet<_>>() {
        let (name, file) = (folder.as_os_str().as_bytes(), path.as_os_str().as_bytes());
        let key: Text = [name, b" (", file, b")"].concat().into();
        let loose = loose(scan, &folder);
        scan.entry(Entry::new("library_folder", key, path).maybe("loose", loose))?;
    }
    Ok(())
}

/// The files that an `include` names; signs may stand for others in the last name only.
fn included(scan: &mut Scan<'_>, from: &Path, pattern: &Path) -> Vec<PathBuf> {
    let pattern = from.parent().unwrap_or(Path::new("/")).join(pattern);
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Vec::new();
    };
    if !name.as_bytes().iter().any(|b| b"*?[".contains(b)) {
        return vec![pattern];
    }
    scan.files(folder, |file| settings::matches(name.as_bytes(), file))
}

/// What the cache finds in other folders than those that are listed, or under another name.
fn look_at_cache(scan: &mut Scan<'_>, folders: &[PathBuf]) -> Result<()> {
    let (kind, path) = ("library_cache_entry", Path::new(CACHE));
    let Some(bytes) = content(scan, kind, path, CACHE_LIMIT)? else {
        return Ok(());
    };
    let Some(cached) = cache::libraries(&bytes) else {
        return scan.entry(Entry::new(kind, path, path).unparsable("no cache of the dynamic linker"));
    };
    let known: HashSet<&Path> = folders.iter().map(|folder| merged(folder)).collect();
    let mut odd = BTreeSet::new();
    for library in cached {
        let file = Path::new(std::ffi::OsStr::from_bytes(library.path));
        let same_name = file
            .file_name()
            .is_some_and(|name| name.as_bytes() == library.name);
        if !same_name || !in_known(file, &known) {
            odd.insert((library.name, file));
        }
    }
    for (name, file) in odd {
        let key: Text = [name, b" => ", file.as_os_str().as_bytes()].concat().into();
        let programs = scan.programs().argv(&[file.into()]);
        scan.entry(Entry::new(kind, key, path).programs(programs))?;
    }
    Ok(())
}

/// In a listed folder, or in one of those below it that are for certain processors.
fn in_known(file: &Path, known: &HashSet<&Path>) -> bool {
    let Some(folder) = file.parent().map(merged) else {
        return false;
    };
    let capable = folder.parent().filter(|hwcaps| hwcaps.ends_with("glibc-hwcaps"));
    let capable = capable.and_then(Path::parent);
    known.contains(folder) || capable.is_some_and(|folder| known.contains(folder))
}

/// `/lib` and `/usr/lib` are one folder, or serve as one.
fn merged(folder: &Path) -> &Path {
    folder
        .strip_prefix("/usr")
        .or_else(|_| folder.strip_prefix("/"))
        .unwrap_or(folder)
}

/// What a file holds; of what is no file there is an entry.
fn content(scan: &mut Scan<'_>, kind: &str, path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    match scan.content(path, limit) {
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(why)) => {
            scan.entry(Entry::new(kind, path, path).unparsable(why))?;
            Ok(None)
        }
        None => Ok(None),
    }
}
