//! A line as some log kept it, read back and held against the alert that it says it is.

use super::Stored;
use super::line::{OMITTED, is_plain, line};

/// Pairs that a line may have: more are no alert's.
const PAIRS: usize = 1 << 16;
/// Bytes of a name that are shown.
const NAME: usize = 80;
/// The pairs that depend on what else was stored when it was sent.
const GROUP: [&str; 3] = ["group", "group_size", "group_of"];

/// A line of an alert, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number it gives.
    pub seq: u64,
    /// The id it gives.
    pub id: &'a str,
    /// The first half of the digest it gives.
    pub chain: &'a str,
    pairs: Vec<Pair<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
    /// Both, as they stand in the line.
    whole: &'a str,
}

impl<'a> Line<'a> {
    /// Reads what begins with `change=`; `None` when it is no line, or not all of one.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let pairs = pairs(text)?;
        let [.., seq, id, chain] = &pairs[..] else {
            return None;
        };
        if (seq.name, id.name, chain.name) != ("seq", "id", "chain") || pairs[0].name != "change" {
            return None;
        }
        Some(Self {
            seq: seq.value.parse().ok()?,
            id: id.value,
            chain: chain.value,
            pairs,
        })
    }

    /// What of it is not as the line of this alert is; `None` when it is that line, however short it was made.
    #[must_use]
    pub fn differs_from(&self, stored: &Stored) -> Option<String> {
        let mut group = self.pairs.iter().filter(|pair| GROUP.contains(&pair.name));
        if group.any(|pair| pair.name == "group" && Some(pair.value) != stored.alert.group.as_deref()) {
            return Some(not_as_sent("group"));
        }
        // Which others there were when it was sent, nobody knows any more.
        let alone = Stored {
            group: None,
            ..stored.clone()
        };
        let own = self.pairs.iter().filter(|pair| !GROUP.contains(&pair.name));
        let own: Vec<&str> = own.map(|pair| pair.whole).collect();
        let came = own.join(" ");
        let whole = line(&alone, usize::MAX);
        if came == whole {
            return None;
        }
        // How long it might be nobody knows: that is the limit of a message without its header. But what fits into no
        // less than its own length, and what is kept free for the count of what does not, made the same line.
        let room = 1 + OMITTED.len();
        let mut limits = came.len()..=came.len() + room;
        if came.len() < whole.len() + room && limits.any(|limit| line(&alone, limit) == came) {
            return None;
        }
        let expected: Vec<&str> = pairs(&whole)?.iter().map(|pair| pair.whole).collect();
        let differs = self.pairs.iter().find(|pair| {
            !GROUP.contains(&pair.name) && !pair.value.contains("...(+") && !expected.contains(&pair.whole)
        });
        Some(differs.map_or_else(
            || "what was left out or cut is another".to_owned(),
            |pair| not_as_sent(pair.name),
        ))
    }
}

fn not_as_sent(name: &str) -> String {
    let shown = name
        .get(..NAME)
        .map_or_else(|| name.to_owned(), |begin| format!("{begin}..."));
    format!("`{shown}` is not as it was sent")
}

/// The pairs of a line; `None` when anything else is in it.
fn pairs(text: &str) -> Option<Vec<Pair<'_>>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, length) = match after.strip_prefix('"') {
            Some(quoted) => quoted
                .get(..end_of(quoted)?)
                .map(|value| (value, value.len() + 2))?,
            None => after
                .split(' ')
                .next()
                .map(|value| (value, value.len()))
                .filter(|(value, _)| !value.is_empty() && value.bytes().all(is_plain))?,
        };
        if name.is_empty() || !name.bytes().all(is_plain) || pairs.len() == PAIRS {
            return None;
        }
        let whole = rest.get(..name.len() + 1 + length)?;
        pairs.push(Pair { name, value, whole });
        match &rest[whole.len()..] {
            "" => return Some(pairs),
            more => rest = more.strip_prefix(' ')?,
        }
    }
}

/// Where the quote is that no backslash escapes. What is quoted is printable ASCII.
fn end_of(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(at),
            0x20..0x7f => escaped = byte == b'\\' && !escaped,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Draft, Group, Place};
    use assay_model::{FieldChange, Text, What};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn stored(key: &[u8], values: &[Vec<u8>]) -> Stored {
        let changed = values.iter().enumerate().map(|(number, value)| FieldChange {
            field: format!("field{number}").into(),
            old: None,
            new: Some(Text::from(&value[..]).into()),
        });
        let draft = Draft {
            kind: Some("cron_job".into()),
            key: Some(key.into()),
            source: Some(key.into()),
            changed: changed.collect(),
            group: Some("0199-group".into()),
            ..Draft::of_module(What::Changed, "cron", "")
        };
        let text = |s: &str| s.to_owned();
        let alert = draft.place(Place {
            seq: 7,
            id: text("0199-id"),
            time: text("t"),
            host: text("h"),
            history: text("x"),
            previous: text("0"),
        });
        let members = BTreeMap::from([((What::Added, "sysv_link".to_owned()), 5)]);
        Stored {
            alert,
            body: String::new(),
            digest: "d".repeat(64),
            group: Some(Group { first: 7, members }),
        }
    }

    #[test]
    fn what_was_changed_is_named() {
        let stored = stored(b"/etc/crontab", &[b"one two".to_vec(), b"x".repeat(9000)]);
        let sent = line(&stored, 2000);
        assert_eq!(Line::read(&sent).unwrap().differs_from(&stored), None);
        for (from, to, named) in [
            ("kind=cron_job", "kind=cron_file", "`kind` is not"),
            ("one two", "one too", "`field0.new` is not"),
            ("severity=medium", "severity=info", "`severity` is not"),
            ("xxx...(+", "xx...(+", "what was left out"),
            ("0199-group", "0198-group", "`group` is not"),
            (" kind=cron_job", "", "what was left out"),
        ] {
            let altered = sent.replacen(from, to, 1);
            assert_ne!(altered, sent, "{from}");
            let differs = Line::read(&altered).unwrap().differs_from(&stored).unwrap();
            assert!(differs.starts_with(named), "{differs}");
        }
        // Others of its story may have come since.
        let later = sent.replace("5 sysv_link added", "4 sysv_link added");
        assert_eq!(Line::read(&later).unwrap().differs_from(&stored), None);
    }

    #[test]
    fn what_is_no_line_or_half_of_one_is_not_read() {
        let whole = line(&stored(b"k", &[]), 2000);
        for text in [
            "",
            "change=",
            "change=x",
            "change=\"x",
            &whole[..whole.len() - 40],
            "seq=1 id=x chain=y",
        ] {
            assert_eq!(Line::read(text), None, "{text}");
        }
        assert_eq!(Line::read(&whole.replace("seq=7", "seq=seven")), None);
        assert_eq!(Line::read(&whole.replace(' ', "  ")), None);
    }

    proptest! {
        #[test]
        fn a_line_of_any_length_is_known_again(
            key in proptest::collection::vec(any::<u8>(), 0..900),
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..700), 0..40),
            limit in 700usize..9000,
        ) {
            let stored = stored(&key, &values);
            let sent = line(&stored, limit);
            prop_assert_eq!(Line::read(&sent).unwrap().differs_from(&stored), None, "{}", sent);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[ -~\u{e9}]{0,200}") {
            _ = Line::read(&format!("change={text}"));
        }
    }
}
