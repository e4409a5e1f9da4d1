use arbitrary::Unstructured;
use assay_engine::alert::{self, Draft, Group, Place, Stored, digest};
use assay_model::{
    Alert, Facts, FieldChange, FileType, ProgramFacts, Severity, Text, Value, What, escape_bytes,
};

const CHANGES: &[What] = &[
    What::Added,
    What::Changed,
    What::Removed,
    What::Reverted,
    What::GapOpened,
    What::ModuleFailed,
    What::HistoryBroken,
];
const SEVERITIES: &[Severity] = &[
    Severity::Info,
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];
/// What is left of the shortest message when its syslog header, with a long name of the host, is taken off.
const LEAST: usize = 640;
/// Longer than any name of its own; see [`Pair`].
const SHORTENED: usize = 32;

/// An alert as the line that syslog gets: whatever the file names, the text of a module and the old and new values
/// hold, it stays one line, and what identifies the alert is read back as it was. Whatever a log server kept of it may be
/// read, and the line itself is known again.
///
/// # Panics
/// When it does not.
pub fn line(bytes: &[u8]) {
    let kept = String::from_utf8_lossy(bytes);
    _ = alert::Line::read(&kept);
    _ = alert::Line::read(&format!("change={kept} seq=1 id=x chain=y"));
    let mut input = Unstructured::new(bytes);
    let Ok((stored, limit)) = stored_and_limit(&mut input) else {
        return;
    };
    let (alert, chain) = (&stored.alert, &stored.digest);
    let line = alert::line(&stored, limit);
    assert!(line.len() <= limit, "{} > {limit}: {line}", line.len());
    assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{line:?}");
    let pairs = pairs(&line);
    for (name, value) in identifying(alert) {
        let found: Vec<_> = pairs.iter().filter(|pair| pair.name == name).collect();
        let [pair] = found[..] else {
            panic!("{name} stands {} times in {line}", found.len())
        };
        assert!(pair.tells(&value), "{name} is {value:?} in {line}");
    }
    let (seq, id) = (alert.seq.to_string(), alert.id.as_str());
    let ends = [
        ("change", alert.change.as_str()),
        ("severity", alert.severity.as_str()),
        ("seq", &seq),
        ("id", id),
        ("chain", &chain[..32]),
    ];
    let places = [0, 1, pairs.len() - 3, pairs.len() - 2, pairs.len() - 1];
    for ((name, value), at) in ends.into_iter().zip(places) {
        assert_eq!((pairs[at].name, pairs[at].value), (name, value), "{line}");
        assert_eq!(pairs.iter().filter(|pair| pair.name == name).count(), 1, "{line}");
    }
    let read = alert::Line::read(&line).unwrap_or_else(|| panic!("cannot be read back: {line}"));
    assert_eq!((read.seq, read.id, read.chain), (alert.seq, id, &chain[..32]));
    assert_eq!(read.differs_from(&stored), None, "{line}");
}

/// Pairs whose value says which thing the alert is about.
fn identifying(alert: &Alert) -> Vec<(&'static str, Vec<u8>)> {
    let word = |text: &Option<String>| text.clone().map(String::into_bytes);
    let text = |text: &Option<Text>| text.clone().map(Text::into_bytes);
    let program = alert.programs.last().map(|program| program.path.clone());
    let all = [
        ("technique", word(&alert.technique)),
        ("module", word(&alert.module)),
        ("kind", word(&alert.kind)),
        ("key", text(&alert.key)),
        ("source", text(&alert.source)),
        ("program", text(&program)),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// `name=value` as a reader of the log takes it apart, following docs/alerts.md and nothing else.
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
}

impl Pair<'_> {
    /// Whether it says `bytes`: all of them, or as many as there was room for, and how many more.
    fn tells(&self, bytes: &[u8]) -> bool {
        if unescape(self.value) == bytes {
            return true;
        }
        let whole = escape_bytes(bytes);
        let Some((begins, rest)) = self.value.rsplit_once("...(+") else {
            return false;
        };
        let left_out = rest
            .strip_suffix(')')
            .and_then(|number| number.parse::<usize>().ok());
        whole.len() > SHORTENED
            && whole.starts_with(begins)
            && left_out == Some(whole.len() - begins.len())
            && bytes.starts_with(&unescape(begins))
    }
}

fn pairs(line: &str) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .unwrap_or_else(|| panic!("no pair at {rest}"));
        assert!(
            !name.is_empty() && name.bytes().all(is_plain),
            "{name:?} in {line}"
        );
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = end_of(quoted).unwrap_or_else(|| panic!("no end of {quoted}"));
                (&quoted[..end], &quoted[end + 1..])
            }
            None => after.split_at(after.find(' ').unwrap_or(after.len())),
        };
        pairs.push(Pair { name, value });
        assert!(
            after.is_empty() || after.len() > 1 && after.starts_with(' '),
            "{line}"
        );
        rest = after.get(1..).unwrap_or_default();
    }
    pairs
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._/:@+,-%".contains(&byte)
}

/// Where the next quote stands that no backslash escapes.
fn end_of(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// The bytes that were escaped.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        let hex = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or_else(|e| panic!("{e}: {text}"));
        let length = match escape.as_bytes().first() {
            Some(b'x') => {
                bytes.push(u8::try_from(hex(&escape[1..3])).expect("two digits"));
                3
            }
            Some(b'u') => {
                let end = escape.find('}').expect("a brace");
                let number = hex(escape[1..end].strip_prefix('{').expect("a brace"));
                let character = char::from_u32(number).expect("a character");
                bytes.extend(character.to_string().bytes());
                end + 1
            }
            Some(b'n') => one(&mut bytes, b'\n'),
            Some(b't') => one(&mut bytes, b'\t'),
            Some(b'r') => one(&mut bytes, b'\r'),
            Some(b'\\') => one(&mut bytes, b'\\'),
            Some(b'"') => one(&mut bytes, b'"'),
            _ => panic!("no escape that is documented: {text}"),
        };
        rest = &escape[length..];
    }
    bytes.extend(rest.bytes());
    bytes
}

fn one(bytes: &mut Vec<u8>, byte: u8) -> usize {
    bytes.push(byte);
    1
}

fn stored_and_limit(input: &mut Unstructured<'_>) -> arbitrary::Result<(Stored, usize)> {
    let limit = input.int_in_range(LEAST..=9000)?;
    let program = ProgramFacts {
        path: text(input)?,
        facts: Some(Facts {
            sha256: Some(digest("a program")),
            file_type: FileType::File,
            ..Facts::missing()
        }),
    };
    let draft = Draft {
        severity: *input.choose(SEVERITIES)?,
        technique: maybe(input, word)?,
        module: maybe(input, word)?,
        kind: maybe(input, word)?,
        key: maybe(input, text)?,
        source: maybe(input, text)?,
        programs: maybe(input, |_| Ok(program))?.into_iter().collect(),
        changed: some(input, change)?,
        fields: some(input, |input| Ok((name(input)?, value(input)?)))?
            .into_iter()
            .collect(),
        named_by: some(input, text)?,
        group: maybe(input, |_| Ok("01a20c75-7117-7484-9147-5aab6c7919e9".to_owned()))?,
        ..Draft::about(*input.choose(CHANGES)?, word(input)?)
    };
    let place = Place {
        seq: input.arbitrary()?,
        id: "01a20c75-7117-7484-9147-5aab6c7919e9".to_owned(),
        time: String::new(),
        host: String::new(),
        history: String::new(),
        previous: String::new(),
    };
    let members = some(input, |input| {
        Ok(((*input.choose(CHANGES)?, word(input)?), input.arbitrary()?))
    })?;
    let group = Group {
        first: input.arbitrary()?,
        members: members
            .into_iter()
            .map(|(member, count): (_, u16)| (member, count.into()))
            .collect(),
    };
    let stored = Stored {
        alert: draft.place(place),
        body: String::new(),
        digest: digest("any"),
        group: Some(group),
    };
    Ok((stored, limit))
}

fn maybe<T>(
    input: &mut Unstructured<'_>,
    what: impl FnOnce(&mut Unstructured<'_>) -> arbitrary::Result<T>,
) -> arbitrary::Result<Option<T>> {
    if input.arbitrary()? {
        what(input).map(Some)
    } else {
        Ok(None)
    }
}

fn some<T>(
    input: &mut Unstructured<'_>,
    mut what: impl FnMut(&mut Unstructured<'_>) -> arbitrary::Result<T>,
) -> arbitrary::Result<Vec<T>> {
    (0..input.int_in_range(0..=5)?).map(|_| what(input)).collect()
}

/// Bytes, repeated now and then: the longest of names is 4 KiB.
fn text(input: &mut Unstructured<'_>) -> arbitrary::Result<Text> {
    let length = input.int_in_range(0..=40)?;
    let times = *input.choose(&[1, 1, 1, 7, 200])?;
    Ok(input.bytes(length)?.repeat(times).into())
}

fn word(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    Ok(String::from_utf8_lossy(text(input)?.as_bytes()).into_owned())
}

/// The name of a field, as a manifest may declare it; some are keys that the line has of itself.
fn name(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let own = *input.choose(&[
        "", "", "change", "severity", "key", "program", "text", "seq", "id", "chain",
    ])?;
    let random = input.bytes(3)?.iter().map(|byte| char::from(b'a' + byte % 26));
    Ok(if own.is_empty() {
        random.collect()
    } else {
        own.to_owned()
    })
}

fn value(input: &mut Unstructured<'_>) -> arbitrary::Result<Value> {
    Ok(match input.int_in_range(0..=3)? {
        0 => Value::Bool(input.arbitrary()?),
        1 => Value::Int(input.arbitrary()?),
        2 => Value::Text(text(input)?),
        _ => Value::List(some(input, text)?),
    })
}

fn change(input: &mut Unstructured<'_>) -> arbitrary::Result<FieldChange> {
    Ok(FieldChange {
        field: text(input)?,
        old: maybe(input, value)?,
        new: maybe(input, value)?,
    })
}
