//! Alerts, which only ever come after one another, and how far each sink has come in them.

use super::{Result, SinkRow, Store, optional, signed, unsigned};
use crate::alert::{Draft, FIRST_PREVIOUS, Group, Place, Stored, digest};
use assay_model::Alert;
use rusqlite::params;

impl Store {
    /// Number and digest of the last alert.
    pub(super) fn last_alert(&self) -> Result<(u64, String)> {
        let last = self.database.query_row(
            "SELECT seq, digest FROM alerts ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((unsigned(row, 0)?, row.get(1)?)),
        );
        let last = optional(last)?.unwrap_or((0, FIRST_PREVIOUS.to_owned()));
        Ok(self.anchor()?.filter(|(seq, _)| *seq > last.0).unwrap_or(last))
    }

    /// Number and digest of an alert that is no longer there, and that the next one follows from.
    pub(super) fn anchor(&self) -> Result<Option<(u64, String)>> {
        let anchor = self.meta("anchor")?;
        Ok(anchor.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Appends an alert and answers its number.
    ///
    /// # Errors
    /// SQLite's.
    pub fn append(&mut self, draft: Draft, now: &str) -> Result<u64> {
        let (seq, previous) = self.last_alert()?;
        let place = Place {
            seq: seq + 1,
            id: uuid::Uuid::now_v7().to_string(),
            time: now.to_owned(),
            host: self.host.clone(),
            history: self.history.clone(),
            previous,
        };
        let alert = draft.place(place);
        self.groups.get_mut().clear();
        let body = serde_json::to_string(&alert)?;
        self.database
            .prepare_cached(
                "INSERT INTO alerts (seq, id, time, body, digest, story) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                signed(alert.seq),
                alert.id,
                alert.time,
                body,
                digest(&body),
                alert.group
            ])?;
        Ok(alert.seq)
    }

    /// Alerts after `seq`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn alerts_after(&self, seq: u64, limit: usize) -> Result<Vec<Stored>> {
        let mut query = self
            .database
            .prepare_cached("SELECT body, digest FROM alerts WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
        let rows = query.query_map(params![signed(seq), signed(limit as u64)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let mut alerts = Vec::new();
        for row in rows {
            let (body, digest): (String, String) = row?;
            let alert: Alert = serde_json::from_str(&body)?;
            alerts.push(Stored {
                alert,
                body,
                digest,
                group: None,
            });
        }
        self.put_groups(&mut alerts)?;
        Ok(alerts)
    }

    /// Tells each alert of the others in its group.
    fn put_groups(&self, alerts: &mut [Stored]) -> Result<()> {
        let mut known = self.groups.borrow_mut();
        for stored in alerts {
            let Some(id) = stored.alert.group.clone() else {
                continue;
            };
            stored.group = match known.get(&id) {
                Some(group) => group.clone(),
                None => known.entry(id.clone()).or_insert(self.group(&id)?).clone(),
            };
        }
        Ok(())
    }

    /// The group of that name; `None` when only one alert is in it.
    fn group(&self, id: &str) -> Result<Option<Group>> {
        let find = "SELECT body FROM alerts WHERE story = ?1 ORDER BY seq";
        let mut query = self.database.prepare_cached(find)?;
        let mut rows = query.query([id])?;
        let mut group = Group::default();
        let mut worst = None;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let alert: Alert = serde_json::from_str(body)?;
            if worst.is_none_or(|worst| alert.severity > worst) {
                (worst, group.first) = (Some(alert.severity), alert.seq);
            }
            let member = (alert.change, alert.kind.unwrap_or_default());
            *group.members.entry(member).or_default() += 1;
        }
        Ok(Some(group).filter(|group| group.size() > 1))
    }

    /// Number of the last alert, 0 when there is none.
    ///
    /// # Errors
    /// SQLite's.
    pub fn last_seq(&self) -> Result<u64> {
        Ok(self.last_alert()?.0)
    }

    /// How many alerts something open refers to.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open_count(&self) -> Result<u64> {
        let count = "SELECT COUNT(*) FROM (SELECT alert FROM entries WHERE alert IS NOT NULL
            UNION SELECT alert FROM files WHERE alert IS NOT NULL)";
        Ok(self.database.query_row(count, [], |row| unsigned(row, 0))?)
    }

    /// The digest of an alert; `None` when there is none of that number.
    pub(super) fn digest_of(&self, seq: u64) -> Result<Option<String>> {
        let find = "SELECT digest FROM alerts WHERE seq = ?1";
        optional(self.database.query_row(find, [signed(seq)], |row| row.get(0)))
    }

    /// Drops alerts from before `time` that every one of `sinks` has taken and that nothing open refers to.
    ///
    /// # Errors
    /// SQLite's.
    pub fn retain(&mut self, time: &str, sinks: &[String]) -> Result<()> {
        let alert = |query: &str, value: &dyn rusqlite::ToSql| {
            optional(self.database.query_row(query, [value], |row| unsigned(row, 0)))
        };
        // Up to the first that is young enough, wherever a clock that was set back has put older times after it.
        let young = alert(
            "SELECT seq FROM alerts WHERE time >= ?1 ORDER BY seq LIMIT 1",
            &time,
        )?;
        let mut last = match young {
            Some(young) => young.saturating_sub(1),
            None => self.last_seq()?,
        };
        for name in sinks {
            last = last.min(self.sink(name)?.unwrap_or_default().cursor);
        }
        let any = "SELECT seq FROM alerts WHERE seq <= ?1 LIMIT 1";
        if alert(any, &signed(last))?.is_none() {
            return Ok(());
        }
        let open = "SELECT MIN(alert) FROM (SELECT alert FROM entries UNION ALL SELECT alert FROM files)";
        let oldest: Option<i64> = self.database.query_row(open, [], |row| row.get(0))?;
        if let Some(oldest) = oldest.and_then(|oldest| u64::try_from(oldest).ok()) {
            last = last.min(oldest.saturating_sub(1));
        }
        if alert(any, &signed(last))?.is_none() {
            return Ok(());
        }
        self.transaction(|store| {
            let (seq, digest) = store.last_alert()?;
            if seq <= last {
                store.set_meta("anchor", &serde_json::to_string(&(seq, digest))?)?;
            }
            store.set_meta("retained_after", &last.to_string())?;
            store
                .database
                .execute("DELETE FROM alerts WHERE seq <= ?1", [signed(last)])?;
            Ok(())
        })
    }

    // Sinks

    /// What is stored of a sink; `None` when it is new.
    ///
    /// # Errors
    /// SQLite's.
    pub fn sink(&self, name: &str) -> Result<Option<SinkRow>> {
        let row = self.database.query_row(
            "SELECT cursor, error, since FROM sinks WHERE name = ?1",
            [name],
            |row| {
                Ok(SinkRow {
                    cursor: unsigned(row, 0)?,
                    error: row.get(1)?,
                    since: row.get(2)?,
                })
            },
        );
        optional(row)
    }

    /// Remembers how far a sink has come. A crash of the machine may undo it, which sends alerts again, never a kill.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_sink(&mut self, name: &str, sink: &SinkRow) -> Result<()> {
        self.database
            .prepare_cached(
                "INSERT OR REPLACE INTO sinks (name, cursor, error, since) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![name, signed(sink.cursor), sink.error, sink.since])?;
        Ok(())
    }

    /// Waits for the disk at each commit, or leaves that to the system: for cursors only.
    ///
    /// # Errors
    /// SQLite's.
    pub fn wait_for_disk(&self, wait: bool) -> Result<()> {
        Ok(self
            .database
            .pragma_update(None, "synchronous", if wait { "FULL" } else { "NORMAL" })?)
    }
}
