//! Accepting deviations: what differs becomes the baseline, and who said so is kept and sent.

use crate::alert::{Draft, Stored};
use crate::compare::Row;
use crate::deliver::{self, deliver};
use crate::engine::{Engine, host_name, now};
use crate::facts::MODULE;
use crate::store::{self, EntryRow, FileRow, Store, StoreError};
use assay_model::{Text, What};
use std::collections::{BTreeMap, BTreeSet};

/// What `accept` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Alerts, by number, id, or the beginning of an id.
    Alerts(Vec<String>),
    /// Everything open.
    All,
    /// Everything open of one module.
    Module(String),
}

/// Why something could not be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such alert.
    #[error("no alert `{0}`; `assay alerts --open` lists what can be accepted")]
    Unknown(String),
    /// The id is the beginning of several.
    #[error("`{0}` is the beginning of more than one id")]
    Ambiguous(String),
    /// Nothing of that alert is open.
    #[error(
        "alert {seq} has nothing open: it was accepted, reverted, or a later alert speaks of the same entry"
    )]
    NotOpen {
        /// Its number.
        seq: u64,
    },
}

impl Engine {
    /// Accepts deviations as known, and answers how many.
    ///
    /// # Errors
    /// See [`AcceptError`].
    pub fn accept(&self, what: &Selection, who: &str, reason: &str) -> Result<usize, AcceptError> {
        let _lock = store::lock(&self.options.state)?;
        let now = now();
        let (mut store, _) = Store::open(&self.options.state, &host_name(), &now, false)?;
        let entries = store.entries()?;
        let files = store.files()?;
        let chosen = chosen(&store, what, &entries, &files)?;
        let wanted = |module: &str, alert: Option<u64>| {
            alert.is_some_and(|alert| match what {
                Selection::All => true,
                Selection::Module(name) => name == module,
                Selection::Alerts(_) => chosen.contains(&alert),
            })
        };
        let entries: Vec<&EntryRow> = entries.iter().filter(|e| wanted(&e.module, e.alert)).collect();
        let files: Vec<_> = files.iter().filter(|(_, f)| wanted(MODULE, f.alert)).collect();
        let count = entries.len() + files.len();
        if count == 0 {
            return Ok(0);
        }
        let mut draft = Draft::about(What::Accepted, format!("{who} accepted {count} as known"));
        if !reason.is_empty() {
            draft.text.push_str(&format!(": {reason}"));
        }
        let all = entries
            .iter()
            .map(|e| e.alert)
            .chain(files.iter().map(|(_, f)| f.alert))
            .flatten();
        let seqs: BTreeSet<u64> = all.collect();
        draft.fields.insert("who".to_owned(), who.into());
        draft.fields.insert(
            "alerts".to_owned(),
            seqs.iter().map(ToString::to_string).collect(),
        );
        store.transaction(|store| {
            for entry in &entries {
                let row = Row {
                    state: entry.row.state.clone(),
                    baseline: entry.row.state.clone(),
                };
                store.put_row(&entry.module, &entry.identity, &row, None, &now)?;
                store.put_acceptance(
                    (who, reason, &now),
                    (&entry.module, &entry.identity),
                    entry.alert.unwrap_or(0),
                )?;
            }
            for (path, file) in &files {
                let identity = (file.role.as_str().to_owned(), (*path).clone());
                store.put_file(
                    path,
                    &FileRow {
                        baseline: None,
                        alert: None,
                        ..(*file).clone()
                    },
                )?;
                store.put_acceptance((who, reason, &now), (MODULE, &identity), file.alert.unwrap_or(0))?;
            }
            // What was accepted as gone may leave files that nobody names.
            store.set_meta("names_changed", "1")?;
            store.append(draft, &now).map(drop)
        })?;
        store.witness()?;
        let mut sinks = deliver::open(&self.options.config, &mut store, false)?;
        deliver(&mut store, &mut sinks, &now)?;
        store.close()?;
        Ok(count)
    }
}

/// The numbers of the alerts that are meant.
fn chosen(
    store: &Store,
    what: &Selection,
    entries: &[EntryRow],
    files: &BTreeMap<Text, FileRow>,
) -> Result<BTreeSet<u64>, AcceptError> {
    let Selection::Alerts(ids) = what else {
        return Ok(BTreeSet::new());
    };
    let open: BTreeSet<u64> = entries
        .iter()
        .filter_map(|e| e.alert)
        .chain(files.values().filter_map(|f| f.alert))
        .collect();
    let alerts = store.alerts_after(0, usize::MAX)?;
    let mut chosen = BTreeSet::new();
    for id in ids {
        let matching = |stored: &&Stored| stored.alert.id == *id || stored.alert.seq.to_string() == *id;
        let seq = if let Some(exact) = alerts.iter().find(matching) {
            exact.alert.seq
        } else {
            let mut begun = alerts
                .iter()
                .filter(|s| id.len() >= 4 && s.alert.id.starts_with(id.as_str()));
            match (begun.next(), begun.next()) {
                (Some(one), None) => one.alert.seq,
                (Some(_), Some(_)) => return Err(AcceptError::Ambiguous(id.clone())),
                (None, _) => return Err(AcceptError::Unknown(id.clone())),
            }
        };
        if !open.contains(&seq) {
            return Err(AcceptError::NotOpen { seq });
        }
        chosen.insert(seq);
    }
    Ok(chosen)
}
