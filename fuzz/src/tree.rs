//! Trees of files, for modules that read no file: names count there, modes, and where links lead.

use crate::places::System;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path};

/// Where files are. New folders come at the end: a corpus names them by number.
const FOLDERS: &[&str] = &[
    "/",
    "/usr/bin",
    "/usr/lib",
    "/lib",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/bin",
    "/opt",
    "/srv",
    "/var",
    "/var/tmp",
    "/tmp",
    "/dev",
    "/dev/shm",
    "/home/mia",
    "/home/mia/.local/bin",
    "/Library",
    "/Applications",
    "/Users/Shared",
    "/Users/mia",
    "/private/tmp",
];

/// What a file is. New kinds come at the end, too.
#[derive(Clone, Copy)]
enum What {
    Mode(u32),
    Folder,
    Fifo,
    Link,
    Capability,
}
const KINDS: &[What] = &[
    What::Mode(0o644),
    What::Mode(0o755),
    What::Mode(0o4755),
    What::Mode(0o2755),
    What::Mode(0o2644),
    What::Folder,
    What::Fifo,
    What::Link,
    What::Capability,
];

/// More of them only take time.
const MOST: usize = 64;

/// Takes bytes apart: the system, and the lines that tell its files.
pub fn split_tree(bytes: &[u8]) -> Option<(System, &[u8])> {
    let (first, lines) = bytes.split_first()?;
    let system = if *first == b'm' {
        System::Mac
    } else {
        System::Linux
    };
    Some((system, lines))
}

/// Plants what each line tells: by its first byte in which folder, by its second what it is, then the name, and behind a
/// tab where a link leads or which capability is given. What cannot be, such as a name twice, is not there.
pub fn plant(root: &Path, lines: &[u8]) {
    for line in lines.split(|byte| *byte == b'\n').take(MOST) {
        let [folder, what, rest @ ..] = line else { continue };
        let folder = FOLDERS[usize::from(folder.wrapping_sub(b'a')) % FOLDERS.len()];
        let what = KINDS[usize::from(what.wrapping_sub(b'a')) % KINDS.len()];
        let mut parts = rest.splitn(2, |byte| *byte == b'\t');
        let (name, more) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let path = [folder.as_bytes(), b"/", name].concat();
        let _ = grow(root, Path::new(OsStr::from_bytes(&path)), what, more);
    }
}

/// Nothing here follows a link, which would lead out of the root.
fn grow(root: &Path, path: &Path, what: What, more: &[u8]) -> io::Result<()> {
    let mut host = root.to_owned();
    for part in path.parent().unwrap_or(path).components() {
        match part {
            Component::RootDir | Component::CurDir => continue,
            Component::Normal(name) => host.push(name),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        if !fs::symlink_metadata(&host).is_ok_and(|found| found.is_dir()) {
            fs::create_dir(&host)?;
        }
    }
    host.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    let create = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(&host)
    };
    match what {
        What::Mode(mode) => create()?.set_permissions(fs::Permissions::from_mode(mode)),
        What::Folder => fs::create_dir(&host),
        // Where rustix has no call for it, none is made.
        #[cfg(not(target_os = "linux"))]
        What::Fifo => Ok(()),
        #[cfg(target_os = "linux")]
        What::Fifo => {
            let mode = rustix::fs::Mode::from_raw_mode(0o644);
            let fifo = rustix::fs::FileType::Fifo;
            Ok(rustix::fs::mknodat(rustix::fs::CWD, &host, fifo, mode, 0)?)
        }
        What::Link => symlink(OsStr::from_bytes(more), &host),
        What::Capability => {
            let flags = rustix::fs::XattrFlags::empty();
            Ok(rustix::fs::fsetxattr(
                create()?,
                "security.capability",
                more,
                flags,
            )?)
        }
    }
}
