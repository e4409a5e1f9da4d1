//! Watch lists.

use super::{Result, Store, text};
use assay_model::Text;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is stored of a watch list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of docs/watch.md")]
pub struct ListRow {
    pub name: String,
    pub path: Text,
    pub sha256: String,
    /// Names of the kinds that it watched last.
    pub kinds: Vec<String>,
    pub state: ListState,
    /// Whether a `baseline_created` has named it.
    pub announced: bool,
}

/// Whether a list is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListState {
    /// It is.
    Watched,
    /// It is not there, or disabled.
    Missing,
    /// It is there and cannot be used.
    Refused,
}

impl Store {
    /// Every list that was ever watched, by name.
    ///
    /// # Errors
    /// SQLite's.
    pub fn lists(&self) -> Result<BTreeMap<String, ListRow>> {
        let mut query = self
            .database
            .prepare("SELECT name, path, sha256, kinds, state, announced FROM lists")?;
        let mut rows = query.query([])?;
        let mut lists = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let json = |column| -> Result<&str> {
                Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
            };
            let list = ListRow {
                name: row.get(0)?,
                path: text(row, 1)?,
                sha256: row.get(2)?,
                kinds: serde_json::from_str(json(3)?)?,
                state: serde_json::from_str(json(4)?)?,
                announced: row.get(5)?,
            };
            lists.insert(list.name.clone(), list);
        }
        Ok(lists)
    }

    /// Stores a list.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_list(&mut self, list: &ListRow) -> Result<()> {
        let (kinds, state) = (
            serde_json::to_string(&list.kinds)?,
            serde_json::to_string(&list.state)?,
        );
        self.database.execute(
            "INSERT OR REPLACE INTO lists VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                list.name,
                list.path.as_bytes(),
                list.sha256,
                kinds,
                state,
                list.announced
            ],
        )?;
        Ok(())
    }
}
