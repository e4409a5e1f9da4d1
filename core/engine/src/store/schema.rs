//! The tables, and the connection to them.

use super::folder::{careful, failed};
use super::{Result, StoreError, signed};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

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
    CREATE TRIGGER alerts_come_one_after_another BEFORE INSERT ON alerts
        WHEN NEW.seq <= (SELECT MAX(seq) FROM alerts) BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
    INSERT INTO meta VALUES ('retained_after', '0');
", "
    CREATE TABLE lists (
        name TEXT PRIMARY KEY, path BLOB NOT NULL, sha256 TEXT NOT NULL, kinds TEXT NOT NULL, state TEXT NOT NULL,
        announced INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
", "
    ALTER TABLE modules ADD COLUMN contents TEXT;
", "
    ALTER TABLE alerts ADD COLUMN story TEXT;
    CREATE INDEX alerts_of_a_story ON alerts (story) WHERE story IS NOT NULL;
"];

/// Opens the database, and makes it if need be; with `check` every page of it is looked at.
pub(super) fn connect(path: &Path, check: bool) -> Result<Connection> {
    // Made by us before SQLite would make it readable to others.
    let mut options = OpenOptions::new();
    options
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(careful());
    options.open(path).map_err(failed(path))?;
    let database = Connection::open(path)?;
    harden(&database)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    if check {
        let sound: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if sound != "ok" {
            return Err(corrupt(sound));
        }
    }
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if check_version(&database)? == 0 && tables > 0 {
        return Err(corrupt("it has tables but no version".to_owned()));
    }
    Ok(database)
}

fn corrupt(why: String) -> StoreError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(why)).into()
}

/// What is read from a database must not make SQLite do anything but give it.
pub(super) fn harden(database: &Connection) -> Result<()> {
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // ATTACH writes any file that the process may.
    database.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // The log is emptied by `Store::close` alone: until then it tells that a run did not come to its end.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

pub(super) fn check_version(database: &Connection) -> Result<usize> {
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        Err(StoreError::TooNew(version))
    } else {
        Ok(version)
    }
}

/// Brings the schema up to date.
pub(super) fn migrate(database: &mut Connection) -> Result<()> {
    let version = check_version(database)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    // All or nothing: a database half way between two versions is none that anybody wrote.
    let transaction = database.transaction()?;
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", signed(MIGRATIONS.len() as u64))?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQL could do with other files and with the database's own pages, if some of it came from an attacker.
    #[test]
    fn a_statement_reaches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        let attach = format!("ATTACH '{}' AS other; CREATE TABLE other.t (x)", other.display());
        let statements = [
            attach.as_str(),
            "SELECT load_extension('x')",
            "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = ''",
        ];
        let plain = Connection::open_in_memory().unwrap();
        plain.execute_batch("CREATE TABLE t (x)").unwrap();
        plain.execute_batch(statements[0]).unwrap();
        plain.execute_batch(statements[2]).unwrap();
        std::fs::remove_file(&other).unwrap();

        let hardened = Connection::open_in_memory().unwrap();
        hardened.execute_batch("CREATE TABLE t (x)").unwrap();
        harden(&hardened).unwrap();
        for statement in statements {
            assert!(hardened.execute_batch(statement).is_err(), "{statement}");
        }
        assert!(!other.exists());
    }
}
