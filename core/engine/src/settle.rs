//! Settling what a run saw: the facts of the files it names, what changed, how bad that is, and all of it stored
//! with its alerts, one transaction a module.

use crate::alert::Draft;
use crate::compare::{Delta, FileDelta, Identity, compare, compare_file};
use crate::config::Accept;
use crate::facts::{self, Known, MODULE, Measure, Measured, Role, measure};
use crate::run::{Failure, Output, parse};
use crate::store::{FileRow, ModuleRow, Result, Store};
use assay_model::{
    Entry, Facts, FieldChange, Gap, GapReason, Kind, Manifest, Severity, SourceCheck, Stamp, Text, What,
};
use assay_root::{Root, Stat};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
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
    looked: Looked,
    /// Which entries name a file, once that had to be known.
    names: Option<Names>,
    /// Entries changed, so files may be named that were not, or no more.
    entries_changed: bool,
    /// Nothing has ever been announced of this database: gaps are part of what is learned.
    first: bool,
    /// Entries that were learned, by module.
    pub(crate) learned: BTreeMap<String, usize>,
}

/// What was found at paths, links being links.
pub(crate) type Looked = HashMap<PathBuf, Option<Stat>>;

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
    ) -> Result<Self> {
        Ok(Self {
            now: now.to_owned(),
            root,
            how,
            accept,
            modules: store.modules()?,
            files: store.files()?,
            measured: HashMap::new(),
            looked: Looked::new(),
            names: None,
            entries_changed: store.meta("names_changed")?.is_some_and(|v| v == "1"),
            first: store.meta("announced")?.is_none(),
            learned: BTreeMap::new(),
            store,
        })
    }

    /// Files that were looked at already in this run need not be looked at again.
    pub(crate) fn looked(&mut self, looked: Looked) {
        self.looked = looked;
    }

    /// Settles one module.
    pub(crate) fn module(&mut self, outcome: Outcome) -> Result<()> {
        let Outcome {
            name,
            path,
            stamp,
            sha256,
            request,
            output,
        } = outcome;
        let known = self.modules.get(&name).cloned();
        let mut row = known.clone().unwrap_or_else(|| ModuleRow {
            name: name.clone(),
            path: path.clone(),
            stamp,
            sha256: sha256.clone(),
            manifest: None,
            output: None,
            request: None,
            inputs: None,
            failure: None,
            sandbox: None,
            announced: false,
            missing: false,
        });
        let mut drafts = Vec::new();
        if known.is_some() && (row.sha256 != sha256 || row.path != path) {
            let change = |field: &str, old: &str, new: &str| FieldChange {
                field: field.into(),
                old: Some(old.into()),
                new: Some(new.into()),
            };
            let mut draft = Draft::of_module(
                What::ModuleChanged,
                &name,
                "another file is loaded as this module now",
            );
            draft.source = Some(path.clone());
            draft.changed = vec![change("sha256", &row.sha256, &sha256)];
            if row.path != path {
                let old = FieldChange {
                    field: "path".into(),
                    old: Some(row.path.clone().into()),
                    new: Some(path.clone().into()),
                };
                draft.changed.push(old);
            }
            drafts.push(draft);
            (row.path, row.sha256) = (path, sha256);
        }
        row.missing = false;
        row.stamp = stamp;
        let output = match output {
            // Byte for byte the last good scan: there is nothing to compare.
            Ok(output) if row.output.as_ref() == Some(&output.digest) => {
                drafts.extend(recovered(&mut row));
                return self.put_module(row, known.as_ref(), drafts);
            }
            other => other,
        };
        let digest = output.as_ref().map(|o| o.digest.clone()).ok();
        let scan = match output.and_then(|output| parse(&output, &name)) {
            Ok(scan) => scan,
            Err(failure) => {
                // The same kind of failure again is no news; what it says may hold addresses and times.
                let same = row
                    .failure
                    .as_ref()
                    .is_some_and(|old| old.split(':').next() == Some(failure.name));
                if !same {
                    let mut draft = Draft::of_module(What::ModuleFailed, &name, failure.to_string());
                    draft.source = Some(row.path.clone());
                    drafts.push(draft);
                    row.failure = Some(failure.to_string());
                }
                return self.put_module(row, known.as_ref(), drafts);
            }
        };
        drafts.extend(recovered(&mut row));
        let rows = self.store.rows(&name)?;
        let deltas = compare(
            row.manifest.as_ref(),
            &scan.manifest,
            rows,
            scan.entries,
            &scan.gaps,
        );
        let learned = deltas
            .iter()
            .filter(|d| d.what.is_none() && d.before.is_empty())
            .count();
        if learned > 0 || row.manifest.is_none() {
            *self.learned.entry(name.clone()).or_default() += learned;
            row.announced = false;
        }
        row.sandbox = serde_json::to_string(&scan.sandbox).ok();
        row.output = digest;
        row.request = Some(request);
        row.inputs = scan.inputs.as_ref().and_then(|inputs| serde_json::to_string(inputs).ok());
        let gaps = self.changed_gaps(&name, &scan.gaps)?;
        let quiet = !row.announced;
        row.manifest = Some(scan.manifest.clone());
        self.measure_named_by(&deltas);
        if !deltas.is_empty() && self.names.is_none() && deltas.iter().any(|d| d.what.is_some()) {
            self.names = Some(self.index()?);
        }
        let now = self.now.clone();
        let mut files = Vec::new();
        let changes = self.entry_changes(&name, &scan.manifest, &deltas);
        let accept = self.accept;
        self.modules.insert(name.clone(), row.clone());
        self.store.transaction(|store| {
            for draft in drafts {
                store.append(draft, &now)?;
            }
            for (delta, draft, named) in changes {
                let alert = draft.map(|draft| store.append(draft, &now)).transpose()?;
                let mut after = delta.after.clone();
                if accept == Accept::Auto && alert.is_some() {
                    after.baseline.clone_from(&after.state);
                }
                store.put_row(&name, &delta.identity, &after, alert, &now)?;
                for (path, mut file) in named {
                    file.alert = if file.baseline.is_some() { alert } else { None };
                    store.put_file(&path, &file)?;
                    files.push((path, file));
                }
            }
            for (what, gap) in &gaps {
                match what {
                    What::GapOpened => store.open_gap(&name, gap, &now)?,
                    _ => store.close_gap(&name, &gap.path)?,
                }
                if !quiet {
                    store.append(Draft::of_gap(*what, &name, gap), &now)?;
                }
            }
            store.put_module(&row)
        })?;
        self.entries_changed |= !deltas.is_empty();
        self.files.extend(files);
        Ok(())
    }

    fn put_module(&mut self, row: ModuleRow, known: Option<&ModuleRow>, drafts: Vec<Draft>) -> Result<()> {
        if known == Some(&row) && drafts.is_empty() {
            return Ok(());
        }
        let now = self.now.clone();
        self.modules.insert(row.name.clone(), row.clone());
        self.store.transaction(|store| {
            for draft in drafts {
                store.append(draft, &now)?;
            }
            store.put_module(&row)
        })
    }

    /// Modules that were loaded once and are not there now: what they listed stays, and is looked at by nobody.
    pub(crate) fn missing(&mut self, present: &BTreeSet<String>) -> Result<()> {
        let gone: Vec<ModuleRow> = self
            .modules
            .values()
            .filter(|m| !m.missing && !present.contains(&m.name))
            .cloned()
            .collect();
        for module in gone {
            let mut draft = Draft::of_module(
                What::ModuleMissing,
                &module.name,
                "what it watched is not watched any more",
            );
            draft.source = Some(module.path.clone());
            let row = ModuleRow {
                missing: true,
                ..module.clone()
            };
            self.put_module(row, Some(&module), vec![draft])?;
        }
        Ok(())
    }

    /// Files in the module folders that are not loaded.
    pub(crate) fn refused(&mut self, refused: &BTreeMap<Text, String>) -> Result<()> {
        let known = self.store.refused()?;
        if known == *refused {
            return Ok(());
        }
        let now = self.now.clone();
        self.store.transaction(|store| {
            for (path, reason) in refused
                .iter()
                .filter(|(path, reason)| known.get(*path) != Some(reason))
            {
                let mut draft = Draft::about(What::ModuleRefused, reason);
                draft.source = Some(path.clone());
                store.append(draft, &now)?;
            }
            store.put_refused(refused)
        })
    }

    /// Gaps that opened or closed since the last scan of this module.
    fn changed_gaps(&self, module: &str, now: &[Gap]) -> Result<Vec<(What, Gap)>> {
        let open: BTreeMap<Text, Gap> = (self.store.gaps()?.into_iter())
            .filter(|gap| gap.module == module)
            .map(|gap| {
                (
                    gap.path.clone(),
                    Gap {
                        path: gap.path,
                        reason: gap.reason,
                        text: gap.text,
                        hides: Vec::new(),
                    },
                )
            })
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

    /// Measures what the changed entries name, so that their alerts can say what runs.
    fn measure_named_by(&mut self, deltas: &[Delta]) {
        let entries = deltas
            .iter()
            .flat_map(|d| [&d.before.state, &d.after.state])
            .flatten();
        let mut paths: BTreeSet<Text> = BTreeSet::new();
        for entry in entries {
            paths.extend(entry.programs.iter().cloned());
            paths.insert(entry.source.clone());
        }
        self.measure(paths);
    }

    fn measure(&mut self, paths: impl IntoIterator<Item = Text>) {
        let mut jobs = Vec::new();
        for path in paths {
            if self.measured.contains_key(&path) {
                continue;
            }
            let known = self.files.get(&path).map(|file| file.known.clone());
            let looked = self.looked.get(path.as_path()).copied().flatten();
            if !self.how.full && known.as_ref().map(|known| known.stamp) == looked.as_ref().map(assay_root::stamp) && looked.is_some() {
                self.measured.insert(path, Measured::Same);
            } else {
                jobs.push((path, known));
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

    /// The alert of each changed entry, with the files that it speaks for: those that no other entry names.
    fn entry_changes<'d>(
        &self,
        module: &str,
        manifest: &Manifest,
        deltas: &'d [Delta],
    ) -> Vec<(&'d Delta, Option<Draft>, Vec<(Text, FileRow)>)> {
        let mut changes = Vec::new();
        for delta in deltas {
            let Some((what, kind)) = delta.what.zip(manifest.kind_named(&delta.identity.0)) else {
                changes.push((delta, None, Vec::new()));
                continue;
            };
            let mut what = what;
            let mut named = Vec::new();
            let mut file_changes = Vec::new();
            if let Some(entry) = &delta.after.state {
                for (path, role) in named_files(entry, kind) {
                    let Some((file, changed)) = self.only_ours(module, delta, &path, role) else {
                        continue;
                    };
                    // The entry is as it was, what it runs is not: that is no return to the baseline.
                    if what == What::Reverted && file.baseline.is_some() {
                        what = What::Changed;
                    }
                    named.push((path, file));
                    file_changes.extend(changed);
                }
            }
            let draft = Draft::of_entry(module, kind, delta, what, |path| self.facts(path), file_changes);
            changes.push((delta, Some(draft), named));
        }
        changes
    }

    /// The change of a file that this entry alone names.
    fn only_ours(
        &self,
        module: &str,
        delta: &Delta,
        path: &Text,
        role: Role,
    ) -> Option<(FileRow, Vec<FieldChange>)> {
        let row = self.files.get(path)?;
        let Some(Measured::Facts(stamp, facts, gap)) = self.measured.get(path) else {
            return None;
        };
        let others = self.names.as_ref()?.get(path).into_iter().flatten();
        let mut others = others.filter(|n| n.module != module || n.identity != delta.identity);
        if others.next().is_some() {
            return None;
        }
        let (file, delta) = measured_again(row, role, *stamp, facts, gap.as_ref());
        delta.what?;
        let rename = |change: FieldChange| {
            let name = [b"file:", path.as_bytes(), b":", change.field.as_bytes()].concat();
            FieldChange {
                field: name.into(),
                ..change
            }
        };
        Some((file, delta.changed.into_iter().map(rename).collect()))
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

    /// After the last module: every file that any entry names, changed entry or not.
    pub(crate) fn sweep(&mut self) -> Result<()> {
        let full_index = self.entries_changed;
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
            self.measure(names.keys().cloned().collect::<Vec<_>>());
            self.names = Some(names);
        } else {
            self.measure(self.files.keys().cloned().collect::<Vec<_>>());
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
            let role = naming
                .iter()
                .filter_map(|n| n.role)
                .max()
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
        let of_modules = self.store.gaps()?.into_iter().filter(|gap| gap.module != MODULE);
        let of_modules: Vec<Text> = of_modules.map(|gap| gap.path).collect();
        gaps.retain(|gap| !of_modules.iter().any(|open| gap.path.as_path().starts_with(open.as_path())));
        let gaps = self.changed_gaps(MODULE, &gaps)?;
        if writes.is_empty() && dropped.is_empty() && gaps.is_empty() && !full_index {
            return Ok(());
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
                match what {
                    What::GapOpened => store.open_gap(MODULE, gap, &now)?,
                    _ => store.close_gap(MODULE, &gap.path)?,
                }
                if !first {
                    store.append(Draft::of_gap(*what, MODULE, gap), &now)?;
                }
            }
            if full_index {
                store.set_meta("names_changed", "0")
            } else {
                Ok(())
            }
        })
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

    /// At the end: what was learned in this run, or in one that did not come to its end, in one alert.
    pub(crate) fn announce(&mut self) -> Result<()> {
        let new: Vec<ModuleRow> = self
            .modules
            .values()
            .filter(|m| !m.announced && m.manifest.is_some())
            .cloned()
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut parts = Vec::new();
        for module in &new {
            let count = match self.learned.get(&module.name) {
                Some(count) => *count,
                None => self.store.rows(&module.name)?.len(),
            };
            parts.push((module.clone(), count));
        }
        let total: usize = parts.iter().map(|(_, count)| count).sum();
        let (gaps, files) = (self.store.gaps()?.len(), self.store.files()?.len());
        let listed: Vec<String> = parts
            .iter()
            .map(|(module, count)| format!("{} {count}", module.name))
            .collect();
        let mut text = format!("learned {total} entries: {}", listed.join(", "));
        if gaps > 0 {
            text.push_str(&format!("; {gaps} places could not be read, see `assay status`"));
        }
        let mut draft = Draft::about(What::BaselineCreated, text);
        if !self.first {
            // Code that nobody had seen before now runs at every scan.
            draft.severity = Severity::Medium;
        }
        for (module, count) in &parts {
            draft.fields.insert(
                format!("{}.entries", module.name),
                i64::try_from(*count).unwrap_or(i64::MAX).into(),
            );
            draft
                .fields
                .insert(format!("{}.path", module.name), module.path.clone().into());
            draft
                .fields
                .insert(format!("{}.sha256", module.name), module.sha256.as_str().into());
        }
        draft.fields.insert(
            "files".to_owned(),
            i64::try_from(files).unwrap_or(i64::MAX).into(),
        );
        let now = self.now.clone();
        self.store.transaction(|store| {
            store.append(draft, &now)?;
            for (mut module, _) in parts {
                module.announced = true;
                store.put_module(&module)?;
            }
            store.set_meta("announced", "1")
        })
    }
}

/// Ends a failure, and says so.
fn recovered(row: &mut ModuleRow) -> Option<Draft> {
    let failure = row.failure.take()?;
    Some(Draft::of_module(
        What::ModuleRecovered,
        &row.name,
        format!("works again after: {failure}"),
    ))
}

/// A file that was measured again: the row to store, and what is to be said.
fn measured_again(
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
