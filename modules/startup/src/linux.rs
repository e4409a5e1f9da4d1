//! Linux: `rc.local`, SysV and OpenRC scripts, their links, and `inittab`.

use crate::parse;
use assay_sdk::{Entry, FileType, Keys, Last, OwnProgram, Result, Scan, Text};
use std::collections::HashSet;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/rc.*",
    "/etc/initscript",
    "/etc/init.d/**",
    "/etc/local.d/*",
    "/etc/rc.d/**",
    "/etc/rc?.d/*",
    "/etc/runlevels/*/*",
    "/etc/inittab",
    "/etc/inittab.d/*.tab",
];

/// Run only with an execute bit, wherever they are still run.
const RC_SCRIPTS: &[&str] = &[
    "/etc/rc.local",
    "/etc/rc.local.shutdown",
    "/etc/rc.shutdown",
    "/etc/rc.firewall",
];
/// Read by a shell, with or without an execute bit: `initscript` wraps every process of inittab.
const SOURCED: [&str; 2] = ["/etc/rc.common", "/etc/initscript"];
const INITTAB_LIMIT: u64 = 1 << 20;
/// An LSB header stands at the top; no script is read beyond this.
const HEADER_BYTES: u64 = 64 << 10;
/// What insserv writes beside the scripts at every package upgrade; nothing runs it.
const GENERATED: &[&str] = &[".depend.boot", ".depend.start", ".depend.stop"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut known = HashSet::new();
    rc_scripts(scan, &mut known)?;
    sysv_scripts(scan, &mut known)?;
    sysv_links(scan, &known)?;
    inittab(scan)
}

fn rc_scripts(scan: &mut Scan<'_>, known: &mut HashSet<Text>) -> Result<()> {
    let mut paths: Vec<PathBuf> = RC_SCRIPTS.iter().map(PathBuf::from).collect();
    // Slackware has rc.S, rc.M and more there, RHEL rc.local.
    paths.extend(scan.files(Path::new("/etc/rc.d"), |name| name.starts_with(b"rc.")));
    let local = |name: &[u8]| name.ends_with(b".start") || name.ends_with(b".stop");
    paths.extend(scan.files(Path::new("/etc/local.d"), local));
    for own in once(scan, "rc_script", &paths, known) {
        scan.entry(inert_unless_executable(own))?;
    }
    let sourced = SOURCED.map(PathBuf::from);
    for own in once(scan, "rc_script", &sourced, known) {
        scan.entry(own.entry)?;
    }
    Ok(())
}

fn sysv_scripts(scan: &mut Scan<'_>, known: &mut HashSet<Text>) -> Result<()> {
    for folder in folders(scan, ["/etc/init.d", "/etc/rc.d/init.d"].map(PathBuf::from)) {
        let scripts = scan.files(&folder, |name| !GENERATED.iter().any(|g| g.as_bytes() == name));
        // SUSE's boot.local and its like are sourced by the boot script.
        let (local, scripts): (Vec<_>, Vec<_>) = scripts
            .into_iter()
            .partition(|path| path.extension().is_some_and(|e| e == "local"));
        for own in once(scan, "rc_script", &local, known) {
            scan.entry(own.entry)?;
        }
        for own in once(scan, "sysv_script", &scripts, known) {
            let header = own
                .entry
                .programs
                .first()
                .map(|program| head(scan, program.as_path()));
            let header = parse::lsb_header(&header.unwrap_or_default());
            let entry = inert_unless_executable(own)
                .maybe("provides", header.provides)
                .maybe("default_start", header.default_start)
                .maybe("description", header.description);
            scan.entry(entry)?;
        }
    }
    Ok(())
}

/// The links of every run level. The script that a link leads to is watched as `sysv_script`, so that its change
/// is one alert and not one a run level; only what lies elsewhere is named as the link's own program.
fn sysv_links(scan: &mut Scan<'_>, scripts: &HashSet<Text>) -> Result<()> {
    let mut paths = Vec::new();
    for level in ["0", "1", "2", "3", "4", "5", "6", "S"] {
        for parent in ["/etc", "/etc/rc.d", "/etc/init.d"] {
            paths.push(PathBuf::from(format!("{parent}/rc{level}.d")));
        }
    }
    paths.push("/etc/init.d/boot.d".into());
    let openrc = Path::new("/etc/runlevels");
    let levels = scan
        .list(openrc)
        .into_iter()
        .filter(|l| l.file_type == FileType::Directory);
    paths.extend(levels.map(|level| openrc.join(level.name)));

    for folder in folders(scan, paths) {
        for path in scan.files(&folder, |name| name != b"README") {
            let Some(OwnProgram { mut entry, .. }) = scan.own_program("sysv_link", &path) else {
                continue;
            };
            if entry.unparsable.is_none() && !entry.fields.contains_key("link_target") {
                entry = entry.field("regular_file", true);
            }
            entry.programs.retain(|program| !scripts.contains(program));
            scan.entry(entry)?;
        }
    }
    Ok(())
}

fn inittab(scan: &mut Scan<'_>) -> Result<()> {
    let main = Path::new("/etc/inittab");
    let mut tables = vec![main.to_owned()];
    tables.extend(scan.files(Path::new("/etc/inittab.d"), |name| name.ends_with(b".tab")));
    let mut keys = Keys::default();
    for table in tables {
        let text = match scan.content(&table, INITTAB_LIMIT) {
            None => continue,
            Some(Ok(text)) => text,
            Some(Err(why)) => {
                scan.entry(Entry::new("inittab_line", table.as_path(), &table).unparsable(why))?;
                continue;
            }
        };
        for line in parse::inittab(&text) {
            let mut key = line.key();
            if table != main {
                key = [key.as_bytes(), b" (", table.as_os_str().as_bytes(), b")"]
                    .concat()
                    .into();
            }
            let programs = scan.programs().shell(line.command());
            let entry = Entry::new("inittab_line", keys.unique(key), &table)
                .maybe("runlevels", not_empty(line.runlevels))
                .field("action", line.action)
                .maybe("process", not_empty(line.process))
                .programs(programs);
            scan.entry(entry)?;
        }
    }
    Ok(())
}

fn not_empty(text: &[u8]) -> Option<&[u8]> {
    (!text.is_empty()).then_some(text)
}

/// Entries for files that run themselves, one a file: a link to a file that has its entry adds nothing.
fn once(scan: &mut Scan<'_>, kind: &str, paths: &[PathBuf], known: &mut HashSet<Text>) -> Vec<OwnProgram> {
    let found = paths.iter().filter_map(|path| scan.own_program(kind, path));
    let (links, files): (Vec<_>, Vec<_>) =
        found.partition(|own: &OwnProgram| own.entry.fields.contains_key("link_target"));
    let mut all = files;
    all.extend(links);
    all.retain(|own| {
        own.entry
            .programs
            .iter()
            .all(|program| known.insert(program.clone()))
    });
    all
}

fn inert_unless_executable(own: OwnProgram) -> Entry {
    let inert = own.entry.unparsable.is_none() && !own.executable;
    own.entry.maybe("inert", inert.then_some(true))
}

/// Those folders that are there, each once: on RHEL `/etc/init.d` is a link to `rc.d/init.d`.
fn folders(scan: &mut Scan<'_>, names: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut real = HashSet::new();
    let mut folders: Vec<PathBuf> = names.into_iter().collect();
    folders.retain(|folder| {
        let canonical = scan.root().canonical(folder);
        scan.or_gap(canonical).is_some_and(|folder| real.insert(folder))
    });
    folders
}

/// The beginning of a script, to which only links of root's lead. What keeps it from being read keeps the core from
/// measuring it, which says so.
fn head(scan: &Scan<'_>, path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok((file, _)) = scan.root().open_file(path, Last::Keep) {
        // What came before an error is still the beginning.
        _ = file.take(HEADER_BYTES).read_to_end(&mut head);
    }
    head
}
