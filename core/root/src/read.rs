//! What a regular file holds, and what is in a folder.

#[cfg(target_os = "linux")]
use crate::look::fd_number;
use crate::{HANDLE, Last, Listed, Result, Root, RootError, Stat, Why, trace};
use assay_model::Look;
use rustix::fs::{self, AtFlags, FileType, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl Root {
    /// Opens a regular file for reading, without blocking and without following the last link unless asked.
    ///
    /// ```
    /// use assay_sdk::{Last, Why, testkit::Fixture};
    /// use std::io::Read as _;
    /// let fixture = Fixture::new().file("/opt/x", "\x7fELF and much more").link("/opt/link", "x").fifo("/opt/fifo");
    /// let root = fixture.root();
    /// let (mut file, _) = root.open_file("/opt/link".as_ref(), Last::Follow).unwrap();
    /// let mut magic = [0; 4];
    /// file.read_exact(&mut magic).unwrap();
    /// assert_eq!(&magic, b"\x7fELF");
    /// assert!(root.open_file("/opt/link".as_ref(), Last::Keep).is_err());
    /// // Nobody writes to it, and nothing waits.
    /// assert!(matches!(root.open_file("/opt/fifo".as_ref(), Last::Follow).unwrap_err().why, Why::WrongType(_)));
    /// ```
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
    /// ```
    /// use assay_sdk::{Why, testkit::Fixture};
    /// let fixture = Fixture::new().file("/etc/x", "12345");
    /// let root = fixture.root();
    /// assert_eq!(root.read("/etc/x".as_ref(), 5).unwrap(), b"12345");
    /// assert!(matches!(root.read("/etc/x".as_ref(), 4).unwrap_err().why, Why::TooBig { limit: 4 }));
    /// ```
    ///
    /// # Errors
    /// As [`Root::open_file`], and [`Why::TooBig`].
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        let (file, stat) = self.open_file(path, Last::Follow)?;
        self.read_opened(path, file, &stat, limit)
    }

    /// The same for what [`Root::open_file`] opened at a path.
    ///
    /// ```
    /// use assay_sdk::{Last, testkit::Fixture};
    /// let fixture = Fixture::new().file("/etc/x", "12345");
    /// let root = fixture.root();
    /// let (file, stat) = root.open_file("/etc/x".as_ref(), Last::Keep).unwrap();
    /// assert_eq!(root.read_opened("/etc/x".as_ref(), file, &stat, 5).unwrap(), b"12345");
    /// ```
    ///
    /// # Errors
    /// [`Why::TooBig`] and [`Why::Io`].
    pub fn read_opened(&self, path: &Path, file: File, stat: &Stat, limit: u64) -> Result<Vec<u8>> {
        let too_big = || RootError {
            path: path.to_owned(),
            why: Why::TooBig { limit },
        };
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
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().file("/etc/b", "").file("/etc/.a", "").fifo("/etc/c");
    /// let listed = fixture.root().list("/etc".as_ref()).unwrap();
    /// let names: Vec<_> = listed.iter().filter_map(|listed| listed.name.to_str()).collect();
    /// assert_eq!(names, [".a", "b", "c"]);
    /// assert_eq!(fixture.root().list("/etc/c".as_ref()).unwrap_err().to_string(), "`/etc/c`: is a FIFO");
    /// ```
    ///
    /// # Errors
    /// When it is no folder or may not be read.
    pub fn list(&self, path: &Path) -> Result<Vec<Listed>> {
        Ok(self.list_opened(path)?.1)
    }

    /// The same, with what was opened.
    ///
    /// ```
    /// use assay_sdk::FileType;
    /// let fixture = assay_sdk::testkit::Fixture::new().link("/etc/x", "/opt").folder("/opt/y");
    /// let (stat, listed) = fixture.root().list_opened("/etc/x".as_ref()).unwrap();
    /// assert_eq!(FileType::from_raw_mode(stat.st_mode), FileType::Directory);
    /// assert_eq!(listed[0].name, "y");
    /// ```
    ///
    /// # Errors
    /// As [`Root::list`].
    pub fn list_opened(&self, path: &Path) -> Result<(Stat, Vec<Listed>)> {
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
        let stat = fs::fstat(&dir).map_err(failed)?;
        self.saw(path, || trace::look(Some(&stat), Last::Follow));
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
        Ok((stat, listed))
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
        fs::Mode::empty(),
    )
}
#[cfg(not(target_os = "linux"))]
fn reopen(_: &OwnedFd, _: OFlags) -> rustix::io::Result<OwnedFd> {
    Err(Errno::NOENT)
}
