//! What tools of developers write: bytes and values to what they say.

pub mod agents;
pub mod editors;
pub mod git;
pub mod secrets;
pub mod xcode;

use assay_sdk::json::{self, Value};

/// JSON as editors have it, with comments.
///
/// # Errors
/// When it is none, in words for the entry.
pub fn json(bytes: &[u8]) -> Result<Value, String> {
    json::parse(&json::without_comments(bytes)).map_err(|error| error.to_string())
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// A value as people write it: a text as it is.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
