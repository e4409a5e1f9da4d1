//! Settling the watch lists: which came, changed, went, or cannot be used. What they watch is settled with the module
//! that looks at it.

use super::Settler;
use crate::alert::Draft;
use crate::store::{ListRow, ListState, Result};
use crate::watch::{List, Lists, MODULE, name_of};
use assay_model::{FieldChange, Text, Value, What};
use std::collections::{BTreeMap, BTreeSet};

impl Settler<'_> {
    /// Settles the lists before anything is looked at.
    pub(crate) fn lists(&mut self, lists: &Lists) -> Result<()> {
        let known = self.store.lists()?;
        let refused: BTreeSet<String> = lists
            .refused
            .iter()
            .filter_map(|(path, _)| name_of(path))
            .collect();
        let mut changes = Vec::new();
        for list in &lists.sound {
            let before = known.get(&list.name);
            let row = row_of(list, before);
            if before != Some(&row) {
                changes.push((before.and_then(|before| came(before, &row)), row));
            }
        }
        for (name, before) in known {
            if before.state != ListState::Watched || lists.sound.iter().any(|list| list.name == name) {
                continue;
            }
            // Of one that cannot be used, the refusal tells what is not watched.
            let (state, draft) = if refused.contains(&name) {
                (ListState::Refused, None)
            } else {
                let text =
                    format!("the watch list `{name}` is gone; what it watched is not watched any more");
                (
                    ListState::Missing,
                    Some(draft(What::ModuleMissing, &before, text)),
                )
            };
            changes.push((draft, ListRow { state, ..before }));
        }
        if changes.is_empty() {
            return Ok(());
        }
        let now = self.now.clone();
        self.store.transaction(|store| {
            for (draft, row) in changes {
                if let Some(draft) = draft {
                    store.append(draft, &now)?;
                }
                store.put_list(&row)?;
            }
            Ok(())
        })
    }

    /// Files in the list folders that are not used, with what is not watched because of that.
    pub(crate) fn refused_lists(&self, lists: &Lists) -> Result<BTreeMap<Text, String>> {
        let known = self.store.lists()?;
        let refused = lists.refused.iter().map(|(path, why)| {
            let row = name_of(path).and_then(|name| known.get(&name));
            let kinds = row
                .map(|row| row.kinds.join(", "))
                .filter(|kinds| !kinds.is_empty());
            let lost = kinds.map(|kinds| format!("; not watched until then: {kinds}"));
            let path = Text::from(path.as_path());
            (path, format!("{why}{}", lost.unwrap_or_default()))
        });
        Ok(refused.collect())
    }
}

fn row_of(list: &List, before: Option<&ListRow>) -> ListRow {
    ListRow {
        name: list.name.clone(),
        path: list.path.as_path().into(),
        sha256: list.sha256.clone(),
        kinds: list.kind_names().into_iter().map(str::to_owned).collect(),
        state: ListState::Watched,
        announced: before.is_some_and(|before| before.announced),
    }
}

/// What is said of a list that was known and is another now, or is back.
fn came(before: &ListRow, now: &ListRow) -> Option<Draft> {
    let is_back = before.state != ListState::Watched;
    let name = &now.name;
    if before.sha256 == now.sha256 && before.path == now.path {
        return is_back.then(|| {
            draft(
                What::ModuleRecovered,
                now,
                format!("the watch list `{name}` is watched again"),
            )
        });
    }
    let again = if is_back { ", and watched again" } else { "" };
    let mut text = format!("the watch list `{name}` says something else now{again}");
    let gone: Vec<&str> = before
        .kinds
        .iter()
        .filter(|kind| !now.kinds.contains(kind))
        .map(String::as_str)
        .collect();
    if !gone.is_empty() {
        text.push_str(&format!("; not watched any more: {}", gone.join(", ")));
    }
    let change = |field: &str, old: Value, new: Value| {
        (old != new).then(|| FieldChange {
            field: field.into(),
            old: Some(old),
            new: Some(new),
        })
    };
    let mut draft = draft(What::ModuleChanged, now, text);
    let sha256 = change(
        "sha256",
        before.sha256.as_str().into(),
        now.sha256.as_str().into(),
    );
    let path = change("path", before.path.clone().into(), now.path.clone().into());
    draft.changed = sha256.into_iter().chain(path).collect();
    Some(draft)
}

fn draft(what: What, list: &ListRow, text: String) -> Draft {
    let mut draft = Draft::of_module(what, MODULE, text);
    draft.source = Some(list.path.clone());
    draft.fields.insert("list".to_owned(), list.name.as_str().into());
    let kinds = list.kinds.iter().map(String::as_str);
    draft.fields.insert("kinds".to_owned(), kinds.collect());
    draft
}
