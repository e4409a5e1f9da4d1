//! Files below one root folder, and never outside it.
//!
//! A root is `/`, a mounted disk, an unpacked image or a fixture. Every path given here is absolute *below
//! the root*; links, relative or absolute, resolve inside it as they would after a `chroot`. Whatever is not a
//! regular file is never opened for reading, so that a FIFO cannot hang a scan and a device cannot act on it.
//!
//! On Linux the kernel does the resolving (`openat2` with `RESOLVE_IN_ROOT`, Linux 5.6); elsewhere `walk.rs` does, one
//! component and one descriptor at a time.
#![forbid(unsafe_code)]

mod error;
mod folders;
mod look;
mod read;
mod trace;
mod walk;
mod way;

pub use error::{RootError, Why};
pub use folders::Folders;
pub use trace::{Checker, Kept, Tracing, stamp};
pub use way::Way;

use assay_model::{Input, Look};
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// What a path is, as `lstat` says.
///
/// ```
/// use assay_sdk::{Last, Stat, testkit::Fixture};
/// use std::path::Path;
/// let fixture = Fixture::new().script("/opt/x", "#!/bin/sh\n");
/// let stat: Stat = fixture.root().stat(Path::new("/opt/x"), Last::Follow).unwrap().unwrap();
/// assert_eq!((stat.st_mode & 0o777, stat.st_size), (0o755, 10));
/// ```
pub type Stat = rustix::fs::Stat;
/// What a name stands for.
///
/// ```
/// use assay_sdk::{FileType, Last, testkit::Fixture};
/// let fixture = Fixture::new().fifo("/etc/x");
/// let stat = fixture.root().stat("/etc/x".as_ref(), Last::Keep).unwrap().unwrap();
/// assert_eq!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo);
/// ```
pub use rustix::fs::FileType;

/// A folder that stands for `/`.
///
/// ```
/// use assay_sdk::{Why, testkit::Fixture};
/// use std::path::Path;
/// let fixture = Fixture::new()
///     .file("/etc/real", "text")
///     .link("/etc/absolute", "/etc/real")
///     .link("/etc/outside", "../../../../../../../etc/passwd")
///     .fifo("/etc/fifo")
///     .folder("/etc/folder")
///     .file("/etc/large", "12345")
///     .link("/etc/loop", "loop");
/// let root = fixture.root();
/// let read = |path: &str| root.read(Path::new(path), 4);
/// // A link leads to where it would after a chroot.
/// assert_eq!(read("/etc/absolute").unwrap(), b"text");
/// assert!(read("/etc/outside").unwrap_err().is_not_found(), "this machine's passwd is out of reach");
/// assert!(read("/../../etc/passwd").unwrap_err().is_not_found());
/// // Only regular files are opened, and only as much is read as was asked for.
/// assert_eq!(read("/etc/fifo").unwrap_err().to_string(), "`/etc/fifo`: is a FIFO");
/// assert!(matches!(read("/etc/folder").unwrap_err().why, Why::WrongType(_)));
/// assert!(matches!(read("/etc/large").unwrap_err().why, Why::TooBig { limit: 4 }));
/// assert!(matches!(read("/etc/loop").unwrap_err().why, Why::Loop));
/// ```
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
///
/// ```
/// use assay_sdk::{FileType, Listed, testkit::Fixture};
/// let fixture = Fixture::new().link("/bin", "usr/bin");
/// let listed: Vec<Listed> = fixture.root().list("/".as_ref()).unwrap();
/// assert_eq!((listed[0].name.to_str(), listed[0].file_type), (Some("bin"), FileType::Symlink));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name, any bytes but `/` and NUL.
    pub name: OsString,
    /// What it is; a link is a link.
    pub file_type: FileType,
}

/// Whether a last component that is a link is followed.
///
/// ```
/// use assay_sdk::{FileType, Last, testkit::Fixture};
/// use std::path::Path;
/// let fixture = Fixture::new().file("/etc/real", "").link("/etc/link", "real");
/// let root = fixture.root();
/// let is = |last| FileType::from_raw_mode(root.stat(Path::new("/etc/link"), last).unwrap().unwrap().st_mode);
/// assert_eq!((is(Last::Keep), is(Last::Follow)), (FileType::Symlink, FileType::RegularFile));
/// ```
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
    /// ```
    /// # let mounted = assay_sdk::testkit::Fixture::new().file("/etc/shells", "/bin/sh\n");
    /// # let mounted = mounted.host("/");
    /// use assay_sdk::Root;
    /// use std::path::Path;
    /// let root = Root::open(&mounted).unwrap();
    /// assert_eq!(root.read(Path::new("/etc/shells"), 100).unwrap(), b"/bin/sh\n");
    /// assert!(Root::open(&mounted.join("etc/shells")).is_err(), "no folder");
    /// ```
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
    /// ```
    /// # let mounted = assay_sdk::testkit::Fixture::new().link("/etc/x", "/etc/y").file("/etc/y", "");
    /// # let mounted = mounted.host("/");
    /// use assay_sdk::Root;
    /// use std::path::Path;
    /// let (kernel, walk) = (Root::open(&mounted).unwrap(), Root::open_portable(&mounted).unwrap());
    /// let link = Path::new("/etc/x");
    /// assert_eq!(kernel.canonical(link).unwrap(), walk.canonical(link).unwrap());
    /// ```
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
    ///
    /// ```
    /// use assay_sdk::{Why, testkit::Fixture};
    /// use std::path::Path;
    /// let fixture = Fixture::new().file("/mnt/nfs/x", "").link("/etc/x", "/mnt/nfs/x");
    /// let root = fixture.root().avoiding(&[fixture.host("/mnt/nfs")]);
    /// for path in ["/mnt/nfs/x", "/etc/x"] {
    ///     assert!(matches!(root.read(Path::new(path), 4).unwrap_err().why, Why::NoAnswer));
    /// }
    /// ```
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
    ///
    /// ```
    /// # let fixture = assay_sdk::testkit::Fixture::new().folder("/mnt/nfs");
    /// let root = fixture.root().avoiding(&[fixture.host("/mnt/nfs"), "/elsewhere".into()]);
    /// assert_eq!(root.avoided(), [std::path::Path::new("/mnt/nfs")]);
    /// ```
    #[must_use]
    pub fn avoided(&self) -> &[PathBuf] {
        &self.avoided
    }

    /// Whether this is the running system's own root.
    ///
    /// ```
    /// use assay_sdk::{Root, testkit::Fixture};
    /// assert!(Root::open("/".as_ref()).unwrap().is_live());
    /// assert!(!Fixture::new().root().is_live());
    /// ```
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.path == Path::new("/")
    }

    /// The root folder's own path on this machine.
    ///
    /// ```
    /// # let fixture = assay_sdk::testkit::Fixture::new();
    /// # let folder = fixture.host("/");
    /// let root = assay_sdk::Root::open(&folder).unwrap();
    /// assert_eq!(root.path(), folder.canonicalize().unwrap());
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on remembers whatever it looks at; see [`Root::inputs`].
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().file("/etc/shells", "");
    /// let root = fixture.root().traced();
    /// root.read("/etc/shells".as_ref(), 100).unwrap();
    /// assert_eq!(root.inputs().0[0].0, "/etc/shells");
    /// ```
    #[must_use]
    pub fn traced(self) -> Self {
        Self {
            trace: Some(Tracing::default()),
            ..self
        }
    }

    /// What was looked at, sorted by path, and whether that is all that an answer can have depended on: not when
    /// something could not be read, is of `/proc` or `/sys`, or was changed just now.
    ///
    /// ```
    /// let root = assay_sdk::testkit::Fixture::new().root();
    /// assert_eq!(root.inputs(), (vec![], false), "it is not traced");
    /// ```
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

#[cfg(test)]
mod tests;
