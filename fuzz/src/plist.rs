use assay_sdk::plist::{MAX_DEPTH, MAX_VALUES, Value, flat, parse, parse_noting_repeats};

/// Property lists, which any user may plant: XML, binary and the old ASCII form.
///
/// # Panics
/// When one unfolds beyond its bounds, or reads differently once it was written again.
pub fn plist(bytes: &[u8]) {
    let Ok((value, _)) = parse_noting_repeats(bytes) else {
        assert!(parse(bytes).is_err());
        return;
    };
    assert!(values(&value) <= MAX_VALUES && depth(&value) <= MAX_DEPTH);
    let shown = flat(&value);
    let mut binary = Vec::new();
    // A date outside of what the form holds, say.
    if value.to_writer_binary(&mut binary).is_err() {
        return;
    }
    // What is written anew never holds the same value in two places, so it may unfold further than its size allows.
    if let Ok(again) = parse(&binary) {
        assert_eq!(flat(&again), shown);
    }
}

fn values(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Dictionary(dictionary) => 1 + dictionary.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Dictionary(dictionary) => 1 + dictionary.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
