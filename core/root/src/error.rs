//! Why a path below a root could not be used.

use rustix::fs::FileType;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// Why a path below a root could not be used.
///
/// ```
/// let fixture = assay_sdk::testkit::Fixture::new();
/// let error = fixture.root().read("/etc/x".as_ref(), 100).unwrap_err();
/// assert_eq!(error.to_string(), "`/etc/x`: not found");
/// assert!(error.is_not_found());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {why}", path.display())]
pub struct RootError {
    /// The path below the root.
    pub path: PathBuf,
    /// What was wrong.
    pub why: Why,
}

/// What was wrong with a path.
///
/// ```
/// use assay_sdk::{FileType, Why};
/// assert_eq!(Why::WrongType(FileType::Fifo).to_string(), "is a FIFO");
/// assert_eq!(Why::TooBig { limit: 4096 }.to_string(), "larger than 4096 bytes");
/// ```
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
    /// It is on a file system that is avoided, because it may never answer.
    #[error("its file system does not answer")]
    NoAnswer,
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
    pub(crate) fn new(path: &Path, errno: Errno) -> Self {
        let why = match errno {
            Errno::NOENT | Errno::NOTDIR => Why::NotFound,
            Errno::ACCESS | Errno::PERM => Why::Permission,
            Errno::LOOP | Errno::XDEV => Why::Loop,
            Errno::TIMEDOUT => Why::NoAnswer,
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
