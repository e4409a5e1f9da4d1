//! The state: one SQLite database, and a witness file beside it. The only place that touches SQLite.
//!
//! The folder is 0700 and the database 0600. New state and the alerts it makes are written in one transaction, with
//! `synchronous=FULL`; alerts are append-only, chained by digests, and leave only by retention, after every sink
//! has taken them. The witness holds the number and digest of the last alert, so that a database that vanished or
//! was rolled back is noticed, and the digest of the database, so that a flipped bit is.

mod alerts;
mod chain;
mod entries;
mod folder;
mod lists;
mod modules;
mod open;
mod schema;
mod witness;

pub use chain::{Chain, Fault, Wrong, range};
pub use folder::{Lock, database, lock, put_aside};
pub use lists::{ListRow, ListState};
pub use witness::{Runs, runs};

use crate::alert::Group;
use crate::compare::{Identity, Row};
use crate::facts::{Known, Role};
use assay_model::{Facts, Gap, GapReason, Manifest, Stamp, Text};
use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

const DATABASE: &str = "assay.db";
const WITNESS: &str = "witness.json";

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
    /// The folder, or a file in it, is somebody else's.
    #[error("state `{}` belongs to user {uid}, not to the user that runs Assay; give another with --state", path.display())]
    Foreign {
        /// Which.
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

impl StoreError {
    /// Whether what is stored can no longer be read, now or ever: the next step is [`put_aside`].
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use rusqlite::Error as E;
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite(E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::Utf8Error(..)) => {
                true
            }
            Self::Sqlite(E::IntegralValueOutOfRange(..) | E::QueryReturnedNoRows) => true,
            Self::Sqlite(error) => matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
            _ => false,
        }
    }
}

/// What the store gives.
pub type Result<T> = std::result::Result<T, StoreError>;

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
    /// The digest of what all of that held, when a full run has read it.
    pub contents: Option<String>,
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

impl OpenGap {
    /// As a scan tells it.
    #[must_use]
    pub fn gap(&self) -> Gap {
        Gap {
            path: self.path.clone(),
            reason: self.reason,
            text: self.text.clone(),
            hides: Vec::new(),
        }
    }
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
/// The state folder, open.
pub struct Store {
    folder: PathBuf,
    database: Connection,
    host: String,
    history: String,
    runs: Runs,
    /// What the database file was when it was opened; it still is, as long as nothing is written.
    image: Option<witness::Image>,
    /// Groups of alerts that were looked up, until the next alert.
    groups: RefCell<HashMap<String, Option<Group>>>,
}

impl Store {
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

    // Facts about the store itself

    /// A remembered word.
    ///
    /// # Errors
    /// SQLite's.
    pub fn meta(&self, name: &str) -> Result<Option<String>> {
        let mut query = self
            .database
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        optional(query.query_row([name], |row| row.get(0)))
    }

    /// Remembers a word. Nothing is written when it is known.
    ///
    /// # Errors
    /// SQLite's.
    pub fn set_meta(&mut self, name: &str, value: &str) -> Result<()> {
        if self.meta(name)?.as_deref() == Some(value) {
            return Ok(());
        }
        self.database
            .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", [name, value])?;
        Ok(())
    }
}

/// An answer of one row, where no row is an answer too.
fn optional<T>(answer: rusqlite::Result<T>) -> Result<Option<T>> {
    Ok(answer.optional()?)
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
