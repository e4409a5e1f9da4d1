//! Entries of folders whose scripts run once a period, and of the periodic.conf that adds to them on macOS.

use crate::conf;
use crate::lister::Lister;
use crate::places::{LOCAL_PERIODIC, PERIODIC_CONFS, PERIODS, Places, Runner};
use assay_sdk::{Entry, FileType, Last, Os, OwnProgram, Result, Scan, Text, secrets};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const CONF_LIMIT: u64 = 1 << 20;
/// Code that is longer is watched by the bytes of its file.
const CODE_LIMIT: usize = 32 << 10;
const SETTINGS_LIMIT: usize = 10_000;
/// A conf names further ones; three are usual.
const CONFS_LIMIT: usize = 16;

pub(crate) fn list(lister: &mut Lister<'_, '_>, places: &Places) -> Result<()> {
    for folder in places.script_folders {
        scripts(lister, Path::new(folder.path), folder.period, folder.runner)?;
    }
    if lister.scan.os() == Os::Macos {
        let mut locals = BTreeSet::from([PathBuf::from(LOCAL_PERIODIC)]);
        confs(lister, &mut locals)?;
        for local in locals {
            for period in PERIODS {
                scripts(lister, &local.join(period), period, Runner::Periodic)?;
            }
        }
    }
    Ok(())
}

/// The scripts of a folder; on macOS `/etc/daily.local` may be one itself.
fn scripts(lister: &mut Lister<'_, '_>, place: &Path, period: &'static str, runner: Runner) -> Result<()> {
    if !lister.is_new(period, place) {
        return Ok(());
    }
    if runner == Runner::Shell {
        let found = lister.scan.root().stat(place, Last::Follow);
        let found = lister.scan.or_gap(found).flatten();
        if found.is_none_or(|stat| FileType::from_raw_mode(stat.st_mode) != FileType::Directory) {
            return script(lister, place, period, runner);
        }
    }
    for listed in lister.scan.list(place) {
        if listed.file_type != FileType::Directory {
            script(lister, &place.join(&listed.name), period, runner)?;
        }
    }
    Ok(())
}

fn script(lister: &mut Lister<'_, '_>, path: &Path, period: &str, runner: Runner) -> Result<()> {
    let Some(own) = lister.scan.own_program("cron_script", path) else {
        return Ok(());
    };
    let inert = why_inert(lister, path, &own, runner);
    lister
        .scan
        .entry(own.entry.field("period", period).maybe("inert", inert))
}

fn why_inert(lister: &Lister<'_, '_>, path: &Path, own: &OwnProgram, runner: Runner) -> Option<&'static str> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let ignored = match runner {
        Runner::Nobody => return Some("macOS does not read this folder"),
        Runner::Shell => return None,
        Runner::RunParts if lister.run_parts_ignores(name) => Some("run-parts ignores files of such a name"),
        Runner::Periodic if name.starts_with(b".") => Some("periodic ignores hidden files"),
        _ => None,
    };
    ignored
        .or_else(|| (!own.executable).then_some("not executable"))
        .or_else(|| {
            let linked = runner == Runner::Periodic && has_hard_links(lister.scan, own);
            linked.then_some("periodic ignores files with hard links")
        })
}

/// Since macOS 11.5 a script that has a second name is not run.
fn has_hard_links(scan: &Scan<'_>, own: &OwnProgram) -> bool {
    let stat = own
        .entry
        .programs
        .first()
        .map(|program| scan.root().stat(program.as_path(), Last::Keep));
    matches!(stat, Some(Ok(Some(stat))) if stat.st_nlink > 1)
}

/// The settings and the code of every periodic.conf, those included that a setting names. Folders of further
/// scripts are added to `locals`.
fn confs(lister: &mut Lister<'_, '_>, locals: &mut BTreeSet<PathBuf>) -> Result<()> {
    let mut confs: Vec<PathBuf> = PERIODIC_CONFS.iter().map(PathBuf::from).collect();
    let mut next = 0;
    while let Some(path) = confs.get(next).cloned() {
        next += 1;
        if !lister.is_new("conf", &path) {
            continue;
        }
        for (name, value) in conf(lister, &path)? {
            let paths = absolute_paths(&value).map(PathBuf::from);
            match name.as_slice() {
                b"local_periodic" => locals.extend(paths),
                b"periodic_conf_files" if confs.len() < CONFS_LIMIT => confs.extend(paths),
                _ => {}
            }
        }
        confs.truncate(CONFS_LIMIT);
    }
    Ok(())
}

fn conf(lister: &mut Lister<'_, '_>, path: &Path) -> Result<Vec<(Vec<u8>, Text)>> {
    let target = lister.scan.root().read_link(path).ok();
    let code = Entry::new("periodic_code", path, path).maybe("link_target", target.as_deref());
    let conf = match lister.scan.content(path, CONF_LIMIT) {
        Some(Ok(text)) => conf::parse(&text),
        Some(Err(why)) => {
            lister.scan.entry(code.unparsable(why))?;
            return Ok(Vec::new());
        }
        None => return Ok(Vec::new()),
    };
    for (name, value) in conf.settings.iter().take(SETTINGS_LIMIT) {
        let key = [path.as_os_str().as_bytes(), b": ", name].concat();
        let key = lister.keys.unique(key.into());
        let files = absolute_paths(value).filter(|_| name.ends_with(b"_local"));
        let programs = files
            .flat_map(|file| lister.scan.programs().argv(&[file.into()]))
            .collect();
        let shown: Text = if secrets::is_secret_variable(name) {
            secrets::HIDDEN.into()
        } else {
            value.clone()
        };
        let entry = Entry::new("periodic_setting", key, path)
            .maybe("link_target", target.as_deref())
            .field("value", shown)
            .programs(programs);
        lister.scan.entry(entry)?;
    }
    if conf.code.len() > CODE_LIMIT || conf.settings.len() > SETTINGS_LIMIT {
        lister.scan.entry(code.unparsable("more than can be listed"))?;
    } else if !conf.code.is_empty() {
        let programs = lister.scan.programs().shell(&conf.code);
        lister
            .scan
            .entry(code.field("code", conf.code).programs(programs))?;
    }
    Ok(conf.settings)
}

fn absolute_paths(value: &Text) -> impl Iterator<Item = &Path> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace);
    words
        .filter(|word| word.starts_with(b"/"))
        .map(|word| Path::new(OsStr::from_bytes(word)))
}
