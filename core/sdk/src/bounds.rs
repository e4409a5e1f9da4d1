//! An entry that stays within what a line to the host may hold.
//!
//! Whoever can write a file that a module reads could otherwise make one line so long that the host ends the
//! scan, and hide everything else that the module would have listed.

use assay_model::{Entry, Text, Value};

/// Bytes of text in one entry: six times as many when JSON escapes each, and so below the host's 1 MiB.
const MAX_ENTRY: usize = 128 << 10;
const MAX_KEY: usize = 16 << 10;
/// As much of a key that is too long as people may want to read.
const KEPT_OF_KEY: usize = 1 << 10;

/// The entry itself, or one that says that it is too large to be told, so that the core watches its bytes.
pub(crate) fn within(mut entry: Entry) -> Entry {
    if entry.key.as_bytes().len() > MAX_KEY {
        entry.key = shortened(&entry.key);
    }
    let programs = entry.programs.iter().map(size).sum::<usize>();
    let fields: usize = entry
        .fields
        .iter()
        .map(|(name, value)| name.len() + size_of(value))
        .sum();
    if size(&entry.key) + size(&entry.source) + fields + programs > MAX_ENTRY {
        entry.fields.clear();
        let mut left = MAX_ENTRY / 2;
        entry.programs.retain(|program| {
            let fits = left.checked_sub(size(program));
            left = fits.unwrap_or(left);
            fits.is_some()
        });
        entry.unparsable = Some(format!("holds more than {MAX_ENTRY} bytes of text"));
    }
    entry
}

/// Quotes and a comma go with each string.
fn size(text: &Text) -> usize {
    text.as_bytes().len() + 3
}

fn size_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => size(text),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Bool(_) | Value::Int(_) => 20,
    }
}

/// The beginning of a key, and FNV-1a of all of it, which tells it from others that begin alike.
fn shortened(key: &Text) -> Text {
    let bytes = key.as_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let ending = format!(" ... ({} bytes, {hash:016x})", bytes.len());
    let kept = bytes.get(..KEPT_OF_KEY).unwrap_or(bytes);
    [kept, ending.as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::Record;
    use std::path::Path;

    /// Escapes in JSON to six times its length.
    fn hostile(length: usize) -> Text {
        vec![1; length].into()
    }

    #[test]
    fn no_entry_breaks_the_line_of_the_host() {
        let path = Path::new("/etc/x");
        for entry in [
            Entry::new("k", "key", path).field("f", hostile(3 << 20)),
            Entry::new("k", "key", path).field("f", (0..200_000).map(|_| "").collect::<Value>()),
            Entry::new("k", "key", path).programs(vec![hostile(60 << 10); 64]),
            Entry::new("k", hostile(3 << 20), path),
            Entry::new("k", hostile(MAX_KEY), path).field("f", hostile(100 << 10)),
        ] {
            let line = serde_json::to_string(&Record::Entry(within(entry))).expect("serialises");
            assert!(line.len() < 1 << 20, "{} bytes", line.len());
        }
    }

    #[test]
    fn what_fits_is_left_alone_and_what_does_not_is_said() {
        let path = Path::new("/etc/x");
        let entry = Entry::new("k", hostile(MAX_KEY), path)
            .field("f", "v")
            .programs(vec!["/a".into()]);
        assert_eq!(within(entry.clone()), entry);
        let large = within(entry.clone().field("g", hostile(MAX_ENTRY)));
        assert!(large.unparsable.is_some() && large.fields.is_empty());
        assert_eq!((&large.key, &large.programs), (&entry.key, &entry.programs));
        let keys = [b'a', b'b'].map(|last| {
            let key = [vec![b'k'; MAX_KEY], vec![last]].concat();
            within(Entry::new("k", key, path)).key
        });
        assert_ne!(keys[0], keys[1]);
    }
}
