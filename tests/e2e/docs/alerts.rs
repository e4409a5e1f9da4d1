//! `docs/alerts.md` and `docs/alert.schema.json`, held against real alerts of every kind.

use super::{blocks, has, needs, read, words_of};
use assay_model::{Alert, FileType, Severity, Text, Value as FieldValue, What};
use assay_tests::{Scratch, built};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Everything that was sent in a life full of incidents: as JSON, and as lines.
struct Sent {
    json: String,
    lines: Vec<String>,
}

fn sent() -> &'static Sent {
    static SENT: OnceLock<Sent> = OnceLock::new();
    SENT.get_or_init(live)
}

/// Makes an alert of every kind.
fn live() -> Sent {
    let mut scratch = Scratch::new();
    let module = own_module(&mut scratch);
    let good = fs::read(&module).unwrap();
    let mode = |bits| fs::set_permissions(&module, Permissions::from_mode(bits)).unwrap();
    scratch.config(&format!(
        "alerts.heartbeat = '1d'\n[verify]\nmax_size = '1KiB'\n[[sink]]\ntype = 'file'\npath = '{}'\n[[sink]]\ntype = 'stdout'\n\
         [[sink]]\ntype = 'syslog'\naddress = 'unix:{}'\n",
        scratch.path("alerts.jsonl").display(),
        scratch.path("nobody-listens").display()
    ));
    let mut lines = Vec::new();
    let mut run = |args: &[&str]| {
        let ran = scratch.assay(args);
        lines.extend(
            ran.stdout
                .lines()
                .filter(|line| line.starts_with("change="))
                .map(str::to_owned),
        );
    };
    let hostile = scratch
        .host("/etc/cron.d")
        .join(OsStr::from_bytes(b"x\xff\n\"=\x1b"));

    scratch.script("/opt/report", "#!/bin/sh\nexit 0\n");
    scratch.file(
        "/etc/crontab",
        "1 1 * * * root /opt/report\n2 2 * * * root /opt/report twice\n",
    );
    scratch.file("/etc/cron.allow", "ana\n");
    scratch.file("/etc/cron.d/old", "3 3 * * * root /opt/old\n");
    run(&["run"]);

    scratch.script("/opt/big", [b'x'; 4096]);
    scratch.file("/etc/cron.d/big", "4 4 * * * root /opt/big\n");
    fs::write(&hostile, "5 5 * * * root /opt/none # \u{202e}gr\u{fc}n \\\n").unwrap();
    scratch.script("/opt/report", "#!/bin/sh\nexit 1\n");
    scratch.file("/etc/cron.allow", "ana\nbob, \"the builder\"\n");
    run(&["run"]);

    scratch.script("/opt/big", "small");
    scratch.script("/opt/report", "#!/bin/sh\nexit 0\n");
    scratch.remove("/etc/cron.d/old");
    fs::remove_file(&hostile).unwrap();
    run(&["run"]);
    run(&["accept", "--all", "--reason", "gr\u{fc}n\nand \"fine\""]);

    fs::write(&module, "no library").unwrap();
    run(&["run"]);
    fs::write(&module, &good).unwrap();
    run(&["run"]);
    mode(0o666);
    run(&["run"]);
    mode(0o644);

    let delivered = fs::read_to_string(scratch.path("alerts.jsonl")).unwrap();
    let listed = scratch.assay(&["alerts", "--json"]).stdout;
    assert_eq!(delivered, listed, "a file gets what `assay alerts --json` shows");

    for suffix in ["", "-wal", "-shm"] {
        _ = fs::remove_file(scratch.path(&format!("state/assay.db{suffix}")));
    }
    run(&["run"]);
    run(&["install", "--as", "cron"]);
    #[cfg(target_os = "linux")]
    lines.extend(
        crate::watching::output_of_a_refusal(&scratch)
            .lines()
            .map(str::to_owned),
    );
    Sent {
        json: fs::read_to_string(scratch.path("alerts.jsonl")).unwrap(),
        lines,
    }
}

/// Gives a scratch folder a module file that the test may do with as it likes.
fn own_module(scratch: &mut Scratch) -> PathBuf {
    let folder = scratch.path("modules");
    fs::create_dir(&folder).unwrap();
    let name = format!(
        "{}assay_module_cron{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let module = folder.join(&name);
    fs::write(&module, fs::read(built().join(&name)).unwrap()).unwrap();
    scratch.modules = vec![folder];
    module
}

fn alerts() -> Vec<Value> {
    sent()
        .json
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn schema() -> Value {
    serde_json::from_str(&read("docs/alert.schema.json")).unwrap()
}

#[test]
fn every_alert_is_as_the_schema_says() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let alerts = alerts();
    let seen: BTreeSet<&str> = alerts
        .iter()
        .map(|alert| alert["change"].as_str().unwrap())
        .collect();
    let missing: Vec<String> = words_of!(What)
        .into_iter()
        .filter(|word| !seen.contains(word.as_str()))
        .collect();
    assert!(missing.is_empty(), "no alert of {missing:?} was made");
    for alert in &alerts {
        let errors: Vec<String> = validator
            .iter_errors(alert)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?} in {alert:#}");

        // It is strict: nothing may come along, and nothing that is there in every alert be left out.
        let mut more = alert.clone();
        more["later"] = 1.into();
        assert!(!validator.is_valid(&more));
        for name in [
            "v", "seq", "id", "time", "host", "history", "change", "severity", "previous", "digest",
        ] {
            let mut less = alert.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(!validator.is_valid(&less), "{name}");
        }
    }
    assert!(
        sent().json.contains("\"b64\""),
        "a name that is no UTF-8 was among them"
    );
}

#[test]
fn the_schema_knows_every_word_and_the_page_every_member() {
    let schema = schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let listed = |schema: &Value| -> Vec<String> { serde_json::from_value(schema["enum"].clone()).unwrap() };
    assert_eq!(listed(&schema["properties"]["change"]), words_of!(What));
    assert_eq!(listed(&schema["properties"]["severity"]), words_of!(Severity));
    assert_eq!(
        listed(&schema["$defs"]["program"]["properties"]["type"]),
        words_of!(FileType)
    );
    for members in [&schema["properties"], &schema["$defs"]["program"]["properties"]] {
        super::names_all("docs/alerts.md", members.as_object().unwrap().keys());
    }
}

/// The example of a line in a document.
pub(super) fn example(document: &str) -> String {
    let shown = blocks(&read(document), "text");
    shown
        .iter()
        .find_map(|block| block.lines().find(|line| line.starts_with("change=")))
        .unwrap()
        .to_owned()
}

/// Reads a line by the documented rules: names with values, still escaped.
pub(super) fn names_and_values(line: &str) -> Vec<(String, String)> {
    assert!(line.bytes().all(|b| (0x20..0x7f).contains(&b)), "{line}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/:@+,-%".contains(c);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').expect(line);
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            let mut escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.expect(line);
            (&quoted[..end], &quoted[end + 1..])
        } else {
            let (value, after) = after.split_at(after.find(' ').unwrap_or(after.len()));
            assert!(!value.is_empty() && value.chars().all(plain), "{name} in {line}");
            (value, after)
        };
        assert!(!name.is_empty() && name.chars().all(plain), "{line}");
        assert!(
            pairs.iter().all(|(known, _)| known != name),
            "{name} is twice in {line}"
        );
        pairs.push((name.to_owned(), value.to_owned()));
        rest = if after.is_empty() {
            after
        } else {
            after.strip_prefix(' ').expect(line)
        };
    }
    pairs
}

/// The bytes that a value was escaped from, by the documented table.
fn unescape(value: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        rest = &rest[1..];
        if c != '\\' {
            bytes.push(c as u8);
            continue;
        }
        let (escape, after) = rest.split_at(1);
        rest = after;
        match escape {
            "n" => bytes.push(b'\n'),
            "t" => bytes.push(b'\t'),
            "r" => bytes.push(b'\r'),
            "x" => {
                bytes.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                rest = &rest[2..];
            }
            "u" => {
                let (number, after) = rest
                    .strip_prefix('{')
                    .and_then(|rest| rest.split_once('}'))
                    .unwrap();
                let c = char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap();
                bytes.extend(c.to_string().as_bytes());
                rest = after;
            }
            "\\" | "\"" => bytes.extend(escape.as_bytes()),
            other => panic!("\\{other} is not documented"),
        }
    }
    bytes
}

/// What a value is in a line, before it is escaped.
fn in_line(value: &FieldValue) -> Vec<u8> {
    match value {
        FieldValue::Text(text) => text.as_bytes().to_vec(),
        FieldValue::List(items) => {
            let items: Vec<&[u8]> = items.iter().map(Text::as_bytes).collect();
            [b"[", items.join(&b", "[..]).as_slice(), b"]"].concat()
        }
        other => other.to_string().into_bytes(),
    }
}

/// A value of the line, compared with what the JSON has. `named_by` is for people, and only its beginning is there.
fn value_in(alert: &Alert, digest: &str, name: &str) -> Option<Vec<u8>> {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_bytes().to_vec());
    let word = |word: &Option<String>| word.clone().map(String::into_bytes);
    let program = alert.programs.last();
    match name {
        "change" => Some(alert.change.as_str().into()),
        "severity" => Some(alert.severity.as_str().into()),
        "technique" => word(&alert.technique),
        "module" => word(&alert.module),
        "kind" => word(&alert.kind),
        "key" => text(&alert.key),
        "source" => text(&alert.source),
        "program" => program.map(|p| p.path.as_bytes().to_vec()),
        "program_sha256" => Some(program?.facts.as_ref()?.sha256.clone()?.into_bytes()),
        "text" => Some(alert.text.clone().into_bytes()),
        "seq" => Some(alert.seq.to_string().into_bytes()),
        "id" => Some(alert.id.clone().into_bytes()),
        "chain" => Some(digest[..32].into()),
        _ => {
            let side = name.strip_suffix(".old").map(|field| (field, true));
            let side = side.or_else(|| name.strip_suffix(".new").map(|field| (field, false)));
            let changed = side.and_then(|(field, old)| {
                let change = alert.changed.iter().find(|change| change.field == field)?;
                let value = if old { &change.old } else { &change.new };
                Some(value.as_ref().map(in_line).unwrap_or_default())
            });
            let field = name.strip_prefix("fields.").unwrap_or(name);
            changed.or_else(|| alert.fields.get(field).map(in_line))
        }
    }
}

/// The names of the documented order; those of fields stand together at `FIELD`.
fn documented_order() -> Vec<String> {
    let page = read("docs/alerts.md");
    let table = page.split("The pairs, in this order").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(1)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    let names = rows
        .skip(2)
        .filter_map(|row| row.split('`').nth(1).map(str::to_owned));
    names.filter(|name| name != "FIELD.old").collect()
}

#[test]
fn every_line_reads_back_as_its_alert() {
    let order = documented_order();
    let place = |name: &str| {
        let fields = order.iter().position(|known| known == "FIELD").unwrap();
        order.iter().position(|known| known == name).unwrap_or(fields)
    };
    let alerts = alerts();
    assert_eq!(alerts.len(), sent().lines.len(), "{:#?}", sent().lines);
    for (json, line) in alerts.into_iter().zip(&sent().lines) {
        let digest = json["digest"].as_str().unwrap().to_owned();
        let alert: Alert = serde_json::from_value(json).unwrap();
        let pairs = names_and_values(line);
        let places: Vec<usize> = pairs.iter().map(|(name, _)| place(name)).collect();
        assert!(places.is_sorted(), "not in the documented order: {line}");
        for (name, value) in pairs.iter().filter(|(name, _)| name != "named_by") {
            let expected = value_in(&alert, &digest, name);
            assert_eq!(Some(unescape(value)), expected, "{name} in {line}");
        }
        // Nothing is left out, and nothing is there that the page does not have.
        let changed = alert.changed.iter().map(|change| change.field.to_string());
        let changed = changed.flat_map(|field| [format!("{field}.old"), format!("{field}.new")]);
        let all = alert.fields.keys().filter(|_| alert.change != What::Changed);
        let fields: BTreeSet<String> = changed.chain(all.cloned()).collect();
        let names: BTreeSet<String> = pairs.into_iter().map(|(name, _)| name).collect();
        let always = ["change", "severity", "seq", "id", "chain"].map(str::to_owned);
        assert!(
            names.is_superset(&fields) && always.iter().all(|name| names.contains(name)),
            "{line}"
        );
        let unknown = names
            .iter()
            .find(|name| !fields.contains(*name) && !order.contains(name));
        assert_eq!(unknown, None, "not documented, in {line}");
    }
    // The example on the page, too.
    let pairs = names_and_values(&example("docs/alerts.md"));
    assert!(pairs.iter().map(|(name, _)| place(name)).is_sorted() && pairs.len() > 10);
}

fn check_chain(script: &str, alerts: &str) -> (bool, String) {
    let mut python = Command::new("python3");
    python
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = python.spawn().unwrap();
    child.stdin.take().unwrap().write_all(alerts.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_documented_check_of_the_chain_finds_every_tampering() {
    if !needs(has("python3"), "python3 (Debian package python3)") {
        return;
    }
    let script = blocks(&read("docs/alerts.md"), "python").concat();
    let all: Vec<&str> = sent().json.lines().collect();
    let text = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let twice = [&all[..5], &all[2..]].concat();
    for (what, good) in [
        ("all", text(&all)),
        ("the end of it", text(&all[3..])),
        ("some sent twice", text(&twice)),
    ] {
        assert_eq!(check_chain(&script, &good), (true, String::new()), "{what}");
    }
    let without = [&all[..3], &all[4..]].concat();
    let changed = text(&all).replacen("\"severity\":\"high\"", "\"severity\":\"info\"", 1);
    let rewritten = {
        // One who also makes the digest fit is found by the next alert.
        let at = all
            .iter()
            .position(|line| line.contains("\"severity\":\"high\""))
            .unwrap();
        let forged = all[at].replace("\"severity\":\"high\"", "\"severity\":\"info\"");
        let body = forged.rsplit_once(",\"digest\":").unwrap().0.to_owned() + "}";
        let forged = assay_engine::alert::json(&body, &assay_engine::alert::digest(&body));
        text(&[&all[..at], &[forged.as_str()], &all[at + 1..]].concat())
    };
    for (what, bad) in [
        ("one missing", text(&without)),
        ("one changed", changed),
        ("one rewritten", rewritten),
    ] {
        let (good, said) = check_chain(&script, &bad);
        assert!(!good && said.starts_with("alert "), "{what}: {said}");
    }
}
