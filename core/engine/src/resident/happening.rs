//! What watchers tell.

use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::PathBuf;

/// Something that happened in a folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// The folder, by its path on this machine, no link in it.
    pub(super) folder: PathBuf,
    /// The name in it; `None` when it happened to the folder itself.
    pub(super) name: Option<OsString>,
    /// The name came, went or was given to something else; otherwise what it names was written to, or its mode changed.
    pub(super) renamed: bool,
    /// Who did it, where the system tells.
    pub(super) pid: Option<i32>,
}

impl Happening {
    /// Something else is at this path now, as far as anybody can tell.
    pub(super) fn replaced(path: PathBuf) -> Self {
        Self {
            folder: path,
            name: None,
            renamed: true,
            pid: None,
        }
    }

    /// Where it happened.
    pub(super) fn path(&self) -> PathBuf {
        match &self.name {
            Some(name) => self.folder.join(name),
            None => self.folder.clone(),
        }
    }
}

/// What is to be watched, by paths on this machine without links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Folders, and what is in them.
    pub(super) folders: BTreeSet<OsString>,
    /// Files themselves, whatever name they are written to by.
    pub(super) files: BTreeSet<OsString>,
}

/// All that sorts below a path, in the order of bytes: taking paths apart to compare them costs far more.
pub(super) fn below(path: &OsStr) -> Range<OsString> {
    // `0` is what comes after `/`.
    let bounded = |sign: &str| {
        let mut bound = if path == "/" {
            OsString::new()
        } else {
            path.to_owned()
        };
        bound.push(sign);
        bound
    };
    bounded("/")..bounded("0")
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// What was not watched before.
    pub(super) new: Vec<PathBuf>,
    /// What cannot be.
    pub(super) failed: Vec<(PathBuf, Errno)>,
}

/// How often a source is read before the others, and all else, have their turn: who writes without end fills it as fast
/// as it is read.
#[cfg(target_os = "linux")]
pub(super) const READS: usize = 64;

/// What a watcher has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Something happened.
    Happening(Happening),
    /// More happened than the system kept: nobody knows what.
    Lost,
}
