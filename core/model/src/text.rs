//! Text that the system under watch wrote: any bytes, usually UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of a name, a path or a line, kept exactly. In JSON they are a string when they are UTF-8 and
/// `{"b64":"…"}` when they are not, so that lossy text never becomes a key.
///
/// `Display` is for people: it escapes whatever could move a cursor, end a line or turn text around.
///
/// ```
/// use assay_sdk::Text;
/// let name = Text::from(&b"caf\xff"[..]);
/// assert_eq!((name.as_bytes(), name.as_str(), name.is_empty()), (&b"caf\xff"[..], None, false));
/// assert_eq!(name.to_string(), "caf\\xff");
/// assert_eq!(name.clone().into_bytes(), b"caf\xff");
///
/// let path = Text::from("/etc/shells");
/// assert_eq!(path, "/etc/shells");
/// assert_eq!(path.as_path().file_name().unwrap(), "shells");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<u8>);

impl Text {
    /// The bytes as they are.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// The text, when it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
    /// The bytes as a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }
    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<&str> for Text {
    fn from(value: &str) -> Self {
        Self(value.as_bytes().to_vec())
    }
}
impl From<String> for Text {
    fn from(value: String) -> Self {
        Self(value.into_bytes())
    }
}
impl From<Vec<u8>> for Text {
    fn from(value: Vec<u8>) -> Self {
        Self(value)
    }
}
impl From<&[u8]> for Text {
    fn from(value: &[u8]) -> Self {
        Self(value.to_vec())
    }
}
impl From<&Path> for Text {
    fn from(value: &Path) -> Self {
        Self(value.as_os_str().as_bytes().to_vec())
    }
}
impl From<&OsStr> for Text {
    fn from(value: &OsStr) -> Self {
        Self(value.as_bytes().to_vec())
    }
}
impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}
impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape_terminal(&self.0))
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", escape_terminal(&self.0))
    }
}

/// Escapes for a person's terminal: letters of every script stay, while control characters, C1, separators,
/// bidirectional and other invisible characters and bytes that are not UTF-8 are spelled out.
#[must_use]
pub fn escape_terminal(bytes: &[u8]) -> String {
    escape(bytes, |c| {
        c.is_alphanumeric() || (c.is_ascii() && !c.is_ascii_control())
    })
}

/// Escapes to printable ASCII without a quote or a backslash of its own: what no log server can misread.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> String {
    escape(bytes, |c| c.is_ascii() && !c.is_ascii_control() && c != '"')
}

/// `\n`, `\t`, `\r`, `\\`, `\"`, `\xNN` for a byte that is no UTF-8 or an ASCII control, else `\u{…}`.
fn escape(bytes: &[u8], plain: impl Fn(char) -> bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if plain(c) => out.push(c),
                '"' => out.push_str("\\\""),
                c if c.is_ascii() => _ = write!(out, "\\x{:02x}", c as u32),
                c => _ = write!(out, "\\u{{{:x}}}", c as u32),
            }
        }
        for byte in chunk.invalid() {
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = self.as_str() {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("b64", &BASE64.encode(&self.0))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

pub(crate) struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"b64\": \"…\"}")
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Text, E> {
        Ok(value.into())
    }
    fn visit_string<E: de::Error>(self, value: String) -> Result<Text, E> {
        Ok(value.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let Some((key, value)) = map.next_entry::<String, String>()? else {
            return Err(de::Error::missing_field("b64"));
        };
        if key != "b64" || map.next_key::<String>()?.is_some() {
            return Err(de::Error::unknown_field(&key, &["b64"]));
        }
        BASE64.decode(value).map(Text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_json() {
        for bytes in [&b"plain"[..], b"", b"\xff\xfe\0x", "gr\u{fc}n\n".as_bytes()] {
            let text = Text::from(bytes);
            let json = serde_json::to_string(&text).expect("serialises");
            assert_eq!(
                serde_json::from_str::<Text>(&json).expect("parses"),
                text,
                "{json}"
            );
        }
        assert_eq!(
            serde_json::to_string(&Text::from(&b"\xff"[..])).expect("serialises"),
            r#"{"b64":"/w=="}"#
        );
    }

    #[test]
    fn nothing_that_moves_a_cursor_or_ends_a_line_is_shown_raw() {
        let hostile = "a\u{1b}[2J\u{9b}31m\r\n\u{202e}\u{2028}\u{200b}\u{7f}\u{0}";
        for shown in [
            escape_terminal(hostile.as_bytes()),
            escape_bytes(hostile.as_bytes()),
        ] {
            assert!(shown.bytes().all(|b| (0x20..0x7f).contains(&b)), "{shown}");
        }
        assert_eq!(escape_terminal("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(escape_bytes("gr\u{fc}n \" \\".as_bytes()), "gr\\u{fc}n \\\" \\\\");
        assert_eq!(escape_bytes(b"\xff"), "\\xff");
    }
}
