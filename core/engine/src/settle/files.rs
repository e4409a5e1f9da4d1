//! The files that entries name, listed by the core as if by a module of its own: one swapped program is one alert,
//! however many entries run it.

use super::groups::Paths;
use super::{Naming, Settler};
use crate::alert::Draft;
use crate::compare::{FileDelta, compare_file};
use crate::config::Accept;
use crate::facts::{self, Known, MODULE, Measure, Measured, Role};
use crate::store::{FileRow, OpenGap, Result};
use assay_model::{Facts, Gap, GapReason, Severity, Stamp, Text, What};

impl Settler<'_> {
    /// After the last module: every file that any entry names, changed entry or not; when it is known what may have
    /// changed, those and what is named for the first time.
    pub(crate) fn sweep(&mut self) -> Result<()> {
        // A file that was never read has no row: entries alone know that it is to be measured again.
        let never_read = |gap: &OpenGap| gap.module == MODULE && !self.files.contains_key(&gap.path);
        let open = self.store.gaps()?;
        let is_partial = self.touched.is_some();
        let full_index = self.entries_changed || open.iter().any(never_read);
        let mut dropped = Vec::new();
        if full_index {
            let names = self.index()?;
            dropped = self
                .files
                .keys()
                .filter(|path| !names.contains_key(path))
                .cloned()
                .collect();
            for path in &dropped {
                self.files.remove(path);
            }
            self.measure(self.due(names.keys()));
            self.names = Some(names);
        } else {
            self.measure(self.due(self.files.keys()));
        }
        let differs = |s: &Self, path: &Text, measured: &Measured| match measured {
            Measured::Same | Measured::Unknown(_) => false,
            Measured::Facts(_, facts, _) => s.files.get(path).is_none_or(|file| file.known.facts != *facts),
        };
        if self.names.is_none() || !full_index {
            let any = self
                .measured
                .iter()
                .any(|(path, measured)| differs(self, path, measured));
            self.names = if any { Some(self.index()?) } else { None };
        }
        let names = self.names.take().unwrap_or_default();
        let (mut writes, mut drafts, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
        // Nobody looked at those again.
        let unmeasured = open
            .iter()
            .filter(|gap| gap.module == MODULE && is_partial && !self.measured.contains_key(&gap.path));
        gaps.extend(unmeasured.map(OpenGap::gap));
        let mut measured: Vec<_> = std::mem::take(&mut self.measured).into_iter().collect();
        measured.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, measured) in measured {
            if dropped.contains(&path) || (full_index && !names.contains_key(&path)) {
                continue;
            }
            let naming = names.get(&path).map(Vec::as_slice).unwrap_or_default();
            let old = self.files.get(&path);
            // Of a file that only entries name that are gone, what was last told stands until one is back.
            let is_gone = !naming.is_empty() && !naming.iter().any(|n| n.in_state);
            if is_gone && old.is_some() {
                continue;
            }
            // As last seen: what only a baseline names it for does not count while that is open.
            let strictest = |all: bool| {
                naming
                    .iter()
                    .filter(|n| all || n.in_state)
                    .filter_map(|n| n.role)
                    .max()
            };
            let role = strictest(false)
                .or_else(|| strictest(true))
                .or(old.map(|f| f.role))
                .unwrap_or(Role::Source);
            match measured {
                Measured::Same => {
                    if let Some(gap) = old.and_then(|file| still_unread(&path, file, &self.how)) {
                        gaps.push(gap);
                    }
                    if let Some(old) = old.filter(|old| old.role != role) {
                        writes.push((path, FileRow { role, ..old.clone() }, None));
                    }
                }
                // Read for what it tells of a module, and named by no entry.
                _ if old.is_none() && naming.is_empty() => {}
                Measured::Unknown(gap) => gaps.push(gap),
                Measured::Facts(stamp, facts, gap) => {
                    gaps.extend(gap.clone());
                    let Some(old) = old else {
                        let known = Known { stamp, facts };
                        writes.push((
                            path,
                            FileRow {
                                role,
                                known,
                                baseline: None,
                                alert: None,
                            },
                            None,
                        ));
                        continue;
                    };
                    let (file, delta) = measured_again(old, role, stamp, &facts, gap.as_ref());
                    let draft = delta.what.map(|what| {
                        drafts.push(self.file_alert(&path, role, what, &delta, naming));
                        drafts.len() - 1
                    });
                    if draft.is_some() || file != *old {
                        writes.push((path, file, draft));
                    }
                }
            }
        }
        // What a module cannot look into hides its files too: that is one gap.
        let of_modules = open.into_iter().filter(|gap| gap.module != MODULE);
        let of_modules: Vec<Text> = of_modules.map(|gap| gap.path).collect();
        gaps.retain(|gap| {
            !of_modules
                .iter()
                .any(|open| gap.path.as_path().starts_with(open.as_path()))
        });
        let gaps = self.changed_gaps(MODULE, &gaps)?;
        let entries_changed = self.entries_changed;
        if writes.is_empty() && dropped.is_empty() && gaps.is_empty() && !entries_changed {
            return Ok(());
        }
        let paths: Vec<Paths> = drafts
            .iter()
            .map(|draft: &Draft| draft.key.as_ref().map(Paths::of_file).unwrap_or_default())
            .collect();
        for (draft, group) in drafts.iter_mut().zip(self.groups.of(&paths)) {
            draft.group = group;
        }
        let (now, accept, first) = (self.now.clone(), self.accept, self.first);
        self.store.transaction(|store| {
            let mut numbers = Vec::new();
            for draft in drafts {
                numbers.push(store.append(draft, &now)?);
            }
            for (path, mut file, draft) in writes {
                if let Some(draft) = draft {
                    file.alert = numbers.get(draft).copied();
                    if accept == Accept::Auto {
                        file.baseline = None;
                    }
                }
                if file.baseline.is_none() {
                    file.alert = None;
                }
                store.put_file(&path, &file)?;
            }
            for path in &dropped {
                store.drop_file(path)?;
            }
            for (what, gap) in &gaps {
                store.put_gap(*what, MODULE, gap, &now)?;
                if !first {
                    store.append(Draft::of_gap(*what, MODULE, gap), &now)?;
                }
            }
            if entries_changed {
                store.set_meta("names_changed", "0")
            } else {
                Ok(())
            }
        })
    }

    /// Those of the files that are to be looked at.
    fn due<'p>(&self, files: impl Iterator<Item = &'p Text>) -> Vec<Text> {
        let touched = self.touched;
        let is_due = |path: &&Text| {
            touched.is_none_or(|touched| touched.files.contains(*path) || !self.files.contains_key(*path))
        };
        files.filter(is_due).cloned().collect()
    }

    /// The alert of a file, in the name of those that are hurt by it.
    fn file_alert(&self, path: &Text, role: Role, what: What, delta: &FileDelta, naming: &[Naming]) -> Draft {
        let kinds = naming
            .iter()
            .filter(|n| n.in_state)
            .filter_map(|n| self.kind(&n.module, &n.identity.0));
        let worst = kinds.max_by_key(|kind| kind.severity);
        let name = |n: &Naming| {
            let (kind, key) = &n.identity;
            Text::from([n.module.as_bytes(), b"/", kind.as_bytes(), b"/", key.as_bytes()].concat())
        };
        let manifest = facts::manifest();
        let own = manifest.kind_named(role.as_str());
        let severity = worst.map_or(Severity::Medium, |kind| kind.severity);
        let fields = delta.facts.compared(role.content());
        let mut named_by: Vec<Text> = naming.iter().map(name).collect();
        named_by.sort();
        named_by.dedup();
        Draft {
            severity: crate::judge::severity(what, severity),
            technique: worst.or(own).map(|kind| kind.technique.clone()),
            kind: Some(role.as_str().to_owned()),
            key: Some(path.clone()),
            source: Some(path.clone()),
            programs: vec![assay_model::ProgramFacts {
                path: path.clone(),
                facts: Some(delta.facts.clone()),
            }],
            changed: delta.changed.clone(),
            fields,
            named_by,
            writer_hint: self.writer_of([path]),
            ..Draft::of_module(
                what,
                MODULE,
                if what == What::Reverted {
                    "as in the baseline again"
                } else {
                    ""
                },
            )
        }
    }
}

/// A file that was measured again: the row to store, and what is to be said.
pub(super) fn measured_again(
    old: &FileRow,
    role: Role,
    stamp: Stamp,
    facts: &Facts,
    gap: Option<&Gap>,
) -> (FileRow, FileDelta) {
    let unread = gap.is_some_and(|gap| gap.reason != GapReason::TooBig);
    let delta = compare_file(
        &old.known.facts,
        old.baseline.as_ref(),
        facts.clone(),
        role.content(),
        unread,
    );
    let known = Known {
        stamp,
        facts: delta.facts.clone(),
    };
    let alert = if delta.baseline.is_some() { old.alert } else { None };
    (
        FileRow {
            role,
            known,
            baseline: delta.baseline.clone(),
            alert,
        },
        delta,
    )
}

/// The gap of a file that is unchanged since it was too big to be hashed.
fn still_unread(path: &Text, file: &FileRow, how: &Measure) -> Option<Gap> {
    let facts = &file.known.facts;
    let too_big =
        facts.file_type == assay_model::FileType::File && facts.sha256.is_none() && facts.size > how.max_size;
    too_big.then(|| Gap {
        path: path.clone(),
        reason: GapReason::TooBig,
        text: String::new(),
        hides: Vec::new(),
    })
}
