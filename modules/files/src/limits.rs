//! What a watch may take, and the gaps where it was more: whoever can write files can write many.

use assay_sdk::watch::Watch;
use assay_sdk::{GapReason, Result, Scan};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Entries of one file; a file with more is compared byte by byte.
pub(crate) const MAX_OF_FILE: usize = 5_000;
/// Entries of one watch.
const MAX_OF_WATCH: usize = 50_000;
/// Entries of all, and bytes of text in them: well below what the core takes of one module.
const MAX_ENTRIES: usize = 500_000;
const MAX_BYTES: usize = 64 << 20;
/// Gaps that one watch may make by its limits; with more, the folder that holds them all is the gap.
const MAX_GAPS: usize = 32;

/// What was used up, and what was not looked at because of that.
#[derive(Default)]
pub(crate) struct Limits {
    files: Vec<u32>,
    entries: Vec<usize>,
    all_entries: usize,
    all_bytes: usize,
    met: BTreeMap<usize, (String, BTreeSet<PathBuf>)>,
}

impl Limits {
    pub(crate) fn new(watches: usize) -> Self {
        Self {
            files: vec![0; watches],
            entries: vec![0; watches],
            ..Self::default()
        }
    }

    /// A watch does not look at, or below, `place`.
    pub(crate) fn met(&mut self, watch: usize, place: &Path, why: impl FnOnce() -> String) {
        let (_, places) = self.met.entry(watch).or_insert_with(|| (why(), BTreeSet::new()));
        if places.iter().any(|known| place.starts_with(known)) {
            return;
        }
        places.insert(place.to_owned());
        if places.len() > MAX_GAPS {
            let all = std::mem::take(places);
            places.extend(common(&all));
        }
    }

    /// Whether a watch may look into one more file.
    pub(crate) fn takes_file(&mut self, index: usize, watch: &Watch, path: &Path) -> bool {
        let (files, limit) = (&mut self.files[index], watch.max_files);
        if *files >= limit {
            let folder = path.parent().unwrap_or(path);
            self.met(index, folder, || {
                format!("not all of it was looked at: more than the {limit} files of `max_files`")
            });
            return false;
        }
        *files += 1;
        true
    }

    /// Whether a watch may list the entries of one more file.
    pub(crate) fn takes_entries(&mut self, index: usize, entries: usize, bytes: usize, path: &Path) -> bool {
        let room = self.entries[index] + entries <= MAX_OF_WATCH
            && self.all_entries + entries <= MAX_ENTRIES
            && self.all_bytes + bytes <= MAX_BYTES;
        if !room {
            self.met(index, path, || {
                format!(
                    "not listed: more than {MAX_OF_WATCH} entries of this kind, or {MAX_ENTRIES} of all lists"
                )
            });
            return false;
        }
        self.entries[index] += entries;
        self.all_entries += entries;
        self.all_bytes += bytes;
        true
    }

    /// Tells of every place that was left out.
    pub(crate) fn tell(self, scan: &mut Scan<'_>, watches: &[Watch]) -> Result<()> {
        let mut gaps: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for (index, (why, places)) in self.met {
            for place in places {
                gaps.entry(place)
                    .or_default()
                    .push(format!("{}: {why}", watches[index].kind));
            }
        }
        for (place, why) in gaps {
            scan.gap(&place, GapReason::TooBig, &why.join("; "))?;
        }
        Ok(())
    }
}

/// The deepest folder that holds all of them.
fn common(paths: &BTreeSet<PathBuf>) -> Option<PathBuf> {
    let (first, last) = (paths.first()?, paths.last()?);
    // Paths in order: what the first and the last begin with, all between do.
    let same = first
        .components()
        .zip(last.components())
        .take_while(|(a, b)| a == b);
    Some(same.map(|(part, _)| part).collect())
}
