//! Who wrote, as far as can be told a moment later.

use super::happening::Happening;
use assay_model::{Text, Writer};
use assay_root::Root;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Paths of which the writer is remembered until the next run.
const MAX_PATHS: usize = 10_000;

/// Who wrote last, by paths on this machine.
#[derive(Default)]
pub(super) struct Writers {
    last: BTreeMap<PathBuf, i32>,
    known: HashMap<i32, Writer>,
}

impl Writers {
    /// Somebody wrote just now.
    pub(super) fn wrote(&mut self, happening: &Happening) {
        let Some(pid) = happening.pid else {
            return;
        };
        let path = happening.path();
        if self.last.len() < MAX_PATHS || self.last.contains_key(&path) {
            self.known.entry(pid).or_insert_with(|| look(pid));
            self.last.insert(path, pid);
        }
    }

    /// The same by paths below the root.
    pub(super) fn of(&self, root: &Root) -> BTreeMap<Text, Writer> {
        let below = |path: &Path| Some(Path::new("/").join(path.strip_prefix(root.path()).ok()?));
        let told = self.last.iter();
        told.filter_map(|(path, pid)| Some((below(path)?.as_path().into(), self.known.get(pid)?.clone())))
            .collect()
    }
}

/// Its executable and real user; proc(5). It may have ended, and even another may have its number.
fn look(pid: i32) -> Writer {
    let place = PathBuf::from(format!("/proc/{pid}"));
    let status = std::fs::read_to_string(place.join("status")).unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    Writer {
        pid,
        executable: std::fs::read_link(place.join("exe"))
            .ok()
            .map(|path| path.as_path().into()),
        user: user.and_then(|ids| ids.split_whitespace().next()?.parse().ok()),
    }
}
