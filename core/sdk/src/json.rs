//! JSON from anybody, bounded: at most [`MAX_VALUES`] values, nested at most [`MAX_DEPTH`] deep.
//!
//! ```
//! use assay_sdk::json;
//! let host = json::parse(br#"{"name": "org.x", "path": "/opt/x/host", "type": "stdio"}"#).unwrap();
//! assert_eq!(host["path"].as_str(), Some("/opt/x/host"));
//! ```

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A value, an object among them sorted by key.
///
/// ```
/// use assay_sdk::json::{self, Value};
/// assert_eq!(json::parse(b"[1, null]").unwrap(), Value::from(vec![Value::from(1), Value::Null]));
/// ```
pub use serde_json::Value;

/// Values of one file; the settings of a browser that is used a lot have some ten thousand.
///
/// ```
/// use assay_sdk::json::{self, Error, MAX_VALUES};
/// let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
/// assert!(matches!(json::parse(many.as_bytes()), Err(Error::TooLarge)));
/// ```
pub const MAX_VALUES: usize = 500_000;
/// Nesting that is followed.
///
/// ```
/// use assay_sdk::json::{self, Error, MAX_DEPTH};
/// let nested = |depth| json::parse(&[vec![b'['; depth], vec![b']'; depth]].concat());
/// assert!(nested(MAX_DEPTH).is_ok());
/// assert!(matches!(nested(MAX_DEPTH + 1), Err(Error::TooLarge)));
/// ```
pub const MAX_DEPTH: usize = 64;

/// Why bytes are no JSON.
///
/// ```
/// let error = assay_sdk::json::parse(b"{").unwrap_err();
/// assert_eq!(error.to_string(), "no JSON: EOF while parsing an object at line 1 column 1");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are broken, or not UTF-8.
    #[error("no JSON: {0}")]
    Malformed(serde_json::Error),
    /// More than [`MAX_VALUES`] values or [`MAX_DEPTH`] levels.
    #[error("JSON beyond its bounds")]
    TooLarge,
}

/// Parses one value; a byte order mark before it is skipped.
///
/// ```
/// let value = assay_sdk::json::parse(b"\xef\xbb\xbf{\"on\": true}\n").unwrap();
/// assert_eq!(value["on"].as_bool(), Some(true));
/// assert!(assay_sdk::json::parse(b"1 2").is_err());
/// ```
///
/// # Errors
/// See [`Error`].
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    Ok(parse_noting_repeats(bytes)?.0)
}

/// As [`parse`], and whether some object names a key twice: the last counts here, but another reader may take the
/// first, and then what is seen is not what runs.
///
/// ```
/// let (value, repeats) = assay_sdk::json::parse_noting_repeats(br#"{"run": "/a", "run": "/b"}"#).unwrap();
/// assert_eq!((value["run"].as_str(), repeats), (Some("/b"), true));
/// ```
///
/// # Errors
/// See [`Error`].
pub fn parse_noting_repeats(bytes: &[u8]) -> Result<(Value, bool), Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut reading = Reading::default();
    let seed = Seed {
        reading: &mut reading,
        depth: 0,
    };
    let value = seed.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    match value {
        Ok(value) => Ok((value, reading.repeats)),
        Err(_) if reading.too_large => Err(Error::TooLarge),
        Err(error) => Err(Error::Malformed(error)),
    }
}

/// The same text with blanks for `//` and `/* */` comments and for commas before a closing bracket, as editors
/// allow them in their settings: then it is JSON, and every error is still at its place.
///
/// ```
/// use assay_sdk::json;
/// let settings = br#"{ // mine
///     "tasks": [ "http://x", /* one */ "y", ],
/// }"#;
/// assert_eq!(json::parse(&json::without_comments(settings)).unwrap()["tasks"][0], "http://x");
/// ```
#[must_use]
pub fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut comma = None;
    let mut at = 0;
    while at < out.len() {
        let begin = at;
        match (out[at], out.get(at + 1)) {
            (b'"', _) => {
                at = end_of_string(&out, at);
                comma = None;
            }
            (b'/', Some(b'/')) => {
                at = out[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .map_or(out.len(), |end| at + end);
                blank(&mut out[begin..at]);
            }
            (b'/', Some(b'*')) => {
                let end = out[at + 2..].windows(2).position(|pair| pair == b"*/");
                at = end.map_or(out.len(), |end| at + 2 + end + 2);
                blank(&mut out[begin..at]);
            }
            (byte, _) => {
                at += 1;
                match byte {
                    b',' => comma = Some(begin),
                    b']' | b'}' => {
                        if let Some(comma) = comma.take() {
                            out[comma] = b' ';
                        }
                    }
                    byte if byte.is_ascii_whitespace() => {}
                    _ => comma = None,
                }
            }
        }
    }
    out
}

/// Behind the quote that ends the string which begins at `at`.
fn end_of_string(text: &[u8], at: usize) -> usize {
    let mut escaped = false;
    let end = text[at + 1..].iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| at + 1 + end + 1)
}

fn blank(text: &mut [u8]) {
    for byte in text.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

#[derive(Default)]
struct Reading {
    values: usize,
    repeats: bool,
    too_large: bool,
}

/// Reads one value at some depth.
struct Seed<'a> {
    reading: &'a mut Reading,
    depth: usize,
}

impl Seed<'_> {
    fn below(&mut self) -> Seed<'_> {
        Seed {
            reading: self.reading,
            depth: self.depth + 1,
        }
    }
    /// Counts a list or an object, which may hold more.
    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.reading.too_large |= self.depth >= MAX_DEPTH;
        self.checked()
    }
    fn checked<E: de::Error>(&self) -> Result<(), E> {
        if self.reading.too_large {
            Err(E::custom("beyond its bounds"))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.reading.values += 1;
        self.reading.too_large |= self.reading.values > MAX_VALUES;
        self.checked()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.below())? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut members = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.below())?;
            self.reading.repeats |= members.insert(key, value).is_some();
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_noted_wherever_they_are() {
        let repeats = |text: &str| parse_noting_repeats(text.as_bytes()).expect("parses").1;
        assert!(!repeats(r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}"#));
        assert!(repeats(r#"[{"x": {"a": 1, "b": 2, "\u0061": 3}}]"#));
    }

    #[test]
    fn comments_go_and_strings_stay() {
        for (text, expected) in [
            (r#"["//", "\"/*", 1] // x"#, r#"["//","\"/*",1]"#),
            ("/* { */ {\"a\" /**/ : [1, 2,\n], // ,\n }", r#"{"a":[1,2]}"#),
            ("[\"a,]\" , // b\n /* , */ ]", r#"["a,]"]"#),
        ] {
            let value = parse(&without_comments(text.as_bytes())).expect(text);
            assert_eq!(value.to_string(), expected);
        }
        for broken in ["[,,]", "\"a // b", "/* [] ", "[1] /", "{\"a\": 1 /* \" */ \"b\"}"] {
            let text = without_comments(broken.as_bytes());
            assert_eq!(text.len(), broken.len());
            assert!(parse(&text).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_no_json_says_where() {
        let error = parse(b"{\n \"a\": nope}").expect_err("broken");
        assert_eq!(error.to_string(), "no JSON: expected ident at line 2 column 8");
        assert!(matches!(parse(b"\"\xff\""), Err(Error::Malformed(_))));
    }
}
