//! Alarms of calendars that open a file.

use crate::parse::calendar::{self, Alarm};
use assay_sdk::{Entry, FileType, GapReason, Keys, Result, Scan, Text, bookmark};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["~/Library/Calendars/{,*/}*.calendar/Events/*.ics"];

/// An event with a long list of guests: some 100 KB.
const LIMIT: u64 = 4 << 20;
/// Events of one home; a calendar of ten years has some ten thousand.
const MAX_EVENTS: usize = 100_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        let mut events = 0;
        for folder in calendars(scan, &home.path.join("Library/Calendars"), 1) {
            for path in scan.files(&folder.join("Events"), |name| ends(name, b".ics")) {
                events += 1;
                if events > MAX_EVENTS {
                    scan.gap(
                        &folder,
                        GapReason::TooBig,
                        &format!("more than {MAX_EVENTS} events"),
                    )?;
                    return Ok(());
                }
                event(scan, &path)?;
            }
        }
    }
    Ok(())
}

/// The calendars in a folder, and in those of accounts in it.
fn calendars(scan: &mut Scan<'_>, folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for listed in scan.list(folder) {
        let path = folder.join(&listed.name);
        if listed.file_type != FileType::Directory {
            continue;
        }
        if ends(listed.name.as_bytes(), b".calendar") {
            found.push(path);
        } else if depth > 0 {
            found.append(&mut calendars(scan, &path, depth - 1));
        }
    }
    found
}

fn ends(name: &[u8], ending: &[u8]) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}

fn event(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let bytes = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(bytes)) => bytes,
        Some(Err(why)) => return scan.entry(Entry::new("calendar_alarm", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    for alarm in calendar::alarms(&bytes) {
        let key = [alarm.uid.as_bytes(), b" in ", path.as_os_str().as_bytes()].concat();
        let programs = alarm.target.as_deref().map(|target| programs(scan, path, target));
        let Alarm {
            action,
            target,
            trigger,
            start,
            repeats,
            summary,
            ..
        } = alarm;
        let entry = Entry::new("calendar_alarm", keys.unique(key.into()), path)
            .maybe("action", action)
            .maybe("target", target)
            .maybe("trigger", trigger)
            .maybe("start", start)
            .maybe("repeats", repeats)
            .maybe("summary", summary)
            .programs(programs.unwrap_or_default());
        scan.entry(entry)?;
    }
    Ok(())
}

/// What opening a file starts, which an event names: of an application its program.
fn programs(scan: &mut Scan<'_>, event: &Path, target: &str) -> Vec<Text> {
    let Some(path) = bookmark::of_url(target) else {
        return Vec::new();
    };
    scan.begin_named_by(event);
    let program = scan.bundle(path.as_path()).and_then(|bundle| bundle.program);
    scan.end_named_by();
    match program {
        Some(program) => vec![program],
        None => scan.programs().argv(&[path]),
    }
}
