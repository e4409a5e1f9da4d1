//! Linux: programs of packages, of administrators and of users, and the rights that files give.

use crate::kinds;
use crate::parse;
use crate::walk::{File, Found, Walk};
use assay_sdk::{Entry, Result, Scan, Text, Value};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/usr,/usr/local,}/{bin,sbin}/*",
    "/usr/{,local/}games/*",
    "/usr/{,local/}libexec/**",
    "/usr/lib/{*,*/*,*/*/*}",
    "/opt/**",
    "~/{bin,.local/bin,.cargo/bin,go/bin,.npm-global/bin}/*",
];

/// Folders that packages fill, and how many levels of folders below them hold programs. Links among them are seen once.
const SYSTEM: &[(&str, usize)] = &[
    ("/usr/bin", 1),
    ("/usr/sbin", 0),
    ("/bin", 0),
    ("/sbin", 0),
    ("/usr/games", 0),
    ("/usr/libexec", 4),
    ("/usr/lib", 2),
    ("/usr/lib64", 1),
    ("/lib", 2),
];
/// Folders of those that somebody added. Of `/` only what lies there itself.
const LOCAL: &[(&str, usize)] = &[
    ("/usr/local/sbin", 0),
    ("/usr/local/bin", 0),
    ("/usr/local/games", 0),
    ("/usr/local/libexec", 2),
    ("/opt", 4),
    ("/snap/bin", 0),
    ("/", 0),
];
/// The same in homes.
const OF_USERS: &[&str] = &["bin", ".local/bin", ".cargo/bin", "go/bin", ".npm-global/bin"];
/// Below `/usr/lib`: files for one language, one kernel or one device, which nobody starts.
const NO_PROGRAMS: &[&[u8]] = &[
    b"python",
    b"perl",
    b"ruby",
    b"node_modules",
    b"modules",
    b"firmware",
    b"debug",
    b"locale",
    b"pkgconfig",
    b"cmake",
];

/// Hooks lie among programs, and are listed as what they are by the lists of what runs them.
const HOOKS: &[&str] = &[
    "/usr/lib/apt",
    "/usr/lib/initcpio",
    "/usr/lib/update-notifier",
    "/usr/libexec/dhcpcd-hooks",
    "/usr/local/sbin/adduser.local",
    "/usr/sbin/dhclient-script",
    "/usr/sbin/ifdown-local",
    "/usr/sbin/ifup-local",
    "/usr/sbin/ifup-pre-local",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut walk = Walk::default();
    let (mut system, mut local) = (Found::default(), Found::default());
    let skip = |name: &[u8]| NO_PROGRAMS.iter().any(|begin| name.starts_with(begin));
    for (folder, levels) in SYSTEM {
        walk.add(scan, Path::new(folder), *levels, &skip, &mut system)?;
    }
    for folder in local_folders(scan) {
        walk.add(scan, &folder.0, folder.1, &skip, &mut local)?;
    }
    let names = names(&system);
    for file in system.files.iter().chain(&local.files) {
        rights(scan, file)?;
    }
    let files = system
        .files
        .iter()
        .chain(&local.files)
        .filter(|file| is_program(file));
    let listed: HashSet<Text> = files.map(|file| file.path.as_path().into()).collect();
    programs(scan, &system, &listed, &|_| ("system_program", None))?;
    programs(scan, &local, &listed, &|path| match path
        .file_name()
        .filter(|_| is_in_path(path))
        .and_then(|name| names.get(name))
    {
        Some(hidden) => ("shadowing_program", Some(hidden)),
        None => ("local_program", None),
    })
}

fn local_folders(scan: &mut Scan<'_>) -> Vec<(PathBuf, usize)> {
    let mut folders: Vec<(PathBuf, usize)> = LOCAL
        .iter()
        .map(|(folder, levels)| (folder.into(), *levels))
        .collect();
    for home in scan.homes() {
        folders.extend(OF_USERS.iter().map(|folder| (home.path.join(folder), 0)));
    }
    folders
}

/// The names under which programs of the system are started, and what they start.
fn names(system: &Found) -> BTreeMap<OsString, PathBuf> {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/games"].map(Path::new);
    let files = system
        .files
        .iter()
        .filter(|file| file.is_executable())
        .map(|file| &file.path);
    let started = files
        .chain(&system.links)
        .filter(|path| path.parent().is_some_and(|folder| folders.contains(&folder)));
    started
        .filter_map(|path| Some((path.file_name()?.to_owned(), path.clone())))
        .collect()
}

/// Whether a shell may look there.
fn is_in_path(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    folder.is_some_and(|name| name == "bin" || name == "sbin" || name == "games")
}

/// Some systems give libraries the bits of programs.
fn is_program(file: &File) -> bool {
    let name = file.path.file_name().unwrap_or_default().as_bytes();
    let is_library = name.ends_with(b".so") || name.windows(4).any(|part| part == b".so.");
    file.is_executable()
        && !is_library
        && holds_programs(&file.path)
        && !HOOKS.iter().any(|hook| file.path.starts_with(hook))
}

/// Deep in folders of libraries and of vendors lie plug-ins and hooks of what is there; programs lie at the top, in the
/// folder of a package, or in a folder of their own.
fn holds_programs(path: &Path) -> bool {
    if let Ok(below) = path.strip_prefix("/opt") {
        return is_in_path(path) || below.components().count() == 1;
    }
    let below = ["/usr/libexec", "/usr/lib", "/usr/lib64", "/lib"];
    let Some(below) = below.iter().find_map(|folder| path.strip_prefix(folder).ok()) else {
        return true;
    };
    let first = below
        .components()
        .next()
        .map(|first| first.as_os_str().as_bytes());
    let of_processor = first.is_some_and(|name| name.windows(7).any(|part| part == b"-linux-"));
    is_in_path(path) || below.components().count() <= if of_processor { 3 } else { 2 }
}

/// What a file gives to whoever runs it.
fn rights(scan: &mut Scan<'_>, file: &File) -> Result<()> {
    if file.is_setid() {
        scan.entry(kinds::setid(file))?;
    }
    if !file.is_executable() {
        return Ok(());
    }
    let Some(bytes) = scan.attribute(&file.path, "security.capability") else {
        return Ok(());
    };
    let entry = Entry::new("file_capability", file.path.as_path(), &file.path);
    let entry = match parse::capability(&bytes) {
        Some(read) => entry
            .field("capabilities", read.capabilities.into_iter().collect::<Value>())
            .maybe("root_user", read.root_user.map(i64::from)),
        None => entry.unparsable("its capability is of no known form"),
    };
    scan.entry(entry.programs(vec![file.path.as_path().into()]))
}

/// A kind, and the system program that one of the kind hides.
type KindOf<'a> = dyn Fn(&Path) -> (&'static str, Option<&'a PathBuf>) + 'a;

/// Lists programs, and the links by which they have other names. What a link leads to is only named by the link when it
/// is not `listed` itself.
fn programs(scan: &mut Scan<'_>, found: &Found, listed: &HashSet<Text>, kind_of: &KindOf<'_>) -> Result<()> {
    for file in found.files.iter().filter(|file| is_program(file)) {
        let (kind, hidden) = kind_of(&file.path);
        let entry =
            Entry::new(kind, file.path.as_path(), &file.path).maybe("hides", hidden.map(PathBuf::as_path));
        scan.entry(entry.programs(vec![file.path.as_path().into()]))?;
    }
    for path in found.links.iter().filter(|path| is_in_path(path)) {
        let (kind, hidden) = kind_of(path);
        if let Some(own) = scan.own_program(kind, path) {
            let mut entry = own.entry.maybe("hides", hidden.map(PathBuf::as_path));
            entry.programs.retain(|program| !listed.contains(program));
            scan.entry(entry)?;
        }
    }
    Ok(())
}
