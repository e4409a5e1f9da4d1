//! Folders and files watched with fanotify: each event names the folder by its handle, the name in it, the file by its
//! own handle, and who did it. A file is watched itself because it can be written to by another name, elsewhere.
//!
//! The form of events is that of fanotify(7), with `FAN_REPORT_DFID_NAME`, which Linux has since 5.9.

use super::happening::{Happening, News, READS};
use crate::sys;
use rustix::io::{Errno, Result};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What names a folder or a file in events: type and bytes of its handle. Those of two file systems may share one: what
/// happens to one of them is then told of both.
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

/// A group of fanotify.
pub(super) struct Fanotify {
    group: OwnedFd,
    paths: HashMap<Handle, Vec<PathBuf>>,
    buffer: Vec<u8>,
}

fn events(is_folder: bool) -> u64 {
    if is_folder {
        RENAMED | WRITTEN | libc::FAN_ONDIR | libc::FAN_EVENT_ON_CHILD
    } else {
        WRITTEN
    }
}

impl Fanotify {
    /// A group that watches nothing yet.
    ///
    /// # Errors
    /// When the system has none, or does not let this process have one.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            group: sys::fanotify_group()?,
            paths: HashMap::new(),
            buffer: vec![0; BUFFER],
        })
    }

    /// Watches a folder or a file.
    ///
    /// # Errors
    /// When it is not there, when there are too many, or its file system has no handles.
    pub(super) fn watch(&mut self, path: &Path, is_folder: bool) -> Result<Handle> {
        // The handle first: an event of what has none here would be lost.
        let handle = sys::handle_of(path)?;
        self.mark(path, libc::FAN_MARK_ADD, is_folder)?;
        let paths = self.paths.entry(handle.clone()).or_default();
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
        Ok(handle)
    }

    /// Watches it no longer. The mark stays on what is elsewhere by now; what it tells is nobody's.
    pub(super) fn forget(&mut self, path: &Path, is_folder: bool, handle: &Handle) {
        let Some(paths) = self.paths.get_mut(handle) else {
            return;
        };
        paths.retain(|known| known != path);
        if !paths.is_empty() {
            return;
        }
        self.paths.remove(handle);
        if sys::handle_of(path).as_ref() == Ok(handle) {
            _ = self.mark(path, libc::FAN_MARK_REMOVE, is_folder);
        }
    }

    fn mark(&self, path: &Path, what: u32, is_folder: bool) -> Result<()> {
        sys::fanotify_mark(self.group.as_fd(), path, what, is_folder, events(is_folder))
    }

    /// Reads what happened, until there is no more, or all else has its turn.
    pub(super) fn read(&mut self, tell: &mut dyn FnMut(News)) {
        let mut buffer = std::mem::take(&mut self.buffer);
        for _ in 0..READS {
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
            for place in event.places() {
                let is_child = place.kind == libc::FAN_EVENT_INFO_TYPE_FID;
                // A child of a folder has both records; that a name of it is gone does not say that it is.
                if is_child && event.mask & RENAMED != 0 {
                    continue;
                }
                for path in self.paths.get(place.handle).into_iter().flatten() {
                    tell(News::Happening(Happening {
                        folder: path.clone(),
                        name: place.name.map(OsStr::to_owned),
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

    /// What each record names.
    fn places(&self) -> impl Iterator<Item = Place<'b>> {
        let mut records = self.records;
        std::iter::from_fn(move || {
            loop {
                let kind = *records.first()?;
                let length = usize::from(u16::from_ne_bytes(number(records, 2)?));
                let record = records.get(..length).filter(|record| record.len() >= 4)?;
                records = &records[length..];
                if KINDS.contains(&kind)
                    && let Some(place) = Place::of(kind, record)
                {
                    return Some(place);
                }
            }
        })
    }
}

/// Records that name something.
const KINDS: [u8; 3] = [
    libc::FAN_EVENT_INFO_TYPE_FID,
    libc::FAN_EVENT_INFO_TYPE_DFID,
    libc::FAN_EVENT_INFO_TYPE_DFID_NAME,
];

struct Place<'b> {
    kind: u8,
    handle: &'b [u8],
    name: Option<&'b OsStr>,
}

impl<'b> Place<'b> {
    /// `struct fanotify_event_info_fid`: four bytes of head, eight of the file system's number, `struct file_handle` with
    /// its length and type before its bytes, then, in records with one, the name with a NUL. A folder itself is named `.`.
    fn of(kind: u8, record: &'b [u8]) -> Option<Self> {
        let length = u32::from_ne_bytes(number(record, 12)?) as usize;
        let end = length.checked_add(20)?;
        let handle = record.get(16..end)?;
        let name = record[end..].split(|byte| *byte == 0).next().unwrap_or_default();
        let has_name = kind == libc::FAN_EVENT_INFO_TYPE_DFID_NAME && !name.is_empty() && name != b".";
        Some(Self {
            kind,
            handle,
            name: has_name.then(|| OsStr::from_bytes(name)),
        })
    }
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
