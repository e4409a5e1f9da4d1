//! Files below one root folder, and never outside it.
//!
//! A root is `/`, a mounted disk, an unpacked image or a fixture. Every path given here is absolute *below
//! the root*; links, relative or absolute, resolve inside it as they would after a `chroot`. Whatever is not a
//! regular file is never opened for reading, so that a FIFO cannot hang a scan and a device cannot act on it.
//!
//! On Linux the kernel does the resolving (`openat2` with `RESOLVE_IN_ROOT`, Linux 5.6); elsewhere
//! [`walk`](mod@walk) does, one component and one descriptor at a time.
#![forbid(unsafe_code)]

mod error;
mod trace;
mod walk;

pub use error::{RootError, Why};
pub use trace::{Checker, Tracing, stamp};

use assay_model::{Input, Look};
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What a path is, as `lstat` says.
pub type Stat = rustix::fs::Stat;
pub use rustix::fs::FileType;

/// A folder that stands for `/`.
#[derive(Debug)]
pub struct Root {
    dir: OwnedFd,
    path: PathBuf,
    kernel_resolves: bool,
    /// Folders below the root, links resolved, that no look enters.
    avoided: Vec<PathBuf>,
    trace: Option<Tracing>,
}

/// Result of anything done below a root.
pub type Result<T> = std::result::Result<T, RootError>;

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name, any bytes but `/` and NUL.
    pub name: OsString,
    /// What it is; a link is a link.
    pub file_type: FileType,
}

/// Whether a last component that is a link is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is followed, inside the root.
    Follow,
    /// It is taken as itself; to open it is an error.
    Keep,
}

#[cfg(target_os = "linux")]
const HANDLE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const HANDLE: OFlags = OFlags::RDONLY;

impl Root {
    /// Opens the folder `path` of this machine as a root; links on the way to it are followed.
    ///
    /// # Errors
    /// When it is not there, is no folder, or may not be entered.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |errno| RootError::new(path, errno);
        let real = path
            .canonicalize()
            .map_err(|e| failed(Errno::from_io_error(&e).unwrap_or(Errno::IO)))?;
        let dir =
            fs::open(&real, OFlags::DIRECTORY | HANDLE | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
        let mut root = Self {
            dir,
            path: real,
            kernel_resolves: false,
            avoided: Vec::new(),
            trace: None,
        };
        root.kernel_resolves =
            cfg!(target_os = "linux") && root.open_in_kernel(Path::new("/"), HANDLE).is_ok();
        Ok(root)
    }

    /// The same root with the portable resolver, for comparing the two.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn open_portable(path: &Path) -> Result<Self> {
        Ok(Self {
            kernel_resolves: false,
            ..Self::open(path)?
        })
    }

    /// The same root, in which nothing at or below `folders` is touched: they are the mount points, on this machine, of
    /// file systems that may never answer. Whatever leads there fails with [`Why::NoAnswer`].
    #[must_use]
    pub fn avoiding(mut self, folders: &[PathBuf]) -> Self {
        let below = |folder: &PathBuf| Some(Path::new("/").join(folder.strip_prefix(&self.path).ok()?));
        self.avoided = folders
            .iter()
            .filter_map(below)
            .filter(|folder| folder.parent().is_some())
            .collect();
        // The kernel follows a path to its end before anybody can look where it leads.
        self.kernel_resolves &= self.avoided.is_empty();
        self
    }

    /// What is avoided, as paths below the root.
    #[must_use]
    pub fn avoided(&self) -> &[PathBuf] {
        &self.avoided
    }

    /// Whether this is the running system's own root.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.path == Path::new("/")
    }

    /// The root folder's own path on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on remembers whatever it looks at; see [`Root::inputs`].
    #[must_use]
    pub fn traced(self) -> Self {
        Self {
            trace: Some(Tracing::default()),
            ..self
        }
    }

    /// What was looked at, sorted by path, and whether that is all that an answer can have depended on: not when
    /// something could not be read, is of `/proc` or `/sys`, or was changed just now.
    #[must_use]
    pub fn inputs(&self) -> (Vec<Input>, bool) {
        self.trace
            .as_ref()
            .map_or_else(|| (Vec::new(), false), Tracing::inputs)
    }

    fn saw(&self, path: &Path, look: impl FnOnce() -> Look) {
        if let Some(trace) = &self.trace {
            trace.saw(path, &look());
        }
    }

    /// Passes a result on; one that may be another next time, though no file changes, ends the trace.
    fn traced_result<T>(&self, result: Result<T>) -> Result<T> {
        if let (Some(trace), Err(error)) = (&self.trace, &result)
            && matches!(
                error.why,
                Why::Permission | Why::Io(_) | Why::Loop | Why::NoAnswer
            )
        {
            trace.break_off();
        }
        result
    }

    /// What `path` is; `None` when nothing is there.
    ///
    /// # Errors
    /// When a folder on the way may not be entered or the system fails.
    pub fn stat(&self, path: &Path, last: Last) -> Result<Option<Stat>> {
        let stat = self.traced_result(self.stat_untraced(path, last))?;
        self.saw(path, || trace::look(stat.as_ref(), last));
        Ok(stat)
    }

    fn stat_untraced(&self, path: &Path, last: Last) -> Result<Option<Stat>> {
        let found = if self.is_live() && last == Last::Keep && self.avoided.is_empty() {
            // One system call instead of three; outside `/` only a descriptor stays inside the root.
            fs::statat(&self.dir, relative(path), AtFlags::SYMLINK_NOFOLLOW)
        } else if self.kernel_resolves {
            self.open_at(path, HANDLE, last).and_then(fs::fstat)
        } else {
            // Without O_PATH nothing may be opened that may be a FIFO or a device.
            walk::stat(&self.place(), path, last == Last::Follow)
        };
        match found {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(RootError::new(path, errno)),
        }
    }

    /// Where the link `path` points, as it is written.
    ///
    /// # Errors
    /// When it is no link or cannot be read.
    pub fn read_link(&self, path: &Path) -> Result<PathBuf> {
        if self.trace.is_some() {
            self.stat(path, Last::Keep)?;
        }
        let failed = |errno| RootError::new(path, errno);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(failed(Errno::INVAL));
        };
        let dir = self
            .open_at(parent, OFlags::DIRECTORY | HANDLE, Last::Follow)
            .map_err(failed)?;
        let target = fs::readlinkat(&dir, name, Vec::new()).map_err(failed)?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    /// The path of what `path` leads to, with every link resolved inside the root.
    ///
    /// # Errors
    /// [`Why::NotFound`] when it leads nowhere, [`Why::Loop`] when it never ends.
    pub fn canonical(&self, path: &Path) -> Result<PathBuf> {
        let leads = self.traced_result(self.canonical_untraced(path));
        match &leads {
            Ok(real) => self.saw(path, || Look::Leads(Some(real.as_path().into()))),
            Err(error) if error.is_not_found() => self.saw(path, || Look::Leads(None)),
            Err(_) => {}
        }
        leads
    }

    fn canonical_untraced(&self, path: &Path) -> Result<PathBuf> {
        #[cfg(target_os = "linux")]
        if self.kernel_resolves {
            let handle = self
                .open_at(path, HANDLE, Last::Follow)
                .map_err(|e| RootError::new(path, e))?;
            // The kernel knows the path of an open descriptor; without /proc the walk below finds it.
            if let Ok(real) = fs::readlink(format!("/proc/self/fd/{}", fd_number(&handle)), Vec::new())
                && let real = PathBuf::from(OsString::from_vec(real.into_bytes()))
                && let Ok(below) = real.strip_prefix(&self.path)
            {
                return Ok(Path::new("/").join(below));
            }
        }
        walk::canonical(&self.place(), path).map_err(|e| RootError::new(path, e))
    }

    /// Opens a regular file for reading, without blocking and without following the last link unless asked.
    ///
    /// # Errors
    /// [`Why::WrongType`] for whatever is not a regular file, [`Why::Loop`] for a link with [`Last::Keep`].
    pub fn open_file(&self, path: &Path, last: Last) -> Result<(File, Stat)> {
        let failed = |errno| RootError::new(path, errno);
        let wrong = |file_type| RootError {
            path: path.to_owned(),
            why: Why::WrongType(file_type),
        };
        // Looked at before it is opened: opening a device can make it act, and a FIFO waits for a writer. What is no
        // link is never followed, so that it is also what a look without following finds next time.
        let (mut handle, mut stat) = self.looked_at(path, Last::Keep)?;
        let last = if is_link(&stat) { last } else { Last::Keep };
        if last == Last::Follow {
            (handle, stat) = self.looked_at(path, last)?;
        }
        let file_type = FileType::from_raw_mode(stat.st_mode);
        if file_type != FileType::RegularFile {
            return Err(wrong(file_type));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        // What was looked at is what is opened, whatever is at the path by now.
        if let Some(handle) = handle {
            match reopen(&handle, flags) {
                Ok(file) => return Ok((file.into(), stat)),
                // No /proc is mounted here.
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => return self.traced_result(Err(failed(errno))),
            }
        }
        let file = self.traced_result(self.open_at(path, flags, last).map_err(failed))?;
        let stat = fs::fstat(&file).map_err(failed)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((file.into(), stat)),
            other => Err(wrong(other)),
        }
    }

    /// What is at a path, with a handle on just that where the system has such handles.
    fn looked_at(&self, path: &Path, last: Last) -> Result<(Option<OwnedFd>, Stat)> {
        let failed = |errno| RootError::new(path, errno);
        if cfg!(target_os = "linux") {
            let looked = self.open_at(path, HANDLE, last).and_then(|handle| {
                let stat = fs::fstat(&handle)?;
                Ok((Some(handle), stat))
            });
            let looked = match looked {
                Err(errno @ (Errno::NOENT | Errno::NOTDIR)) => {
                    self.saw(path, || trace::look(None, last));
                    return Err(failed(errno));
                }
                other => self.traced_result(other.map_err(failed))?,
            };
            self.saw(path, || trace::look(Some(&looked.1), last));
            return Ok(looked);
        }
        let stat = self.stat(path, last)?.ok_or_else(|| failed(Errno::NOENT))?;
        Ok((None, stat))
    }

    /// Reads a whole regular file of at most `limit` bytes, following links inside the root.
    ///
    /// # Errors
    /// As [`Root::open_file`], and [`Why::TooBig`].
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        let too_big = || RootError {
            path: path.to_owned(),
            why: Why::TooBig { limit },
        };
        let (file, stat) = self.open_file(path, Last::Follow)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        if size > limit {
            return Err(too_big());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1));
        // Files of /proc have size 0, and any file may grow: the limit holds for what is really read.
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        let read = read.map_err(|e| RootError {
            path: path.to_owned(),
            why: Why::Io(e),
        });
        self.traced_result(read)?;
        if bytes.len() as u64 > limit {
            Err(too_big())
        } else {
            Ok(bytes)
        }
    }

    /// The names in a folder, sorted by their bytes, without `.` and `..`; links to folders are followed.
    ///
    /// # Errors
    /// When it is no folder or may not be read.
    pub fn list(&self, path: &Path) -> Result<Vec<Listed>> {
        let failed = |errno| RootError::new(path, errno);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
        let dir = match self.open_at(path, flags, Last::Follow) {
            Err(Errno::NOTDIR) => {
                let found = self
                    .stat(path, Last::Follow)?
                    .ok_or_else(|| failed(Errno::NOENT))?;
                let file_type = FileType::from_raw_mode(found.st_mode);
                return Err(RootError {
                    path: path.to_owned(),
                    why: Why::WrongType(file_type),
                });
            }
            Err(Errno::NOENT) => {
                self.saw(path, || Look::Followed(None));
                return Err(failed(Errno::NOENT));
            }
            other => self.traced_result(other.map_err(failed))?,
        };
        if self.trace.is_some() {
            let stat = fs::fstat(&dir).map_err(failed)?;
            self.saw(path, || trace::look(Some(&stat), Last::Follow));
        }
        let mut listed = Vec::new();
        for entry in fs::Dir::read_from(&dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let file_type = match entry.file_type() {
                // Some file systems do not say; a name that vanished meanwhile is not there.
                FileType::Unknown => match fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(_) => continue,
                },
                known => known,
            };
            listed.push(Listed {
                name: name.to_owned(),
                file_type,
            });
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    fn open_at(&self, path: &Path, flags: OFlags, last: Last) -> rustix::io::Result<OwnedFd> {
        let flags = flags
            | OFlags::CLOEXEC
            | if last == Last::Keep {
                OFlags::NOFOLLOW
            } else {
                OFlags::empty()
            };
        if self.kernel_resolves {
            self.open_in_kernel(path, flags)
        } else {
            walk::open(&self.place(), path, flags)
        }
    }

    fn place(&self) -> walk::Place<'_> {
        walk::Place {
            root: self.dir.as_fd(),
            avoided: &self.avoided,
        }
    }

    #[cfg(target_os = "linux")]
    fn open_in_kernel(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        // EAGAIN: something was renamed while the kernel walked; the manual says to try again.
        for _ in 0..16 {
            match fs::openat2(&self.dir, path, flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN) => {}
                done => return done,
            }
        }
        // Somebody renames without end to keep a path with `..` in it from being looked at.
        walk::open(&self.place(), path, flags)
    }
    #[cfg(not(target_os = "linux"))]
    fn open_in_kernel(&self, _: &Path, _: OFlags) -> rustix::io::Result<OwnedFd> {
        Err(Errno::NOSYS)
    }
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

/// Opens what a handle stands for.
#[cfg(target_os = "linux")]
fn reopen(handle: &OwnedFd, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    fs::open(
        format!("/proc/self/fd/{}", fd_number(handle)),
        flags,
        Mode::empty(),
    )
}
#[cfg(not(target_os = "linux"))]
fn reopen(_: &OwnedFd, _: OFlags) -> rustix::io::Result<OwnedFd> {
    Err(Errno::NOENT)
}

#[cfg(target_os = "linux")]
fn fd_number(fd: &OwnedFd) -> i32 {
    use std::os::fd::AsRawFd as _;
    fd.as_raw_fd()
}

/// `/a/b` as `a/b`, and `/` as `.`, for calls relative to the root's descriptor.
fn relative(path: &Path) -> &Path {
    match path.strip_prefix("/") {
        Ok(below) if below.as_os_str().is_empty() => Path::new("."),
        Ok(below) => below,
        Err(_) => path,
    }
}

#[cfg(test)]
mod tests;
