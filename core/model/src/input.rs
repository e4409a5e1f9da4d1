//! What a scan looked at: when all of it is as it was, the scan would give the same again, and need not be run.

use crate::Text;
use serde::{Deserialize, Serialize};

/// One thing that a module looked at, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input(
    /// Absolute path below the root.
    pub Text,
    /// What was found there.
    pub Look,
);

/// What was found at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// The thing itself, a link being a link; `None` when nothing is there.
    Kept(Option<Stamp>),
    /// What the path leads to; `None` when nothing is there.
    Followed(Option<Stamp>),
    /// The path that it leads to, every link resolved; `None` when it leads nowhere.
    Leads(Option<Text>),
}

/// Identity and times of a file: when these are the same, so is its content, and of a folder its names. Times are
/// nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 5]", into = "[i64; 5]")]
#[expect(missing_docs, reason = "the names are those of stat(2)")]
pub struct Stamp {
    pub dev: u64,
    pub ino: u64,
    pub size: i64,
    pub mtime: i64,
    pub ctime: i64,
}

impl From<[i64; 5]> for Stamp {
    fn from([dev, ino, size, mtime, ctime]: [i64; 5]) -> Self {
        Self {
            dev: dev.cast_unsigned(),
            ino: ino.cast_unsigned(),
            size,
            mtime,
            ctime,
        }
    }
}
impl From<Stamp> for [i64; 5] {
    fn from(stamp: Stamp) -> Self {
        [
            stamp.dev.cast_signed(),
            stamp.ino.cast_signed(),
            stamp.size,
            stamp.mtime,
            stamp.ctime,
        ]
    }
}

/// Nanoseconds: see [`Stamp::is_settled`].
const SETTLED: i64 = 40_000_000_000;

impl Stamp {
    /// Whether it can be relied on `now`, in nanoseconds since the epoch: its ctime is some time ago. A second write
    /// within one step of the file system's clock leaves all times as they are; and so do writes through a shared
    /// mapping to a page that is dirty already, until Linux writes it back, 35 seconds later at most.
    ///
    /// Only the ctime counts: the mtime is whatever its owner says.
    #[must_use]
    pub fn is_settled(&self, now: i64) -> bool {
        self.ctime <= now.saturating_sub(SETTLED)
    }
}
