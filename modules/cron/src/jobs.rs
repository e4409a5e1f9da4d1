//! Entries of at(1) jobs.

use crate::at::{self, AtName};
use crate::lister::Lister;
use crate::places::Places;
use assay_sdk::{Entry, FileType, Last, Result};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A job holds an environment, which the system keeps below a few megabytes, and what was piped into at(1).
const SCRIPT_LIMIT: u64 = 4 << 20;
/// The bytes of a job are watched, so that the command needs to be shown only as far as people read.
const COMMAND_LIMIT: usize = 16 << 10;

pub(crate) fn list(lister: &mut Lister<'_, '_>, places: &Places) -> Result<()> {
    for spool in places.at_spools.iter().map(Path::new) {
        if !lister.is_new("at", spool) {
            continue;
        }
        let listed = lister.scan.list(spool);
        let waiting: HashSet<(u32, u32)> = listed
            .iter()
            .filter_map(|listed| AtName::parse(listed.name.as_bytes()))
            .filter(|name| name.queue != b'=')
            .map(|name| (name.number, name.due))
            .collect();
        for file in listed {
            let bytes = file.name.as_bytes();
            // The counter and the lock of at(1) itself.
            if file.file_type == FileType::Directory || bytes.starts_with(b".") {
                continue;
            }
            let name = AtName::parse(bytes);
            // atd links a job to a second name as it starts it.
            if name.is_some_and(|name| name.queue == b'=' && waiting.contains(&(name.number, name.due))) {
                continue;
            }
            job(lister, spool, &spool.join(&file.name), name)?;
        }
    }
    Ok(())
}

fn job(lister: &mut Lister<'_, '_>, spool: &Path, path: &Path, name: Option<AtName>) -> Result<()> {
    let Some(text) = lister.scan.content(path, SCRIPT_LIMIT) else {
        return Ok(());
    };
    let target = lister.scan.root().read_link(path).ok();
    let entry = match name {
        Some(name) => {
            let id = format!(": job {} due {}", name.number, name.due_time());
            let key = [spool.as_os_str().as_bytes(), id.as_bytes()].concat();
            let queue = char::from(name.queue).to_string();
            Entry::new("at_job", lister.keys.unique(key.into()), path)
                .field("due", name.due_time())
                .field("queue", queue)
        }
        None => Entry::new("at_job", path, path),
    };
    let entry = entry.maybe("link_target", target.as_deref());
    let text = match text {
        Ok(text) => text,
        Err(why) => return lister.scan.entry(entry.unparsable(why)),
    };
    let stat = lister.scan.root().stat(path, Last::Follow);
    let complete = !matches!(stat, Ok(Some(stat)) if stat.st_mode & 0o100 == 0);
    let inert = match name {
        None => Some("not the name of a job"),
        // at(1) makes the file executable when it has written all of it.
        Some(_) => (!complete).then_some("not executable"),
    };
    let entry = entry.maybe("inert", inert);
    let Some(script) = at::script(&text) else {
        // No command is shown, lest it be the environment; which files it names tells no secret.
        let programs = lister.scan.programs().shell(&text);
        let entry = entry.programs(programs).unparsable("not written by at(1)");
        return lister.scan.entry(entry);
    };
    let folder = Path::new(OsStr::from_bytes(&script.folder));
    let finder = lister.scan.programs();
    let finder = if folder.is_absolute() {
        finder.folder(folder)
    } else {
        finder
    };
    let programs = finder.shell(&script.command);
    let shown = script.command.get(..COMMAND_LIMIT).unwrap_or(&script.command);
    let entry = entry
        .maybe("uid", script.uid)
        .maybe("gid", script.gid)
        .maybe("odd_header", script.odd_header.then_some(true))
        .field("folder", folder)
        .field("command", shown)
        .programs(programs);
    lister.scan.entry(entry)
}
