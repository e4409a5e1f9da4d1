//! Looks through folders, and tells what hides in them.

use crate::names::{hides, is_no_name};
use assay_sdk::{Entry, FileType, GapReason, Result, Scan, Stat, Why};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Names that are looked at in all: whoever may write there could fill a folder without end.
const MAX_NAMES: usize = 50_000;
/// Folders of `/dev` that are file systems of their own, or hold links only.
const OF_DEV: &[&[u8]] = &[
    b"shm",
    b"pts",
    b"mqueue",
    b"hugepages",
    b"fd",
    b"block",
    b"char",
    b"disk",
    b"mapper",
];
/// Folders of `/var` that hold whole systems: images of containers and machines.
const OF_VAR: &[&[u8]] = &[
    b"docker",
    b"containerd",
    b"containers",
    b"lxc",
    b"lxd",
    b"machines",
    b"kubelet",
];

/// What of a place is told, besides set-id files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Executables whose name, or that of a folder that they are in, hides.
    Temporary,
    /// Every file.
    Devices,
    /// Executables in folders whose name is none.
    Home,
    /// Nothing.
    Rights,
}

/// What was looked at so far.
#[derive(Default)]
pub(crate) struct Walk {
    real: HashSet<PathBuf>,
    names: usize,
}

impl Walk {
    /// Looks through a place, and so many levels of folders below it.
    pub(crate) fn look(
        &mut self,
        scan: &mut Scan<'_>,
        place: &Path,
        levels: usize,
        what: What,
    ) -> Result<()> {
        match scan.behind(place) {
            Some(real) => self.folder(scan, &real, levels, what, false),
            None => Ok(()),
        }
    }

    /// A folder; `hidden` when its own name, or that of one that it is in, hides it.
    fn folder(
        &mut self,
        scan: &mut Scan<'_>,
        folder: &Path,
        levels: usize,
        what: What,
        hidden: bool,
    ) -> Result<()> {
        if self.names > MAX_NAMES || !self.real.insert(folder.to_owned()) {
            return Ok(());
        }
        // Below a place no link is followed, so that nobody leads elsewhere; and of names only those that hide are told.
        let listed = match scan.root().list(folder) {
            // Somebody else's, or a file system that a user has mounted, which not even root may enter.
            Err(error) if matches!(error.why, Why::Permission) => return Ok(()),
            listed => scan.or_gap(listed).unwrap_or_default(),
        };
        self.names += listed.len();
        if self.names > MAX_NAMES {
            let text = format!("more than {MAX_NAMES} names in all");
            return scan.gap(folder, GapReason::TooBig, &text);
        }
        for listed in listed {
            let (path, name) = (folder.join(&listed.name), listed.name.as_bytes());
            let hidden = hidden
                || match what {
                    What::Temporary => hides(name),
                    What::Devices => true,
                    What::Home => is_no_name(name),
                    What::Rights => false,
                };
            match listed.file_type {
                FileType::RegularFile => file(scan, &path, what, hidden)?,
                FileType::Directory if levels > 0 && !is_skipped(what, name) => {
                    // What hides is looked into as deep as anything that hides nothing.
                    self.folder(scan, &path, levels - 1, what, hidden)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_skipped(what: What, name: &[u8]) -> bool {
    match what {
        What::Devices => OF_DEV.contains(&name),
        What::Rights => OF_VAR.contains(&name),
        What::Temporary | What::Home => false,
    }
}

fn file(scan: &mut Scan<'_>, path: &Path, what: What, hidden: bool) -> Result<()> {
    // It may be gone by now.
    let Some(stat) = scan.stat(path) else {
        return Ok(());
    };
    let entry = if is_setid(&stat) {
        Entry::new("planted_setid_file", path, path)
            .field("mode", format!("{:04o}", stat.st_mode & 0o7777))
            .field("owner", i64::from(stat.st_uid))
            .field("group", i64::from(stat.st_gid))
    } else if hidden && (stat.st_mode & 0o111 != 0 || what == What::Devices) {
        Entry::new("hidden_executable", path, path)
    } else {
        return Ok(());
    };
    scan.entry(entry.programs(vec![path.into()]))
}

/// The group's bit without execution is an old way to lock files.
fn is_setid(stat: &Stat) -> bool {
    stat.st_mode & 0o4000 != 0 || stat.st_mode & 0o2010 == 0o2010
}
