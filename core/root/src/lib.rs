//! Files below one root folder, and never outside it.
//!
//! A root is `/`, a mounted disk, an unpacked image or a fixture. Every path given here is absolute *below
//! the root*; links, relative or absolute, resolve inside it as they would after a `chroot`. Whatever is not a
//! regular file is never opened for reading, so that a FIFO cannot hang a scan and a device cannot act on it.
//!
//! On Linux the kernel does the resolving (`openat2` with `RESOLVE_IN_ROOT`, Linux 5.6); elsewhere
//! [`walk`](mod@walk) does, one component and one descriptor at a time.
#![forbid(unsafe_code)]

mod trace;
mod walk;

pub use trace::{Checker, Tracing, stamp};

use assay_model::{Input, Look};
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
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
    trace: Option<Tracing>,
}

/// Why a path below a root could not be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {why}", path.display())]
pub struct RootError {
    /// The path below the root.
    pub path: PathBuf,
    /// What was wrong.
    pub why: Why,
}

/// What was wrong with a path.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Nothing is there, or a link on the way leads nowhere.
    #[error("not found")]
    NotFound,
    /// The system refused.
    #[error("permission denied")]
    Permission,
    /// It is no regular file (for reading) or no folder (for listing).
    #[error("is a {}", name_of(*.0))]
    WrongType(FileType),
    /// It holds more than the caller wants to read.
    #[error("larger than {limit} bytes")]
    TooBig {
        /// The caller's limit, in bytes.
        limit: u64,
    },
    /// More than 40 links, or a link where none may be.
    #[error("too many links")]
    Loop,
    /// The system failed.
    #[error("{0}")]
    Io(io::Error),
}

fn name_of(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "regular file",
        FileType::Directory => "folder",
        FileType::Symlink => "link",
        FileType::Fifo => "FIFO",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Unknown => "thing of unknown type",
    }
}

impl RootError {
    fn new(path: &Path, errno: Errno) -> Self {
        let why = match errno {
            Errno::NOENT | Errno::NOTDIR => Why::NotFound,
            Errno::ACCESS | Errno::PERM => Why::Permission,
            Errno::LOOP | Errno::XDEV => Why::Loop,
            errno => Why::Io(errno.into()),
        };
        Self {
            path: path.to_owned(),
            why,
        }
    }
    /// Whether simply nothing is there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.why, Why::NotFound)
    }
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
        Self { trace: Some(Tracing::default()), ..self }
    }

    /// What was looked at, sorted by path, and whether that is all that an answer can have depended on: not when
    /// something could not be read, is of `/proc` or `/sys`, or was changed just now.
    #[must_use]
    pub fn inputs(&self) -> (Vec<Input>, bool) {
        self.trace.as_ref().map_or_else(|| (Vec::new(), false), Tracing::inputs)
    }

    fn saw(&self, path: &Path, look: impl FnOnce() -> Look) {
        if let Some(trace) = &self.trace {
            trace.saw(path, look());
        }
    }

    /// Passes a result on; one that may be another next time, though no file changes, ends the trace.
    fn traced_result<T>(&self, result: Result<T>) -> Result<T> {
        if let (Some(trace), Err(error)) = (&self.trace, &result)
            && matches!(error.why, Why::Permission | Why::Io(_) | Why::Loop)
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
        let found = if self.is_live() && last == Last::Keep {
            // One system call instead of three; outside `/` only a descriptor stays inside the root.
            fs::statat(&self.dir, relative(path), AtFlags::SYMLINK_NOFOLLOW)
        } else {
            self.open_at(path, HANDLE, last).and_then(fs::fstat)
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
        walk::canonical(&self.dir, path).map_err(|e| RootError::new(path, e))
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
        let mut before = self.stat(path, Last::Keep)?.ok_or_else(|| failed(Errno::NOENT))?;
        let mut file_type = FileType::from_raw_mode(before.st_mode);
        let mut last = last;
        if file_type == FileType::Symlink && last == Last::Follow {
            before = self.stat(path, Last::Follow)?.ok_or_else(|| failed(Errno::NOENT))?;
            file_type = FileType::from_raw_mode(before.st_mode);
        } else {
            last = Last::Keep;
        }
        if file_type != FileType::RegularFile {
            return Err(wrong(file_type));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self.traced_result(self.open_at(path, flags, last).map_err(failed))?;
        let stat = fs::fstat(&file).map_err(failed)?;
        self.saw(path, || trace::look(Some(&stat), last));
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((file.into(), stat)),
            other => Err(wrong(other)),
        }
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
            walk::open(&self.dir, path, flags)
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
        Err(Errno::AGAIN)
    }
    #[cfg(not(target_os = "linux"))]
    fn open_in_kernel(&self, _: &Path, _: OFlags) -> rustix::io::Result<OwnedFd> {
        Err(Errno::NOSYS)
    }
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
