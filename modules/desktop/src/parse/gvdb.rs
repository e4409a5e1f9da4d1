//! The database of dconf: a GVDB hash table of GVariant values, as it is written on little-endian machines.
//!
//! Header: `GVariant`, version, options, and where the root table is. A table: how many words its bloom filter has and
//! how many buckets; these; then items of 24 bytes. An item: hash, the item of its parent, where its name is, its
//! type, and where its value is. Names are put together from the parents: `/`, `org/`, `gnome/` …

use assay_sdk::Text;

/// A setting that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its path: `/org/gnome/shell/enabled-extensions`.
    pub path: Text,
    /// Its value: texts as they are, lists of texts in brackets, switches as true or false.
    pub value: Text,
}

const SIGNATURE: &[u8] = b"GVariant";
const HEADER: usize = 24;
const ITEM: usize = 24;
const NO_PARENT: u32 = u32::MAX;
/// Settings of one database, and parts of one name; real ones have some hundred, and ten.
const MAX_ITEMS: usize = 20_000;
const MAX_PARTS: usize = 32;
const MAX_PATH: usize = 1024;

/// Every setting whose path `wanted` accepts and whose value is a text, a list of texts, or a switch.
///
/// # Errors
/// When it is no such database, or when its values together are larger than it is: many may stand in one place.
pub fn settings(database: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Setting>, String> {
    let broken = || "no database of dconf".to_owned();
    if !database.starts_with(SIGNATURE) {
        return Err(broken());
    }
    // An empty database has no root.
    let root = part(
        database,
        number(database, 16).ok_or_else(broken)?,
        number(database, 20).ok_or_else(broken)?,
    );
    let root = root.ok_or_else(broken)?;
    if root.is_empty() || database.len() == HEADER {
        return Ok(Vec::new());
    }
    let items = items(root).ok_or_else(broken)?;
    let mut found = Vec::new();
    let mut room = database.len();
    for item in items.chunks_exact(ITEM).take(MAX_ITEMS) {
        if item.get(14) != Some(&b'v') {
            continue;
        }
        let Some(path) = path_of(database, items, item).filter(|path| wanted(path)) else {
            continue;
        };
        let place = number(item, 16).zip(number(item, 20));
        let Some(value) = place.and_then(|(start, end)| part(database, start, end)) else {
            continue;
        };
        let left = room.checked_sub(value.len());
        room = left.ok_or("a database of dconf whose values stand in each other")?;
        if let Some(value) = shown(value) {
            found.push(Setting {
                path: path.into(),
                value,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// The items of a table, behind its filter and its buckets.
fn items(table: &[u8]) -> Option<&[u8]> {
    let bloom = usize::try_from(number(table, 0)? & 0x07ff_ffff).ok()?;
    let buckets = usize::try_from(number(table, 4)?).ok()?;
    let words = bloom.checked_add(buckets)?.checked_add(2)?;
    table.get(words.checked_mul(4)?..)
}

fn path_of(database: &[u8], items: &[u8], item: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Vec::new();
    let mut item = item;
    loop {
        let start = number(item, 8)?;
        let size = u16::from_le_bytes(*item.get(12..)?.first_chunk()?);
        parts.push(part(database, start, start.checked_add(size.into())?)?);
        let parent = number(item, 4)?;
        if parent == NO_PARENT {
            break;
        }
        // A table may name a parent that leads back to itself.
        if parts.len() >= MAX_PARTS {
            return None;
        }
        let at = usize::try_from(parent).ok()?.checked_mul(ITEM)?;
        item = items.get(at..at.checked_add(ITEM)?)?;
    }
    let length: usize = parts.iter().map(|part| part.len()).sum();
    (length <= MAX_PATH).then(|| parts.into_iter().rev().flatten().copied().collect())
}

/// A value: its bytes, a zero, its type.
fn shown(variant: &[u8]) -> Option<Text> {
    let zero = variant.iter().rposition(|byte| *byte == 0)?;
    let (value, kind) = (variant.get(..zero)?, variant.get(zero + 1..)?);
    match kind {
        b"s" => Some(value.strip_suffix(b"\0").unwrap_or(value).into()),
        b"b" => Some(if value == [1] { "true" } else { "false" }.into()),
        b"i" | b"u" => Some(u32::from_le_bytes(*value.first_chunk()?).to_string().into()),
        b"as" => {
            let texts = texts(value)?;
            let texts: Vec<Text> = texts.into_iter().map(Text::from).collect();
            Some(
                [
                    b"[",
                    &texts
                        .iter()
                        .map(Text::as_bytes)
                        .collect::<Vec<_>>()
                        .join(&b", "[..])[..],
                    b"]",
                ]
                .concat()
                .into(),
            )
        }
        _ => None,
    }
}

/// A list of texts: these, each with a zero, then where each ends, in numbers as wide as the size of all needs.
fn texts(array: &[u8]) -> Option<Vec<&[u8]>> {
    if array.is_empty() {
        return Some(Vec::new());
    }
    let width = match array.len() {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    let end_at = |at: usize| {
        let bytes = array.get(at..at.checked_add(width)?)?;
        let number = bytes
            .iter()
            .rev()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number).ok()
    };
    let table = end_at(array.len() - width)?;
    let mut found = Vec::new();
    let mut start = 0;
    for at in (table..array.len()).step_by(width) {
        let end = end_at(at)?;
        let text = array.get(start..end).filter(|_| end <= table)?;
        found.push(text.strip_suffix(b"\0").unwrap_or(text));
        start = end;
    }
    Some(found)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn part(bytes: &[u8], start: u32, end: u32) -> Option<&[u8]> {
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}
