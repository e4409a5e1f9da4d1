//! Watching on Linux: with fanotify where that can be had, because it tells who wrote, otherwise with inotify;
//! and the table of mounts, of which neither tells.

use super::fanotify::{Fanotify, Handle};
use super::happening::{Happening, News, Wanted, Watched, below};
use super::inotify::Inotify;
use rustix::io::{Errno, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

/// What is watched.
pub(super) struct Watcher {
    fanotify: Option<Fanotify>,
    inotify: Inotify,
    watched: BTreeMap<OsString, Watch>,
    mounts: Option<(File, BTreeSet<Vec<u8>>)>,
}

struct Watch {
    is_folder: bool,
    by: By,
}

enum By {
    Fanotify(Handle),
    Inotify(i32),
}

impl Watcher {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// When the system gives nothing to watch with.
    pub(super) fn new(_: &Path) -> Result<Self> {
        let mut watcher = Self {
            fanotify: Fanotify::new().ok(),
            inotify: Inotify::new()?,
            watched: BTreeMap::new(),
            mounts: None,
        };
        if let Ok(mut table) = File::open("/proc/self/mountinfo") {
            let now = read_table(&mut table);
            watcher.mounts = Some((table, now));
        }
        Ok(watcher)
    }

    /// Watches these folders and files and nothing else.
    pub(super) fn watch_only(&mut self, wanted: &Wanted) -> Watched {
        let surplus = |path: &&OsString| !wanted.folders.contains(*path) && !wanted.files.contains(*path);
        let surplus: Vec<OsString> = self.watched.keys().filter(surplus).cloned().collect();
        for path in surplus {
            self.forget(&path);
        }
        let mut watched = Watched::default();
        // Folders first: what they tell is worth more, when not all can be watched.
        let folders = wanted.folders.iter().map(|path| (path, true));
        for (path, is_folder) in folders.chain(wanted.files.iter().map(|path| (path, false))) {
            if self
                .watched
                .get(path)
                .is_some_and(|watch| watch.is_folder == is_folder)
            {
                continue;
            }
            match self.watch(path, is_folder) {
                Ok(()) => watched.new.push(path.into()),
                // It went meanwhile, which the folder above tells.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => watched.failed.push((path.into(), errno)),
            }
        }
        watched
    }

    fn watch(&mut self, name: &OsStr, is_folder: bool) -> Result<()> {
        let path = Path::new(name);
        let by_handle = self
            .fanotify
            .as_mut()
            .and_then(|fanotify| fanotify.watch(path, is_folder).ok());
        let by = match by_handle {
            Some(handle) => By::Fanotify(handle),
            None => By::Inotify(self.inotify.watch(path, is_folder)?),
        };
        self.watched.insert(name.to_owned(), Watch { is_folder, by });
        Ok(())
    }

    fn forget(&mut self, name: &OsStr) {
        let Some(Watch { is_folder, by }) = self.watched.remove(name) else {
            return;
        };
        let path = Path::new(name);
        match (by, &mut self.fanotify) {
            (By::Fanotify(handle), Some(fanotify)) => fanotify.forget(path, is_folder, &handle),
            (By::Inotify(number), _) => self.inotify.forget(path, number),
            _ => {}
        }
    }

    /// Whatever is at this path and below it may be something else now: it has to be watched anew.
    pub(super) fn forget_below(&mut self, path: &Path) {
        let path = path.as_os_str();
        let watched = self
            .watched
            .range(below(path))
            .map(|(watched, _)| watched.clone());
        let watched: Vec<OsString> = watched.chain([path.to_owned()]).collect();
        for path in watched {
            self.forget(&path);
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
        let changed = now
            .symmetric_difference(before)
            .filter_map(|line| crate::hang::mount_point(line));
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
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}
