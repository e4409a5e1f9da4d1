//! Linux: the libraries themselves, where every program finds them.

use assay_sdk::{Entry, FileType, Listed, Result, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/usr,}/lib{,32,64,x32}/{*.so*,ld-*}",
    "{/usr,}/lib/*-linux-*/{*.so*,ld-*}",
    "/usr/local/lib{,64}/**/*.so*",
    "/usr/libexec/**/*.so*",
];

/// Where the linker looks when nothing else is said. On most systems the latter lead to the former.
pub(crate) const FOLDERS: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib32",
    "/usr/libx32",
    "/lib",
    "/lib64",
    "/lib32",
    "/libx32",
];
/// Folders that administrators and packages fill as they like, and how deep is looked there.
const DEEP: &[(&str, usize)] = &[
    ("/usr/local/lib", 3),
    ("/usr/local/lib64", 3),
    ("/usr/libexec", 3),
];
/// What brings libraries of its own, which nothing but itself loads: languages, with a number after their names.
const LANGUAGES: &[&[u8]] = &[b"python", b"node_modules", b"ruby", b"perl", b"ghc"];
/// Plug-ins of sudo and PAM, which the module `auth` lists.
const PLUGINS: &[&[u8]] = &[b"sudo", b"security", b"pam"];
/// Plug-ins of the name service lie among the libraries; the watch list `authentication` has them.
const NAME_SERVICE: &[u8] = b"libnss_";
/// Whoever may write there could fill a folder without end.
const MAX_FOLDERS: usize = 2_000;

/// A folder with libraries, and what is in it.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) names: Vec<Listed>,
}

/// Every folder in which libraries are looked at, each listed once.
pub(crate) fn places(scan: &mut Scan<'_>) -> Vec<Place> {
    let mut places = Places::default();
    for folder in FOLDERS.iter().map(Path::new) {
        places.add(scan, folder, 0);
    }
    // Debian has a folder for each processor: `/usr/lib/x86_64-linux-gnu`.
    let of_processor = |listed: &&Listed| {
        let name = listed.name.as_bytes();
        listed.file_type == FileType::Directory && name.windows(7).any(|part| part == b"-linux-")
    };
    let mut multiarch = Vec::new();
    for place in &places.all {
        let names = place.names.iter().filter(of_processor).map(|listed| &listed.name);
        multiarch.extend(names.map(|name| place.folder.join(name)));
    }
    for folder in multiarch {
        places.add(scan, &folder, 0);
    }
    for (folder, depth) in DEEP {
        places.add(scan, Path::new(folder), *depth);
    }
    places.all
}

#[derive(Default)]
struct Places {
    all: Vec<Place>,
    real: HashSet<PathBuf>,
}

impl Places {
    /// A folder, and those in it as deep as is said; once, whatever links lead there.
    fn add(&mut self, scan: &mut Scan<'_>, folder: &Path, depth: usize) {
        let real = scan.root().canonical(folder);
        let is_new = scan.or_gap(real).is_some_and(|real| self.real.insert(real));
        if !is_new || self.all.len() > MAX_FOLDERS {
            return;
        }
        let names = scan.list(folder);
        let is_left_out = |name: &[u8]| {
            PLUGINS.contains(&name) || LANGUAGES.iter().any(|language| name.starts_with(language))
        };
        let mut deeper = Vec::new();
        for listed in names.iter().filter(|_| depth > 0) {
            if listed.file_type == FileType::Directory && !is_left_out(listed.name.as_bytes()) {
                deeper.push(folder.join(&listed.name));
            }
        }
        self.all.push(Place {
            folder: folder.to_owned(),
            names,
        });
        for folder in deeper {
            self.add(scan, &folder, depth - 1);
        }
    }
}

pub(crate) fn collect(scan: &mut Scan<'_>, places: &[Place]) -> Result<()> {
    let listed: HashSet<&Path> = places.iter().map(|place| &*place.folder).collect();
    for place in places {
        let files = place
            .names
            .iter()
            .filter(|listed| listed.file_type != FileType::Directory);
        let elsewhere =
            |name: &[u8]| name.starts_with(NAME_SERVICE) && !place.folder.starts_with("/usr/local");
        for file in files.filter(|file| is_library(file.name.as_bytes()) && !elsewhere(file.name.as_bytes()))
        {
            library(scan, &place.folder.join(&file.name), &listed)?;
        }
    }
    Ok(())
}

/// `libc.so.6` and `libc.so-old`; the linker has other names too.
fn is_library(name: &[u8]) -> bool {
    is_linker(name) || name.windows(3).any(|part| part == b".so")
}

/// The linker and the C library, with copies that somebody keeps: `ld-linux-x86-64.so.2.bak`.
fn is_linker(name: &[u8]) -> bool {
    let begins =
        |with: &[u8]| name.starts_with(with) || name.strip_prefix(b".").is_some_and(|n| n.starts_with(with));
    begins(b"ld-linux")
        || begins(b"ld-musl")
        || begins(b"ld.so")
        || begins(b"ld64.so")
        || begins(b"libc.so")
        || begins(b"libc-2.")
}

fn library(scan: &mut Scan<'_>, path: &Path, listed: &HashSet<&Path>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let kind = if is_linker(name) {
        "dynamic_linker"
    } else {
        "shared_library"
    };
    let Some(own) = scan.own_program(kind, path) else {
        return Ok(());
    };
    let mut entry: Entry = own.entry;
    // What a link leads to, in a folder that is looked at, has an entry of its own.
    if entry.fields.contains_key("link_target") {
        let known = |program: &Text| {
            let program = program.as_path();
            let name = program.file_name().unwrap_or_default().as_bytes();
            is_library(name) && program.parent().is_some_and(|folder| listed.contains(folder))
        };
        entry.programs.retain(|program| !known(program));
    }
    scan.entry(entry)
}
