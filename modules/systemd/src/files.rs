//! Reading small files that anybody may have put there.

use crate::folders;
use assay_sdk::{Entry, FileType, Listed, Scan};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Several times what any file of systemd has, and so little that all of it, escaped, fits one record.
pub(crate) const LIMIT: u64 = 32 << 10;

const NULL: &str = "/dev/null";

/// What is in a file.
pub(crate) enum Content {
    /// Its bytes.
    Text(Vec<u8>),
    /// Nothing: an empty file, or a link to `/dev/null`. systemd takes it as a mask.
    Null,
    /// Something is there that cannot be understood: why.
    Unreadable(String),
    /// It vanished, or a gap was sent.
    Unknown,
}

/// Reads what `path`, of type `file_type`, holds.
pub(crate) fn read(scan: &mut Scan<'_>, path: &Path, file_type: FileType) -> Content {
    let is_link = file_type == FileType::Symlink;
    if is_link && is_null_link(scan, path) {
        return Content::Null;
    }
    match scan.content(path, LIMIT) {
        Some(Ok(text)) if text.is_empty() => Content::Null,
        Some(Ok(text)) => Content::Text(text),
        Some(Err(_))
            if is_link
                && scan
                    .root()
                    .canonical(path)
                    .is_ok_and(|real| real == Path::new(NULL)) =>
        {
            Content::Null
        }
        Some(Err(why)) => Content::Unreadable(why),
        None => Content::Unknown,
    }
}

/// Whether a link points to `/dev/null` by name, which an image may not have.
pub(crate) fn is_null_link(scan: &Scan<'_>, link: &Path) -> bool {
    folders::link_target(scan, link).is_some_and(|target| target == Path::new(NULL))
}

/// The `*.conf` files of `folders`, the strongest folder first, in the order in which they are applied: by name,
/// and of one name only that of the strongest folder.
pub(crate) fn conf_files(scan: &mut Scan<'_>, folders: &[PathBuf]) -> Vec<(PathBuf, FileType)> {
    let mut files: BTreeMap<OsString, (PathBuf, FileType)> = BTreeMap::new();
    for folder in folders {
        for Listed { name, file_type } in scan.list(folder) {
            let bytes = name.as_bytes();
            // systemd passes over hidden files and folders.
            if bytes.ends_with(b".conf") && !bytes.starts_with(b".") && file_type != FileType::Directory {
                let path = folder.join(&name);
                files.entry(name).or_insert((path, file_type));
            }
        }
    }
    files.into_values().collect()
}

/// Says where a link leads.
pub(crate) fn with_target(scan: &Scan<'_>, entry: Entry, path: &Path, file_type: FileType) -> Entry {
    let target = (file_type == FileType::Symlink)
        .then(|| folders::link_target(scan, path))
        .flatten();
    entry.maybe("link_target", target.as_deref())
}
