//! Looking at many paths of a root: the folders that were used last stay open, so that neighbours cost one system
//! call each.

use crate::{FileType, HANDLE, Last, Result, Root, RootError, Stat, Why};
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// Folders that are kept open: the way from the root to a file, as a rule.
const KEPT: usize = 8;

/// A root, and the folders below it that were used last. A link is a link here: none is followed at the end of a
/// path.
pub struct Folders<'a> {
    root: &'a Root,
    /// The one used last comes first; `None` is one that is not there.
    open: VecDeque<(PathBuf, Option<OwnedFd>)>,
}

impl<'a> Folders<'a> {
    /// None is open yet.
    #[must_use]
    pub fn new(root: &'a Root) -> Self {
        Self {
            root,
            open: VecDeque::with_capacity(KEPT),
        }
    }

    /// The root that they are in.
    #[must_use]
    pub fn root(&self) -> &'a Root {
        self.root
    }

    /// What is at `path`; `None` when nothing is there.
    ///
    /// # Errors
    /// As [`Root::stat`].
    pub fn stat(&mut self, path: &Path) -> Result<Option<Stat>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return self.root.stat(path, Last::Keep);
        };
        let Some(folder) = self.folder(parent)? else {
            return Ok(None);
        };
        match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(RootError::new(path, errno)),
        }
    }

    /// Opens what `stat` has just said to be a regular file. Whatever took its place since then is refused: a link is
    /// not followed, a FIFO not waited for, and a device, which only root can put there, is closed again.
    ///
    /// # Errors
    /// As [`Root::open_file`].
    pub fn open_file(&mut self, path: &Path) -> Result<(File, Stat)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let failed = |errno| RootError::new(path, errno);
        let (folder, name) = self.place(path)?;
        let file = fs::openat(folder, name, flags, Mode::empty()).map_err(failed)?;
        let stat = fs::fstat(&file).map_err(failed)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((file.into(), stat)),
            other => Err(RootError {
                path: path.to_owned(),
                why: Why::WrongType(other),
            }),
        }
    }

    /// Where the link `path` points, as it is written.
    ///
    /// # Errors
    /// When it is no link or cannot be read.
    pub fn read_link(&mut self, path: &Path) -> Result<PathBuf> {
        let (folder, name) = self.place(path)?;
        let target = fs::readlinkat(folder, name, Vec::new()).map_err(|errno| RootError::new(path, errno))?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn place<'p>(&mut self, path: &'p Path) -> Result<(&OwnedFd, &'p OsStr)> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(RootError::new(path, Errno::INVAL));
        };
        match self.folder(parent)? {
            Some(folder) => Ok((folder, name)),
            None => Err(RootError::new(path, Errno::NOENT)),
        }
    }

    fn folder(&mut self, path: &Path) -> Result<Option<&OwnedFd>> {
        if let Some(index) = self.open.iter().position(|(open, _)| open == path) {
            self.open.swap(0, index);
        } else {
            let flags = OFlags::DIRECTORY | HANDLE;
            let opened = match self.root.open_at(path, flags, Last::Follow) {
                Ok(opened) => Some(opened),
                Err(Errno::NOENT | Errno::NOTDIR) => None,
                Err(errno) => return Err(RootError::new(path, errno)),
            };
            self.open.truncate(KEPT - 1);
            self.open.push_front((path.to_owned(), opened));
        }
        Ok(self.open.front().and_then(|(_, folder)| folder.as_ref()))
    }
}
