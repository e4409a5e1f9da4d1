//! Measuring files: what is there, whose it is, and the digest of what it holds.
//!
//! Every file is looked at once a run. When device, inode, size, mtime and ctime are what they were, its digest
//! is too, and it is not opened; `--full` and `verify.full_every` open it all the same. A file that cannot be
//! read in time, or at all, is a gap, and what was known of it stays.

use crate::discover::hex;
use assay_model::{Facts, FieldKind, FileType, Gap, GapReason, Kind, Manifest, SourceCheck, Stamp, Text};
use assay_root::{Last, Root, RootError, Stat, Why};
use rustix::fs::{Advice, fadvise};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
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
    /// How many files are read at the same time.
    pub threads: usize,
}

/// Measures files, in the order given; `known` is what each was before.
///
/// A thread that hangs in the kernel (a dead network mount) is left behind, and its file is a gap.
#[must_use]
pub fn measure(root: &Arc<Root>, files: Vec<(Text, Option<Known>)>, how: &Measure) -> Vec<(Text, Measured)> {
    let count = files.len();
    let work = Arc::new(Work {
        root: Arc::clone(root),
        files,
        how: how.clone(),
        next: AtomicUsize::new(0),
    });
    let mut results: Vec<Option<Measured>> = vec![None; count];
    let (send, receive) = channel();
    let start = |work: &Arc<Work>| {
        let (work, send) = (Arc::clone(work), send.clone());
        let current = Arc::new(Current::default());
        let shown = Arc::clone(&current);
        // Without a thread there is no measuring, and no run: only memory that has run out does this.
        let spawned = std::thread::Builder::new().name("measure".into()).spawn(move || {
            loop {
                let index = work.next.fetch_add(1, Ordering::Relaxed);
                let Some((path, known)) = work.files.get(index) else {
                    break;
                };
                shown.begin(index);
                let measured = measure_one(&work.root, path, known.as_ref(), &work.how);
                if send.send((index, measured)).is_err() {
                    break;
                }
            }
            shown.end();
        });
        spawned.ok().map(|_| current)
    };
    let threads = how.threads.clamp(1, count.div_ceil(64).max(1));
    let mut workers: Vec<Arc<Current>> = (0..threads).filter_map(|_| start(&work)).collect();
    let mut missing = count;
    while missing > 0 && !workers.is_empty() {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok((index, measured)) => {
                if results[index].is_none() {
                    results[index] = Some(measured);
                    missing -= 1;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                for worker in &mut workers {
                    let Some(index) = worker.stuck_for(how.timeout) else {
                        continue;
                    };
                    if results[index].is_none() {
                        let text = format!("not read within {} s", how.timeout.as_secs());
                        results[index] = Some(Measured::Unknown(gap(
                            &work.files[index].0,
                            GapReason::Timeout,
                            text,
                        )));
                        missing -= 1;
                    }
                    match start(&work) {
                        Some(new) => *worker = new,
                        None => worker.end(),
                    }
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let work = &work;
    let paired = results.into_iter().enumerate().map(|(index, measured)| {
        let path = work.files[index].0.clone();
        let unknown = || Measured::Unknown(gap(&path, GapReason::Io, "no thread could measure it"));
        let measured = measured.unwrap_or_else(unknown);
        (path, measured)
    });
    paired.collect()
}

struct Work {
    root: Arc<Root>,
    files: Vec<(Text, Option<Known>)>,
    how: Measure,
    next: AtomicUsize,
}

/// Which file a thread is at, and since when: index + 1, and milliseconds since the thread's start.
struct Current {
    born: Instant,
    index: AtomicUsize,
    since: AtomicU64,
}

impl Default for Current {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            index: AtomicUsize::new(0),
            since: AtomicU64::new(0),
        }
    }
}

impl Current {
    fn begin(&self, index: usize) {
        self.index.store(index + 1, Ordering::Relaxed);
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(now, Ordering::Release);
    }
    fn end(&self) {
        self.index.store(0, Ordering::Relaxed);
    }
    fn stuck_for(&self, timeout: Duration) -> Option<usize> {
        let index = self.index.load(Ordering::Relaxed).checked_sub(1)?;
        let since = Duration::from_millis(self.since.load(Ordering::Acquire));
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
    let reason = if matches!(error.why, Why::Permission) {
        GapReason::Permission
    } else {
        GapReason::Io
    };
    gap(path, reason, error.why.to_string())
}

fn measure_one(root: &Root, path: &Text, known: Option<&Known>, how: &Measure) -> Measured {
    let stat = match root.stat(path.as_path(), Last::Keep) {
        Ok(Some(stat)) => stat,
        Ok(None) => return Measured::Facts(Stamp::default(), Facts::missing(), None),
        Err(error) => return Measured::Unknown(gap_of(path, &error)),
    };
    let stamp = assay_root::stamp(&stat);
    if !how.full && known.is_some_and(|known| known.stamp == stamp) {
        return Measured::Same;
    }
    let mut facts = facts_of(&stat);
    match facts.file_type {
        FileType::Link => {
            facts.target = root
                .read_link(path.as_path())
                .ok()
                .map(|target| Text::from(target.as_path()));
            Measured::Facts(stamp, facts, None)
        }
        FileType::File if facts.size > how.max_size => {
            let text = format!(
                "{} bytes, more than verify.max_size; its size is compared",
                facts.size
            );
            Measured::Facts(stamp, facts, Some(gap(path, GapReason::TooBig, text)))
        }
        FileType::File => hash(root, path, how),
        _ => Measured::Facts(stamp, facts, None),
    }
}

/// Reads a regular file; one that changes meanwhile is read once more, and then marked.
fn hash(root: &Root, path: &Text, how: &Measure) -> Measured {
    let mut last = None;
    for _ in 0..2 {
        let (mut file, before) = match root.open_file(path.as_path(), Last::Keep) {
            Ok(opened) => opened,
            // It was another thing a moment ago: what it is now is found by the next run, at the latest.
            Err(RootError {
                why: Why::NotFound, ..
            }) => {
                return Measured::Facts(Stamp::default(), Facts::missing(), None);
            }
            Err(error) => {
                let Ok(Some(stat)) = root.stat(path.as_path(), Last::Keep) else {
                    return Measured::Unknown(gap_of(path, &error));
                };
                return Measured::Facts(Stamp::default(), facts_of(&stat), Some(gap_of(path, &error)));
            }
        };
        let digest = match digest(&mut file, how.max_size) {
            Ok(Some(digest)) => digest,
            Ok(None) => {
                let text = "grew beyond verify.max_size while it was read; its size is compared";
                return Measured::Facts(
                    Stamp::default(),
                    facts_of(&before),
                    Some(gap(path, GapReason::TooBig, text)),
                );
            }
            Err(error) => {
                return Measured::Facts(
                    Stamp::default(),
                    facts_of(&before),
                    Some(gap(path, GapReason::Io, error.to_string())),
                );
            }
        };
        let Ok(after) = rustix::fs::fstat(&file) else {
            continue;
        };
        let stamp = assay_root::stamp(&after);
        let mut facts = facts_of(&after);
        facts.sha256 = Some(digest);
        if stamp == assay_root::stamp(&before) {
            return Measured::Facts(settled(stamp), facts, None);
        }
        last = Some(facts);
    }
    let mut facts = last.unwrap_or_else(Facts::missing);
    facts.changing = true;
    // No stamp: the next run reads it again.
    Measured::Facts(Stamp::default(), facts, None)
}

/// A stamp that can be relied on; none for a file that was changed just now, so that the next run reads it again.
fn settled(stamp: Stamp) -> Stamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    if stamp.is_settled(i64::try_from(now).unwrap_or(i64::MAX)) { stamp } else { Stamp::default() }
}

/// The digest of at most `limit` bytes; `None` when there are more.
fn digest(file: &mut File, limit: u64) -> std::io::Result<Option<String>> {
    // Only advice: a file system that does not know it reads as well.
    _ = fadvise(&*file, 0, None, Advice::Sequential);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0u64;
    loop {
        match file.read(&mut buffer) {
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
