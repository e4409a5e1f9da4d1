use assay_sdk::sqlite::Database;

/// Rows of one table, and bytes of one value.
const MAX_ROWS: usize = 10_000;
const MAX_VALUE: usize = 64 << 10;
/// The smallest page, in which both parts of what is fuzzed are counted.
const PAGE: usize = 512;
/// Tables of one file that are read.
const MAX_TABLES: usize = 4;

/// A database and its write-ahead log, both of which an application of the user writes. The first byte says how many
/// pages of the rest are the database, from `a` on.
///
/// # Panics
/// When more comes out than the bounds allow, or something else the second time.
pub fn sqlite(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let pages = usize::from(first.wrapping_sub(b'a'));
    let (database, log) = rest.split_at(rest.len().min(pages * PAGE));
    let Ok(opened) = Database::from_bytes(database.to_vec(), log) else {
        return;
    };
    for table in tables(rest) {
        let Ok(rows) = opened.rows(table) else { continue };
        assert!(rows.len() <= MAX_ROWS, "{}", rows.len());
        let told = |row: &assay_sdk::sqlite::Row| {
            let bytes = row.bytes("a").map(<[u8]>::to_vec);
            assert!(bytes.as_ref().is_none_or(|bytes| bytes.len() <= MAX_VALUE));
            (row.text("a"), row.int("b"), bytes)
        };
        let again = opened.rows(table).expect("the same rows");
        assert!(rows.iter().map(told).eq(again.iter().map(told)), "{table}");
    }
}

/// The names that stand where tables are made.
fn tables(bytes: &[u8]) -> Vec<&str> {
    const MADE: &[u8] = b"TABLE ";
    let places = bytes
        .windows(MADE.len())
        .enumerate()
        .filter(|(_, word)| *word == MADE);
    let names = places.filter_map(|(at, _)| {
        let name = &bytes[at + MADE.len()..];
        let end = name
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
        std::str::from_utf8(&name[..end]).ok()
    });
    names.take(MAX_TABLES).collect()
}
