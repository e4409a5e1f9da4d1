//! A file system whose files misbehave: just enough of the FUSE protocol (`linux/fuse.h`, version 7.31) to mount a
//! folder of files that answer late, never, or with an error.

use super::mounts::Mounted;
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// What becomes of those who use a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// They get this content.
    Holds(&'static str),
    /// To read it never ends; it says to hold that many bytes.
    HangsInRead(u64),
    /// To ask what it is never ends.
    HangsInStat,
    /// To look for it never ends.
    HangsInLookup,
    /// To read it fails with `EIO`.
    FailsInRead,
    /// To open it fails with `EIO`.
    FailsInOpen,
}

/// A mounted file system; unmounted, and everybody who waits for it let go, when this is dropped.
pub(super) struct Fuse {
    _mounted: Mounted,
    stop: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

const ROOT: u64 = 1;
const EIO: i32 = 5;
const ENOENT: i32 = 2;
const ENOSYS: i32 = 38;

impl Fuse {
    /// Mounts `files` on the folder `at`, for every user.
    pub(super) fn mount(at: &Path, files: &[(&'static str, Manner)]) -> Self {
        Self::mount_by(0, at, files)
    }

    /// The same as `user` may do it, who then is the one that serves it as far as the kernel knows.
    pub(super) fn mount_by(user: u32, at: &Path, files: &[(&'static str, Manner)]) -> Self {
        let device = File::options()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .expect("/dev/fuse opens");
        let options = format!(
            "fd={},rootmode=40000,user_id={user},group_id=0,allow_other",
            device.as_raw_fd()
        );
        let mounted = Mounted::new(Some("hostile"), at, Some("fuse"), 0, Some(&options));
        let stop = Arc::new(AtomicBool::new(false));
        let (files, stopped) = (files.to_vec(), Arc::clone(&stop));
        let server = std::thread::spawn(move || serve(device, &files, &stopped));
        Self {
            _mounted: mounted,
            stop,
            server: Some(server),
        }
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // With the device closed, every request that waits for an answer fails.
        if let Some(server) = self.server.take() {
            _ = server.join();
        }
    }
}

fn serve(mut device: File, files: &[(&'static str, Manner)], stop: &AtomicBool) {
    let mut request = vec![0; 1 << 20];
    while !stop.load(Ordering::Relaxed) {
        let timeout = rustix::time::Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let ready = poll(&mut [PollFd::new(&device, PollFlags::IN)], Some(&timeout));
        if ready.is_ok_and(|ready| ready == 0) {
            continue;
        }
        let Ok(length) = device.read(&mut request) else {
            return;
        };
        let header = Header::of(&request);
        match answer(&header, &request[40..length], files) {
            Answer::Never => {}
            // The kernel may have given a request up meanwhile.
            Answer::Error(errno) => _ = device.write_all(&reply(header.unique, -errno, &[])),
            Answer::Bytes(bytes) => _ = device.write_all(&reply(header.unique, 0, &bytes)),
        }
    }
}

struct Header {
    opcode: u32,
    unique: u64,
    node: u64,
}

impl Header {
    fn of(bytes: &[u8]) -> Self {
        let u32_at = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let u64_at = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Self {
            opcode: u32_at(4),
            unique: u64_at(8),
            node: u64_at(16),
        }
    }
}

fn reply(unique: u64, error: i32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).expect("a short answer");
    [
        &length.to_ne_bytes()[..],
        &error.to_ne_bytes(),
        &unique.to_ne_bytes(),
        body,
    ]
    .concat()
}

enum Answer {
    Bytes(Vec<u8>),
    Error(i32),
    Never,
}

fn answer(header: &Header, body: &[u8], files: &[(&'static str, Manner)]) -> Answer {
    let file = header
        .node
        .checked_sub(2)
        .and_then(|index| files.get(usize::try_from(index).ok()?));
    let manner = file.map(|(_, manner)| *manner);
    match header.opcode {
        // FORGET, INTERRUPT, BATCH_FORGET: nobody waits for an answer.
        2 | 36 | 42 => Answer::Never,
        // LOOKUP
        1 => {
            let name = body.strip_suffix(b"\0").unwrap_or(body);
            match files.iter().position(|(file, _)| file.as_bytes() == name) {
                None => Answer::Error(ENOENT),
                Some(index) if files[index].1 == Manner::HangsInLookup => Answer::Never,
                Some(index) => {
                    let node = index as u64 + 2;
                    Answer::Bytes(words(
                        &[node, 0, 0, 0, 0],
                        &attributes(node, Some(files[index].1)),
                    ))
                }
            }
        }
        // GETATTR; nothing is cached, so that each stat asks.
        3 if manner == Some(Manner::HangsInStat) => Answer::Never,
        3 => Answer::Bytes(words(&[0, 0], &attributes(header.node, manner))),
        // OPEN, with FOPEN_DIRECT_IO, so that a size of 0 keeps nobody from reading
        14 if manner == Some(Manner::FailsInOpen) => Answer::Error(EIO),
        14 => Answer::Bytes(words(&[0, 1], &[])),
        // READ
        15 => match manner {
            Some(Manner::Holds(content)) => {
                let offset = u64::from_ne_bytes(body[8..16].try_into().expect("eight bytes"));
                let offset = usize::try_from(offset).map_or(content.len(), |at| at.min(content.len()));
                let most = u32::from_ne_bytes(body[16..20].try_into().expect("four bytes"));
                let rest = content.as_bytes()[offset..].iter();
                // More than was asked for is an error.
                Answer::Bytes(rest.copied().take(most as usize).collect())
            }
            Some(Manner::FailsInRead) => Answer::Error(EIO),
            _ => Answer::Never,
        },
        // INIT: major, minor, read ahead, flags, queue lengths, largest write, and so on.
        26 => {
            let numbers: [u32; 6] = [7, 31, 0, 0, 0, 4096];
            let mut bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
            bytes.resize(64, 0);
            Answer::Bytes(bytes)
        }
        // OPENDIR
        27 => Answer::Bytes(words(&[0, 0], &[])),
        // READDIR
        28 => Answer::Bytes(if body[8..16] == [0; 8] {
            listing(files)
        } else {
            Vec::new()
        }),
        // FLUSH, RELEASE, RELEASEDIR
        25 | 18 | 29 => Answer::Bytes(Vec::new()),
        _ => Answer::Error(ENOSYS),
    }
}

fn words(first: &[u64], rest: &[u8]) -> Vec<u8> {
    let first: Vec<u8> = first.iter().flat_map(|word| word.to_ne_bytes()).collect();
    [&first, rest].concat()
}

/// `struct fuse_attr`
fn attributes(node: u64, manner: Option<Manner>) -> Vec<u8> {
    let size = match manner {
        Some(Manner::Holds(content)) => content.len() as u64,
        Some(Manner::HangsInRead(size)) => size,
        _ => 10,
    };
    let mode: u32 = if node == ROOT { 0o040_755 } else { 0o100_755 };
    let narrow: [u32; 10] = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0];
    let narrow: Vec<u8> = narrow.iter().flat_map(|n| n.to_ne_bytes()).collect();
    words(&[node, size, 1, 1, 1, 1], &narrow)
}

/// `struct fuse_dirent`, one after the other, each padded to eight bytes.
fn listing(files: &[(&'static str, Manner)]) -> Vec<u8> {
    const REGULAR: u32 = 8;
    let mut bytes = Vec::new();
    for (index, (name, _)) in files.iter().enumerate() {
        let length = u32::try_from(name.len()).expect("a short name");
        bytes.extend(words(
            &[index as u64 + 2, index as u64 + 1],
            &length.to_ne_bytes(),
        ));
        bytes.extend(REGULAR.to_ne_bytes());
        bytes.extend(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    bytes
}
