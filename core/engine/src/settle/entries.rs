//! The alerts of changed entries, with the files that they speak for.

use super::groups::Paths;
use super::{Settler, named_files};
use crate::alert::Draft;
use crate::compare::Delta;
use crate::facts::{Measured, Role};
use crate::settle::files::measured_again;
use crate::store::FileRow;
use assay_model::{FieldChange, FileType, Manifest, Text, What};
use std::collections::BTreeSet;

/// What is to be stored of one entry, all of it together.
pub(super) struct EntryChange<'d> {
    pub(super) delta: &'d Delta,
    /// Its alert, if there is one.
    pub(super) draft: Option<Draft>,
    /// Files whose change that alert tells too.
    pub(super) files: Vec<(Text, FileRow)>,
}

impl Settler<'_> {
    /// Measures what the changed entries name, so that their alerts can say what runs.
    pub(super) fn measure_named_by(&mut self, deltas: &[Delta]) {
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

    /// The alert of each changed entry, with the files that it speaks for: those that no other entry names.
    pub(super) fn entry_changes<'d>(
        &mut self,
        module: &str,
        manifest: &Manifest,
        deltas: &'d [Delta],
    ) -> Vec<EntryChange<'d>> {
        let mut changes = Vec::new();
        for delta in deltas {
            let Some((what, kind)) = delta.what.zip(manifest.kind_named(&delta.identity.0)) else {
                changes.push(EntryChange {
                    delta,
                    draft: None,
                    files: Vec::new(),
                });
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
            let facts = |path: &Text| match &delta.after.state {
                Some(_) => self.facts(path),
                // Of what is gone: what it ran, not that it is there no more.
                None => self.files.get(path).map(|file| file.known.facts.clone()),
            };
            let mut draft = Draft::of_entry(module, kind, delta, what, facts, file_changes);
            let programs = draft.programs.iter().map(|program| &program.path);
            draft.writer_hint = self.writer_of(draft.source.iter().chain(programs).chain(&draft.key));
            changes.push(EntryChange {
                delta,
                draft: Some(draft),
                files: named,
            });
        }
        self.group(&mut changes);
        changes
    }

    /// Tells the alerts which of them tell one story.
    fn group(&mut self, changes: &mut [EntryChange<'_>]) {
        let is_news = |path: &Text| match self.measured.get(path) {
            Some(Measured::Facts(_, facts, _)) => {
                let was_there = |file: &FileRow| file.known.facts.file_type != FileType::Missing;
                let is_there = facts.file_type != FileType::Missing;
                is_there != self.files.get(path).is_some_and(was_there)
            }
            _ => false,
        };
        let mut drafts = Vec::new();
        let mut paths = Vec::new();
        for EntryChange { delta, draft, .. } in changes {
            let entry = delta.after.state.as_ref().or(delta.before.state.as_ref());
            if let Some((draft, entry)) = draft.as_mut().zip(entry) {
                drafts.push(draft);
                paths.push(Paths::of_entry(entry, is_news));
            }
        }
        for (draft, group) in drafts.into_iter().zip(self.groups.of(&paths)) {
            draft.group = group;
        }
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
}
