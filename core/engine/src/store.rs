//! The state: one SQLite database, and a witness file beside it. The only place that touches SQLite.
//!
//! The folder is 0700 and the database 0600. New state and the alerts it makes are written in one transaction, with
//! `synchronous=FULL`; alerts are append-only, chained by digests, and leave only by retention, after every sink
//! has taken them. The witness holds the number and digest of the last alert, so that a database that vanished or
//! was rolled back is noticed.

use crate::alert::{Draft, FIRST_PREVIOUS, Place, Stored, digest};
use crate::compare::{Identity, Row};
use crate::facts::{Known, Role};
use assay_model::{Alert, Entry, Facts, Gap, GapReason, Manifest, Stamp, Text};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const DATABASE: &str = "assay.db";
const WITNESS: &str = "witness.json";
const LOCK: &str = "lock";

/// Each step brings a database from the version that is its index to the next.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE modules (
        name TEXT PRIMARY KEY, path BLOB NOT NULL, stamp TEXT NOT NULL, sha256 TEXT NOT NULL, manifest TEXT, output TEXT, request TEXT, inputs TEXT, failure TEXT,
        sandbox TEXT, announced INTEGER NOT NULL, missing INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entries (
        module TEXT NOT NULL, kind TEXT NOT NULL, key BLOB NOT NULL, state TEXT, baseline TEXT,
        known INTEGER NOT NULL, first_seen TEXT NOT NULL, changed TEXT NOT NULL, alert INTEGER,
        PRIMARY KEY (module, kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE files (
        path BLOB PRIMARY KEY, role TEXT NOT NULL, dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
        mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, facts TEXT NOT NULL, baseline TEXT, alert INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE gaps (
        module TEXT NOT NULL, path BLOB NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL, since TEXT NOT NULL,
        PRIMARY KEY (module, path)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE refused (path BLOB PRIMARY KEY, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE alerts (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time TEXT NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sinks (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, error TEXT, since TEXT) STRICT, WITHOUT ROWID;
    CREATE TABLE acceptances (
        time TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL, module TEXT NOT NULL, kind TEXT NOT NULL,
        key BLOB NOT NULL, alert INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER alerts_stay_as_they_are BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
    CREATE TRIGGER alerts_leave_by_retention BEFORE DELETE ON alerts
        WHEN OLD.seq > (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'retained_after')
        BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
    INSERT INTO meta VALUES ('retained_after', '0');
"];

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file in it.
    #[error("state `{}`: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The folder is somebody else's.
    #[error("state folder `{}` belongs to user {uid}, not to the user that runs Assay; give another with --state", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// The state was written by a later Assay.
    #[error("the database has version {0}, which this Assay does not know; install a newer one")]
    TooNew(usize),
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A value in the database is not what was written.
    #[error("database: a stored value is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// Another run is going on.
    #[error("another run is going on (process {0})")]
    Busy(String),
}

/// What the store gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What opening found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// There was no database.
    pub created: bool,
    /// Something is wrong with the history: what.
    pub broken: Option<String>,
}

/// What is stored of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of docs/design.md")]
pub struct ModuleRow {
    pub name: String,
    pub path: Text,
    /// Identity and times of its file when the digest was taken.
    pub stamp: Stamp,
    pub sha256: String,
    /// The manifest of the last good scan; `None` before the first.
    pub manifest: Option<Manifest>,
    /// The digest of the last good scan's output.
    pub output: Option<String>,
    /// The digest of what that scan was asked, besides the files it read.
    pub request: Option<String>,
    /// What that scan looked at, as JSON; `None` when the module must be asked every time.
    pub inputs: Option<String>,
    /// Why scans fail since the last alert that said so.
    pub failure: Option<String>,
    /// What confined the last scan, as JSON.
    pub sandbox: Option<String>,
    /// Whether a `baseline_created` has counted what was learned.
    pub announced: bool,
    pub missing: bool,
}

/// What is stored of a file that entries name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of docs/design.md")]
pub struct FileRow {
    pub role: Role,
    pub known: Known,
    /// The facts as they were accepted, where they differ.
    pub baseline: Option<Facts>,
    /// The alert that said so.
    pub alert: Option<u64>,
}

/// A gap that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the words of docs/design.md")]
pub struct OpenGap {
    pub module: String,
    pub path: Text,
    pub reason: GapReason,
    pub text: String,
    pub since: String,
}

/// What is stored of a sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of docs/design.md")]
pub struct SinkRow {
    pub cursor: u64,
    pub error: Option<String>,
    pub since: Option<String>,
}

/// What is stored of an entry, with its history in short.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of docs/design.md")]
pub struct EntryRow {
    pub module: String,
    pub identity: Identity,
    pub row: Row,
    pub first_seen: String,
    pub changed: String,
    pub alert: Option<u64>,
}

/// The last alert that somebody else may have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Witness {
    history: String,
    seq: u64,
    digest: String,
}

/// Held for as long as a run writes.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it lets go of the lock")] File);

/// The state folder, open.
pub struct Store {
    folder: PathBuf,
    database: Connection,
    host: String,
    history: String,
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |why| StoreError::File {
        path: path.clone(),
        why,
    }
}

/// Makes the folder if need be, and keeps others out of it. Says when it was open to others.
fn own_folder(folder: &Path) -> Result<Option<String>> {
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed(folder))?;
    }
    let meta = fs::metadata(folder).map_err(failed(folder))?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::Foreign {
            path: folder.to_owned(),
            uid: meta.uid(),
        });
    }
    let mut said = Vec::new();
    for (path, mode) in [
        (folder.to_owned(), 0o700),
        (folder.join(DATABASE), 0o600),
        (folder.join(WITNESS), 0o600),
    ] {
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        if meta.file_type().is_symlink() {
            said.push(format!("`{}` is a link", path.display()));
        } else if meta.uid() != rustix::process::geteuid().as_raw() {
            said.push(format!("`{}` belongs to user {}", path.display(), meta.uid()));
        } else if meta.mode() & 0o077 != 0 {
            said.push(format!(
                "`{}` was open to others (mode {:04o})",
                path.display(),
                meta.mode() & 0o7777
            ));
            fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(failed(&path))?;
        }
    }
    Ok((!said.is_empty()).then(|| said.join("; ")))
}

/// Takes the lock of a state folder, or says who has it.
///
/// # Errors
/// [`StoreError::Busy`] when another run is going on.
pub fn lock(folder: &Path) -> Result<Lock> {
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed(folder))?;
    }
    let path = folder.join(LOCK);
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nofollow);
    let mut file = options.open(&path).map_err(failed(&path))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(StoreError::Busy(holder.trim().to_owned()));
        }
        Err(errno) => return Err(failed(&path)(errno.into())),
    }
    let note = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    note.map_err(failed(&path))?;
    Ok(Lock(file))
}

impl Store {
    /// Opens the state for a run, and makes it if need be. The caller holds the [`lock`].
    ///
    /// A database that is damaged is put aside under another name, and what is left is a new one.
    ///
    /// # Errors
    /// When the folder cannot be used, or the database was written by a later Assay.
    pub fn open(folder: &Path, host: &str) -> Result<(Self, Opened)> {
        let mut broken: Vec<String> = own_folder(folder)?.into_iter().collect();
        let path = folder.join(DATABASE);
        let witness: Option<Witness> = fs::read(folder.join(WITNESS))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let existed = path.exists();
        let mut database = match connect(&path) {
            Err(StoreError::Sqlite(error)) if existed && is_damage(&error) => {
                broken.push(format!("the database is damaged ({error}) and was put aside"));
                put_aside(folder)?;
                connect(&path)?
            }
            other => other?,
        };
        let created = migrate(&mut database)?;
        let history = match &witness {
            Some(witness) => witness.history.clone(),
            None => uuid::Uuid::new_v4().to_string(),
        };
        database.execute("INSERT OR IGNORE INTO meta VALUES ('history', ?1)", [&history])?;
        let history: String =
            database.query_row("SELECT value FROM meta WHERE name = 'history'", [], |r| r.get(0))?;
        let mut store = Self {
            folder: folder.to_owned(),
            database,
            host: host.to_owned(),
            history,
        };

        let (seq, last) = store.last_alert()?;
        match &witness {
            Some(w) if created && !existed && broken.is_empty() => {
                broken.push(format!(
                    "the database is gone, or was put aside as damaged; its last alert was {}",
                    w.seq
                ));
            }
            Some(w) if w.history != store.history => broken.push("the database is another one".to_owned()),
            Some(w) if w.seq > seq && broken.is_empty() => broken.push(format!(
                "the database was rolled back from alert {} to {seq}",
                w.seq
            )),
            Some(w) if w.seq == seq && w.digest != last => {
                broken.push(format!("alert {seq} is not the one that was stored"))
            }
            None if seq > 0 => broken.push("the witness file is gone".to_owned()),
            _ => {}
        }
        if let Some(witness) = witness.filter(|w| w.seq > seq) {
            // Numbers that somebody may have seen are never given again.
            store.set_meta("anchor", &serde_json::to_string(&(witness.seq, witness.digest))?)?;
        }
        let broken = (!broken.is_empty()).then(|| broken.join("; "));
        Ok((store, Opened { created, broken }))
    }

    /// Opens the state to look at it: nothing is made, and nothing is written.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_to_read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(DATABASE);
        if !path.try_exists().map_err(failed(&path))? {
            return Ok(None);
        }
        let database = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        harden(&database)?;
        database.pragma_update(None, "query_only", true)?;
        check_version(&database)?;
        let history =
            database.query_row("SELECT value FROM meta WHERE name = 'history'", [], |r| r.get(0))?;
        Ok(Some(Self {
            folder: folder.to_owned(),
            database,
            host: String::new(),
            history,
        }))
    }

    /// Does all of `work` in one transaction, or nothing of it.
    ///
    /// # Errors
    /// Those of `work`, and SQLite's.
    pub fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.database.execute_batch("BEGIN IMMEDIATE")?;
        match work(self).and_then(|done| Ok(self.database.execute_batch("COMMIT").map(|()| done)?)) {
            Ok(done) => Ok(done),
            Err(error) => {
                _ = self.database.execute_batch("ROLLBACK");
                Err(error)
            }
        }
    }

    // Alerts

    /// Number and digest of the last alert.
    fn last_alert(&self) -> Result<(u64, String)> {
        let last = self.database.query_row(
            "SELECT seq, digest FROM alerts ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((unsigned(row, 0)?, row.get(1)?)),
        );
        let last = last.optional()?.unwrap_or((0, FIRST_PREVIOUS.to_owned()));
        let anchor: Option<(u64, String)> = self
            .meta("anchor")?
            .map(|text| serde_json::from_str(&text))
            .transpose()?;
        Ok(anchor.filter(|(seq, _)| *seq > last.0).unwrap_or(last))
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
        let body = serde_json::to_string(&alert)?;
        self.database
            .prepare_cached("INSERT INTO alerts (seq, id, time, body, digest) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                signed(alert.seq),
                alert.id,
                alert.time,
                body,
                digest(&body)
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
            alerts.push(Stored { alert, body, digest });
        }
        Ok(alerts)
    }

    /// Number of the last alert, 0 when there is none.
    ///
    /// # Errors
    /// SQLite's.
    pub fn last_seq(&self) -> Result<u64> {
        Ok(self.last_alert()?.0)
    }

    /// Writes down, outside the database, how far the history has come.
    ///
    /// # Errors
    /// The file system's.
    pub fn witness(&self) -> Result<()> {
        let (seq, digest) = self.last_alert()?;
        let path = self.folder.join(WITNESS);
        let text = serde_json::to_vec(&Witness {
            history: self.history.clone(),
            seq,
            digest,
        })?;
        if fs::read(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        let new = self.folder.join("witness.new");
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(failed(&path))
    }

    /// Drops alerts from before `time` that every one of `sinks` has taken and that nothing open refers to.
    ///
    /// # Errors
    /// SQLite's.
    pub fn retain(&mut self, time: &str, sinks: &[String]) -> Result<()> {
        let mut last: Option<u64> = self
            .database
            .query_row(
                "SELECT seq FROM alerts WHERE time < ?1 ORDER BY seq DESC LIMIT 1",
                [time],
                |row| unsigned(row, 0),
            )
            .optional()?;
        for name in sinks {
            let cursor = self.sink(name)?.unwrap_or_default().cursor;
            last = last.map(|last| last.min(cursor));
        }
        let open = "SELECT MIN(alert) FROM (SELECT alert FROM entries UNION ALL SELECT alert FROM files)";
        let oldest: Option<i64> = self.database.query_row(open, [], |row| row.get(0))?;
        if let Some(oldest) = oldest.and_then(|oldest| u64::try_from(oldest).ok()) {
            last = last.map(|last| last.min(oldest.saturating_sub(1)));
        }
        let Some(last) = last.filter(|last| *last > 0) else {
            return Ok(());
        };
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
        Ok(row.optional()?)
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

    // Facts about the store itself

    /// A remembered word.
    ///
    /// # Errors
    /// SQLite's.
    pub fn meta(&self, name: &str) -> Result<Option<String>> {
        let mut query = self
            .database
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        Ok(query.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Remembers a word.
    ///
    /// # Errors
    /// SQLite's.
    pub fn set_meta(&mut self, name: &str, value: &str) -> Result<()> {
        self.database
            .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", [name, value])?;
        Ok(())
    }

    // Modules

    /// Every module that was ever seen and is not forgotten, by name.
    ///
    /// # Errors
    /// SQLite's.
    pub fn modules(&self) -> Result<BTreeMap<String, ModuleRow>> {
        let mut query = self.database.prepare(
            "SELECT name, path, sha256, manifest, output, failure, sandbox, announced, missing, stamp, request, inputs
             FROM modules",
        )?;
        let mut rows = query.query([])?;
        let mut modules = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let manifest: Option<String> = row.get(3)?;
            let module = ModuleRow {
                name: row.get(0)?,
                path: text(row, 1)?,
                sha256: row.get(2)?,
                manifest: manifest.map(|json| serde_json::from_str(&json)).transpose()?,
                output: row.get(4)?,
                failure: row.get(5)?,
                sandbox: row.get(6)?,
                announced: row.get(7)?,
                missing: row.get(8)?,
                stamp: serde_json::from_str(row.get_ref(9)?.as_str().map_err(rusqlite::Error::from)?)?,
                request: row.get(10)?,
                inputs: row.get(11)?,
            };
            modules.insert(module.name.clone(), module);
        }
        Ok(modules)
    }

    /// Stores a module.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_module(&mut self, module: &ModuleRow) -> Result<()> {
        let manifest = module.manifest.as_ref().map(serde_json::to_string).transpose()?;
        self.database.execute(
            "INSERT OR REPLACE INTO modules (name, path, sha256, manifest, output, failure, sandbox, announced, missing,
                 stamp, request, inputs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                module.name, module.path.as_bytes(), module.sha256, manifest, module.output, module.failure,
                module.sandbox, module.announced, module.missing, serde_json::to_string(&module.stamp)?,
                module.request, module.inputs
            ],
        )?;
        Ok(())
    }

    /// Module files that were refused, with the reason.
    ///
    /// # Errors
    /// SQLite's.
    pub fn refused(&self) -> Result<BTreeMap<Text, String>> {
        let mut query = self.database.prepare("SELECT path, reason FROM refused")?;
        let rows = query.query_map([], |row| Ok((text(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Stores the whole list of refused files.
    ///
    /// # Errors
    /// SQLite's.
    pub fn put_refused(&mut self, refused: &BTreeMap<Text, String>) -> Result<()> {
        self.database.execute("DELETE FROM refused", [])?;
        for (path, reason) in refused {
            self.database.execute(
                "INSERT INTO refused VALUES (?1, ?2)",
                params![path.as_bytes(), reason],
            )?;
        }
        Ok(())
    }

    // Entries

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

    /// Stores that a gap opened.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open_gap(&mut self, module: &str, gap: &Gap, now: &str) -> Result<()> {
        self.database.execute(
            "INSERT OR REPLACE INTO gaps VALUES (?1, ?2, ?3, ?4, ?5)",
            params![module, gap.path.as_bytes(), gap.reason.as_str(), gap.text, now],
        )?;
        Ok(())
    }

    /// Stores that a gap closed.
    ///
    /// # Errors
    /// SQLite's.
    pub fn close_gap(&mut self, module: &str, path: &Text) -> Result<()> {
        self.database.execute(
            "DELETE FROM gaps WHERE module = ?1 AND path = ?2",
            params![module, path.as_bytes()],
        )?;
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

fn connect(path: &Path) -> Result<Connection> {
    // Made by us before SQLite would make it readable to others.
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(path)
        .map_err(failed(path))?;
    let database = Connection::open(path)?;
    harden(&database)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    let sound: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(code, Some(sound)).into());
    }
    check_version(&database)?;
    Ok(database)
}

/// What is read from a database must not make SQLite do anything but give it.
fn harden(database: &Connection) -> Result<()> {
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}

fn check_version(database: &Connection) -> Result<usize> {
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        Err(StoreError::TooNew(version))
    } else {
        Ok(version)
    }
}

/// Brings the schema up to date; answers whether it was made from nothing.
fn migrate(database: &mut Connection) -> Result<bool> {
    let version = check_version(database)?;
    for (index, step) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = database.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", signed(index as u64 + 1))?;
        transaction.commit()?;
    }
    Ok(version == 0)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// Keeps a damaged database for whoever wants to know what happened to it. The witness stays, and tells.
///
/// # Errors
/// The file system's.
pub fn put_aside(folder: &Path) -> Result<()> {
    let path = &folder.join(DATABASE);
    for suffix in ["", "-wal", "-shm"] {
        let mut from = path.as_os_str().to_owned();
        from.push(suffix);
        let mut to = path.as_os_str().to_owned();
        to.push(format!("{suffix}.damaged"));
        match fs::rename(&from, &to) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(failed(path)(why)),
            _ => {}
        }
    }
    Ok(())
}

fn text(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<Text> {
    Ok(row.get_ref(column)?.as_blob()?.into())
}

/// SQLite has signed numbers only; none of ours comes near the end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn optional_unsigned(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row
        .get::<_, Option<i64>>(column)?
        .and_then(|number| u64::try_from(number).ok()))
}
