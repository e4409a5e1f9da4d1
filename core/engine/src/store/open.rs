//! Opening the state, and finding out what became of it since.

use super::witness::Witness;
use super::{DATABASE, Result, Runs, Store, folder, optional, schema, witness};
use crate::alert::{Draft, digest};
use assay_model::What;
use rusqlite::Connection;
use std::cell::RefCell;
use std::path::Path;

impl Store {
    /// Opens the state for a run, and makes it if need be. The caller holds the [`super::lock`]. Answers the number that
    /// the alerts of this run come after, too.
    ///
    /// A database that is damaged is put aside under another name, and what is left is a new one. Whatever is wrong
    /// with the history becomes an alert before anything else is done. When it is `full`, the database is read whole.
    ///
    /// # Errors
    /// When the folder cannot be used, or the database was written by a later Assay.
    pub fn open(folder: &Path, host: &str, now: &str, full: bool) -> Result<(Self, u64)> {
        folder::own(folder)?;
        let path = folder.join(DATABASE);
        let witness = witness::read(folder);
        let existed = path.symlink_metadata().is_ok();
        let mut broken = folder::faults(folder)?;
        if !existed && witness.is_none() {
            // Whatever could be done to it, there was nothing.
            broken.clear();
        }
        let mut there = path.exists();
        let as_left = witness
            .as_ref()
            .and_then(|witness| witness.recognises(folder, full));
        let history = witness.as_ref().map(|witness| witness.history.as_str());
        let known = matches!(as_left, Some(Ok(_)));
        let mut store = match Self::connect(folder, host, history, !known) {
            Err(error) if there && error.is_damage() => {
                broken.push(format!("{error}; it was put aside as damaged"));
                folder::put_aside(folder)?;
                there = false;
                Self::connect(folder, host, history, false)?
            }
            other => other?,
        };

        let (seq, _) = store.last_alert()?;
        broken.extend(store.contradiction(witness.as_ref(), there)?);
        store.runs = witness
            .as_ref()
            .map(|witness| witness.runs.clone())
            .unwrap_or_default();
        let changed = matches!(as_left, Some(Err(())));
        store.image = as_left.and_then(std::result::Result::ok).filter(|_| there);
        if changed && broken.is_empty() {
            broken.push("the database is not as the last run left it: it was written to by something else, or a bit of it flipped".to_owned());
        }
        if !broken.is_empty() {
            broken.extend(store.damaged_alert()?);
            let draft = Draft::about(What::HistoryBroken, broken.join("; "));
            store.transaction(|store| {
                if let Some(witness) = witness.as_ref().filter(|witness| witness.seq > seq) {
                    // Numbers that somebody may have seen are never given again.
                    store.set_meta("anchor", &serde_json::to_string(&(witness.seq, &witness.digest))?)?;
                }
                store.trust_nothing()?;
                store.append(draft, now).map(drop)
            })?;
            store.witness()?;
        }
        folder::close_to_others(folder)?;
        Ok((store, witness.map_or(0, |witness| witness.seq).max(seq)))
    }

    /// Opens the database, or makes one that goes on with `history`. With `check` everything in it is read once.
    fn connect(folder: &Path, host: &str, history: Option<&str>, check: bool) -> Result<Self> {
        let mut database = schema::connect(&folder.join(DATABASE), check)?;
        schema::migrate(&mut database)?;
        let new = || uuid::Uuid::new_v4().to_string();
        let mut store = Self {
            folder: folder.to_owned(),
            database,
            host: host.to_owned(),
            history: history.map_or_else(new, str::to_owned),
            runs: Runs::default(),
            image: None,
            groups: RefCell::default(),
        };
        match store.meta("history")? {
            Some(history) => store.history = history,
            None => store.set_meta("history", &store.history.clone())?,
        }
        if check {
            store.last_alert()?;
            store.entries()?;
            store.files()?;
            store.modules()?;
            store.gaps()?;
            store.refused()?;
            store.lists()?;
        }
        Ok(store)
    }

    /// What the witness and the database do not agree about.
    fn contradiction(&self, witness: Option<&Witness>, there: bool) -> Result<Option<String>> {
        let (seq, last) = self.last_alert()?;
        let Some(Witness {
            seq: seen,
            digest,
            history,
            ..
        }) = witness
        else {
            return Ok((seq > 0).then(|| "the witness file is gone, or damaged".to_owned()));
        };
        let stored = if *seen == seq {
            Some(last)
        } else {
            self.digest_of(*seen)?
        };
        Ok(if !there {
            Some(format!(
                "there is no database that can be read; alerts up to {seen} are only where a sink took them"
            ))
        } else if *history != self.history {
            Some(format!(
                "the database is another one; the last alert of the one before was {seen}"
            ))
        } else if *seen > seq {
            Some(format!("the database was rolled back from alert {seen} to {seq}"))
        } else if stored.is_some_and(|stored| stored != *digest) {
            Some(format!("alert {seen} is not the one that was sent"))
        } else {
            None
        })
    }

    /// The first alert that does not hold what its digest says.
    fn damaged_alert(&self) -> Result<Option<String>> {
        let mut query = self
            .database
            .prepare("SELECT seq, body, digest FROM alerts ORDER BY seq")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, String>(2)? != digest(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?) {
                return Ok(Some(format!(
                    "alert {} does not hold what it held",
                    row.get::<_, i64>(0)?
                )));
            }
        }
        Ok(None)
    }

    /// Makes this run ask every module and read every file, whatever the database says of them.
    fn trust_nothing(&mut self) -> Result<()> {
        self.database
            .execute("UPDATE modules SET output = NULL, inputs = NULL", [])?;
        self.runs.last_full = None;
        self.set_meta("names_changed", "1")
    }

    /// What SQLite finds wrong with the database; `None` when it is sound.
    ///
    /// # Errors
    /// SQLite's.
    pub fn damage(&self) -> Result<Option<String>> {
        let found: String = self
            .database
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok(Some(found).filter(|found| found != "ok"))
    }

    /// Opens the state to look at it: nothing is made, and nothing is written.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open_to_read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(DATABASE);
        if !path.try_exists().map_err(folder::failed(&path))? {
            return Ok(None);
        }
        let database = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::harden(&database)?;
        database.pragma_update(None, "query_only", true)?;
        if schema::check_version(&database)? == 0 {
            // The first run has only just begun.
            return Ok(None);
        }
        let history = database.query_row("SELECT value FROM meta WHERE name = 'history'", [], |r| r.get(0));
        let Some(history) = optional(history)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            folder: folder.to_owned(),
            database,
            host: String::new(),
            history,
            runs: witness::runs(folder),
            image: None,
            groups: RefCell::default(),
        }))
    }
}
