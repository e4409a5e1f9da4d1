//! Property lists from anybody: XML, binary and the old ASCII form, bounded against hostile ones.
//!
//! A binary plist may refer to one object from many places, so that a file of a few hundred bytes unfolds to
//! more than memory holds, or to itself. Here at most [`MAX_VALUES`] values come out of one file, nested at most
//! [`MAX_DEPTH`] deep.
//!
//! ```
//! use assay_sdk::plist;
//! let job = plist::parse(b"{ Label = \"org.x\"; RunAtLoad = 1; }").unwrap();
//! let label = job.as_dictionary().and_then(|job| job.get("Label")).and_then(plist::Value::as_string);
//! assert_eq!(label, Some("org.x"));
//! ```

mod ascii;

use plist::stream::{Event, OwnedEvent, Reader};
/// What a property list is made of.
///
/// ```
/// use assay_sdk::plist::{Date, Dictionary, Integer, Uid, Value};
/// let mut job = Dictionary::new();
/// job.insert("Nice".to_owned(), Value::Integer(Integer::from(5)));
/// job.insert("Since".to_owned(), Value::Date(Date::from(std::time::UNIX_EPOCH)));
/// job.insert("Object".to_owned(), Value::Uid(Uid::new(1)));
/// assert_eq!(assay_sdk::plist::flat(&Value::Dictionary(job)), "{Nice=5, Object=uid 1, Since=1970-01-01T00:00:00Z}");
/// ```
pub use plist::{Date, Dictionary, Integer, Uid, Value};
use std::borrow::Cow;
use std::io::Cursor;
use std::time::{SystemTime, UNIX_EPOCH};

/// Values that one file may unfold to; the largest real launchd job has a few hundred.
///
/// ```
/// use assay_sdk::plist::{self, Error, MAX_VALUES};
/// let many = format!("({}a)", "a, ".repeat(MAX_VALUES));
/// assert!(matches!(plist::parse(many.as_bytes()), Err(Error::TooLarge)));
/// ```
pub const MAX_VALUES: usize = 200_000;
/// Nesting that is followed.
///
/// ```
/// use assay_sdk::plist::{self, Error, MAX_DEPTH};
/// let deep = format!("<plist>{}", "<array>".repeat(MAX_DEPTH + 1));
/// assert!(matches!(plist::parse(deep.as_bytes()), Err(Error::TooLarge)));
/// ```
pub const MAX_DEPTH: usize = 64;
/// Bytes of strings and data that one file may unfold to, as a multiple of its own size plus 1 MiB.
const MAX_GROWTH: usize = 8;

/// Why bytes are no property list.
///
/// ```
/// let error = assay_sdk::plist::parse(b"").unwrap_err();
/// assert_eq!(error.to_string(), "no property list: it is empty");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are in none of the three forms, or broken.
    #[error("no property list: {0}")]
    Malformed(String),
    /// More than [`MAX_VALUES`] values or [`MAX_DEPTH`] levels.
    #[error("property list unfolds beyond its bounds")]
    TooLarge,
}

/// Parses a property list of any form; a byte order mark, UTF-16 and blanks before `<?xml` are accepted, as
/// Apple's own reader does.
///
/// ```
/// let plist = assay_sdk::plist::parse(b" <plist version='1.0'><dict><key>a</key><true/></dict></plist>").unwrap();
/// assert_eq!(plist.as_dictionary().unwrap().get("a").unwrap().as_boolean(), Some(true));
/// ```
///
/// # Errors
/// See [`Error`].
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    Ok(parse_noting_repeats(bytes)?.0)
}

/// As [`parse`], and whether some dictionary names a key twice: the last counts here, but another reader may
/// take the first, and then what is seen is not what runs.
///
/// ```
/// use assay_sdk::plist;
/// let text = b"<plist><dict><key>Program</key><string>/a</string><key>Program</key><string>/b</string></dict></plist>";
/// let (value, repeats) = plist::parse_noting_repeats(text).unwrap();
/// assert_eq!((plist::flat(&value).as_str(), repeats), ("{Program=/b}", true));
/// ```
///
/// # Errors
/// See [`Error`].
pub fn parse_noting_repeats(bytes: &[u8]) -> Result<(Value, bool), Error> {
    let utf8 = from_utf16(bytes);
    let bytes = utf8.as_deref().map_or(bytes, str::as_bytes);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = if bytes.starts_with(b"bplist") {
        bytes
    } else {
        bytes.trim_ascii_start()
    };
    if bytes.is_empty() {
        return Err(Error::Malformed("it is empty".to_owned()));
    }
    let is_ascii = !bytes.starts_with(b"bplist") && !bytes.starts_with(b"<");
    let quoted = is_ascii.then(|| ascii::with_quoted_paths(bytes));
    let bytes = quoted.as_deref().unwrap_or(bytes);
    let mut bounds = Bounds {
        values: 0,
        depth: 0,
        bytes: bytes.len() * MAX_GROWTH + (1 << 20),
    };
    let mut events = Vec::new();
    for event in Reader::new(Cursor::new(bytes)) {
        let event = event.map_err(|error| Error::Malformed(error.to_string()))?;
        bounds.take(&event)?;
        events.push(Ok(event));
    }
    let read = events.len();
    let value = Value::from_events(events).map_err(|error| Error::Malformed(error.to_string()))?;
    let repeats = events_of(&value) != read;
    Ok((value, repeats))
}

/// How many events a value is written as; a key that another of its name replaced is missing from them.
fn events_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 2 + items.iter().map(events_of).sum::<usize>(),
        Value::Dictionary(dictionary) => 2 + dictionary.values().map(|v| 1 + events_of(v)).sum::<usize>(),
        _ => 1,
    }
}

struct Bounds {
    values: usize,
    depth: usize,
    bytes: usize,
}

impl Bounds {
    fn take(&mut self, event: &OwnedEvent) -> Result<(), Error> {
        self.values += 1;
        let size = match event {
            Event::StartArray(_) | Event::StartDictionary(_) => {
                self.depth += 1;
                0
            }
            Event::EndCollection => {
                self.depth = self.depth.saturating_sub(1);
                0
            }
            Event::String(text) => text.len(),
            Event::Data(data) => data.len(),
            _ => 0,
        };
        let left = self.bytes.checked_sub(size);
        if self.values > MAX_VALUES || self.depth > MAX_DEPTH || left.is_none() {
            return Err(Error::TooLarge);
        }
        self.bytes = left.unwrap_or(0);
        Ok(())
    }
}

fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (rest, big_endian) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, false),
        [0xfe, 0xff, rest @ ..] => (rest, true),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|pair| {
        let unit = [pair[0], pair[1]];
        if big_endian {
            u16::from_be_bytes(unit)
        } else {
            u16::from_le_bytes(unit)
        }
    });
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some(text.replacen("encoding=\"UTF-16\"", "encoding=\"UTF-8\"", 1))
}

/// A value as one line of text with sorted keys: for fields that hold structure, such as `KeepAlive`. A string
/// is quoted where it could be taken for structure, so that different values of a kind read differently.
///
/// ```
/// let plist = assay_sdk::plist::parse(b"{ b = 1; a = (x, \"y z\"); }").unwrap();
/// assert_eq!(assay_sdk::plist::flat(&plist), "{a=(x, y z), b=1}");
/// ```
#[must_use]
pub fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("({})", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Dictionary(dictionary) => {
            let mut pairs: Vec<_> = dictionary
                .iter()
                .map(|(key, value)| format!("{}={}", flat_text(key), flat(value)))
                .collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Boolean(value) => value.to_string(),
        Value::Data(data) => {
            use std::fmt::Write as _;
            data.iter().fold("0x".to_owned(), |mut hex, byte| {
                _ = write!(hex, "{byte:02x}");
                hex
            })
        }
        // Years before 1 have no XML form, and to ask for one panics.
        Value::Date(date) => match SystemTime::from(*date).duration_since(UNIX_EPOCH) {
            Ok(_) => date.to_xml_format(),
            Err(before) => format!("{} s before 1970", before.duration().as_secs()),
        },
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::String(value) => flat_text(value).into_owned(),
        Value::Uid(uid) => format!("uid {}", uid.get()),
        _ => "?".to_owned(),
    }
}

fn flat_text(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && !text.contains(['(', ')', '{', '}', '=', ',', '"']) {
        return text.into();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{ a = /bin/sh; }` was read as `bbin/sh`.
    #[test]
    fn a_bare_path_of_the_old_form_is_whole() {
        let plist = parse(b"{ shellPath = /bin/sh; list = (usr/lib, /opt/x); }").unwrap();
        assert_eq!(flat(&plist), "{list=(usr/lib, /opt/x), shellPath=/bin/sh}");
    }

    #[test]
    fn all_forms_and_odd_beginnings_parse() {
        let xml = r#"<?xml version="1.0" encoding="UTF-16"?><plist version="1.0"><dict><key>k</key><string>v</string></dict></plist>"#;
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(xml.encode_utf16().flat_map(u16::to_le_bytes));
        let plain = xml.replace("UTF-16", "UTF-8");
        let mut binary = Vec::new();
        parse(plain.as_bytes())
            .expect("xml")
            .to_writer_binary(&mut binary)
            .expect("writes");
        let bom = format!("\u{feff}\n  {plain}");
        for bytes in [plain.as_bytes(), bom.as_bytes(), &utf16, &binary, b"{ k = v; }"] {
            let parsed = parse(bytes).expect("parses");
            assert_eq!(
                parsed
                    .as_dictionary()
                    .and_then(|d| d.get("k"))
                    .and_then(Value::as_string),
                Some("v")
            );
        }
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_not() {
        let flat_of = |body: &str| {
            flat(&parse(format!("<plist version='1.0'>{body}</plist>").as_bytes()).expect("parses"))
        };
        let one = flat_of("<array><string>a, b</string></array>");
        let two = flat_of("<array><string>a</string><string>b</string></array>");
        assert_eq!((one.as_str(), two.as_str()), ("(\"a, b\")", "(a, b)"));
        assert_eq!(
            flat_of("<dict><key>p=q</key><string>a\"b</string><key>e</key><string/></dict>"),
            r#"{"p=q"="a\"b", e=""}"#
        );
    }

    #[test]
    fn keys_that_come_twice_are_noticed() {
        let once = b"<plist><dict><key>a</key><array><dict><key>a</key><true/></dict></array></dict></plist>";
        assert!(!parse_noting_repeats(once).expect("parses").1);
        let twice =
            b"<plist><dict><key>a</key><string>x</string><key>a</key><string>y</string></dict></plist>";
        let (value, repeats) = parse_noting_repeats(twice).expect("parses");
        assert_eq!((flat(&value).as_str(), repeats), ("{a=y}", true));
    }

    /// A binary plist that is one date, 10^11 seconds before 2001: the year is about -1168.
    #[test]
    fn a_date_before_christ_is_no_panic() {
        let mut bytes = b"bplist00\x33".to_vec();
        bytes.extend((-1e11f64).to_be_bytes());
        bytes.push(8);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        for number in [1u64, 0, 17] {
            bytes.extend(number.to_be_bytes());
        }
        assert_eq!(flat(&parse(&bytes).expect("parses")), "99021692800 s before 1970");
    }

    #[test]
    fn hostile_plists_are_errors() {
        let mut nested = b"<plist version='1.0'>".to_vec();
        nested.extend(b"<array>".repeat(5000));
        assert!(matches!(parse(&nested), Err(Error::TooLarge)), "deep");
        for bytes in [
            &b""[..],
            b"\0\0",
            b"bplist00",
            b"<plist><dict><key>a</key></dict>",
            &[0xff; 64],
        ] {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
    }

    /// An array whose members are the next array eight times, twelve levels down: 8^12 values in 150 bytes.
    #[test]
    fn a_binary_plist_that_unfolds_for_ever_is_bounded() {
        for target in [0u8, 1] {
            let mut bytes = b"bplist00".to_vec();
            let mut offsets = Vec::new();
            for level in 0..12u8 {
                offsets.push(u8::try_from(bytes.len()).unwrap());
                bytes.push(0xa8);
                // target 0: the next level; target 1: itself, a cycle.
                bytes.extend([if target == 0 { level + 1 } else { level }; 8]);
            }
            offsets.push(u8::try_from(bytes.len()).unwrap());
            bytes.push(0x09);
            let table = bytes.len() as u64;
            bytes.extend(&offsets);
            bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
            for number in [offsets.len() as u64, 0, table] {
                bytes.extend(number.to_be_bytes());
            }
            assert!(parse(&bytes).is_err(), "target {target}");
        }
    }
}
