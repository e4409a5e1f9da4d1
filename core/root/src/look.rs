//! What a path is and where it leads, without opening it.

use crate::{HANDLE, Last, Result, Root, RootError, Stat, trace, walk};
use assay_model::Look;
use rustix::fs::{self, AtFlags, OFlags};
use rustix::io::Errno;
use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

impl Root {
    /// What `path` is; `None` when nothing is there.
    ///
    /// ```
    /// use assay_sdk::{Last, testkit::Fixture};
    /// let fixture = Fixture::new().link("/etc/x", "gone");
    /// let root = fixture.root();
    /// assert!(root.stat("/etc/x".as_ref(), Last::Keep).unwrap().is_some());
    /// assert!(root.stat("/etc/x".as_ref(), Last::Follow).unwrap().is_none());
    /// ```
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
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().link("/etc/x", "../opt/./y").file("/etc/z", "");
    /// assert_eq!(fixture.root().read_link("/etc/x".as_ref()).unwrap().to_str(), Some("../opt/./y"));
    /// assert!(fixture.root().read_link("/etc/z".as_ref()).is_err());
    /// ```
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
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().link("/bin", "usr/bin").file("/usr/bin/sh", "").link("/etc/x", "gone");
    /// let root = fixture.root();
    /// assert_eq!(root.canonical("/bin/sh".as_ref()).unwrap().to_str(), Some("/usr/bin/sh"));
    /// assert!(root.canonical("/etc/x".as_ref()).unwrap_err().is_not_found());
    /// ```
    ///
    /// # Errors
    /// [`Why::NotFound`](crate::Why::NotFound) when it leads nowhere, [`Why::Loop`](crate::Why::Loop) when it never ends.
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
}

#[cfg(target_os = "linux")]
pub(crate) fn fd_number(fd: &OwnedFd) -> i32 {
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
