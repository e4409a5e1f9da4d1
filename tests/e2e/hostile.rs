//! What an attacker can put in the way of a scan: each line of the table "Hostile inputs" in docs/lessons, and more.
//!
//! Whatever is planted, the run ends in time, tells it in lines that nothing forged, and still sees the job that
//! is planted beside it.

mod formats;
mod fuse;
mod hangs;
pub(crate) mod mounts;
mod places;
mod privacy;
mod races;
mod tree;
mod user;

use assay_model::Text;
use assay_tests::{Scratch, needs};
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// No run may take longer, on however busy a machine; those that hang would take for ever.
const BOUND: Duration = Duration::from_secs(60);

/// A scratch root with a baseline, whose alerts go to standard output as lines and to a file as JSON.
struct Watched {
    scratch: Scratch,
    /// How many alerts were read so far.
    read: AtomicUsize,
    canaries: AtomicUsize,
    /// Who runs it, when that is another user.
    user: Option<u32>,
}

impl Watched {
    /// Learns what is in the root now.
    fn new(scratch: Scratch) -> Self {
        Self::of_user(
            scratch,
            "modules.deadline = '30s'\nverify.file_timeout = '20s'\n",
            None,
        )
    }

    fn with_limits(scratch: Scratch, limits: &str) -> Self {
        Self::of_user(scratch, limits, None)
    }

    fn of_user(scratch: Scratch, limits: &str, user: Option<u32>) -> Self {
        let alerts = scratch.path("alerts.jsonl");
        scratch.config(&format!(
            "{limits}[[sink]]\ntype = 'stdout'\nformat = 'line'\n[[sink]]\ntype = 'file'\npath = '{}'\n",
            alerts.display()
        ));
        let watched = Self {
            scratch,
            read: AtomicUsize::new(0),
            canaries: AtomicUsize::new(0),
            user,
        };
        assert_eq!(watched.told_now(), ["baseline_created"]);
        watched
    }

    /// One run that succeeds, as [`told`] each, without what is said of the canary, which must be said.
    fn told(&self) -> Vec<String> {
        let canary = self.plant_canary();
        let mut told = self.told_now();
        let length = told.len();
        told.retain(|told| *told != canary);
        assert_eq!(
            told.len() + 1,
            length,
            "the job planted beside it was not seen: {told:#?}"
        );
        told
    }

    /// The same without a canary, and without the text of `baseline_created`.
    fn told_now(&self) -> Vec<String> {
        let mut told: Vec<String> = self.run(0, &mut self.command()).iter().map(told).collect();
        for told in told
            .iter_mut()
            .filter(|told| told.starts_with("baseline_created"))
        {
            told.truncate("baseline_created".len());
        }
        told.sort();
        told
    }

    /// Plants a job, and says how it will be told.
    fn plant_canary(&self) -> String {
        let number = self.canaries.fetch_add(1, Ordering::Relaxed);
        let mac = self.scratch.host("/Library").exists();
        let etc = if mac { "/private/etc" } else { "/etc" };
        let line = format!("{number} 4 * * * root /bin/canary");
        self.scratch
            .file(&format!("{etc}/cron.d/canary{number}"), format!("{line}\n"));
        format!("added cron_job {etc}/cron.d/canary{number}: {line}")
    }

    fn command(&self) -> Command {
        let mut command = self.scratch.command(&["run"]);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// One run: it ends in time and with `code`, and what it prints are the lines of its alerts, and nothing else.
    fn run(&self, code: i32, command: &mut Command) -> Vec<Value> {
        let [out, err] = ["out", "err"].map(|name| self.scratch.path(name));
        // Files: a process that hangs would keep a pipe open.
        command
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap());
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() < BOUND => std::thread::sleep(Duration::from_millis(5)),
                None => {
                    _ = child.kill();
                    panic!("the run does not end");
                }
            }
        };
        let err = fs::read_to_string(err).unwrap();
        let delivered = self.scratch.delivered();
        let alerts = delivered[self.read.swap(delivered.len(), Ordering::Relaxed)..].to_vec();
        assert_eq!(
            status.code(),
            Some(code),
            "{err}\n{:#?}",
            alerts.iter().map(told).collect::<Vec<_>>()
        );
        let out = fs::read(out).unwrap();
        let lines: Vec<&[u8]> = out
            .strip_suffix(b"\n")
            .unwrap_or_default()
            .split(|b| *b == b'\n')
            .collect();
        let lines = if out.is_empty() { Vec::new() } else { lines };
        assert_eq!(
            lines.len(),
            alerts.len(),
            "as many lines as alerts: {}",
            out.escape_ascii()
        );
        for (line, alert) in lines.iter().zip(&alerts) {
            let pairs = pairs(line);
            let of = |name: &str| {
                pairs
                    .iter()
                    .filter(|(n, _)| n == name)
                    .map(|(_, v)| v.clone())
                    .collect::<Vec<_>>()
            };
            let expected = |name: &str| {
                vec![
                    alert[name]
                        .as_str()
                        .map_or_else(|| alert[name].to_string(), str::to_owned),
                ]
            };
            for name in ["change", "severity", "seq", "id"] {
                assert_eq!(of(name), expected(name), "{}", line.escape_ascii());
            }
        }
        alerts
    }
}

/// What an alert says: the change, the kind, the key, and the reason if it gives one; escaped for people.
fn told(alert: &Value) -> String {
    let key = text(&alert["key"]);
    let words = ["change", "kind"].map(|name| alert[name].as_str().unwrap_or_default().to_owned());
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .chain([key.as_str()])
        .filter(|w| !w.is_empty())
        .collect();
    match alert["text"].as_str() {
        Some(text) if !text.is_empty() => format!("{} ({text})", words.join(" ")),
        _ => words.join(" "),
    }
}

fn text(value: &Value) -> String {
    serde_json::from_value::<Text>(value.clone())
        .unwrap_or_default()
        .to_string()
}

/// Reads a line as a log pipeline would: printable ASCII, `name=value` or `name="value"`, blanks between.
fn pairs(line: &[u8]) -> Vec<(String, String)> {
    assert!(
        line.iter().all(|b| (0x20..0x7f).contains(b)),
        "{}",
        line.escape_ascii()
    );
    let mut rest = std::str::from_utf8(line).unwrap();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or_else(|| panic!("no pair: {rest}"));
        assert!(!name.is_empty() && !name.contains([' ', '"']), "no name: {rest}");
        let (value, after) = match after.strip_prefix('"') {
            None => after.split_at(after.find(' ').unwrap_or(after.len())),
            Some(quoted) => {
                let mut end = 0;
                while quoted.as_bytes()[end] != b'"' {
                    end += if quoted.as_bytes()[end] == b'\\' { 2 } else { 1 };
                }
                (&quoted[..end], &quoted[end + 1..])
            }
        };
        pairs.push((name.to_owned(), value.to_owned()));
        assert!(
            after.is_empty() || after.starts_with(' '),
            "no blank after a pair: {after}"
        );
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    pairs
}
