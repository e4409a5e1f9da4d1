//! SQLite databases of the system under watch, read from bytes. Behind the feature `sqlite`.
//!
//! Nothing is opened by path: that would leave the root, want write access for a write-ahead log, and disturb
//! who has the database open. The log is applied to the bytes here instead.
//!
//! ```
//! use assay_sdk::{sqlite::Database, testkit::Fixture};
//! let mut made = rusqlite::Connection::open_in_memory().unwrap();
//! made.execute_batch("CREATE TABLE access (client TEXT, auth_value INT); INSERT INTO access VALUES ('/opt/x', 2)").unwrap();
//! let bytes = made.serialize(rusqlite::MAIN_DB).unwrap();
//! let fixture = Fixture::new().file("/var/db/TCC.db", &*bytes);
//! fixture.scan(|scan| {
//!     let database = Database::read(scan, "/var/db/TCC.db".as_ref()).unwrap().unwrap();
//!     let rows = database.rows("access").unwrap();
//!     assert_eq!((rows[0].text("client").as_deref(), rows[0].int("auth_value")), (Some("/opt/x"), Some(2)));
//!     Ok(())
//! });
//! ```

use crate::{Scan, Text};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB};
use std::collections::HashMap;
use std::path::Path;

/// Rows that one table may have.
const MAX_ROWS: usize = 10_000;
/// Bytes that one value or row may hold.
const MAX_VALUE: i32 = 64 << 10;
/// Bytes that a log may make of a database.
const MAX_DATABASE: usize = 64 << 20;

/// Why a database cannot be read.
///
/// ```
/// let error: assay_sdk::sqlite::Error = assay_sdk::sqlite::Database::from_bytes(vec![1; 4096], b"").and_then(|d| d.rows("t")).err().unwrap();
/// assert_eq!(error.to_string(), "file is not a database");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// What reading a database gives.
///
/// ```
/// use assay_sdk::sqlite::{self, Database};
/// fn count(database: &Database) -> sqlite::Result<usize> {
///     Ok(database.rows("access")?.len())
/// }
/// ```
pub type Result<T> = std::result::Result<T, Error>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

/// A database in memory.
///
/// ```
/// # use assay_sdk::{sqlite::Database, testkit::Fixture};
/// # let mut made = rusqlite::Connection::open_in_memory().unwrap();
/// # made.execute_batch("CREATE TABLE rules (name TEXT)").unwrap();
/// # let bytes = made.serialize(rusqlite::MAIN_DB).unwrap();
/// let fixture = Fixture::new().file("/var/db/auth.db", &*bytes);
/// fixture.scan(|scan| {
///     let database = Database::read(scan, "/var/db/auth.db".as_ref()).unwrap().unwrap();
///     assert!(database.rows("rules").unwrap().is_empty());
///     // The same from bytes, with a log that adds nothing.
///     let database = Database::from_bytes(bytes.to_vec(), b"").unwrap();
///     assert!(database.rows("no_such_table").unwrap().is_empty());
///     Ok(())
/// });
/// ```
pub struct Database {
    connection: Connection,
}

/// A row by the names of its columns.
///
/// ```
/// # use assay_sdk::sqlite::{Database, Row};
/// # let mut made = rusqlite::Connection::open_in_memory().unwrap();
/// # made.execute_batch("CREATE TABLE t (name TEXT, flags INT, csreq BLOB); INSERT INTO t VALUES ('a', 3, x'00ff')").unwrap();
/// # let bytes = made.serialize(rusqlite::MAIN_DB).unwrap();
/// # let database = Database::from_bytes(bytes.to_vec(), b"").unwrap();
/// let row: &Row = &database.rows("t").unwrap()[0];
/// assert_eq!((row.text("name").unwrap(), row.int("flags")), ("a".to_owned(), Some(3)));
/// assert_eq!(row.bytes("csreq"), Some(&[0, 255][..]));
/// assert_eq!((row.text("csreq"), row.int("absent")), (None, None));
/// ```
pub struct Row(HashMap<String, Value>);

/// What SQLite holds; a text is any bytes, whatever its encoding says.
enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(Text),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(text.into()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.into()),
        }
    }
}

impl Row {
    /// A text, or a number as one; `None` when the column is not there, or holds anything else. In a text that is no
    /// UTF-8 the bytes are escaped as where a [`Text`] is shown.
    ///
    /// ```
    /// # use assay_sdk::sqlite::Database;
    /// # let mut made = rusqlite::Connection::open_in_memory().unwrap();
    /// # made.execute_batch("CREATE TABLE t (path TEXT); INSERT INTO t VALUES (CAST(x'2f6f70742fff' AS TEXT))").unwrap();
    /// # let bytes = made.serialize(rusqlite::MAIN_DB).unwrap();
    /// # let database = Database::from_bytes(bytes.to_vec(), b"").unwrap();
    /// let row = &database.rows("t").unwrap()[0];
    /// assert_eq!((row.text("path").unwrap(), row.bytes("path").unwrap()), ("/opt/\\xff".to_owned(), &b"/opt/\xff"[..]));
    /// ```
    pub fn text(&self, column: &str) -> Option<String> {
        match self.0.get(column)? {
            Value::Text(text) => Some(text.as_str().map_or_else(|| text.to_string(), str::to_owned)),
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(number) => Some(number.to_string()),
            Value::Blob(_) | Value::Null => None,
        }
    }
    /// A number; `None` when the column is not there, or holds anything else.
    #[must_use]
    pub fn int(&self, column: &str) -> Option<i64> {
        match self.0.get(column)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
    /// Bytes, or the bytes of a text; `None` when the column is not there, or holds anything else.
    #[must_use]
    pub fn bytes(&self, column: &str) -> Option<&[u8]> {
        match self.0.get(column)? {
            Value::Blob(bytes) => Some(bytes),
            Value::Text(text) => Some(text.as_bytes()),
            Value::Integer(_) | Value::Real(_) | Value::Null => None,
        }
    }
}

impl Database {
    /// Reads a database of the root, of at most 64 MiB, with the write-ahead log beside it. `None` when it is not
    /// there, and also when it cannot be read, after a gap.
    ///
    /// The error is for [`Entry::unparsable`](crate::Entry::unparsable).
    pub fn read(scan: &mut Scan<'_>, path: &Path) -> Option<Result<Self>> {
        Self::read_within(scan, path, MAX_DATABASE as u64)
    }

    /// The same for a database that may be larger. It is in memory twice for a moment.
    ///
    /// ```
    /// # use assay_sdk::{sqlite::Database, testkit::Fixture};
    /// let fixture = Fixture::new().file("/var/lib/rpm/rpmdb.sqlite", [0; 4096]);
    /// fixture.scan(|scan| {
    ///     let path = "/var/lib/rpm/rpmdb.sqlite".as_ref();
    ///     assert!(Database::read_within(scan, path, 1000).unwrap().is_err());
    ///     assert!(Database::read_within(scan, "/absent".as_ref(), 1000).is_none());
    ///     Ok(())
    /// });
    /// ```
    pub fn read_within(scan: &mut Scan<'_>, path: &Path, limit: u64) -> Option<Result<Self>> {
        let bytes = match scan.content(path, limit)? {
            Ok(bytes) => bytes,
            Err(why) => return Some(Err(Error(why))),
        };
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = scan
            .read(Path::new(&log), MAX_DATABASE as u64)
            .unwrap_or_default();
        Some(Self::from_bytes(bytes, &log))
    }

    /// Opens a database with what its write-ahead log adds; the log may be empty.
    ///
    /// # Errors
    /// When it is no database.
    pub fn from_bytes(mut bytes: Vec<u8>, log: &[u8]) -> Result<Self> {
        apply_log(&mut bytes, log);
        // A database in memory has no log: the header must not ask for one.
        if let Some(versions) = bytes.get_mut(18..20) {
            versions.fill(1);
        }
        let mut connection = Connection::open_in_memory()?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
        connection.deserialize_read_exact(MAIN_DB, &bytes[..], bytes.len(), true)?;
        Ok(Self { connection })
    }

    /// The rows of a table, none when there is no such table. A view of that name is none: it may run for ever.
    ///
    /// At most 10,000.
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn rows(&self, table: &str) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.go_through(table, |row| rows.push(row))?;
        Ok(rows)
    }

    /// Goes through the rows of a table one by one, for a table with values of up to `limit` bytes, which together
    /// would be too much to hold; otherwise as [`Database::rows`].
    ///
    /// ```
    /// # use assay_sdk::sqlite::Database;
    /// # let mut made = rusqlite::Connection::open_in_memory().unwrap();
    /// # made.execute_batch("CREATE TABLE Packages (hnum INT, blob BLOB); INSERT INTO Packages VALUES (1, zeroblob(100000))").unwrap();
    /// # let bytes = made.serialize(rusqlite::MAIN_DB).unwrap();
    /// let mut database = Database::from_bytes(bytes.to_vec(), b"").unwrap();
    /// assert!(database.rows("Packages").is_err());
    /// let mut sizes = Vec::new();
    /// database.each_row("Packages", 1 << 20, |row| sizes.push(row.bytes("blob").unwrap().len())).unwrap();
    /// assert_eq!(sizes, [100_000]);
    /// ```
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn each_row(&mut self, table: &str, limit: i32, row: impl FnMut(Row)) -> Result<()> {
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limit)?;
        let gone_through = self.go_through(table, row);
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
        gone_through
    }

    fn go_through(&self, table: &str, mut each: impl FnMut(Row)) -> Result<()> {
        let is_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        if self
            .connection
            .query_row(is_table, [table], |row| row.get::<_, i64>(0))?
            == 0
        {
            return Ok(());
        }
        let query = format!("SELECT * FROM \"{table}\" LIMIT {MAX_ROWS}");
        let mut statement = self.connection.prepare(&query)?;
        let columns = self.columns(table)?;
        let rows = statement.query_map([], |row| {
            let values = columns
                .iter()
                .enumerate()
                .map(|(i, name)| Ok((name.clone(), row.get_ref(i)?.into())));
            values.collect::<rusqlite::Result<_>>().map(Row)
        })?;
        for row in rows {
            each(row?);
        }
        Ok(())
    }

    /// The names of a table's columns, in their order. Whoever made it may have given one that is no UTF-8, of which
    /// `column_names` would make a panic.
    fn columns(&self, table: &str) -> Result<Vec<String>> {
        let names = "SELECT CAST(name AS BLOB) FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
        let mut statement = self.connection.prepare(names)?;
        let names = statement.query_map([table], |row| row.get::<_, Vec<u8>>(0))?;
        let name = |name: rusqlite::Result<Vec<u8>>| Ok(String::from_utf8_lossy(&name?).into_owned());
        names.map(name).collect()
    }
}

const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Writes the pages of every committed transaction of a log into the database.
///
/// A frame counts when its salts are those of the header and its checksum, which runs through all before it,
/// holds; what comes after the first that does not is left from an earlier use of the file.
fn apply_log(database: &mut Vec<u8>, log: &[u8]) {
    _ = try_apply_log(database, log);
}

fn try_apply_log(database: &mut Vec<u8>, log: &[u8]) -> Option<()> {
    let (header, mut frames) = log.split_at_checked(LOG_HEADER)?;
    let order = match number(header, 0)? {
        0x377f_0682 => u32::from_le_bytes,
        0x377f_0683 => u32::from_be_bytes,
        _ => return None,
    };
    let page_size = usize::try_from(number(header, 8)?).ok()?;
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return None;
    }
    let salts = header.get(16..24)?;
    let mut sum = checksum((0, 0), header.get(..24)?, order);
    if sum != (number(header, 24)?, number(header, 28)?) {
        return None;
    }
    let mut pages: HashMap<usize, &[u8]> = HashMap::new();
    while let Some((frame, rest)) = frames.split_at_checked(FRAME_HEADER + page_size) {
        frames = rest;
        let (head, page) = frame.split_at(FRAME_HEADER);
        sum = checksum(checksum(sum, head.get(..8)?, order), page, order);
        if head.get(8..16)? != salts || sum != (number(head, 16)?, number(head, 20)?) {
            break;
        }
        pages.insert(usize::try_from(number(head, 0)?).ok()?.checked_sub(1)?, page);
        // Only the last frame of a transaction says how many pages the database then has.
        let size = usize::try_from(number(head, 4)?).ok()?.checked_mul(page_size)?;
        if size > MAX_DATABASE {
            return None;
        }
        if size > 0 {
            database.resize(size, 0);
            for (index, page) in pages.drain() {
                let start = index.checked_mul(page_size)?;
                if let Some(place) = start
                    .checked_add(page_size)
                    .and_then(|end| database.get_mut(start..end))
                {
                    place.copy_from_slice(page);
                }
            }
        }
    }
    Some(())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

fn checksum(sum: (u32, u32), bytes: &[u8], order: fn([u8; 4]) -> u32) -> (u32, u32) {
    let mut words = bytes
        .chunks_exact(4)
        .filter_map(|word| word.first_chunk())
        .map(|word| order(*word));
    let (mut a, mut b) = sum;
    while let (Some(first), Some(second)) = (words.next(), words.next()) {
        a = a.wrapping_add(first).wrapping_add(b);
        b = b.wrapping_add(second).wrapping_add(a);
    }
    (a, b)
}
