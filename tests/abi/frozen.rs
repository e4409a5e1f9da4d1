//! Programs of ABI 1.0 as they lie in the field: they know the other side as bytes that are checked in, and share no
//! header with it. A module of then works in the host of now, and a module of now in a host of then.

use crate::bench::{Bench, compile, has, here};
use crate::stable::golden;
use assay_engine::run::{Output, parse};
use assay_model::{Manifest, PROTOCOL_VERSION, Record};
use assay_tests::built;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A struct as bytes: names with their offsets, and the whole, with zeros where pointers and lengths come.
struct Bytes {
    offsets: Vec<(String, usize)>,
    bytes: Vec<u8>,
}

impl Bytes {
    fn golden(name: &str) -> Self {
        let (mut offsets, mut bytes) = (Vec::new(), Vec::new());
        for line in golden(name).lines().filter(|line| !line.starts_with('#')) {
            let (member, value) = line.split_once(' ').unwrap();
            offsets.push((member.to_owned(), bytes.len()));
            match value.trim().strip_prefix('*') {
                Some(length) => bytes.resize(bytes.len() + length.parse::<usize>().unwrap(), 0),
                None => bytes.extend(
                    value
                        .split_whitespace()
                        .map(|byte| u8::from_str_radix(byte, 16).unwrap()),
                ),
            }
        }
        Self { offsets, bytes }
    }

    /// What C is told of it: `HOST`, `HOST_BYTES`, `HOST_emit`.
    fn defines(&self, name: &str) -> Vec<String> {
        let bytes: Vec<String> = self.bytes.iter().map(ToString::to_string).collect();
        let mut defines = vec![
            format!("-D{name}={}", bytes.join(",")),
            format!("-D{name}_BYTES={}", bytes.len()),
        ];
        defines.extend(
            self.offsets
                .iter()
                .map(|(member, at)| format!("-D{name}_{member}={at}")),
        );
        defines
    }
}

/// Compiles a program of `golden` against structs of then.
fn compile_golden(source: &str, module: &str, more: &[&str], to: &Path) {
    let mut cc = Command::new("cc");
    cc.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror"]);
    cc.args(Bytes::golden(module).defines("MODULE"));
    cc.args(Bytes::golden("host.txt").defines("HOST"));
    cc.args(more);
    cc.arg(here().join("abi/golden").join(source))
        .arg("-o")
        .arg(to)
        .arg("-ldl");
    compile(cc);
}

fn can_be_tested() -> bool {
    // The bytes that are checked in are those of the systems that Assay is built for.
    cfg!(all(target_pointer_width = "64", target_endian = "little")) && has("cc")
}

/// Text as a string of C, whatever is in it.
fn string(text: &str) -> String {
    let octal = text.bytes().fold(String::new(), |mut octal, byte| {
        _ = write!(octal, "\\{byte:03o}");
        octal
    });
    format!("\"{octal}\"")
}

/// The manifest of a golden stream, and the records that a module emits, as `lines.h`.
fn lines_of(stream: &str, folder: &Path) {
    let text = golden(stream);
    let mut manifest = Value::Null;
    let mut lines = Vec::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        match record["record"].as_str().unwrap() {
            "hello" => manifest = record["manifest"].clone(),
            "entry" | "gap" | "kinds" | "inputs" => lines.push(string(line)),
            _ => {}
        }
    }
    let (manifest, lines) = (string(&manifest.to_string()), lines.join(",\n"));
    let text = format!("#define MANIFEST {manifest}\nstatic const char *const lines[] = {{\n{lines}\n}};\n");
    fs::write(folder.join("lines.h"), text).unwrap();
}

#[test]
fn a_module_of_then_runs_in_the_host_of_now() {
    if !can_be_tested() {
        return;
    }
    for module in ["module.txt", "module_newer.txt"] {
        for stream in ["everything.jsonl", "newer.jsonl", "least.jsonl", "more.jsonl"] {
            let bench = Bench::new("");
            let folder = bench.scratch.path("");
            lines_of(stream, &folder);
            let include = format!("-I{}", folder.display());
            compile_golden(
                "module.c",
                module,
                &["-shared", "-fPIC", &include],
                &bench.module("golden"),
            );
            let alerts = bench.run(false);
            assert_eq!(alerts.len(), 1, "{stream}: {alerts:#?}");
            let listed = bench.scratch.json(&["list"]);
            let of_it = listed.iter().filter(|entry| entry["module"] == "golden");
            let scan = parse(&Output::recorded(golden(stream).into_bytes()), "golden").unwrap();
            let mut keys: Vec<_> = of_it.map(|entry| entry["key"].clone()).collect();
            let mut expected: Vec<_> = scan
                .entries
                .iter()
                .map(|e| serde_json::to_value(&e.key).unwrap())
                .collect();
            keys.sort_by_key(ToString::to_string);
            expected.sort_by_key(ToString::to_string);
            assert_eq!(keys, expected, "{stream} through {module}");
        }
    }
}

/// The modules that are built, by name.
fn shipped() -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(built()).unwrap().map(|file| file.unwrap().path());
    let named = files.filter_map(|path| {
        let name = path
            .file_name()?
            .to_str()?
            .strip_prefix("libassay_module_")?
            .strip_suffix(".so")?
            .to_owned();
        Some((name, path))
    });
    named.collect()
}

#[test]
fn a_module_of_now_runs_in_a_host_of_then() {
    if !can_be_tested() || cfg!(target_os = "macos") {
        return;
    }
    let bench = Bench::new("");
    let host = bench.scratch.path("host");
    compile_golden("host.c", "module.txt", &[], &host);
    let root = bench.scratch.host("/");
    let requests = golden("requests.jsonl").replace("\"ROOT\"", &serde_json::to_string(&root).unwrap());
    let shipped = shipped();
    assert!(shipped.len() >= 5, "{shipped:?}");
    for (name, module) in shipped {
        for request in requests.lines() {
            let ran = Command::new(&host).arg(&module).arg(request).output().unwrap();
            assert!(ran.status.success(), "{name}: {ran:?}");
            let stdout = String::from_utf8(ran.stdout).unwrap();
            let mut lines = stdout.lines();
            let manifest: Manifest = serde_json::from_str(lines.next().unwrap()).unwrap();
            let hello = Record::Hello {
                v: PROTOCOL_VERSION,
                manifest,
            };
            let records: Vec<&str> = lines.collect();
            let entries = records
                .iter()
                .filter(|line| line.starts_with("{\"record\":\"entry\""))
                .count();
            let done = Record::Done {
                entries: entries as u64,
            };
            let [hello, done] = [hello, done].map(|record| serde_json::to_string(&record).unwrap());
            let stream = [&[hello.as_str()], &records[..], &[done.as_str()]]
                .concat()
                .join("\n");
            let scan = parse(&Output::recorded(stream.into_bytes()), &name).unwrap();
            // The crontab that every bench has, where the request is of a system that has it.
            let is_linux = request.contains("\"linux\"");
            assert!(
                name != "cron" || !is_linux || scan.entries.iter().any(|e| e.kind == "cron_job"),
                "{scan:?}"
            );
        }
    }
}
