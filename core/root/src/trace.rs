//! Remembering what was looked at, and finding out whether all of it is as it was.
//!
//! The second is much cheaper than looking again: a file is not opened, a folder not listed, and what nothing has
//! touched need not be understood twice.

use crate::{FileType, Folders, Last, Root, Stat};
use assay_model::{Input, Look, Stamp, Text};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is looked at through one [`Root`].
#[derive(Debug)]
pub struct Tracing {
    seen: Mutex<Seen>,
    started: i64,
}

#[derive(Debug, Default)]
struct Seen {
    looks: BTreeMap<(Text, u8), Look>,
    broken_off: bool,
}

impl Default for Tracing {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seen: Mutex::default(),
            started: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}

impl Tracing {
    #[cfg(test)]
    pub(crate) fn started_at(started: i64) -> Self {
        Self {
            seen: Mutex::default(),
            started,
        }
    }

    pub(crate) fn saw(&self, path: &Path, look: &Look) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (kind, stamp) = match look {
            Look::Kept(stamp) => (0, *stamp),
            Look::Followed(stamp) => (1, *stamp),
            Look::Leads(_) => (2, None),
        };
        // Files of the kernel change without a sign; and what changed during the scan, or just before it, may
        // change again within one step of the clock.
        let of_kernel = ["/proc", "/sys"].iter().any(|place| path.starts_with(place));
        if of_kernel && stamp.is_some() {
            seen.broken_off = true;
            return;
        }
        seen.broken_off |= stamp.is_some_and(|stamp| !stamp.is_settled(self.started));
        let same = seen
            .looks
            .insert((path.into(), kind), look.clone())
            .is_none_or(|before| before == *look);
        seen.broken_off |= !same;
    }

    pub(crate) fn break_off(&self) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .broken_off = true;
    }

    pub(crate) fn inputs(&self) -> (Vec<Input>, bool) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let inputs = seen
            .looks
            .iter()
            .map(|((path, _), look)| Input(path.clone(), look.clone()));
        (inputs.collect(), !seen.broken_off)
    }
}

pub(crate) fn look(stat: Option<&Stat>, last: Last) -> Look {
    let stamp = stat.map(stamp);
    if last == Last::Keep {
        Look::Kept(stamp)
    } else {
        Look::Followed(stamp)
    }
}

/// Identity and times of what `stat` describes.
#[must_use]
#[expect(clippy::unnecessary_cast, reason = "the types of stat differ between systems")]
pub fn stamp(stat: &Stat) -> Stamp {
    let nanoseconds = |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
    Stamp {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        size: stat.st_size as i64,
        mtime: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        ctime: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
    }
}

/// What was found at paths, links being links. Paths are told apart by their bytes: taking each apart costs more than
/// looking at what is there.
pub type Kept = HashMap<OsString, Option<Stat>>;

/// Looks at many paths of a root, best in the order of their names, each once.
pub struct Checker<'a> {
    folders: Folders<'a>,
    kept: Kept,
    leads: HashMap<OsString, Option<PathBuf>>,
}

impl<'a> Checker<'a> {
    /// A checker that has seen nothing yet.
    #[must_use]
    pub fn new(root: &'a Root) -> Self {
        Self {
            folders: Folders::new(root),
            kept: Kept::new(),
            leads: HashMap::new(),
        }
    }

    /// Whether everything is as it was found. The first difference, or whatever cannot be looked at, ends it.
    pub fn all_same(&mut self, inputs: &[Input]) -> bool {
        inputs
            .iter()
            .all(|Input(path, look)| self.is_same(path.as_path(), look).unwrap_or(false))
    }

    fn is_same(&mut self, path: &Path, look: &Look) -> crate::Result<bool> {
        Ok(match look {
            Look::Kept(stamp_then) => self.kept(path)?.as_ref().map(stamp) == *stamp_then,
            Look::Followed(stamp_then) => {
                // What is no link is followed nowhere.
                let now = match self.kept(path)? {
                    Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => {
                        self.folders.root().stat(path, Last::Follow)?
                    }
                    now => now,
                };
                now.as_ref().map(stamp) == *stamp_then
            }
            Look::Leads(target) => self.leads(path)?.as_deref() == target.as_ref().map(Text::as_path),
        })
    }

    /// Where a path leads. Through a folder that leads to itself, to a thing that is no link, it leads to itself.
    fn leads(&mut self, path: &Path) -> crate::Result<Option<PathBuf>> {
        if let Some(known) = self.leads.get(path.as_os_str()) {
            return Ok(known.clone());
        }
        let stat = self.kept(path)?;
        let is_link = stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
        let plain = path.file_name().is_some() && stat.is_some() && !is_link;
        let leads = match path.parent().filter(|_| plain) {
            Some(parent) if self.leads(parent)?.as_deref() == Some(parent) => Some(path.to_owned()),
            _ if stat.is_none() && !is_link => None,
            _ => match self.folders.root().canonical(path) {
                Ok(real) => Some(real),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error),
            },
        };
        self.leads.insert(path.into(), leads.clone());
        Ok(leads)
    }

    /// What is at a path, a link being a link.
    ///
    /// # Errors
    /// As [`Root::stat`].
    pub fn kept(&mut self, path: &Path) -> crate::Result<Option<Stat>> {
        if let Some(known) = self.kept.get(path.as_os_str()) {
            return Ok(*known);
        }
        let stat = self.folders.stat(path)?;
        self.kept.insert(path.into(), stat);
        Ok(stat)
    }

    /// What was found at each path that was looked at.
    #[must_use]
    pub fn into_kept(self) -> Kept {
        self.kept
    }
}
