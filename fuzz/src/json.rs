use assay_sdk::json::{MAX_DEPTH, MAX_VALUES, Value, parse, parse_noting_repeats, without_comments};

/// JSON with comments: settings of browsers, editors and tools.
///
/// # Panics
/// When it unfolds beyond its bounds, is another without its comments, or reads differently once it was written again.
pub fn json(bytes: &[u8]) {
    let plain = without_comments(bytes);
    assert_eq!(plain.len(), bytes.len(), "errors are at their places");
    let Ok((value, _)) = parse_noting_repeats(bytes) else {
        assert!(parse(bytes).is_err());
        return;
    };
    assert!(values(&value) <= MAX_VALUES && depth(&value) <= MAX_DEPTH);
    assert_eq!(parse(&plain).expect("no comments"), value);
    // Digits of a fraction that is written may not lead back to it.
    if is_exact(&value) {
        let written = serde_json::to_vec(&value).expect("a value");
        let (again, repeats) = parse_noting_repeats(&written).expect("what was written");
        assert!(again == value && !repeats, "{value}");
    }
}

fn members(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn values(value: &Value) -> usize {
    1 + members(value).map(values).sum::<usize>()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(_) | Value::Object(_) => 1 + members(value).map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn is_exact(value: &Value) -> bool {
    !value.is_f64() && members(value).all(is_exact)
}
