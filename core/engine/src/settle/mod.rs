//! Settling what a run saw: the facts of the files it names, what changed, how bad that is, and all of it stored
//! with its alerts, one transaction a module.

mod entries;
mod files;
mod groups;
mod lists;
mod modules;

use crate::alert::Draft;
use crate::compare::Identity;
use crate::config::Accept;
use crate::facts::{Measure, Measured, Role, measure};
use crate::run::{Failure, Output};
use crate::scope::{self, ModulePlaces, Places, Touched};
use crate::store::{FileRow, ModuleRow, Result, Store};
use assay_model::{Entry, Facts, Gap, Input, Kind, SourceCheck, Stamp, Text, What, Writer};
use assay_root::{Kept, Root};
use groups::Groups;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What one module's process gave.
pub(crate) struct Outcome {
    /// Its file, as it was loaded.
    pub(crate) name: String,
    pub(crate) path: Text,
    pub(crate) stamp: Stamp,
    pub(crate) sha256: String,
    /// Digest of what it was asked, besides the files it read.
    pub(crate) request: String,
    pub(crate) output: std::result::Result<Output, Failure>,
}

/// What somebody who watches saw.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// What may have changed; everything when it is absent.
    pub(crate) touched: Option<&'a Touched>,
    /// Who wrote last, by path.
    pub(crate) writers: &'a BTreeMap<Text, Writer>,
}

/// One run, between its modules.
pub(crate) struct Settler<'a> {
    pub(crate) store: &'a mut Store,
    now: String,
    root: Arc<Root>,
    how: Measure,
    accept: Accept,
    modules: BTreeMap<String, ModuleRow>,
    files: BTreeMap<Text, FileRow>,
    measured: HashMap<Text, Measured>,
    /// What was found at paths while finding out which modules need not run.
    looked: Kept,
    /// The stories that alerts of this run tell.
    groups: Groups,
    /// Which entries name a file, once that had to be known.
    names: Option<Names>,
    /// Entries changed, so files may be named that were not, or no more.
    entries_changed: bool,
    /// Nothing has ever been announced of this database: gaps are part of what is learned.
    first: bool,
    /// What may have changed, when somebody knows.
    touched: Option<&'a Touched>,
    /// Who wrote last, as far as somebody watched.
    writers: &'a BTreeMap<Text, Writer>,
    /// Where modules looked that were asked in this run.
    looked_at: BTreeMap<String, Vec<Input>>,
    /// Entries that were learned, by module.
    pub(crate) learned: BTreeMap<String, usize>,
}

/// Which entries name which files, and why.
type Names = HashMap<Text, Vec<Naming>>;

struct Naming {
    module: String,
    identity: Identity,
    role: Option<Role>,
    /// It does so as last seen, not only in its baseline.
    in_state: bool,
}

impl<'a> Settler<'a> {
    pub(crate) fn new(
        store: &'a mut Store,
        now: &str,
        root: Arc<Root>,
        how: Measure,
        accept: Accept,
        modules: BTreeMap<String, ModuleRow>,
        seen: Seen<'a>,
    ) -> Result<Self> {
        Ok(Self {
            now: now.to_owned(),
            root,
            how,
            accept,
            modules,
            files: store.files()?,
            measured: HashMap::new(),
            looked: Kept::new(),
            groups: Groups::default(),
            names: None,
            entries_changed: store.meta("names_changed")?.is_some_and(|v| v == "1"),
            first: store.meta("announced")?.is_none(),
            touched: seen.touched,
            writers: seen.writers,
            looked_at: BTreeMap::new(),
            learned: BTreeMap::new(),
            store,
        })
    }

    /// What is known of the modules, by name.
    pub(crate) fn modules(&self) -> &BTreeMap<String, ModuleRow> {
        &self.modules
    }

    /// Modules whose scans fail, with the reason.
    pub(crate) fn failed(&self) -> BTreeMap<String, String> {
        let there = self.modules.values().filter(|module| !module.missing);
        there
            .filter_map(|module| Some((module.name.clone(), module.failure.clone()?)))
            .collect()
    }

    /// Where to look for the next change: where modules looked, as far as that is known to be news, and the files that
    /// entries name.
    pub(crate) fn places(&mut self) -> Places {
        let asked = std::mem::take(&mut self.looked_at);
        let all = self.touched.is_none();
        let mut modules = BTreeMap::new();
        for module in self.modules.values().filter(|module| !module.missing) {
            let known = module.inputs.as_deref().filter(|_| all);
            let looked_at = match asked.get(&module.name) {
                Some(inputs) => inputs.clone(),
                None => match known.and_then(|known| serde_json::from_str(known).ok()) {
                    Some(inputs) => inputs,
                    None => continue,
                },
            };
            let patterns = module.manifest.as_ref().map(|manifest| manifest.watch.clone());
            modules.insert(
                module.name.clone(),
                ModulePlaces {
                    looked_at,
                    patterns: patterns.unwrap_or_default(),
                },
            );
        }
        Places {
            modules,
            files: self.files.keys().cloned().collect(),
        }
    }

    /// Who wrote last to any of these.
    fn writer_of<'p>(&self, paths: impl IntoIterator<Item = &'p Text>) -> Option<Writer> {
        if self.writers.is_empty() {
            return None;
        }
        // Who moved a folder wrote all that is in it.
        let mut all = paths.into_iter().flat_map(|path| path.as_path().ancestors());
        all.find_map(|path| self.writers.get(&Text::from(path))).cloned()
    }

    /// Files that were looked at already in this run need not be looked at again.
    pub(crate) fn looked(&mut self, looked: Kept) {
        self.looked = looked;
    }

    fn measure(&mut self, paths: impl IntoIterator<Item = Text>) {
        let mut jobs = Vec::new();
        for path in paths {
            if self.measured.contains_key(&path) {
                continue;
            }
            let known = self.files.get(&path).map(|file| &file.known);
            let looked = self.looked.get(path.as_path().as_os_str());
            let looked = looked.and_then(Option::as_ref).map(assay_root::stamp);
            if !self.how.full && looked.is_some() && looked == known.map(|known| known.stamp) {
                self.measured.insert(path, Measured::Same);
            } else {
                jobs.push((path, known.cloned()));
            }
        }
        self.measured.extend(measure(&self.root, jobs, &self.how));
    }

    /// What is known of a file now: measured in this run, or else before.
    fn facts(&self, path: &Text) -> Option<Facts> {
        match self.measured.get(path) {
            Some(Measured::Facts(_, facts, _)) => Some(facts.clone()),
            _ => self.files.get(path).map(|file| file.known.facts.clone()),
        }
    }

    /// Gaps that opened or closed since the last scan of this module.
    fn changed_gaps(&self, module: &str, now: &[Gap]) -> Result<Vec<(What, Gap)>> {
        let open: BTreeMap<Text, Gap> = (self.store.gaps()?.into_iter())
            .filter(|gap| gap.module == module)
            .map(|gap| (gap.path.clone(), gap.gap()))
            .collect();
        let now: BTreeMap<&Text, &Gap> = now.iter().map(|gap| (&gap.path, gap)).collect();
        let opened = now
            .iter()
            .filter(|(path, gap)| open.get(**path).is_none_or(|old| old.reason != gap.reason));
        let opened = opened.map(|(_, gap)| (What::GapOpened, (*gap).clone()));
        let closed = open.iter().filter(|(path, _)| !now.contains_key(path));
        Ok(opened
            .chain(closed.map(|(_, gap)| (What::GapClosed, gap.clone())))
            .collect())
    }

    /// Settles what is not watched.
    pub(crate) fn unwatched(&mut self, unwatched: &[Gap]) -> Result<()> {
        let changes = self.changed_gaps(scope::WATCH, unwatched)?;
        if changes.is_empty() {
            return Ok(());
        }
        let now = self.now.clone();
        self.store.transaction(|store| {
            for (what, gap) in &changes {
                store.put_gap(*what, scope::WATCH, gap, &now)?;
                store.append(Draft::of_gap(*what, scope::WATCH, gap), &now)?;
            }
            Ok(())
        })
    }

    fn index(&self) -> Result<Names> {
        let mut names = Names::new();
        for entry in self.store.entries()? {
            let kind = self.kind(&entry.module, &entry.identity.0);
            for (side, in_state) in [(&entry.row.state, true), (&entry.row.baseline, false)] {
                if !in_state && entry.row.state == entry.row.baseline {
                    continue;
                }
                for (path, role) in side.iter().flat_map(|e| named_files_of(e, kind)) {
                    let (module, identity) = (entry.module.clone(), entry.identity.clone());
                    names.entry(path).or_default().push(Naming {
                        module,
                        identity,
                        role,
                        in_state,
                    });
                }
            }
        }
        Ok(names)
    }

    fn kind(&self, module: &str, kind: &str) -> Option<&Kind> {
        self.modules.get(module)?.manifest.as_ref()?.kind_named(kind)
    }
}

/// Every file that an entry names, each once, with the weightiest reason.
fn named_files(entry: &Entry, kind: &Kind) -> Vec<(Text, Role)> {
    let source = match (kind.source, &entry.unparsable) {
        (_, Some(_)) | (SourceCheck::Content, _) => Some(Role::Opaque),
        (SourceCheck::Owner, None) => Some(Role::Source),
        (SourceCheck::None, None) => None,
    };
    let programs = entry.programs.iter().cloned();
    let mut named: Vec<_> = programs.map(|program| (program, Role::Program)).collect();
    if let Some(source) = source {
        match named.iter_mut().find(|(path, _)| *path == entry.source) {
            Some((_, role)) => *role = source.max(*role),
            None => named.push((entry.source.clone(), source)),
        }
    }
    named
}

/// The same when the kind may be unknown: a module that is gone may have left entries behind.
fn named_files_of(entry: &Entry, kind: Option<&Kind>) -> Vec<(Text, Option<Role>)> {
    match kind {
        Some(kind) => named_files(entry, kind)
            .into_iter()
            .map(|(path, role)| (path, Some(role)))
            .collect(),
        None => entry
            .programs
            .iter()
            .map(|program| (program.clone(), Some(Role::Program)))
            .collect(),
    }
}
