//! Settling a module: whether its scan succeeded, and everything that follows.

use super::{Outcome, Settler};
use crate::alert::Draft;
use crate::compare::{Row, compare};
use crate::config::Accept;
use crate::contents::Contents;
use crate::facts::Measured;
use crate::run::parse;
use crate::store::{ListRow, ListState, ModuleRow, Result};
use assay_model::{FieldChange, Manifest, Severity, Stamp, Text, What};
use std::collections::{BTreeMap, BTreeSet};

impl Settler<'_> {
    /// Settles a module that need not run.
    pub(crate) fn unchanged(&mut self, module: &str, stamp: Stamp) -> Result<()> {
        let known = self.modules.get(module).filter(|known| known.stamp != stamp);
        let Some(known) = known.cloned() else {
            return Ok(());
        };
        let row = ModuleRow {
            stamp,
            ..known.clone()
        };
        self.put_module(&row, Some(&known), Vec::new())
    }

    /// Of modules whose stamps are all the same, those of which what their files hold is too.
    pub(crate) fn same_contents(&mut self, contents: BTreeMap<String, Contents>) -> BTreeSet<String> {
        let digests = self.digests(contents).into_iter();
        let same = digests.filter(|(module, digest)| {
            let known = self.modules.get(module).and_then(|row| row.contents.as_ref());
            known.is_some_and(|known| *known == *digest)
        });
        same.map(|(module, _)| module).collect()
    }

    /// Stores what modules that were asked in a full run looked at.
    pub(crate) fn keep_contents(&mut self, contents: BTreeMap<String, Contents>) -> Result<()> {
        for (module, digest) in self.digests(contents) {
            if let Some(known) = self.modules.get(&module).cloned() {
                let row = ModuleRow {
                    contents: Some(digest),
                    ..known.clone()
                };
                self.put_module(&row, Some(&known), Vec::new())?;
            }
        }
        Ok(())
    }

    /// Each with the digest of what it looked at, but for those of which something could not be read.
    fn digests(&mut self, contents: BTreeMap<String, Contents>) -> Vec<(String, String)> {
        let files: BTreeSet<Text> = contents.values().flat_map(Contents::files).cloned().collect();
        self.measure(files);
        let sha256 = |path: &Text| match self.measured.get(path) {
            Some(Measured::Facts(_, facts, None)) => facts.sha256.clone(),
            _ => None,
        };
        let digests = contents.into_iter();
        digests
            .filter_map(|(module, contents)| Some((module, contents.digest(sha256)?)))
            .collect()
    }

    /// What modules that were asked in this run looked at.
    pub(crate) fn inputs_of(&self, asked: &BTreeSet<String>) -> Vec<(String, String)> {
        let rows = asked.iter().filter_map(|name| self.modules.get(name));
        let rows = rows.filter(|row| row.failure.is_none());
        rows.filter_map(|row| Some((row.name.clone(), row.inputs.clone()?)))
            .collect()
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
            contents: None,
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
                // Whoever watches wants to know all the same where it looked.
                if row.inputs.is_none()
                    && let Ok(scan) = parse(&output, &name)
                {
                    self.looked_at.insert(name, scan.inputs);
                }
                drafts.extend(recovered(&mut row));
                row.request = Some(request);
                return self.put_module(&row, known.as_ref(), drafts);
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
                return self.put_module(&row, known.as_ref(), drafts);
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
        row.contents = None;
        let inputs = scan.complete.then(|| serde_json::to_string(&scan.inputs).ok());
        row.inputs = inputs.flatten();
        self.looked_at.insert(name.clone(), scan.inputs);
        let gaps = self.changed_gaps(&name, &scan.gaps)?;
        let quiet = !row.announced;
        row.manifest = Some(with_retired(scan.manifest.clone(), row.manifest.take()));
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
            for change in changes {
                let alert = change.draft.map(|draft| store.append(draft, &now)).transpose()?;
                let accepted = accept == Accept::Auto && alert.is_some();
                let mut after = change.delta.after.clone();
                if accepted {
                    after.baseline.clone_from(&after.state);
                }
                store.put_row(&name, &change.delta.identity, &after, alert, &now)?;
                if let Some(old) = &change.delta.renamed {
                    store.put_row(&name, old, &Row::default(), None, &now)?;
                }
                for (path, mut file) in change.files {
                    file.baseline = file.baseline.filter(|_| !accepted);
                    file.alert = alert.filter(|_| file.baseline.is_some());
                    store.put_file(&path, &file)?;
                    files.push((path, file));
                }
            }
            for (what, gap) in &gaps {
                store.put_gap(*what, &name, gap, &now)?;
                if !quiet {
                    store.append(Draft::of_gap(*what, &name, gap), &now)?;
                }
            }
            if !deltas.is_empty() {
                // Also when this process does not live to see its own sweep.
                store.set_meta("names_changed", "1")?;
            }
            store.put_module(&row)
        })?;
        self.entries_changed |= !deltas.is_empty();
        self.files.extend(files);
        Ok(())
    }

    fn put_module(&mut self, row: &ModuleRow, known: Option<&ModuleRow>, drafts: Vec<Draft>) -> Result<()> {
        if known == Some(row) && drafts.is_empty() {
            return Ok(());
        }
        let now = self.now.clone();
        self.modules.insert(row.name.clone(), row.clone());
        self.store.transaction(|store| {
            for draft in drafts {
                store.append(draft, &now)?;
            }
            store.put_module(row)
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
            self.put_module(&row, Some(&module), vec![draft])?;
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

    /// At the end: what was learned in this run, or in one that did not come to its end, in one alert.
    pub(crate) fn announce(&mut self) -> Result<()> {
        let new: Vec<ModuleRow> = self
            .modules
            .values()
            .filter(|m| !m.announced && m.manifest.is_some())
            .cloned()
            .collect();
        let lists: Vec<ListRow> = (self.store.lists()?.into_values())
            .filter(|list| !list.announced && list.state == ListState::Watched)
            .collect();
        if new.is_empty() && lists.is_empty() {
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
        if new.is_empty() {
            let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
            text = format!(
                "learned the watch lists {}, which found nothing",
                names.join(", ")
            );
        }
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
        for list in &lists {
            let (path, sha256) = (list.path.clone(), list.sha256.as_str());
            draft
                .fields
                .insert(format!("list.{}.path", list.name), path.into());
            draft
                .fields
                .insert(format!("list.{}.sha256", list.name), sha256.into());
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
            for mut list in lists {
                list.announced = true;
                store.put_list(&list)?;
            }
            store.set_meta("announced", "1")
        })
    }
}

/// The manifest, with the kinds that the module had and has no more: what they listed is kept, and is compared, not
/// learned, when they are back.
fn with_retired(mut manifest: Manifest, before: Option<Manifest>) -> Manifest {
    let retired = before.into_iter().flat_map(|before| before.kinds);
    let retired = retired.filter(|kind| manifest.kind_named(&kind.name).is_none());
    manifest.kinds.extend(retired.collect::<Vec<_>>());
    manifest
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
