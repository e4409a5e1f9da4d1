//! Writes a database of dconf, as `dconf compile` would, with a table of one bucket.

/// Settings: path, type, and the bytes of the value.
pub(crate) fn of(settings: &[(&str, &str, Vec<u8>)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut items = Vec::new();
    let header = 24;
    let table = 8 + 4 + settings.len() * 24;
    for (path, kind, value) in settings {
        let name_at = header + table + data.len();
        data.extend_from_slice(path.as_bytes());
        while !(header + table + data.len()).is_multiple_of(8) {
            data.push(0);
        }
        let value_at = header + table + data.len();
        data.extend_from_slice(value);
        data.push(0);
        data.extend_from_slice(kind.as_bytes());
        let end = header + table + data.len();
        for number in [0, u32::MAX, number(name_at)] {
            items.extend_from_slice(&number.to_le_bytes());
        }
        items.extend_from_slice(&u16::try_from(path.len()).expect("a short path").to_le_bytes());
        items.extend_from_slice(b"v\0");
        items.extend_from_slice(&number(value_at).to_le_bytes());
        items.extend_from_slice(&number(end).to_le_bytes());
    }
    let mut out = b"GVariant".to_vec();
    for word in [0, 0, number(header), number(header + table), 0, 1, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend(items);
    out.extend(data);
    out
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a small database")
}
