//! Puts the things of a scenario into a root.

use super::data::{Thing, Things, What};
use assay_tests::Scratch;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Puts everything where it belongs, in place of what was there.
pub(super) fn put(scratch: &Scratch, things: &Things) -> Result<(), String> {
    for (path, thing) in things {
        let host = scratch.host(path);
        write(&host, thing).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn write(host: &Path, thing: &Thing) -> Outcome {
    // A database is changed where it stands, and a mode where its file does.
    if !matches!(thing.what, None | Some(What::Sqlite(_))) {
        remove(host);
    }
    fs::create_dir_all(host.parent().ok_or("the root itself")?)?;
    let mut mode = thing.mode;
    match &thing.what {
        None => {}
        Some(What::Gone) => return Ok(()),
        Some(What::Link(target)) => symlink(target, host)?,
        Some(What::Folder) => fs::create_dir(host)?,
        Some(What::Sqlite(statements)) => rusqlite::Connection::open(host)?.execute_batch(statements)?,
        Some(What::Plist(xml)) => write_plist(host, xml)?,
        Some(What::File(bytes)) => fs::write(host, bytes)?,
        Some(What::Script(bytes)) => {
            fs::write(host, bytes)?;
            mode = mode.or(Some(0o755));
        }
    }
    if matches!(thing.what, Some(What::Link(_))) {
        return Ok(());
    }
    if thing.owner.is_some() || thing.group.is_some() {
        chown(host, thing.owner, thing.group)?;
    }
    // The umask of whoever runs the tests must not count, and chown takes set-id bits away.
    let is_file = fs::metadata(host)?.is_file();
    let new = thing.what.is_some();
    if let Some(mode) = mode.or(new.then_some(if is_file { 0o644 } else { 0o755 })) {
        fs::set_permissions(host, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// What is not there is gone already.
fn remove(host: &Path) {
    if fs::symlink_metadata(host).is_ok_and(|there| there.is_dir()) {
        fs::remove_dir_all(host).unwrap();
    } else {
        drop(fs::remove_file(host));
    }
}

/// As macOS writes most of them.
fn write_plist(host: &Path, xml: &str) -> Outcome {
    let value = plist::Value::from_reader_xml(whole(xml).as_bytes())?;
    Ok(with_uids(value).to_file_binary(host)?)
}

/// XML can say a UID, with which an archive names its objects, only as a dictionary.
fn with_uids(value: plist::Value) -> plist::Value {
    use plist::Value;
    match value {
        Value::Dictionary(dictionary) => {
            let uid = dictionary.get("CF$UID").and_then(Value::as_unsigned_integer);
            if let (Some(uid), 1) = (uid, dictionary.len()) {
                return Value::Uid(plist::Uid::new(uid));
            }
            let members = dictionary.into_iter().map(|(key, value)| (key, with_uids(value)));
            Value::Dictionary(members.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(with_uids).collect()),
        other => other,
    }
}

fn whole(xml: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n{xml}\n</plist>\n")
}

/// Writes each of the things again, as an editor does: another file with the same bytes and other times takes the
/// place of the old one. Property lists are written in their other form.
pub(super) fn write_again(scratch: &Scratch, things: &Things) {
    let new = scratch.path("new");
    for (path, thing) in things {
        let host = scratch.host(path);
        let Ok(there) = fs::symlink_metadata(&host) else {
            continue;
        };
        if !there.is_file() {
            continue;
        }
        match &thing.what {
            Some(What::Plist(xml)) => fs::write(&new, whole(xml)).unwrap(),
            _ => _ = fs::copy(&host, &new).unwrap(),
        }
        chown(&new, Some(there.uid()), Some(there.gid())).unwrap();
        fs::set_permissions(&new, there.permissions()).unwrap();
        let file = fs::File::options().append(true).open(&new).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
        fs::rename(&new, &host).unwrap();
    }
}

/// What a change is about to replace.
pub(super) struct Kept(Vec<(PathBuf, Was)>);

enum Was {
    File(Vec<u8>, fs::Metadata),
    Link(PathBuf),
    Nothing,
}

impl Kept {
    pub(super) fn of(scratch: &Scratch, things: &Things) -> Self {
        let keep = |path: &String| {
            let host = scratch.host(path);
            let was = match fs::symlink_metadata(&host) {
                Ok(there) if there.is_file() => Was::File(fs::read(&host).unwrap(), there),
                Ok(there) if there.is_symlink() => Was::Link(fs::read_link(&host).unwrap()),
                Ok(_) => panic!("{path}: a silent change may not replace a folder"),
                Err(_) => Was::Nothing,
            };
            (host, was)
        };
        Self(things.keys().map(keep).collect())
    }

    pub(super) fn restore(self, scratch: &Scratch) {
        let new = scratch.path("new");
        for (host, was) in self.0 {
            remove(&host);
            match was {
                Was::File(bytes, there) => {
                    fs::write(&new, bytes).unwrap();
                    put_back(&new, &host, &there);
                }
                Was::Link(target) => symlink(target, host).unwrap(),
                Was::Nothing => {}
            }
        }
    }
}

/// Moves a new file to where one was, with its owner and mode.
fn put_back(new: &Path, host: &Path, there: &fs::Metadata) {
    chown(new, Some(there.uid()), Some(there.gid())).unwrap();
    fs::set_permissions(new, there.permissions()).unwrap();
    fs::rename(new, host).unwrap();
}
