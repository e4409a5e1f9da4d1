//! An alert as one line of `key=value`: what syslog gets.
//!
//! Every value that a file, a module or a log server could have chosen is printable ASCII, in quotes where it holds
//! anything but letters, digits and a few signs, so that no byte of it can end the line, open a field or move a
//! cursor. A line that would be too long is shortened in the middle fields, and says so; what identifies the alert
//! stays.

use super::Stored;
use assay_model::{Alert, Text, Value, What, Writer, escape_bytes};

/// Bytes that a name may have unquoted.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._/:@+,-%".contains(&byte)
}

/// `key=value` with the value quoted where it must be.
fn pair(name: &str, value: &str) -> String {
    if !value.is_empty() && value.bytes().all(is_plain) {
        return format!("{name}={value}");
    }
    format!("{name}=\"{value}\"")
}

/// A value as it stands between quotes: escaped, and with lists in brackets.
fn escaped(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => escape_bytes(text.as_bytes()),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| escape_bytes(item.as_bytes())).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// The keys that a line has of itself. An entry's field of the same name is `fields.NAME`, so that none stands for
/// another.
const OWN_KEYS: &[&str] = &[
    "change",
    "severity",
    "technique",
    "module",
    "kind",
    "key",
    "source",
    "program",
    "program_sha256",
    "named_by",
    "writer_hint",
    "text",
    "group",
    "group_size",
    "group_of",
    "omitted",
    "seq",
    "id",
    "chain",
];

/// The key of an entry's field.
fn field_key(name: &str) -> String {
    let name = key(&name.into());
    if OWN_KEYS.contains(&name.as_str()) {
        return format!("fields.{name}");
    }
    name
}

/// A field name as a key: `=`, blanks and quotes of a file's name in it may not end it.
fn key(name: &Text) -> String {
    let escaped = escape_bytes(name.as_bytes());
    escaped
        .chars()
        .map(|c| if c.is_ascii() && is_plain(c as u8) { c } else { '_' })
        .collect()
}

/// An escaped value, shortened to at most `limit` bytes between escapes, and marked with how many bytes were left out.
fn shorten(value: &str, limit: usize) -> String {
    if value.len() <= limit {
        return value.to_owned();
    }
    let bytes = value.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let length = match (bytes[end], bytes.get(end + 1)) {
            (b'\\', Some(b'x')) => 4,
            (b'\\', Some(b'u')) => bytes[end..]
                .iter()
                .position(|b| *b == b'}')
                .map_or(2, |at| at + 1),
            (b'\\', _) => 2,
            _ => 1,
        };
        if end + length > limit {
            break;
        }
        end += length;
    }
    format!("{}...(+{})", &value[..end], value.len() - end)
}

/// The longest that the count of what did not fit can be.
pub(super) const OMITTED: &str = "omitted=1000000 ";

/// Bytes of a line that has no room for a group beside what identifies the alert.
const SHORT: usize = 900;

/// The line for an alert, at most `limit` bytes.
#[must_use]
pub fn line(stored: &Stored, limit: usize) -> String {
    let (alert, digest) = (&stored.alert, &stored.digest);
    let mut head = vec![
        pair("change", alert.change.as_str()),
        pair("severity", alert.severity.as_str()),
    ];
    let text = |value: &Text| escape_bytes(value.as_bytes());
    let program = alert.programs.last();
    let sha256 = program
        .and_then(|p| p.facts.as_ref())
        .and_then(|f| f.sha256.clone());
    let identifying = [
        (
            "technique",
            alert.technique.as_deref().map(|t| escape_bytes(t.as_bytes())),
        ),
        (
            "module",
            alert.module.as_deref().map(|m| escape_bytes(m.as_bytes())),
        ),
        ("kind", alert.kind.as_deref().map(|k| escape_bytes(k.as_bytes()))),
        ("key", alert.key.as_ref().map(text)),
        ("source", alert.source.as_ref().map(text)),
        ("program", program.map(|p| text(&p.path))),
        ("program_sha256", sha256),
    ];
    let mut tail = group(stored, limit);
    tail.extend([
        pair("seq", &alert.seq.to_string()),
        pair("id", &alert.id),
        pair("chain", &digest[..digest.len().min(32)]),
    ]);
    let middle = middle(alert);
    // Whatever stands before it: that something was left out is said.
    let tail_length = tail.iter().map(|p| p.len() + 1).sum::<usize>() + OMITTED.len();

    // Names of 4 KiB, four bytes an escape, do not fit whatever else is left out. Then the beginning stands for
    // the rest, which JSON has; the digest of the chain covers it.
    let identity = |longest: usize| -> Vec<String> {
        let present = identifying
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        present
            .map(|(name, value)| pair(name, &shorten(value, longest)))
            .collect()
    };
    let length = |parts: &[String]| -> usize { parts.iter().map(|p| p.len() + 1).sum() };
    let room = limit.saturating_sub(length(&head) + tail_length);
    let longest = [usize::MAX, 2048, 1024, 512, 256, 128, 64]
        .into_iter()
        .find(|l| length(&identity(*l)) <= room);
    head.extend(identity(longest.unwrap_or(32)));

    let room = limit.saturating_sub(length(&head) + tail_length);
    let fitted = |longest: usize| -> Vec<String> {
        middle
            .iter()
            .map(|(name, value)| pair(name, &shorten(value, longest)))
            .collect()
    };
    let sizes = [usize::MAX, 4096, 2048, 1024, 512, 256, 128, 64, 24];
    match sizes.into_iter().map(fitted).find(|parts| length(parts) <= room) {
        Some(parts) => head.extend(parts),
        None => {
            let mut left = room;
            let parts: Vec<String> = fitted(24);
            let taken = parts.iter().take_while(|part| {
                let fits = part.len() < left;
                left = left.saturating_sub(part.len() + 1);
                fits
            });
            let taken: Vec<String> = taken.cloned().collect();
            let omitted = parts.len() - taken.len();
            head.extend(taken);
            head.push(pair("omitted", &omitted.to_string()));
        }
    }
    head.extend(tail);
    head.join(" ")
}

/// Which story it belongs to; of the alert that speaks for all, what they are.
fn group(stored: &Stored, limit: usize) -> Vec<String> {
    let (Some(id), Some(group)) = (&stored.alert.group, &stored.group) else {
        return Vec::new();
    };
    if limit < SHORT {
        return Vec::new();
    }
    let mut pairs = vec![pair("group", id)];
    if group.first == stored.alert.seq {
        let members = group.members.iter();
        let members = members.map(|((what, kind), count)| format!("{count} {kind} {}", what.as_str()));
        let members: Vec<String> = members.collect();
        let members = escape_bytes(members.join(", ").as_bytes());
        pairs.push(pair("group_size", &group.size().to_string()));
        pairs.push(pair("group_of", &shorten(&members, 128)));
    }
    pairs
}

/// What may be shortened: the changed fields, all fields of an entry that came or went, who names a file, and the reason.
fn middle(alert: &Alert) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    for change in &alert.changed {
        let name = key(&change.field);
        for (side, value) in [("old", &change.old), ("new", &change.new)] {
            parts.push((
                format!("{name}.{side}"),
                value.as_ref().map(escaped).unwrap_or_default(),
            ));
        }
    }
    if alert.change != What::Changed {
        parts.extend(
            alert
                .fields
                .iter()
                .map(|(name, value)| (field_key(name), escaped(value))),
        );
    }
    if !alert.named_by.is_empty() {
        let first: Vec<String> = alert
            .named_by
            .iter()
            .take(3)
            .map(|name| escape_bytes(name.as_bytes()))
            .collect();
        let more = alert.named_by.len() - first.len();
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        parts.push(("named_by".to_owned(), format!("{}{more}", first.join(", "))));
    }
    parts.extend(
        alert
            .writer_hint
            .as_ref()
            .map(|writer| ("writer_hint".to_owned(), told(writer))),
    );
    if !alert.text.is_empty() {
        parts.push(("text".to_owned(), escape_bytes(alert.text.as_bytes())));
    }
    parts
}

fn told(writer: &Writer) -> String {
    let mut told = format!("pid {}", writer.pid);
    if let Some(executable) = &writer.executable {
        told.push_str(&format!(", {}", escape_bytes(executable.as_bytes())));
    }
    if let Some(user) = writer.user {
        told.push_str(&format!(", user {user}"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Draft, Group, Place};
    use assay_model::{FieldChange, Severity};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn alert(draft: Draft) -> Stored {
        let text = |s: &str| s.to_owned();
        let id = text("0199-id");
        let alert = draft.place(Place {
            seq: 7,
            id,
            time: text("t"),
            host: text("h"),
            history: text("x"),
            previous: text("0"),
        });
        Stored {
            alert,
            body: String::new(),
            digest: "d".repeat(64),
            group: None,
        }
    }

    fn entry(key: &[u8], old: &[u8]) -> Stored {
        let change = FieldChange {
            field: "command".into(),
            old: Some(Text::from(old).into()),
            new: None,
        };
        alert(Draft {
            technique: Some("T1053.003".into()),
            kind: Some("cron_job".into()),
            key: Some(key.into()),
            source: Some("/etc/crontab".into()),
            severity: Severity::High,
            changed: vec![change],
            ..Draft::of_module(What::Changed, "cron", "")
        })
    }

    /// Reads a line back, as a log pipeline would: the reverse of what is documented.
    fn read(line: &str) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        let mut rest = line;
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').expect("a pair");
            assert!(name.bytes().all(is_plain), "{name}");
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let mut end = 0;
                    while quoted.as_bytes()[end] != b'"' {
                        end += if quoted.as_bytes()[end] == b'\\' { 2 } else { 1 };
                    }
                    (&quoted[..end], &quoted[end + 1..])
                }
                None => after.split_at(after.find(' ').unwrap_or(after.len())),
            };
            assert!(
                fields.insert(name.to_owned(), value.to_owned()).is_none(),
                "{name} twice"
            );
            rest = after.strip_prefix(' ').unwrap_or(after);
        }
        fields
    }

    #[test]
    fn the_documented_order_and_quoting() {
        let line = line(&entry(b"root * * * * * /x y", b"a"), 8192);
        assert_eq!(
            line,
            "change=changed severity=high technique=T1053.003 module=cron kind=cron_job key=\"root * * * * * /x y\" \
             source=/etc/crontab command.old=a command.new=\"\" seq=7 id=0199-id chain=dddddddddddddddddddddddddddddddd"
        );
    }

    #[test]
    fn long_values_are_shortened_and_said_to_be() {
        let line = line(&entry(b"short", &[b'x'; 20_000]), 2000);
        assert!(line.len() <= 2000 && line.contains("...(+"), "{line}");
        let long_key = super::line(&entry(&[0xff; 4096], b"a"), 8192);
        assert!(
            long_key.len() <= 8192
                && long_key.ends_with("seq=7 id=0199-id chain=dddddddddddddddddddddddddddddddd")
        );
        assert!(long_key.contains("...(+"), "{long_key}");
    }

    #[test]
    fn many_fields_are_counted_when_they_do_not_fit() {
        let mut alert = entry(b"k", b"a");
        alert.alert.changed = (0..2000)
            .map(|i| FieldChange {
                field: format!("f{i}").into(),
                old: Some(i.into()),
                new: None,
            })
            .collect();
        let line = line(&alert, 4096);
        assert!(line.len() <= 4096, "{}", line.len());
        assert!(read(&line)["omitted"].parse::<usize>().unwrap() > 1000);
    }

    #[test]
    fn the_first_of_the_worst_speaks_for_its_group() {
        let mut stored = entry(b"k", b"a");
        stored.alert.group = Some("0199-group".to_owned());
        let alone = read(&line(&stored, 8192));
        assert!(!alone.contains_key("group"), "{alone:?}");
        let members = BTreeMap::from([
            ((What::Added, "sysv_link".to_owned()), 5),
            ((What::Changed, "sysv_script".to_owned()), 1),
        ]);
        stored.group = Some(Group { first: 7, members });
        let speaker = read(&line(&stored, 8192));
        assert_eq!((&*speaker["group"], &*speaker["group_size"]), ("0199-group", "6"));
        assert_eq!(speaker["group_of"], "5 sysv_link added, 1 sysv_script changed");
        assert_eq!(stored.loudness(), Severity::High);
        stored.alert.seq = 8;
        let detail = read(&line(&stored, 8192));
        assert!(
            detail.contains_key("group") && !detail.contains_key("group_size"),
            "{detail:?}"
        );
        assert_eq!(stored.loudness(), Severity::Info);
    }

    /// Found by fuzzing: where names filled the line to its end, the count of what was left out came on top.
    #[test]
    fn the_count_of_what_does_not_fit_fits() {
        let mut alert = entry(&[0xff; 500], b"a");
        alert.alert.source = Some("/s".repeat(200).into());
        for limit in 640..3000 {
            let line = line(&alert, limit);
            assert!(line.len() <= limit, "{} > {limit}", line.len());
        }
    }

    #[test]
    fn a_field_with_the_name_of_a_key_stands_apart() {
        let mut alert = entry(b"k", b"a");
        alert.alert.change = What::Added;
        alert.alert.changed.clear();
        alert.alert.fields = ["severity", "program", "seq", "command"]
            .map(|name| (name.to_owned(), "planted".into()))
            .into();
        let fields = read(&line(&alert, 8192));
        assert_eq!((&*fields["severity"], &*fields["seq"]), ("high", "7"));
        assert_eq!(
            (&*fields["fields.program"], &*fields["command"]),
            ("planted", "planted")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_can_forge_a_line_or_a_field(key: Vec<u8>, old: Vec<u8>, field: Vec<u8>, limit in 700usize..9000) {
            let mut alert = entry(&key, &old);
            alert.alert.changed[0].field = field.into();
            let line = line(&alert, limit);
            prop_assert!(line.len() <= limit);
            prop_assert!(line.bytes().all(|b| (0x20..0x7f).contains(&b)), "{line}");
            let fields = read(&line);
            prop_assert_eq!(&fields["seq"], "7");
            prop_assert_eq!(&fields["change"], "changed");
            if limit > 8000 && key.len() < 200 {
                prop_assert_eq!(&fields["key"], &escape_bytes(&key));
            }
        }
    }
}
