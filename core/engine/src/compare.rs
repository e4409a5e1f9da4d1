//! What changed? Pure: no clock, no I/O. The only place that knows what "changed" means.
//!
//! An entry has a *state*, what was last seen, and a *baseline*, what was accepted. An alert is due when what is
//! seen now differs from the state; what kind of alert depends on the baseline too.

mod file;

pub use file::{FileDelta, compare_file};

use assay_model::{Entry, FieldChange, Fields, Gap, Kind, Manifest, Text, Value, What};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is stored of one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// As it was last seen; `None` when it was gone.
    pub state: Option<Entry>,
    /// As it was accepted; `None` when it never was.
    pub baseline: Option<Entry>,
}

impl Row {
    /// A row of something known.
    #[must_use]
    pub fn known(entry: Entry) -> Self {
        Self {
            baseline: Some(entry.clone()),
            state: Some(entry),
        }
    }
    /// Whether anything of it is left to remember.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.is_none() && self.baseline.is_none()
    }
    fn source(&self) -> Option<&Text> {
        self.state
            .as_ref()
            .or(self.baseline.as_ref())
            .map(|entry| &entry.source)
    }
}

/// Kind and key of an entry.
pub type Identity = (String, Text);

/// One entry whose row is to be written, and the alert that this makes, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Which entry.
    pub identity: Identity,
    /// What it was known as before, where its key holds what was edited; that row is to be forgotten.
    pub renamed: Option<Identity>,
    /// What to say; `None` when it is learned, or differs only in what is shown.
    pub what: Option<What>,
    /// Fields that differ from the last state.
    pub changed: Vec<FieldChange>,
    /// The row before.
    pub before: Row,
    /// The row now.
    pub after: Row,
}

/// Compares a whole scan with what is stored of the module.
///
/// `learned` is the manifest under which the rows were written, `None` for a new module: kinds that it does not
/// have, or with another [`definition`](Kind::definition), are learned, and fields that it does not have are learned on
/// entries that are otherwise equal.
#[must_use]
pub fn compare(
    learned: Option<&Manifest>,
    manifest: &Manifest,
    mut rows: BTreeMap<Identity, Row>,
    entries: Vec<Entry>,
    gaps: &[Gap],
) -> Vec<Delta> {
    let mut deltas = Vec::new();
    let kinds: HashMap<&str, KindRules<'_>> = manifest
        .kinds
        .iter()
        .map(|kind| (kind.name.as_str(), KindRules::new(kind, learned)))
        .collect();
    let unparsable = entries.iter().filter(|entry| entry.unparsable.is_some());
    let whole_files: HashSet<Identity> = unparsable.map(|e| (e.kind.clone(), e.key.clone())).collect();
    let mut fresh = Vec::new();
    for entry in entries {
        let Some(rules) = kinds.get(entry.kind.as_str()) else {
            continue;
        };
        let identity = (entry.kind.clone(), entry.key.clone());
        match rows.remove(&identity) {
            Some(before) => deltas.extend(rules.seen(identity, before, entry)),
            None => fresh.push(entry),
        }
    }
    // What a gap hides may be there, and so may what a file holds that makes no sense as a whole: the entry that says so
    // bears the file's path. A kind that the module no longer has is not looked at; that is no removal.
    rows.retain(|(kind, key), row| {
        let hidden = row.source().is_some_and(|source| {
            gaps.iter().any(|gap| gap.hides(source))
                || (source != key && whole_files.contains(&(kind.clone(), source.clone())))
        });
        !hidden && kinds.contains_key(kind.as_str())
    });
    let mut edited = edits(&kinds, &rows, &fresh);
    edited.extend(returned(&rows, &fresh));
    for entry in fresh {
        let identity = (entry.kind.clone(), entry.key.clone());
        let Some(rules) = kinds.get(entry.kind.as_str()) else {
            continue;
        };
        let renamed = edited
            .get(&identity)
            .filter(|old| rows.contains_key(*old))
            .cloned();
        let before = renamed
            .as_ref()
            .and_then(|old| rows.remove(old))
            .unwrap_or_default();
        let delta = rules.seen(identity, before, entry);
        deltas.extend(delta.map(|delta| Delta { renamed, ..delta }));
    }
    deltas.extend(rows.into_iter().filter_map(|(identity, before)| {
        let learns = kinds.get(identity.0.as_str()).is_some_and(|rules| rules.learn);
        if learns {
            Some(forgotten(identity, before))
        } else {
            gone(identity, before)
        }
    }));
    deltas
}

/// An entry of a kind that is learned anew, and that is none of its entries any more: nobody took it away.
fn forgotten(identity: Identity, before: Row) -> Delta {
    Delta {
        identity,
        renamed: None,
        what: None,
        changed: Vec::new(),
        before,
        after: Row::default(),
    }
}

/// Entries whose key holds what was edited: a crontab's line is known by its whole text. Where one entry went and one
/// of its kind came in the same file, and they differ in one field, that is one change. By the new identity: the old.
fn edits(
    kinds: &HashMap<&str, KindRules<'_>>,
    gone: &BTreeMap<Identity, Row>,
    fresh: &[Entry],
) -> HashMap<Identity, Identity> {
    #[derive(Default)]
    struct Place<'a> {
        gone: Vec<(&'a Identity, &'a Row)>,
        fresh: Vec<&'a Entry>,
    }
    let mut places: HashMap<(&str, &Text), Place<'_>> = HashMap::new();
    for (identity, row) in gone {
        if let Some(state) = &row.state {
            places
                .entry((&identity.0, &state.source))
                .or_default()
                .gone
                .push((identity, row));
        }
    }
    for entry in fresh {
        places
            .entry((&entry.kind, &entry.source))
            .or_default()
            .fresh
            .push(entry);
    }
    let pairs =
        places
            .into_iter()
            .filter_map(|((kind, _), place)| match (&place.gone[..], &place.fresh[..]) {
                ([(old, row)], [after]) if kinds.get(kind)?.is_edit(row, after) => {
                    Some(((after.kind.clone(), after.key.clone()), (*old).clone()))
                }
                _ => None,
            });
    pairs.collect()
}

/// Entries that were edited so, and are back under the key that was accepted, whatever else happened to their file. By
/// that identity: the one they are known as.
fn returned<'a>(
    gone: &'a BTreeMap<Identity, Row>,
    fresh: &'a [Entry],
) -> impl Iterator<Item = (Identity, Identity)> + 'a {
    let renamed = gone.iter().filter_map(|(identity, row)| {
        let accepted = row.baseline.as_ref()?;
        (accepted.key != identity.1).then_some(((&accepted.kind, &accepted.key), identity))
    });
    let renamed: HashMap<_, _> = renamed.collect();
    fresh.iter().filter_map(move |entry| {
        let old = renamed.get(&(&entry.kind, &entry.key))?;
        Some(((entry.kind.clone(), entry.key.clone()), (*old).clone()))
    })
}

/// An entry that was not seen, in a place that was read whole.
fn gone(identity: Identity, before: Row) -> Option<Delta> {
    let state = before.state.as_ref()?;
    // What was added since the baseline and is gone again leaves nothing open.
    let what = if before.baseline.is_none() {
        What::Reverted
    } else {
        What::Removed
    };
    let changed = differences(Some(state), None, |_| true);
    let after = Row {
        state: None,
        baseline: before.baseline.clone(),
    };
    Some(Delta {
        identity,
        renamed: None,
        what: Some(what),
        changed,
        before,
        after,
    })
}

/// How entries of one kind are compared.
struct KindRules<'a> {
    /// Fields that are compared.
    compared: HashSet<&'a str>,
    /// Fields that the module did not have when the rows were written.
    new_fields: HashSet<&'a str>,
    /// The kind itself is new: its entries are learned.
    learn: bool,
}

impl<'a> KindRules<'a> {
    fn new(kind: &'a Kind, learned: Option<&Manifest>) -> Self {
        let old = learned.and_then(|manifest| manifest.kind_named(&kind.name));
        // Found in another way than before, the kind is as good as another one.
        let old = old.filter(|old| old.definition == kind.definition);
        let was_known = |name: &str| old.is_some_and(|old| old.fields.iter().any(|f| f.name == name));
        Self {
            compared: kind
                .fields
                .iter()
                .filter(|f| f.compared)
                .map(|f| f.name.as_str())
                .collect(),
            new_fields: kind
                .fields
                .iter()
                .map(|f| f.name.as_str())
                .filter(|name| !was_known(name))
                .collect(),
            learn: old.is_none(),
        }
    }

    fn counts(&self, field: &str) -> bool {
        self.compared.contains(field)
    }

    fn seen(&self, identity: Identity, stored: Row, entry: Entry) -> Option<Delta> {
        let mut before = stored.clone();
        // A field that is new in an upgraded module was always there; nobody had looked.
        for known in [&mut before.state, &mut before.baseline].into_iter().flatten() {
            for name in &self.new_fields {
                match entry.fields.get(*name) {
                    Some(value) => _ = known.fields.insert((*name).to_owned(), value.clone()),
                    None => _ = known.fields.remove(*name),
                }
            }
        }
        let changes = |from: Option<&Entry>| differences(from, Some(&entry), |field| self.counts(field));
        let is_accepted = before
            .baseline
            .as_ref()
            .is_some_and(|baseline| self.same(baseline, &entry));
        let (what, changed) = match (&before.state, &before.baseline) {
            (None, None) if self.learn => (None, Vec::new()),
            (Some(state), _) if self.same(state, &entry) => (None, Vec::new()),
            // It was gone, and is back as it was: nothing differs.
            (None, _) if is_accepted => (Some(What::Reverted), Vec::new()),
            (state, _) if is_accepted => (Some(What::Reverted), changes(state.as_ref())),
            (None, None) => (Some(What::Added), Vec::new()),
            // It was gone, and came back as something else than what was accepted.
            (None, accepted) => (Some(What::Changed), changes(accepted.as_ref())),
            (state, _) => (Some(What::Changed), changes(state.as_ref())),
        };
        // What is only shown follows along in the baseline, so that accepting is about compared fields alone.
        let learned = self.learn && stored.is_empty();
        let baseline = if is_accepted || learned {
            Some(entry.clone())
        } else {
            before.baseline
        };
        let after = Row {
            state: Some(entry),
            baseline,
        };
        (what.is_some() || after != stored).then_some(Delta {
            identity,
            renamed: None,
            what,
            changed,
            before: stored,
            after,
        })
    }

    /// Whether an entry is another one with one field changed, and at most what follows from that for its programs; or
    /// the one that was accepted before such a change.
    fn is_edit(&self, before: &Row, after: &Entry) -> bool {
        let changed = differences(before.state.as_ref(), Some(after), |field| self.counts(field));
        let one = changed
            .iter()
            .filter(|c| c.field != "programs" && c.field != "key")
            .count()
            == 1;
        !self.learn
            && (one
                || before
                    .baseline
                    .as_ref()
                    .is_some_and(|accepted| self.same(accepted, after)))
    }

    fn same(&self, a: &Entry, b: &Entry) -> bool {
        differences(Some(a), Some(b), |field| self.counts(field)).is_empty()
    }
}

/// Every compared field in which two entries differ, sorted by name; besides a kind's own fields these are `key`,
/// `source`, `programs` and `unparsable`.
fn differences(old: Option<&Entry>, new: Option<&Entry>, counts: impl Fn(&str) -> bool) -> Vec<FieldChange> {
    let (old, new) = (
        old.map(flatten).unwrap_or_default(),
        new.map(flatten).unwrap_or_default(),
    );
    let counts = |field: &str| matches!(field, "key" | "source" | "programs" | "unparsable") || counts(field);
    field_differences(&old, &new)
        .into_iter()
        .filter(|change| change.field.as_str().is_some_and(&counts))
        .collect()
}

fn flatten(entry: &Entry) -> Fields {
    let mut fields = entry.fields.clone();
    fields.insert("key".to_owned(), entry.key.clone().into());
    fields.insert("source".to_owned(), entry.source.clone().into());
    if !entry.programs.is_empty() {
        fields.insert("programs".to_owned(), Value::List(entry.programs.clone()));
    }
    if let Some(why) = &entry.unparsable {
        fields.insert("unparsable".to_owned(), why.as_str().into());
    }
    fields
}

/// Every field in which two sets differ, sorted by name.
#[must_use]
pub fn field_differences(old: &Fields, new: &Fields) -> Vec<FieldChange> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let change = |name: &String| FieldChange {
        field: name.as_str().into(),
        old: old.get(name).cloned(),
        new: new.get(name).cloned(),
    };
    differing.map(change).collect()
}

#[cfg(test)]
mod tests;
