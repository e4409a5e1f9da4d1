//! Entries with their baseline, the files that they name, and places that could not be read.

use super::{EntryRow, FileRow, OpenGap, Result, Store, optional_unsigned, signed, text};
use crate::compare::{Identity, Row};
use crate::facts::{Known, Role};
use assay_model::{Entry, Facts, Gap, GapReason, Stamp, Text, What};
use rusqlite::params;
use std::collections::BTreeMap;

impl Store {
    /// The rows of one module.
    ///
    /// # Errors
    /// SQLite's.
    pub fn rows(&self, module: &str) -> Result<BTreeMap<Identity, Row>> {
        let rows = self.entries_where("module = ?1", params![module])?;
        Ok(rows
            .into_iter()
            .map(|entry| (entry.identity, entry.row))
            .collect())
    }

    /// Every entry of every module.
    ///
    /// # Errors
    /// SQLite's.
    pub fn entries(&self) -> Result<Vec<EntryRow>> {
        self.entries_where("TRUE", params![])
    }

    fn entries_where(&self, filter: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<EntryRow>> {
        let mut query = self.database.prepare(&format!(
            "SELECT module, kind, key, state, baseline, known, first_seen, changed, alert FROM entries
             WHERE {filter} ORDER BY module, kind, key"
        ))?;
        let mut rows = query.query(values)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let parse =
                |json: Option<String>| json.map(|json| serde_json::from_str::<Entry>(&json)).transpose();
            let state = parse(row.get(3)?)?;
            let known: bool = row.get(5)?;
            let baseline = if known { state.clone() } else { parse(row.get(4)?)? };
            entries.push(EntryRow {
                module: row.get(0)?,
                identity: (row.get(1)?, text(row, 2)?),
                row: Row { state, baseline },
                first_seen: row.get(6)?,
                changed: row.get(7)?,
                alert: optional_unsigned(row, 8)?,
            });
        }
        Ok(entries)
    }

    /// Stores a row; an empty one is forgotten. `alert` is the alert that speaks of its open deviation, `None` keeps
    /// the one there is.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_row(
        &mut self,
        module: &str,
        identity: &Identity,
        row: &Row,
        alert: Option<u64>,
        now: &str,
    ) -> Result<()> {
        let (kind, key) = identity;
        if row.is_empty() {
            let mut delete = self
                .database
                .prepare_cached("DELETE FROM entries WHERE module = ?1 AND kind = ?2 AND key = ?3")?;
            delete.execute(params![module, kind, key.as_bytes()])?;
            return Ok(());
        }
        let known = row.state == row.baseline;
        let json = |entry: &Option<Entry>| entry.as_ref().map(serde_json::to_string).transpose();
        let baseline = if known { None } else { json(&row.baseline)? };
        self.database
            .prepare_cached(
                "INSERT INTO entries (module, kind, key, state, baseline, known, first_seen, changed, alert)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, IIF(?6, NULL, ?8))
                 ON CONFLICT DO UPDATE SET state = excluded.state, baseline = excluded.baseline, known = excluded.known,
                     changed = IIF(?8 IS NULL, changed, excluded.changed),
                     alert = IIF(excluded.known, NULL, COALESCE(excluded.alert, alert))",
            )?
            .execute(params![module, kind, key.as_bytes(), json(&row.state)?, baseline, known, now, alert.map(signed)])?;
        Ok(())
    }

    // Files

    /// Every file that entries name.
    ///
    /// # Errors
    /// SQLite's.
    pub fn files(&self) -> Result<BTreeMap<Text, FileRow>> {
        let mut query = self
            .database
            .prepare("SELECT path, role, dev, ino, size, mtime, ctime, facts, baseline, alert FROM files")?;
        let mut rows = query.query([])?;
        let mut files = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let stamp = Stamp {
                dev: row.get::<_, i64>(2)?.cast_unsigned(),
                ino: row.get::<_, i64>(3)?.cast_unsigned(),
                size: row.get(4)?,
                mtime: row.get(5)?,
                ctime: row.get(6)?,
            };
            let facts: Facts =
                serde_json::from_str(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?)?;
            let baseline: Option<String> = row.get(8)?;
            let role = match row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? {
                "source" => Role::Source,
                "opaque" => Role::Opaque,
                _ => Role::Program,
            };
            let file = FileRow {
                role,
                known: Known { stamp, facts },
                baseline: baseline.map(|json| serde_json::from_str(&json)).transpose()?,
                alert: optional_unsigned(row, 9)?,
            };
            files.insert(text(row, 0)?, file);
        }
        Ok(files)
    }

    /// Stores a file.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_file(&mut self, path: &Text, file: &FileRow) -> Result<()> {
        let Known { stamp, facts } = &file.known;
        let baseline = file.baseline.as_ref().map(serde_json::to_string).transpose()?;
        self.database
            .prepare_cached(
                "INSERT OR REPLACE INTO files (path, role, dev, ino, size, mtime, ctime, facts, baseline, alert)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                path.as_bytes(), file.role.as_str(), stamp.dev.cast_signed(), stamp.ino.cast_signed(), stamp.size,
                stamp.mtime, stamp.ctime, serde_json::to_string(facts)?, baseline, file.alert.map(signed)
            ])?;
        Ok(())
    }

    /// Forgets a file that no entry names any more.
    ///
    /// # Errors
    /// SQLite's.
    pub fn drop_file(&mut self, path: &Text) -> Result<()> {
        self.database
            .prepare_cached("DELETE FROM files WHERE path = ?1")?
            .execute([path.as_bytes()])?;
        Ok(())
    }

    // Gaps

    /// Gaps that are open, of every module.
    ///
    /// # Errors
    /// SQLite's.
    pub fn gaps(&self) -> Result<Vec<OpenGap>> {
        let mut query = self
            .database
            .prepare("SELECT module, path, reason, text, since FROM gaps ORDER BY path, module")?;
        let rows = query.query_map([], |row| {
            let reason: String = row.get(2)?;
            let reason = [
                GapReason::Permission,
                GapReason::TooBig,
                GapReason::Unparsable,
                GapReason::Timeout,
                GapReason::Unwatched,
            ]
            .into_iter()
            .find(|known| known.as_str() == reason)
            .unwrap_or(GapReason::Io);
            Ok(OpenGap {
                module: row.get(0)?,
                path: text(row, 1)?,
                reason,
                text: row.get(3)?,
                since: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Stores that a gap opened, or that it closed.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_gap(&mut self, what: What, module: &str, gap: &Gap, now: &str) -> Result<()> {
        if what == What::GapOpened {
            self.database.execute(
                "INSERT OR REPLACE INTO gaps VALUES (?1, ?2, ?3, ?4, ?5)",
                params![module, gap.path.as_bytes(), gap.reason.as_str(), gap.text, now],
            )?;
        } else {
            self.database.execute(
                "DELETE FROM gaps WHERE module = ?1 AND path = ?2",
                params![module, gap.path.as_bytes()],
            )?;
        }
        Ok(())
    }

    /// Stores who accepted what, and why.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_acceptance(
        &mut self,
        (who, reason, now): (&str, &str, &str),
        (module, identity): (&str, &Identity),
        alert: u64,
    ) -> Result<()> {
        self.database.execute(
            "INSERT INTO acceptances VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                now,
                who,
                reason,
                module,
                identity.0,
                identity.1.as_bytes(),
                signed(alert)
            ],
        )?;
        Ok(())
    }
}
