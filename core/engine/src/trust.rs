//! May this file be loaded by us? It and every folder above it must belong to root or to the user that runs
//! Assay, and be writable by nobody else. Checking and opening use one descriptor, so what was checked is what
//! is loaded.

mod lists;
mod served;

use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// Why a file is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The system did not let us look.
    #[error("`{}` cannot be opened: {why}", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// Somebody else owns it.
    #[error("`{}` belongs to user {uid}; it must belong to root or to the user that runs Assay", path.display())]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// Who owns it.
        uid: u32,
    },
    /// Somebody else may write to it.
    #[error("`{}` is writable by {who}; run `chmod {fix} {}`", path.display(), path.display())]
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// Its group, or everybody.
        who: &'static str,
        /// What chmod should be told.
        fix: &'static str,
    },
    /// It is a folder for everybody, such as `/tmp`.
    #[error("`{}` is a folder that everybody may write to; keep the file elsewhere", path.display())]
    Shared {
        /// The folder.
        path: PathBuf,
    },
    /// An access control list lets others write.
    #[error("`{}` is writable by those that its access control list names; run `{} {}`", path.display(), lists::REMOVE, path.display())]
    List {
        /// The file or folder.
        path: PathBuf,
    },
    /// What the system says of it comes from a process of another user.
    #[error("`{}` is on a file system that another user's process serves; keep the file elsewhere", path.display())]
    Served {
        /// The file or folder.
        path: PathBuf,
    },
    /// It is a link.
    #[error("`{}` is a link; put the file itself there", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// No module is called so.
    #[error("`{}` is named for no module; rename it to a word of a-z, 0-9 and _, with or without a suffix", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// It is nothing that could be run.
    #[error("`{}` is no module; {fix}", path.display())]
    NoModule {
        /// The file.
        path: PathBuf,
        /// How it becomes one.
        fix: &'static str,
    },
    /// Its first line, which is to name its interpreter, does not.
    #[error("the first line of `{}` {why}", path.display())]
    FirstLine {
        /// The script.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: &'static str,
    },
    /// What its first line names is not trusted.
    #[error("`{}` may not be run by what its first line names: {why}", path.display())]
    Interpreter {
        /// The script.
        path: PathBuf,
        /// What is wrong with the interpreter.
        why: Box<Refused>,
    },
    /// It is no regular file.
    #[error("`{}` is not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
}

/// Opens `path`, an absolute path without links in its folders, if it can be trusted.
///
/// # Errors
/// The first thing on the way from `/` that is not as it must be.
pub fn open(path: &Path) -> Result<File, Refused> {
    let name = path.file_name().unwrap_or(OsStr::new("."));
    Folder::enter(path.parent().unwrap_or(Path::new("/")))?.open(name)
}

/// Whether `path`, an absolute path without links, is a folder that can be trusted, with every folder above it.
///
/// # Errors
/// The first thing on the way from `/` that is not as it must be.
pub fn folder(path: &Path) -> Result<(), Refused> {
    Folder::enter(path).map(drop)
}

/// A folder that can be trusted, open.
pub struct Folder {
    path: PathBuf,
    opened: OwnedFd,
    stat: Stat,
}

impl Folder {
    /// Opens `path`, an absolute path without links.
    ///
    /// # Errors
    /// The first thing on the way from `/` that is not as it must be.
    pub fn enter(path: &Path) -> Result<Self, Refused> {
        let mut walked = PathBuf::from("/");
        let mut opened = open_at(None, OsStr::new("/"), &walked, OFlags::DIRECTORY)?;
        let mut stat = check(&opened, &walked, None)?;
        for component in path.components() {
            let Component::Normal(name) = component else {
                continue;
            };
            walked.push(name);
            opened = open_at(Some(&opened), name, &walked, OFlags::DIRECTORY)?;
            stat = check(&opened, &walked, Some(stat))?;
        }
        Ok(Self {
            path: walked,
            opened,
            stat,
        })
    }

    /// Opens a file in it, if that can be trusted too.
    ///
    /// # Errors
    /// What is not as it must be with the file.
    pub fn open(&self, name: &OsStr) -> Result<File, Refused> {
        let path = self.path.join(name);
        let file = open_at(Some(&self.opened), name, &path, OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let stat = check(&file, &path, Some(self.stat))?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            Ok(file.into())
        } else {
            Err(Refused::NotRegular { path })
        }
    }
}

fn open_at(folder: Option<&OwnedFd>, name: &OsStr, path: &Path, flags: OFlags) -> Result<OwnedFd, Refused> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match folder {
        Some(folder) => fs::openat(folder, name, flags, Mode::empty()),
        None => fs::open(path, flags, Mode::empty()),
    };
    opened.map_err(|errno| match errno {
        rustix::io::Errno::LOOP => Refused::Link {
            path: path.to_owned(),
        },
        errno => Refused::Open {
            path: path.to_owned(),
            why: errno.into(),
        },
    })
}

/// `above` is the folder that it was opened in.
fn check(opened: &OwnedFd, path: &Path, above: Option<Stat>) -> Result<Stat, Refused> {
    let stat = fs::fstat(opened).map_err(|errno| Refused::Open {
        path: path.to_owned(),
        why: errno.into(),
    })?;
    // Of the same file system as its folder this is known already.
    let elsewhere = above.is_none_or(|above| above.st_dev != stat.st_dev);
    if elsewhere && served::by_somebody(opened, geteuid().as_raw()) {
        return Err(Refused::Served {
            path: path.to_owned(),
        });
    }
    if stat.st_uid != 0 && stat.st_uid != geteuid().as_raw() {
        return Err(Refused::Owner {
            path: path.to_owned(),
            uid: stat.st_uid,
        });
    }
    let writable = |bits| stat.st_mode & bits != 0;
    if writable(0o002) && writable(0o1000) {
        return Err(Refused::Shared {
            path: path.to_owned(),
        });
    }
    if writable(0o002) {
        return Err(Refused::Writable {
            path: path.to_owned(),
            who: "everybody",
            fix: "o-w",
        });
    }
    if lists::lets_write(opened, writable(0o020)) {
        return Err(Refused::List {
            path: path.to_owned(),
        });
    }
    if writable(0o020) && stat.st_gid != 0 {
        return Err(Refused::Writable {
            path: path.to_owned(),
            who: "its group",
            fix: "g-w",
        });
    }
    Ok(stat)
}
