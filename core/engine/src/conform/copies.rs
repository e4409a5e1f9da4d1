//! The files that a module listed entries from, to be looked at again elsewhere, whole and damaged.

use super::tree::Tree;
use crate::run::Scan;
use assay_root::{FileType, Last, Root};
use rustix::fs::Mode;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Files of one module.
const MAX_FILES: usize = 2000;
/// Bytes of one file.
const MAX_SIZE: u64 = 4 << 20;
/// Bytes of all of them.
const MAX_TOTAL: usize = 64 << 20;
/// What nearly every module reads besides: who has a home.
const ALWAYS: &[&str] = &["/etc/passwd", "/etc/os-release"];

/// What a source is.
pub(super) enum Sample {
    /// A file, with its mode and owner.
    File {
        /// Its content.
        content: Vec<u8>,
        /// The bits for owner, group and others.
        mode: Mode,
        /// Owner and group.
        owner: (u32, u32),
    },
    /// A link, with its target.
    Link(PathBuf),
    /// A folder.
    Folder,
}

/// Samples by path.
pub(super) type Samples = BTreeMap<PathBuf, Sample>;

/// The sources of a scan.
pub(super) fn gather(root: &Root, scan: &Scan) -> Samples {
    let mut samples = Samples::new();
    let mut total = 0;
    let sources = scan.entries.iter().map(|entry| entry.source.as_path());
    for path in sources.chain(ALWAYS.iter().map(Path::new)) {
        if samples.len() >= MAX_FILES || total >= MAX_TOTAL || samples.contains_key(path) {
            continue;
        }
        if let Some(sample) = take(root, path) {
            if let Sample::File { content, .. } = &sample {
                total += content.len();
            }
            samples.insert(path.to_owned(), sample);
        }
    }
    samples
}

fn take(root: &Root, path: &Path) -> Option<Sample> {
    let stat = root.stat(path, Last::Keep).ok()??;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Sample::File {
            content: root.read(path, MAX_SIZE).ok()?,
            mode: Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO),
            owner: (stat.st_uid, stat.st_gid),
        }),
        FileType::Symlink => Some(Sample::Link(root.read_link(path).ok()?)),
        FileType::Directory => Some(Sample::Folder),
        _ => None,
    }
}

/// Puts the samples into a root; in the second of two, everything that is not their name and content differs: the
/// order they were made in, and so their inodes, and their times.
pub(super) fn place(tree: &Tree, samples: &Samples, second: bool) {
    let mut order: Vec<_> = samples.iter().collect();
    if second {
        order.reverse();
    }
    // Links last: nothing is put behind one.
    order.sort_by_key(|(_, sample)| matches!(sample, Sample::Link(_)));
    let time = second.then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    for (path, sample) in order {
        // A source that is reached through a link cannot be put there; then there is one less.
        _ = match sample {
            Sample::File { content, mode, owner } => tree
                .file(path, content)
                .and_then(|()| tree.dress(path, *owner, *mode, time)),
            Sample::Link(target) => tree.link(path, target),
            Sample::Folder => tree.folder(path),
        };
    }
}
