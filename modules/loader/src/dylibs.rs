//! macOS: the libraries of programs that others than Apple have brought.

use crate::parse::macho::{self, How, Image};
use crate::search::read_at;
use assay_sdk::{Entry, FileType, Last, Result, Scan, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/Applications,~/Applications}/{,*/}*.app/Contents/MacOS/*",
    "/Library/PrivilegedHelperTools/*",
    "{/usr/local,/opt/homebrew}/{bin,sbin,libexec}/*",
];

/// Folders of programs without bundles.
const TOOLS: &[&str] = &[
    "/Library/PrivilegedHelperTools",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/libexec",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
];
/// Libraries of one program that are looked at, and programs: more than anybody has.
const MAX_LIBRARIES: usize = 1_000;
const MAX_PROGRAMS: usize = 10_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut programs = BTreeMap::new();
    for folder in TOOLS.iter().map(Path::new) {
        for path in scan.files(folder, |_| true) {
            let real = scan.root().canonical(&path);
            if let Some(real) = scan.or_gap(real) {
                programs.insert(path, real);
            }
        }
    }
    for app in applications(scan) {
        if let Some(program) = scan.bundle(&app).and_then(|bundle| bundle.program) {
            let program = program.as_path().to_owned();
            programs.insert(program.clone(), program);
        }
    }
    let mut found = BTreeSet::new();
    for (path, real) in programs.into_iter().take(MAX_PROGRAMS) {
        program(scan, &path, &real, &mut found)?;
    }
    for library in found {
        reexports(scan, &library)?;
    }
    Ok(())
}

/// Applications, also those in folders of their own such as Utilities.
fn applications(scan: &mut Scan<'_>) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/Applications")];
    folders.extend(
        scan.homes()
            .into_iter()
            .map(|home| home.path.join("Applications")),
    );
    let mut apps = Vec::new();
    for depth in [0, 1] {
        for folder in std::mem::take(&mut folders) {
            for listed in scan.list(&folder) {
                let path = folder.join(&listed.name);
                if path.extension().is_some_and(|ending| ending == "app") {
                    apps.push(path);
                } else if depth == 0 && listed.file_type == FileType::Directory {
                    folders.push(path);
                }
            }
        }
    }
    apps
}

/// Lists the libraries of a program that are not Apple's.
fn program(scan: &mut Scan<'_>, path: &Path, real: &Path, found: &mut BTreeSet<PathBuf>) -> Result<()> {
    let Some(image) = image(scan, real) else {
        return Ok(());
    };
    for (name, how) in image.libraries.iter().take(MAX_LIBRARIES) {
        let places = places(name, &image, real);
        let file = first_there(scan, &places);
        if is_apples(name, &places, file.as_deref()) {
            continue;
        }
        found.extend(file.clone());
        let searched = name.starts_with(b"@rpath/") || *how == How::Weak;
        let key: Text = [path.as_os_str().as_bytes(), b": ", name].concat().into();
        let entry = if searched {
            Entry::new("searched_library", key, path).maybe("found", file.as_deref())
        } else {
            Entry::new("linked_library", key, path)
        };
        // What is named by its path and not there keeps the program from starting, until somebody puts it there.
        let awaited = (!searched).then(|| places.first().cloned()).flatten();
        let programs = file.or(awaited).map(|file| Text::from(file.as_path()));
        scan.entry(
            entry
                .maybe("how", how.name())
                .programs(programs.into_iter().collect()),
        )?;
    }
    Ok(())
}

/// What a library hands on as its own: the original that a proxy has put itself before.
fn reexports(scan: &mut Scan<'_>, library: &Path) -> Result<()> {
    let Some(image) = image(scan, library).filter(|image| image.is_library) else {
        return Ok(());
    };
    let handed_on = image.libraries.iter().filter(|(_, how)| *how == How::Reexport);
    for (name, _) in handed_on.take(MAX_LIBRARIES) {
        let places = places(name, &image, library);
        let file = first_there(scan, &places);
        if is_apples(name, &places, file.as_deref()) {
            continue;
        }
        let key: Text = [library.as_os_str().as_bytes(), b": ", name].concat().into();
        let entry = Entry::new("reexported_library", key, library).maybe("found", file.as_deref());
        let programs = file.map(|file| Text::from(file.as_path()));
        scan.entry(entry.programs(programs.into_iter().collect()))?;
    }
    Ok(())
}

fn image(scan: &mut Scan<'_>, path: &Path) -> Option<Image> {
    let stat = scan.stat(path)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    // It is read bit by bit, and no link is followed to it. Told is only what the linker reads: names of libraries.
    let opened = scan.root().open_file(path, Last::Keep);
    let (file, _) = scan.or_gap(opened)?;
    macho::image(&mut |offset, length| read_at(&file, offset, length))
}

/// The files that a library's name may stand for, in the order in which dyld looks.
fn places(name: &[u8], image: &Image, from: &Path) -> Vec<PathBuf> {
    let folder = from.parent().unwrap_or(Path::new("/"));
    let placed = |name: &[u8]| {
        let relative = name
            .strip_prefix(b"@executable_path/")
            .or_else(|| name.strip_prefix(b"@loader_path/"));
        match relative {
            Some(relative) => Some(folder.join(OsStr::from_bytes(relative))),
            None if name == b"@loader_path" || name == b"@executable_path" => Some(folder.to_owned()),
            None => name
                .starts_with(b"/")
                .then(|| PathBuf::from(OsStr::from_bytes(name))),
        }
    };
    match name.strip_prefix(b"@rpath/") {
        Some(rest) => {
            let folders = image.search.iter().filter_map(|folder| placed(folder));
            folders
                .map(|folder| folder.join(OsStr::from_bytes(rest)))
                .collect()
        }
        None => placed(name).into_iter().collect(),
    }
}

/// The first of the files that is there, links resolved.
fn first_there(scan: &mut Scan<'_>, places: &[PathBuf]) -> Option<PathBuf> {
    for place in places {
        let real = scan.root().canonical(place);
        if let Some(real) = scan.or_gap(real) {
            return Some(real);
        }
    }
    None
}

/// What is on the sealed volume, or only in dyld's cache of it, such as the libraries of Swift.
fn is_apples(name: &[u8], places: &[PathBuf], found: Option<&Path>) -> bool {
    let sealed = |path: &Path| {
        let local = path.starts_with("/usr/local");
        !local && (path.starts_with("/usr") || path.starts_with("/System"))
    };
    match found {
        Some(found) => sealed(found),
        None => {
            let swift = name.starts_with(b"@rpath/libswift");
            places.first().is_some_and(|place| sealed(place))
                || swift && places.iter().any(|place| sealed(place))
        }
    }
}
