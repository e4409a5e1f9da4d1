//! Folders watched with fanotify: each event names the folder by its handle, the name in it, and who did it.
//!
//! The form of events is that of fanotify(7), with `FAN_REPORT_DFID_NAME`, which Linux has since 5.9.

use super::happening::{Happening, News};
use crate::sys;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What names a folder in events: type and bytes of its handle. Folders of two file systems may share one: what
/// happens in one of them is then told of both.
pub(super) type Handle = Vec<u8>;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

const RENAMED: u64 = libc::FAN_CREATE
    | libc::FAN_DELETE
    | libc::FAN_MOVED_FROM
    | libc::FAN_MOVED_TO
    | libc::FAN_DELETE_SELF
    | libc::FAN_MOVE_SELF;
const WRITTEN: u64 = libc::FAN_MODIFY | libc::FAN_CLOSE_WRITE | libc::FAN_ATTRIB;
const EVENTS: u64 = RENAMED | WRITTEN | libc::FAN_ONDIR | libc::FAN_EVENT_ON_CHILD;

/// A group of fanotify.
pub(super) struct Fanotify {
    group: OwnedFd,
    folders: HashMap<Handle, Vec<PathBuf>>,
    buffer: Vec<u8>,
}

impl Fanotify {
    /// A group without folders.
    ///
    /// # Errors
    /// When the system has none, or does not let this process have one.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            group: sys::fanotify_group()?,
            folders: HashMap::new(),
            buffer: vec![0; BUFFER],
        })
    }

    /// Watches a folder.
    ///
    /// # Errors
    /// When it is none, when there are too many, or its file system has no handles.
    pub(super) fn watch(&mut self, folder: &Path) -> Result<Handle> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::open(folder, flags, Mode::empty())?;
        // The handle first: an event of a folder that has none here would be lost.
        let handle = sys::handle_of(opened.as_fd())?;
        sys::fanotify_watch(self.group.as_fd(), opened.as_fd(), EVENTS)?;
        let paths = self.folders.entry(handle.clone()).or_default();
        if !paths.iter().any(|path| path == folder) {
            paths.push(folder.to_owned());
        }
        Ok(handle)
    }

    /// Watches a folder no longer. The mark stays on one that is elsewhere by now; what it tells is nobody's.
    pub(super) fn forget(&mut self, folder: &Path, handle: &Handle) {
        let Some(paths) = self.folders.get_mut(handle) else {
            return;
        };
        paths.retain(|path| path != folder);
        if !paths.is_empty() {
            return;
        }
        self.folders.remove(handle);
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        if let Ok(opened) = rustix::fs::open(folder, flags, Mode::empty())
            && sys::handle_of(opened.as_fd()).as_ref() == Ok(handle)
        {
            _ = sys::fanotify_forget(self.group.as_fd(), opened.as_fd(), EVENTS);
        }
    }

    /// Reads what happened, until there is no more.
    pub(super) fn read(&mut self, tell: &mut dyn FnMut(News)) {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            match rustix::io::read(&self.group, &mut buffer) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(length) => self.tell(&buffer[..length], tell),
                Err(Errno::INTR) => {}
                Err(_) => {
                    tell(News::Lost);
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    fn tell(&self, mut bytes: &[u8], tell: &mut dyn FnMut(News)) {
        while let Some((event, rest)) = Event::first(bytes) {
            bytes = rest;
            if event.mask & libc::FAN_Q_OVERFLOW != 0 {
                tell(News::Lost);
            }
            for (handle, name) in event.places() {
                let folders = self.folders.get(handle).into_iter().flatten();
                for folder in folders {
                    tell(News::Happening(Happening {
                        folder: folder.clone(),
                        name: name.map(OsStr::to_owned),
                        renamed: event.mask & RENAMED != 0,
                        pid: (event.pid > 0).then_some(event.pid),
                    }));
                }
            }
        }
        // What is no event, or half of one, hides what came after it.
        if !bytes.is_empty() {
            tell(News::Lost);
        }
    }
}

impl AsFd for Fanotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.group.as_fd()
    }
}

/// `struct fanotify_event_metadata`, and the information records behind it.
struct Event<'b> {
    mask: u64,
    pid: i32,
    records: &'b [u8],
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl<'b> Event<'b> {
    /// The first event, and the bytes behind it.
    fn first(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let length = u32::from_ne_bytes(number(bytes, 0)?) as usize;
        let head = usize::from(u16::from_ne_bytes(number(bytes, 6)?));
        let event = Self {
            mask: u64::from_ne_bytes(number(bytes, 8)?),
            pid: i32::from_ne_bytes(number(bytes, 20)?),
            records: bytes.get(head..length)?,
        };
        // An event without length would be the first one for ever.
        (length >= 24).then_some((event, &bytes[length..]))
    }

    /// The folder's handle, and the name in it, of each record that has them.
    fn places(&self) -> impl Iterator<Item = (&'b [u8], Option<&'b OsStr>)> {
        let mut records = self.records;
        std::iter::from_fn(move || {
            loop {
                let kind = *records.first()?;
                let length = usize::from(u16::from_ne_bytes(number(records, 2)?));
                let record = records.get(..length).filter(|record| record.len() >= 4)?;
                records = &records[length..];
                if [libc::FAN_EVENT_INFO_TYPE_DFID_NAME, libc::FAN_EVENT_INFO_TYPE_DFID].contains(&kind)
                    && let Some(place) = place(record)
                {
                    return Some(place);
                }
            }
        })
    }
}

/// `struct fanotify_event_info_fid`: four bytes of head, eight of the file system's number, `struct file_handle` with
/// its length and type before its bytes, then the name with a NUL. A folder itself is named `.`.
fn place(record: &[u8]) -> Option<(&[u8], Option<&OsStr>)> {
    let length = u32::from_ne_bytes(number(record, 12)?) as usize;
    let end = length.checked_add(20)?;
    let handle = record.get(16..end)?;
    let name = record[end..].split(|byte| *byte == 0).next().unwrap_or_default();
    let name = (!name.is_empty() && name != b".").then(|| OsStr::from_bytes(name));
    Some((handle, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = &bytes[..];
            while let Some((event, more)) = Event::first(rest) {
                prop_assert!(more.len() < rest.len());
                prop_assert!(event.places().count() < 60);
                rest = more;
            }
        }
    }
}
