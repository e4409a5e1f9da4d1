//! Linux: programs that look for libraries in folders of their own first.

use crate::libraries::Place;
use crate::parse::elf;
use crate::safety::loose;
use assay_sdk::{Entry, FileType, Last, Result, Scan, Text};
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["{/usr,}/{bin,sbin}/*", "/usr/libexec/*"];

const PROGRAMS: &[&str] = &["/usr/bin", "/usr/sbin", "/usr/libexec", "/bin", "/sbin"];

/// `places` have been listed already.
pub(crate) fn collect(scan: &mut Scan<'_>, places: &[Place]) -> Result<()> {
    let mut real = HashSet::new();
    for folder in PROGRAMS.iter().map(Path::new) {
        let canonical = scan.root().canonical(folder);
        if !scan
            .or_gap(canonical)
            .is_some_and(|canonical| real.insert(canonical))
        {
            continue;
        }
        let place = places.iter().find(|place| place.folder == folder);
        for listed in place.map_or_else(|| scan.list(folder), |place| place.names.clone()) {
            if listed.file_type == FileType::RegularFile {
                program(scan, &folder.join(listed.name))?;
            }
        }
    }
    Ok(())
}

fn program(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    // It is read bit by bit, and no link is followed to it: it lies where only root puts programs.
    let opened = scan.root().open_file(path, Last::Keep);
    let Some((file, _)) = scan.or_gap(opened) else {
        return Ok(());
    };
    let origin = path.parent().unwrap_or(Path::new("/"));
    for written in elf::search_path(&mut |offset, length| read_at(&file, offset, length)) {
        let folder = expanded(&written, origin);
        if is_usual(&folder) {
            continue;
        }
        let key: Text = [path.as_os_str().as_bytes(), b": ", &written].concat().into();
        let loose = loose(scan, &folder);
        scan.entry(Entry::new("library_search_path", key, path).maybe("loose", loose))?;
    }
    Ok(())
}

/// Bytes of a file, as many of them as there are.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(read as u64)) {
            Ok(0) | Err(_) => break,
            Ok(more) => read += more,
        }
    }
    bytes.truncate(read);
    bytes
}

/// `$ORIGIN` is the folder of the program; a relative folder is one of whoever starts it.
fn expanded(written: &[u8], origin: &Path) -> PathBuf {
    let origin = origin.as_os_str().as_bytes();
    let rest = [&b"$ORIGIN"[..], b"${ORIGIN}"]
        .iter()
        .find_map(|token| written.strip_prefix(*token));
    let whole = rest.map_or_else(|| written.to_vec(), |rest| [origin, rest].concat());
    let mut path = PathBuf::new();
    for part in Path::new(&std::ffi::OsString::from_vec(whole)).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = path.pop(),
            other => path.push(other),
        }
    }
    path
}

/// Where libraries are looked for in any case.
pub(crate) fn is_usual(folder: &Path) -> bool {
    let folder = folder
        .strip_prefix("/usr")
        .or_else(|_| folder.strip_prefix("/"))
        .unwrap_or(folder);
    let mut names = folder.components().map(|part| part.as_os_str().as_bytes());
    let first = names
        .next()
        .is_some_and(|name| matches!(name, b"lib" | b"lib64" | b"lib32"));
    let second = names
        .next()
        .is_none_or(|name| name.windows(7).any(|part| part == b"-linux-"));
    first && second && names.next().is_none()
}
