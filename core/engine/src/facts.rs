//! Measuring files: what is there, whose it is, and the digest of what it holds.
//!
//! Every file is looked at once a run. When device, inode, size, mtime and ctime are what they were, its digest
//! is too, and it is not opened; `--full` and `verify.full_every` open it all the same. A file that cannot be
//! read in time, or at all, is a gap, and what was known of it stays.

use crate::discover::hex;
use crate::hang;
use assay_model::{Facts, FieldKind, FileType, Gap, GapReason, Kind, Manifest, SourceCheck, Stamp, Text};
use assay_root::{Folders, Last, Root, RootError, Stat, Why};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The name under which the core lists the files that entries name, as a module lists entries.
pub const MODULE: &str = "facts";

/// What was known of a file before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its identity and times when it was measured.
    pub stamp: Stamp,
    /// What was measured.
    pub facts: Facts,
}

/// What measuring one file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Nothing can have changed.
    Same,
    /// It was looked at; with a gap when only in part.
    Facts(Stamp, Facts, Option<Gap>),
    /// It could not be looked at, so what was known stands.
    Unknown(Gap),
}

/// How files are read.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Bytes above which a file is not hashed.
    pub max_size: u64,
    /// How long one file may take.
    pub timeout: Duration,
    /// Read again what seems unchanged.
    pub full: bool,
}

/// Measures files, in the order given; `known` is what each was before.
///
/// A thread that hangs in the kernel is left behind, and its file is a gap. Where the file is on a mount that may
/// never answer, so is the mount, and nobody else goes there.
#[must_use]
pub fn measure(root: &Arc<Root>, files: Vec<(Text, Option<Known>)>, how: &Measure) -> Vec<(Text, Measured)> {
    let count = files.len();
    let work = Arc::new(Work {
        root: Arc::clone(root),
        files,
        how: how.clone(),
        next: AtomicUsize::new(0),
        silent: Mutex::new(root.avoided().to_vec()),
        results: Mutex::new(vec![None; count]),
        born: AtomicUsize::new(0),
    });
    let (send, receive) = channel();
    // Without a thread there is no measuring, and no run: only memory that has run out does this.
    let start = || Worker::start(&work, &send);
    // One for so many files, and none that has to wait for a processor; to ask how many there are is not for nothing.
    let threads = match count.div_ceil(64) {
        few @ 0..=1 => few,
        many => available_parallelism().map_or(1, NonZero::get).min(many),
    };
    let mut workers: Vec<Worker> = (0..threads).filter_map(|_| start()).collect();
    while !workers.is_empty() {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok(number) => {
                let done = workers.iter().position(|worker| worker.number == number);
                // It is gone before anybody looks for threads that were left behind.
                if let Some(done) = done {
                    _ = workers.swap_remove(done).thread.join();
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let (stuck, going): (Vec<Worker>, _) = workers
                    .into_iter()
                    .partition(|worker| worker.stuck_at(how.timeout).is_some());
                workers = going;
                for index in stuck.iter().filter_map(|worker| worker.stuck_at(Duration::ZERO)) {
                    work.put(index, Measured::Unknown(work.give_up(&work.files[index].0)));
                    workers.extend(start());
                    // Those that hang one after the other are found together, the more there are.
                    if workers.len() < MAX_THREADS {
                        workers.extend(start());
                    }
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let results = std::mem::take(&mut *lock(&work.results));
    let paired = work.files.iter().zip(results).map(|((path, _), measured)| {
        let unknown = || Measured::Unknown(gap(path, GapReason::Io, "no thread could measure it"));
        (path.clone(), measured.unwrap_or_else(unknown))
    });
    paired.collect()
}

/// Threads that measure, once some have hung.
const MAX_THREADS: usize = 16;

struct Work {
    root: Arc<Root>,
    files: Vec<(Text, Option<Known>)>,
    how: Measure,
    next: AtomicUsize,
    /// Mounts that did not answer, as paths below the root.
    silent: Mutex<Vec<PathBuf>>,
    /// What measuring each of `files` gave, as far as that has come.
    results: Mutex<Vec<Option<Measured>>>,
    /// Threads that were started.
    born: AtomicUsize,
}

impl Work {
    /// The gap of a file that a thread hangs at.
    fn give_up(&self, path: &Text) -> Gap {
        let Some(mount) = hang::mount_of(self.root.path(), path.as_path()) else {
            let text = format!("not read within {} s", self.how.timeout.as_secs());
            return gap(path, GapReason::Timeout, text);
        };
        let gap = silence(&mount);
        lock(&self.silent).push(mount);
        gap
    }

    /// What came first stands: of a file that was given up, nothing is told that comes after all.
    fn put(&self, index: usize, measured: Measured) {
        if let Some(result) = lock(&self.results).get_mut(index) {
            result.get_or_insert(measured);
        }
    }

    fn silent(&self, path: &Text) -> Option<Gap> {
        let silent = lock(&self.silent);
        let mount = silent.iter().find(|mount| path.as_path().starts_with(mount))?;
        Some(silence(mount))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn silence(mount: &Path) -> Gap {
    gap(&mount.into(), GapReason::Timeout, Why::NoAnswer.to_string())
}

/// A thread, which file it is at, and since when: index + 1, and milliseconds since the thread's start.
struct Worker {
    number: usize,
    thread: JoinHandle<()>,
    born: Instant,
    at: Arc<(AtomicUsize, AtomicU64)>,
}

impl Worker {
    /// Starts one, which sends its number when there is no more to do.
    fn start(work: &Arc<Work>, send: &Sender<usize>) -> Option<Self> {
        let (work, send) = (Arc::clone(work), send.clone());
        let (number, born) = (work.born.fetch_add(1, Ordering::Relaxed), Instant::now());
        let at: Arc<(AtomicUsize, AtomicU64)> = Arc::default();
        let told = Arc::clone(&at);
        let run = move || {
            let mut reader = Reader::new(&work.root, &work.how);
            loop {
                let index = work.next.fetch_add(1, Ordering::Relaxed);
                let Some((path, known)) = work.files.get(index) else {
                    break;
                };
                let now = u64::try_from(born.elapsed().as_millis()).unwrap_or(u64::MAX);
                at.1.store(now, Ordering::Relaxed);
                at.0.store(index + 1, Ordering::Release);
                let silent = work.silent(path).map(Measured::Unknown);
                work.put(
                    index,
                    silent.unwrap_or_else(|| reader.measure(path, known.as_ref())),
                );
            }
            at.0.store(0, Ordering::Relaxed);
            _ = send.send(number);
        };
        std::thread::Builder::new()
            .name("measure".into())
            .spawn(run)
            .ok()
            .map(|thread| Self {
                number,
                thread,
                born,
                at: told,
            })
    }

    /// The file that it has been at for longer than `timeout`.
    fn stuck_at(&self, timeout: Duration) -> Option<usize> {
        let index = self.at.0.load(Ordering::Acquire).checked_sub(1)?;
        let since = Duration::from_millis(self.at.1.load(Ordering::Relaxed));
        (self.born.elapsed().saturating_sub(since) > timeout).then_some(index)
    }
}

fn gap(path: &Text, reason: GapReason, text: impl Into<String>) -> Gap {
    Gap {
        path: path.clone(),
        reason,
        text: text.into(),
        hides: Vec::new(),
    }
}

fn gap_of(path: &Text, error: &RootError) -> Gap {
    let reason = match error.why {
        Why::Permission => GapReason::Permission,
        Why::NoAnswer => GapReason::Timeout,
        _ => GapReason::Io,
    };
    gap(path, reason, error.why.to_string())
}

/// Bytes of one name, and of a path with the zero that ends it: `NAME_MAX` and `PATH_MAX` of Linux. Those of macOS are
/// no larger.
const MAX_NAME: usize = 255;
const MAX_PATH: usize = 4096;

/// Whether a system has such paths at all. Entries name others too, as a command or a shell, and nothing is ever there.
fn can_be_there(path: &Text) -> bool {
    let path = path.as_bytes();
    path.len() < MAX_PATH
        && !path.contains(&0)
        && path
            .split(|byte| *byte == b'/')
            .all(|name| name.len() <= MAX_NAME)
}

/// What one thread measures with.
struct Reader<'a> {
    folders: Folders<'a>,
    how: &'a Measure,
    buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Root, how: &'a Measure) -> Self {
        Self {
            folders: Folders::new(root),
            how,
            buffer: Vec::new(),
        }
    }

    fn measure(&mut self, path: &Text, known: Option<&Known>) -> Measured {
        if !can_be_there(path) {
            return Measured::Facts(Stamp::default(), Facts::missing(), None);
        }
        let stat = match self.folders.stat(path.as_path()) {
            Ok(Some(stat)) => stat,
            Ok(None) => return Measured::Facts(Stamp::default(), Facts::missing(), None),
            Err(error) => return Measured::Unknown(gap_of(path, &error)),
        };
        let stamp = assay_root::stamp(&stat);
        if !self.how.full && known.is_some_and(|known| known.stamp == stamp) {
            return Measured::Same;
        }
        let mut facts = facts_of(&stat);
        match facts.file_type {
            FileType::Link => {
                let target = self.folders.read_link(path.as_path()).ok();
                facts.target = target.map(|target| Text::from(target.as_path()));
                Measured::Facts(stamp, facts, None)
            }
            FileType::File if facts.size > self.how.max_size => too_big(path, stamp, facts),
            FileType::File => self.hash(path),
            _ => Measured::Facts(stamp, facts, None),
        }
    }

    /// Reads a regular file; one that changes meanwhile is read once more, and then marked.
    fn hash(&mut self, path: &Text) -> Measured {
        let max_size = self.how.max_size;
        let mut last = Facts::missing();
        for _ in 0..2 {
            let (mut file, before) = match self.folders.open_file(path.as_path()) {
                Ok(opened) => opened,
                Err(error) => return unopened(self.folders.root(), path, &error),
            };
            let (stamp, mut facts) = (assay_root::stamp(&before), facts_of(&before));
            if facts.size > max_size {
                return too_big(path, stamp, facts);
            }
            let unread = |facts, text: String| {
                Measured::Facts(Stamp::default(), facts, Some(gap(path, GapReason::Io, text)))
            };
            if rustix::fs::fstatfs(&file).is_ok_and(|system| OF_KERNEL.contains(&(system.f_type as u64))) {
                return unread(
                    facts,
                    "a file of the kernel, which may act when it is read".to_owned(),
                );
            }
            let limit = if facts.size == 0 { max_size } else { facts.size };
            let read = digest(&mut file, limit, &mut self.buffer);
            let after = match (read, rustix::fs::fstat(&file)) {
                (Ok(digest), Ok(after)) => {
                    facts = Facts {
                        sha256: digest,
                        ..facts_of(&after)
                    };
                    assay_root::stamp(&after)
                }
                (Err(error), _) => return unread(facts, error.to_string()),
                (_, Err(errno)) => return unread(facts, errno.to_string()),
            };
            if stamp == after && facts.sha256.is_some() {
                return Measured::Facts(settled(stamp), facts, None);
            }
            last = facts;
        }
        last.changing = true;
        // No stamp: the next run reads it again.
        Measured::Facts(Stamp::default(), last, None)
    }
}

fn too_big(path: &Text, stamp: Stamp, facts: Facts) -> Measured {
    let text = format!(
        "{} bytes, more than verify.max_size; its size is compared",
        facts.size
    );
    Measured::Facts(stamp, facts, Some(gap(path, GapReason::TooBig, text)))
}

/// A file that was one a moment ago and could not be opened: it is what it is now.
fn unopened(root: &Root, path: &Text, error: &RootError) -> Measured {
    match (&error.why, root.stat(path.as_path(), Last::Keep)) {
        (Why::NotFound, _) | (_, Ok(None)) => Measured::Facts(Stamp::default(), Facts::missing(), None),
        (_, Err(_)) => Measured::Unknown(gap_of(path, error)),
        (_, Ok(Some(stat))) => {
            let facts = facts_of(&stat);
            // Of a regular file it is not known what it holds; of what it turned into there is nothing to read.
            let gap = (facts.file_type == FileType::File).then(|| gap_of(path, error));
            Measured::Facts(Stamp::default(), facts, gap)
        }
    }
}

/// File systems whose files are the kernel's answers, by their numbers in `linux/magic.h`: to read one may take a
/// message from whom it was meant for (`/proc/kmsg`, `trace_pipe`), wait for it, or do something.
const OF_KERNEL: [u64; 8] = [
    0x0000_9fa0, // proc
    0x6265_6572, // sysfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x6265_6570, // configfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x7363_6673, // securityfs
];

/// A stamp that can be relied on; none for a file that was changed just now, so that the next run reads it again.
fn settled(stamp: Stamp) -> Stamp {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    if stamp.is_settled(i64::try_from(now).unwrap_or(i64::MAX)) {
        stamp
    } else {
        Stamp::default()
    }
}

/// The digest of at most `limit` bytes; `None` when there are more. A file that grows has no end to wait for.
fn digest(file: &mut File, limit: u64, buffer: &mut Vec<u8>) -> std::io::Result<Option<String>> {
    buffer.resize(128 << 10, 0);
    let mut hash = Sha256::new();
    let mut total = 0u64;
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(Some(hex(&hash.finalize()))),
            Ok(read) => {
                hash.update(&buffer[..read]);
                total += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if total > limit {
            return Ok(None);
        }
    }
}

#[cfg_attr(
    target_os = "linux",
    expect(clippy::useless_conversion, reason = "a mode has 16 bits on macOS")
)]
fn facts_of(stat: &Stat) -> Facts {
    use assay_root::FileType as Type;
    let file_type = match Type::from_raw_mode(stat.st_mode) {
        Type::RegularFile => FileType::File,
        Type::Directory => FileType::Folder,
        Type::Symlink => FileType::Link,
        Type::Fifo => FileType::Fifo,
        Type::Socket => FileType::Socket,
        Type::CharacterDevice | Type::BlockDevice | Type::Unknown => FileType::Device,
    };
    Facts {
        file_type,
        size: if file_type == FileType::File {
            u64::try_from(stat.st_size).unwrap_or(0)
        } else {
            0
        },
        mode: u32::from(rustix::fs::Mode::from_raw_mode(stat.st_mode).bits()),
        uid: stat.st_uid,
        gid: stat.st_gid,
        sha256: None,
        target: None,
        changing: false,
    }
}

/// What the core lists of files, in the same words as a module.
#[must_use]
pub fn manifest() -> Manifest {
    let kind = |role: Role, meaning: &str| {
        Kind::new(role.as_str(), "T1554", meaning)
            .source(SourceCheck::None)
            .compared(
                "type",
                FieldKind::Text,
                "file, folder, link, fifo, socket, device or missing",
            )
            .compared("mode", FieldKind::Text, "permission bits, octal")
            .compared("uid", FieldKind::Int, "owner")
            .compared("gid", FieldKind::Int, "group")
            .compared("target", FieldKind::Text, "where a link points")
            .compared(
                "sha256",
                FieldKind::Text,
                "digest of the content; compared for programs and opaque files",
            )
            .compared("size", FieldKind::Int, "bytes, compared where there is no digest")
            .compared("changing", FieldKind::Bool, "it changed each time it was read")
    };
    Manifest::new(
        MODULE,
        env!("CARGO_PKG_VERSION"),
        "the files that entries come from and run, measured by the core",
    )
    .kind(kind(Role::Program, "a file that entries run: every byte counts"))
    .kind(kind(
        Role::Opaque,
        "a file that no module understands: every byte counts",
    ))
    .kind(kind(
        Role::Source,
        "a file that entries are read from: who may write it counts",
    ))
}

/// Why a file is measured; of several reasons the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Entries are read from it.
    Source,
    /// Entries are read from it, and nothing understands it.
    Opaque,
    /// Entries run it.
    Program,
}

impl Role {
    /// Its name as a kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Opaque => "opaque",
            Self::Program => "program",
        }
    }
    /// Whether its content counts.
    #[must_use]
    pub fn content(self) -> bool {
        self != Self::Source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_never_be_there_is_missing_in_every_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Arc::new(Root::open(folder.path()).expect("a root"));
        let deep = format!("/{}x", "a/".repeat(2048));
        let paths = [format!("/opt/{}", "x".repeat(256)), deep, "/opt/x\0y".to_owned()];
        for full in [false, true] {
            let how = Measure {
                max_size: 1 << 20,
                timeout: Duration::from_secs(20),
                full,
            };
            let jobs = paths.iter().map(|path| (path.as_str().into(), None)).collect();
            for (path, measured) in measure(&root, jobs, &how) {
                let missing = Measured::Facts(Stamp::default(), Facts::missing(), None);
                assert_eq!(measured, missing, "{path}");
            }
        }
        assert!(can_be_there(&format!("/{}", "x".repeat(255)).into()));
    }
}
