//! Folders and files watched with inotify, where fanotify cannot: older kernels, containers, file systems without handles.

use super::happening::{Happening, News, READS};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::{Errno, Result};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const RENAMED: ReadFlags = ReadFlags::CREATE
    .union(ReadFlags::DELETE)
    .union(ReadFlags::MOVED_FROM)
    .union(ReadFlags::MOVED_TO)
    .union(ReadFlags::DELETE_SELF)
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::UNMOUNT);

/// An instance of inotify.
pub(super) struct Inotify {
    instance: OwnedFd,
    paths: HashMap<i32, Vec<PathBuf>>,
}

impl Inotify {
    /// An instance that watches nothing yet.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            instance: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            paths: HashMap::new(),
        })
    }

    /// Watches a folder or a file.
    ///
    /// # Errors
    /// When it is not there, or there are too many.
    pub(super) fn watch(&mut self, path: &Path, is_folder: bool) -> Result<i32> {
        let mut events =
            WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE | WatchFlags::ATTRIB | WatchFlags::DONT_FOLLOW;
        if is_folder {
            events |= WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
        }
        let number = inotify::add_watch(&self.instance, path, events)?;
        let paths = self.paths.entry(number).or_default();
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
        Ok(number)
    }

    /// Watches it no longer, wherever it is.
    pub(super) fn forget(&mut self, path: &Path, number: i32) {
        let Some(paths) = self.paths.get_mut(&number) else {
            return;
        };
        paths.retain(|known| known != path);
        if paths.is_empty() {
            self.paths.remove(&number);
            _ = inotify::remove_watch(&self.instance, number);
        }
    }

    /// Reads what happened, until there is no more, or all else has its turn.
    pub(super) fn read(&mut self, tell: &mut dyn FnMut(News)) {
        let mut buffer = [MaybeUninit::<u8>::uninit(); 1 << 15];
        let mut reader = Reader::new(&self.instance, &mut buffer);
        let mut reads = 0;
        // What is in the buffer is gone when it is not told.
        while reads < READS || !reader.is_buffer_empty() {
            reads += usize::from(reader.is_buffer_empty());
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                Err(_) => {
                    tell(News::Lost);
                    break;
                }
            };
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                tell(News::Lost);
            }
            let name = event
                .file_name()
                .map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            for path in self.paths.get(&event.wd()).into_iter().flatten() {
                tell(News::Happening(Happening {
                    folder: path.clone(),
                    name: name.clone(),
                    renamed: event.events().intersects(RENAMED),
                    pid: None,
                }));
            }
            if event.events().contains(ReadFlags::IGNORED) {
                self.paths.remove(&event.wd());
            }
        }
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.instance.as_fd()
    }
}
