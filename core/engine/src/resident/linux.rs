//! Watching folders on Linux: with fanotify where that can be had, because it tells who wrote, otherwise with inotify;
//! and the table of mounts, of which neither tells.

use super::fanotify::{Fanotify, Handle};
use super::happening::{Happening, News};
use super::inotify::Inotify;
use rustix::io::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

/// Folders that are watched.
pub(super) struct Watcher {
    fanotify: Option<Fanotify>,
    inotify: Inotify,
    folders: BTreeMap<PathBuf, Watch>,
    mounts: Option<(File, BTreeSet<Vec<u8>>)>,
}

enum Watch {
    Fanotify(Handle),
    Inotify(i32),
}

impl Watcher {
    /// Without folders.
    ///
    /// # Errors
    /// When the system gives neither.
    pub(super) fn new(_: &Path) -> Result<Self> {
        let mut watcher = Self {
            fanotify: Fanotify::new().ok(),
            inotify: Inotify::new()?,
            folders: BTreeMap::new(),
            mounts: None,
        };
        if let Ok(mut table) = File::open("/proc/self/mountinfo") {
            let now = read_table(&mut table);
            watcher.mounts = Some((table, now));
        }
        Ok(watcher)
    }

    /// Watches these folders and no others; answers those that were not watched before, and those that cannot be.
    pub(super) fn watch_only(
        &mut self,
        wanted: &BTreeSet<PathBuf>,
    ) -> (Vec<PathBuf>, Vec<(PathBuf, rustix::io::Errno)>) {
        let surplus: Vec<PathBuf> = self.folders.keys().filter(|path| !wanted.contains(*path)).cloned().collect();
        for folder in surplus {
            self.forget(&folder);
        }
        let (mut new, mut failed) = (Vec::new(), Vec::new());
        for folder in wanted {
            if self.folders.contains_key(folder) {
                continue;
            }
            match self.watch(folder) {
                Ok(()) => new.push(folder.clone()),
                // It went meanwhile, which the folder above tells.
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {}
                Err(errno) => failed.push((folder.clone(), errno)),
            }
        }
        (new, failed)
    }

    fn watch(&mut self, folder: &Path) -> Result<()> {
        let by_handle = self.fanotify.as_mut().map(|fanotify| fanotify.watch(folder));
        let watch = match by_handle {
            Some(Ok(handle)) => Watch::Fanotify(handle),
            _ => Watch::Inotify(self.inotify.watch(folder)?),
        };
        self.folders.insert(folder.to_owned(), watch);
        Ok(())
    }

    fn forget(&mut self, folder: &Path) {
        match (self.folders.remove(folder), &mut self.fanotify) {
            (Some(Watch::Fanotify(handle)), Some(fanotify)) => fanotify.forget(folder, &handle),
            (Some(Watch::Inotify(number)), _) => self.inotify.forget(folder, number),
            _ => {}
        }
    }

    /// Whatever is at this path and below it may be something else now: it has to be watched anew.
    pub(super) fn forget_below(&mut self, path: &Path) {
        let below: Vec<PathBuf> = self.folders.range(path.to_owned()..).map(|(folder, _)| folder)
            .take_while(|folder| folder.starts_with(path)).cloned().collect();
        for folder in below {
            self.forget(&folder);
        }
    }

    /// What to wait for, each with whether it is the table of mounts, which has no data but an exception.
    pub(super) fn sources(&self) -> Vec<(BorrowedFd<'_>, bool)> {
        let mut sources = vec![(self.inotify.as_fd(), false)];
        sources.extend(self.fanotify.as_ref().map(|fanotify| (fanotify.as_fd(), false)));
        sources.extend(self.mounts.as_ref().map(|(table, _)| (table.as_fd(), true)));
        sources
    }

    /// Tells everything that happened until now.
    pub(super) fn read(&mut self, tell: &mut dyn FnMut(News)) {
        if let Some(fanotify) = &mut self.fanotify {
            fanotify.read(tell);
        }
        self.inotify.read(tell);
    }

    /// Tells where something was mounted or unmounted.
    pub(super) fn read_mounts(&mut self, tell: &mut dyn FnMut(News)) {
        let Some((table, before)) = &mut self.mounts else {
            return;
        };
        let now = read_table(table);
        let changed = now.symmetric_difference(before).filter_map(|line| crate::hang::mount_point(line));
        let changed: BTreeSet<PathBuf> = changed.collect();
        *before = now;
        for place in changed {
            tell(News::Happening(Happening::replaced(place)));
        }
    }
}

/// The lines of the table of mounts.
fn read_table(table: &mut File) -> BTreeSet<Vec<u8>> {
    let mut bytes = Vec::new();
    _ = table.rewind().and_then(|()| table.read_to_end(&mut bytes));
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}
