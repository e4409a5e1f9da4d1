//! Linux: what is loaded at boot, and how modprobe and depmod are told to go about it.

use crate::parse;
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/etc,/run,/usr/local/lib,/usr/lib,/lib}/{modules-load.d,modprobe.d,depmod.d}/*",
    "/etc/{modules,rc.modules,modprobe.conf}",
    "/etc/sysconfig/{kernel,modules/*}",
];

/// Where each kind of settings folder may be; a file hides those of the same name further on.
const PREFIXES: &[&str] = &["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
const LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    boot_modules(scan)?;
    suse_boot_modules(scan)?;
    boot_scripts(scan)?;
    directives(scan)
}

fn boot_modules(scan: &mut Scan<'_>) -> Result<()> {
    // Debian's `modules-load.d/modules.conf` is a link to this file, which is therefore read first.
    let mut paths = vec![PathBuf::from("/etc/modules")];
    paths.extend(settings(scan, "modules-load.d", &[b".conf"]));
    for (path, text) in each_once(scan, "kernel_module_load", paths)? {
        let mut keys = Keys::default();
        for line in parse::boot_modules(&text) {
            let key = keys.unique(key(&[&line.name], &path));
            let entry = Entry::new("kernel_module_load", key, &path).maybe("options", line.options);
            scan.entry(entry)?;
        }
    }
    Ok(())
}

fn suse_boot_modules(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new("/etc/sysconfig/kernel");
    let Some(text) = scan.read(path, LIMIT) else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for name in parse::suse_boot_modules(&text) {
        let key = keys.unique(key(&[&name], path));
        scan.entry(Entry::new("kernel_module_load", key, path))?;
    }
    Ok(())
}

fn boot_scripts(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/rc.modules")];
    paths.extend(scan.files(Path::new("/etc/sysconfig/modules"), |name| {
        name.ends_with(b".modules")
    }));
    for path in paths {
        if let Some(own) = scan.own_program("kernel_module_script", &path) {
            let inert = own.entry.unparsable.is_none() && !own.executable;
            scan.entry(own.entry.maybe("inert", inert.then_some(true)))?;
        }
    }
    Ok(())
}

fn directives(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/modprobe.conf")];
    paths.extend(settings(scan, "modprobe.d", &[b".conf", b".alias"]));
    paths.extend(settings(scan, "depmod.d", &[b".conf"]));
    for (path, text) in each_once(scan, "modprobe_directive", paths)? {
        let mut keys = Keys::default();
        for directive in parse::directives(&text) {
            let programs = match directive.command() {
                Some(command) => scan.programs().shell(command),
                None => Vec::new(),
            };
            let key = keys.unique(key(&[&directive.name, &directive.subject], &path));
            let value = (!directive.value.is_empty()).then_some(directive.value);
            let entry = Entry::new("modprobe_directive", key, &path).maybe("value", value);
            scan.entry(entry.programs(programs))?;
        }
    }
    Ok(())
}

/// The files of every folder of that name.
fn settings(scan: &mut Scan<'_>, folder: &str, endings: &[&[u8]]) -> Vec<PathBuf> {
    let mut real = HashSet::new();
    let mut paths = Vec::new();
    for prefix in PREFIXES {
        let folder = Path::new(prefix).join(folder);
        let canonical = scan.root().canonical(&folder);
        if scan
            .or_gap(canonical)
            .is_some_and(|canonical| real.insert(canonical))
        {
            paths.extend(scan.files(&folder, |name| {
                endings.iter().any(|ending| name.ends_with(ending))
            }));
        }
    }
    paths
}

/// What those files hold, each file once whatever links lead to it; a mask, or what is no file, is an entry of `kind`.
fn each_once(scan: &mut Scan<'_>, kind: &str, paths: Vec<PathBuf>) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut real = HashSet::new();
    let mut files = Vec::new();
    for path in paths {
        let entry = Entry::new(kind, path.as_path(), &path);
        let target = scan.root().read_link(&path).ok();
        if target.as_deref() == Some(Path::new("/dev/null")) {
            scan.entry(entry.field("mask", true))?;
            continue;
        }
        if scan
            .root()
            .canonical(&path)
            .is_ok_and(|canonical| !real.insert(canonical))
        {
            continue;
        }
        match scan.content(&path, LIMIT) {
            Some(Ok(text)) => files.push((path, text)),
            Some(Err(why)) => scan.entry(entry.maybe("link_target", target.as_deref()).unparsable(why))?,
            None => {}
        }
    }
    Ok(files)
}

/// `words (file)`: the same line in two files is two entries.
fn key(words: &[&[u8]], path: &Path) -> Text {
    let words: Vec<&[u8]> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    [&words.join(&b' '), &b" ("[..], path.as_os_str().as_bytes(), b")"]
        .concat()
        .into()
}
