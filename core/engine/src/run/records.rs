//! Understanding what a module wrote: every line is a record, every rule of the protocol is kept, or the scan failed.

use super::{Failure, MAX_LINE, MAX_REASON, Output, failure, shortened, too_long};
use assay_model::{
    Entry, Gap, Input, Kind, LogLevel, MAX_NESTING, Manifest, PROTOCOL_VERSION, Record, Sandbox,
};
use std::collections::{HashMap, HashSet};

/// Records of one scan.
const MAX_RECORDS: usize = 1_000_000;
/// Kinds of one module.
const MAX_KINDS: usize = 10_000;
/// Bytes of memory that the records of one scan may take: a list of short strings takes twenty times what it takes on
/// the wire, and a core that runs out of memory takes every other module along.
const MAX_MEMORY: usize = 512 << 20;
/// About what a value takes in memory besides its bytes: a vector, its allocation, a share of the map it is in.
const VALUE: usize = 64;

/// A scan that succeeded.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// What the module says of itself.
    pub manifest: Manifest,
    /// What it saw.
    pub entries: Vec<Entry>,
    /// What it could not look at.
    pub gaps: Vec<Gap>,
    /// What the module looked at, as far as it says.
    pub inputs: Vec<Input>,
    /// That is all that its answer depends on; otherwise it must be asked every time.
    pub complete: bool,
    /// The walls around it.
    pub sandbox: Sandbox,
    /// Its messages.
    pub log: Vec<(LogLevel, String)>,
}

/// Understands what a module wrote.
///
/// # Errors
/// Named for the first rule of the protocol that was broken.
pub fn parse(output: &Output, name: &str) -> Result<Scan, Failure> {
    let mut reader = Reader { ..Reader::default() };
    for line in output
        .bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
    {
        reader.line(line)?;
    }
    reader.finish(output, name)
}

#[derive(Default)]
struct Reader {
    sandbox: Option<Sandbox>,
    manifest: Option<Manifest>,
    /// Names of the kinds that were declared so far.
    kinds: HashSet<String>,
    entries: Vec<Entry>,
    gaps: Vec<Gap>,
    inputs: Vec<Input>,
    complete: bool,
    log: Vec<(LogLevel, String)>,
    done: Option<u64>,
    records: usize,
    /// About what they take.
    memory: usize,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.records += 1;
        if self.records > MAX_RECORDS {
            return Err(failure(
                "too_many_records",
                format!("more than {MAX_RECORDS} records"),
            ));
        }
        if line.len() > MAX_LINE {
            return Err(too_long());
        }
        let (nesting, values) = shape(line);
        self.memory += line.len() + values * VALUE;
        if self.memory > MAX_MEMORY {
            return Err(failure(
                "output_too_big",
                format!("what it lists takes more than {MAX_MEMORY} bytes of memory"),
            ));
        }
        if nesting > MAX_NESTING {
            return Err(failure(
                "nested_too_deep",
                format!("a record nested more than {MAX_NESTING} levels"),
            ));
        }
        let record: Record = serde_json::from_slice(line).map_err(|e| {
            let start = assay_model::escape_terminal(&line[..line.len().min(80)]);
            failure("invalid_record", format!("{e}, in `{start}`"))
        })?;
        if self.done.is_some() {
            return Err(failure("record_after_done", "a record came after `done`"));
        }
        match record {
            // The host's, and so the first: a module cannot speak for its own walls.
            Record::Sandbox(sandbox) if self.records == 1 => self.sandbox = Some(sandbox),
            Record::Sandbox(_) => {
                return Err(failure(
                    "invalid_record",
                    "only the host says what confines a module",
                ));
            }
            Record::Hello { v, .. } if v != PROTOCOL_VERSION => {
                return Err(failure(
                    "other_protocol",
                    format!("the module speaks version {v}"),
                ));
            }
            Record::Hello { .. } if self.manifest.is_some() => {
                return Err(failure("invalid_record", "`hello` came twice"));
            }
            Record::Hello { manifest, .. } => {
                self.kinds
                    .extend(manifest.kinds.iter().map(|kind| kind.name.clone()));
                self.manifest = Some(manifest);
            }
            Record::Kinds { kinds } => {
                let Some(manifest) = &mut self.manifest else {
                    return Err(failure("no_hello", "`kinds` came before `hello`"));
                };
                self.kinds.extend(kinds.iter().map(|kind| kind.name.clone()));
                manifest.kinds.extend(kinds);
            }
            Record::Entry(_) | Record::Gap(_) if self.manifest.is_none() => {
                return Err(failure("no_hello", "an entry came before `hello`"));
            }
            Record::Entry(entry) if !self.kinds.contains(&entry.kind) => {
                return Err(failure(
                    "undeclared",
                    format!("kind `{}` is not in the manifest", entry.kind),
                ));
            }
            Record::Entry(entry) => self.entries.push(entry),
            Record::Gap(gap) => self.gaps.push(gap),
            Record::Inputs { seen, complete } => {
                self.inputs.extend(seen);
                self.complete = complete;
            }
            Record::Log { level, text } => self.log.push((level, text)),
            Record::Done { entries } => self.done = Some(entries),
        }
        Ok(())
    }

    fn finish(self, output: &Output, name: &str) -> Result<Scan, Failure> {
        let Some(announced) = self.done else {
            // The last word is the host's; the one before it tells what the module itself found wrong.
            let errors = self
                .log
                .into_iter()
                .filter(|(level, _)| *level == LogLevel::Error);
            let mut why: Vec<String> = errors.map(|(_, text)| text).collect();
            why.drain(..why.len().saturating_sub(2));
            if why.is_empty() && !output.stderr.trim_ascii().is_empty() {
                why.push(assay_model::escape_terminal(output.stderr.trim_ascii()));
            }
            // The longest of them must not push out the others.
            let why = why.iter().map(|text| shortened(text, MAX_REASON / 3));
            let text = std::iter::once(output.ended.clone())
                .chain(why)
                .collect::<Vec<_>>()
                .join("; ");
            return Err(failure(
                "no_done",
                format!("the scan ended before it was done: {text}"),
            ));
        };
        let Some(manifest) = self.manifest else {
            return Err(failure("no_hello", "the module never said `hello`"));
        };
        if announced != self.entries.len() as u64 {
            let text = format!("`done` says {announced} entries, {} came", self.entries.len());
            return Err(failure("wrong_count", text));
        }
        check_manifest(&manifest, name)?;
        check_entries(&manifest, &self.entries)?;
        let sandbox = self.sandbox.unwrap_or_default();
        Ok(Scan {
            manifest,
            entries: self.entries,
            gaps: self.gaps,
            inputs: self.inputs,
            complete: self.complete,
            sandbox,
            log: self.log,
        })
    }
}

/// How deep a line nests, and about how many values it holds, without parsing it.
fn shape(line: &[u8]) -> (usize, usize) {
    let (mut depth, mut deepest, mut values, mut quoted, mut escaped) = (0usize, 0, 0, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => values += 1,
            b'{' | b'[' if !quoted => {
                values += 1;
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (deepest, values)
}

fn check_manifest(manifest: &Manifest, name: &str) -> Result<(), Failure> {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let wrong = |text: String| Err(failure("bad_manifest", text));
    // The file's name is what an operator sees and trusts: a module cannot speak in another's name.
    if manifest.name != name {
        return wrong(format!(
            "the file is named for `{name}`, the manifest says `{}`",
            manifest.name
        ));
    }
    if !word(name) || name == crate::facts::MODULE {
        return wrong(format!("`{name}` is no name for a module"));
    }
    if manifest.kinds.len() > MAX_KINDS {
        return wrong(format!("more than {MAX_KINDS} kinds"));
    }
    let mut kinds = HashSet::new();
    for kind in &manifest.kinds {
        let fields: HashSet<_> = kind.fields.iter().map(|f| &f.name).collect();
        let words = word(&kind.name) && fields.iter().all(|name| word(name));
        if !words || !kinds.insert(&kind.name) || fields.len() != kind.fields.len() {
            return wrong(format!(
                "kind `{}` or one of its fields is declared twice, or is no word",
                kind.name
            ));
        }
    }
    Ok(())
}

fn check_entries(manifest: &Manifest, entries: &[Entry]) -> Result<(), Failure> {
    let kinds: HashMap<&str, &Kind> = manifest.kinds.iter().map(|k| (k.name.as_str(), k)).collect();
    let mut keys = HashSet::with_capacity(entries.len());
    for entry in entries {
        let Some(kind) = kinds.get(entry.kind.as_str()) else {
            return Err(failure(
                "undeclared",
                format!("kind `{}` is not in the manifest", entry.kind),
            ));
        };
        for (name, value) in &entry.fields {
            let declared = kind.fields.iter().find(|f| f.name == *name);
            if !declared.is_some_and(|f| f.kind.holds(value)) {
                let text = format!(
                    "field `{}.{name}` is not in the manifest, or of another type",
                    kind.name
                );
                return Err(failure("undeclared", text));
            }
        }
        if let Some(path) = entry
            .programs
            .iter()
            .chain([&entry.source])
            .find(|p| !p.as_bytes().starts_with(b"/"))
        {
            return Err(failure(
                "invalid_record",
                format!("`{path}` is not an absolute path"),
            ));
        }
        if !keys.insert((&entry.kind, &entry.key)) {
            return Err(failure(
                "duplicate_key",
                format!("{} `{}` came twice", entry.kind, entry.key),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = r#"{"record":"hello","v":1,"manifest":{"name":"m","version":"1","summary":"s","platforms":["linux"],
        "kinds":[{"name":"k","summary":"s","technique":"T1","severity":"low","fields":[{"name":"f","type":"text","meaning":"m","compared":true}]}]}}"#;

    fn parsed(lines: &str) -> Result<Scan, Failure> {
        let text = lines.replace("HELLO", &HELLO.replace('\n', " "));
        parse(&Output::recorded(text.into_bytes()), "m")
    }
    fn entry(key: &str) -> String {
        format!(r#"{{"record":"entry","kind":"k","key":{key},"source":"/s","fields":{{"f":"v"}}}}"#)
    }

    #[test]
    fn a_whole_scan_is_understood() {
        let text = format!(
            "{{\"record\":\"sandbox\",\"active\":[\"x\"],\"missing\":[]}}\nHELLO\n{}\n{}\n{{\"record\":\"done\",\"entries\":1,\"later\":[1]}}\n",
            entry(r#"{"b64":"/w=="}"#),
            r#"{"record":"gap","path":"/g","reason":"permission"}"#
        );
        let scan = parsed(&text).unwrap();
        assert_eq!(scan.entries[0].key.as_bytes(), b"\xff");
        assert_eq!((scan.gaps.len(), scan.sandbox.active.len()), (1, 1));
    }

    const MORE: &str = r#"{"record":"kinds","kinds":[{"name":"z","summary":"s","technique":"T2","severity":"high","fields":[]}]}"#;

    #[test]
    fn kinds_add_to_the_manifest() {
        let of_z = r#"{"record":"entry","kind":"z","key":"a","source":"/s"}"#;
        let done = r#"{"record":"done","entries":2}"#;
        let text = format!("HELLO\n{}\n{MORE}\n{of_z}\n{done}", entry("\"a\""));
        let scan = parsed(&text).unwrap();
        let kinds: Vec<_> = scan.manifest.kinds.iter().map(|k| k.name.as_str()).collect();
        assert_eq!(kinds, ["k", "z"]);
        for (name, text) in [
            ("undeclared", format!("HELLO\n{of_z}\n{MORE}\n{done}")),
            ("no_hello", format!("{MORE}\nHELLO\n{done}")),
            (
                "bad_manifest",
                format!("HELLO\n{MORE}\n{MORE}\n{}", done.replace('2', "0")),
            ),
            (
                "bad_manifest",
                format!(
                    "HELLO\n{}\n{}",
                    MORE.replace("\"z\"", "\"Z z\""),
                    done.replace('2', "0")
                ),
            ),
        ] {
            assert_eq!(parsed(&text).unwrap_err().name, name, "{text}");
        }
    }

    #[test]
    fn every_broken_rule_has_a_name() {
        let done = |n: u32| format!(r#"{{"record":"done","entries":{n}}}"#);
        let twice = format!("HELLO\n{0}\n{0}\n{1}", entry("\"a\""), done(2));
        let deep = format!(
            "HELLO\n{{\"record\":\"log\",\"x\":{}{}}}",
            "[".repeat(9),
            "]".repeat(9)
        );
        for (name, text) in [
            ("no_done", "HELLO\n".to_owned()),
            ("no_done", String::new()),
            ("no_hello", done(0)),
            ("no_hello", entry("\"a\"")),
            ("wrong_count", format!("HELLO\n{}", done(7))),
            ("duplicate_key", twice),
            ("invalid_record", "HELLO\nnot json".to_owned()),
            ("invalid_record", "HELLO\n\u{fffd}{}".to_owned()),
            (
                "invalid_record",
                "HELLO\n{\"record\":\"sandbox\",\"active\":[],\"missing\":[]}".to_owned(),
            ),
            (
                "invalid_record",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("/s", "s"), done(1)),
            ),
            (
                "undeclared",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("\"k\"", "\"z\""), done(1)),
            ),
            (
                "undeclared",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("\"v\"", "1"), done(1)),
            ),
            ("nested_too_deep", deep),
            ("record_after_done", format!("HELLO\n{0}\n{0}", done(0))),
            (
                "other_protocol",
                "HELLO".replace("HELLO", &HELLO.replace('\n', " ").replace("\"v\":1", "\"v\":2")),
            ),
            (
                "bad_manifest",
                format!(
                    "{}\n{}",
                    HELLO.replace('\n', " ").replace("\"m\"", "\"n\""),
                    done(0)
                ),
            ),
            ("line_too_long", format!("HELLO\n\"{}\"", "x".repeat(MAX_LINE))),
        ] {
            assert_eq!(parsed(&text).unwrap_err().name, name, "{text:.200}");
        }
    }
}
