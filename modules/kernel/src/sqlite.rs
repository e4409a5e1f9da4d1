//! SQLite databases of the system under watch, read from bytes.
//!
//! Nothing is opened by path: that would leave the root, want write access for a write-ahead log, and disturb
//! who has the database open. The log is applied to the bytes here instead.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Connection, MAIN_DB};
use std::collections::HashMap;

/// Rows that one table may have.
const MAX_ROWS: usize = 10_000;
/// Bytes that one value or row may hold.
const MAX_VALUE: i32 = 64 << 10;
/// Bytes that a log may make of a database.
const MAX_DATABASE: usize = 64 << 20;

/// A database in memory.
pub(crate) struct Database {
    connection: Connection,
}

/// A row by the names of its columns.
pub(crate) struct Row(HashMap<String, Value>);

impl Row {
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        match self.0.get(column)? {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(_) | Value::Blob(_) | Value::Null => None,
        }
    }
    pub(crate) fn int(&self, column: &str) -> Option<i64> {
        match self.0.get(column)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Database {
    /// Opens a database with what its write-ahead log adds; the log may be empty.
    pub(crate) fn from_bytes(mut bytes: Vec<u8>, log: &[u8]) -> rusqlite::Result<Self> {
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
    pub(crate) fn rows(&self, table: &str) -> rusqlite::Result<Vec<Row>> {
        let is_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        if self
            .connection
            .query_row(is_table, [table], |row| row.get::<_, i64>(0))?
            == 0
        {
            return Ok(Vec::new());
        }
        let query = format!("SELECT * FROM \"{table}\" LIMIT {MAX_ROWS}");
        let mut statement = self.connection.prepare(&query)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let rows = statement.query_map([], |row| {
            let values = columns
                .iter()
                .enumerate()
                .map(|(i, name)| Ok((name.clone(), row.get(i)?)));
            values.collect::<rusqlite::Result<_>>().map(Row)
        })?;
        rows.collect()
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
