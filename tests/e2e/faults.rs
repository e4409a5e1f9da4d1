//! A disk that fails at the n-th call that changes a file, for every n: whatever was written by then, the next run
//! delivers every change, once, in order, from a database that is whole.

#![expect(clippy::print_stdout, reason = "how many calls were made to fail")]

use crate::damage::job;
use crate::kill::{Got, history};
use crate::receivers::modules;
use assay_tests::{Scratch, needs, short};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the disk fails; see `faults/disk.c`.
const MODES: &[&str] = &["eio", "full", "torn"];
/// No run makes nearly as many calls.
const TOO_MANY: u64 = 3000;

/// A scratch root with the state that a run begins with, to begin from again and again.
struct Bench {
    scratch: Scratch,
    disk: PathBuf,
}

impl Bench {
    /// A root that was never looked at.
    fn new() -> Self {
        let mut scratch = Scratch::new();
        scratch.modules = modules(&scratch, &["cron"]);
        for name in ["kept", "edited", "gone"] {
            job(&scratch, name);
        }
        let disk = scratch.path("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/faults/disk.c");
        let mut cc = Command::new("cc");
        cc.args([
            "-std=gnu11",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-o",
        ]);
        let built = cc.arg(&disk).arg(source).arg("-ldl").status().unwrap();
        assert!(built.success());
        Self { scratch, disk }
    }

    /// The same, learned, with one change that is open and four that no run has seen yet.
    fn with_changes() -> Self {
        let bench = Self::new();
        let scratch = &bench.scratch;
        scratch.run();
        job(scratch, "open");
        scratch.run();
        job(scratch, "one");
        job(scratch, "two");
        scratch.file("/etc/cron.d/edited", "9 * * * * root /opt/edited --go\n");
        scratch.remove("/etc/cron.d/gone");
        fs::create_dir(scratch.path("before")).unwrap();
        bench.copy("state", "before");
        fs::copy(scratch.path("alerts.jsonl"), scratch.path("before.jsonl")).unwrap();
        bench
    }

    fn copy(&self, from: &str, to: &str) {
        for file in fs::read_dir(self.scratch.path(from)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), self.scratch.path(to).join(file.file_name())).unwrap();
        }
    }

    /// Everything as it was before the first of the runs that meet a fault.
    fn begin_again(&self) {
        _ = fs::remove_dir_all(self.scratch.path("state"));
        _ = fs::remove_file(self.scratch.path("alerts.jsonl"));
        if self.scratch.path("before").exists() {
            fs::create_dir(self.scratch.path("state")).unwrap();
            self.copy("before", "state");
            fs::copy(
                self.scratch.path("before.jsonl"),
                self.scratch.path("alerts.jsonl"),
            )
            .unwrap();
        }
    }

    /// Runs with a fault at call number `at`: the exit status, or nothing when there were not as many calls.
    fn fail_at(&self, at: u64, mode: &str) -> Option<i32> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // Rust opens nothing that a child inherits.
        rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty()).unwrap();
        let mut run = self.scratch.command(&["run"]);
        run.env("LD_PRELOAD", &self.disk)
            .env("DISK_FAULT", at.to_string())
            .env("DISK_MODE", mode)
            .env("DISK_SAID", writer.as_raw_fd().to_string());
        let ran = run
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        drop(writer);
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        let complaint = String::from_utf8_lossy(&ran.stderr);
        let code = ran.status.code();
        let complained = complaint.contains("assay:") && !complaint.contains("panicked");
        assert!(
            code == Some(0) || (code == Some(1) && complained),
            "{mode} {at}: {code:?} {complaint}"
        );
        code.filter(|_| !said.is_empty())
    }

    /// What was delivered, line by line; a line that the disk tore is none.
    fn delivered(&self) -> Vec<Got> {
        let text = fs::read_to_string(self.scratch.path("alerts.jsonl")).unwrap();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let got = lines.map(|alert| Got {
            seq: alert["seq"].as_u64().unwrap(),
            id: alert["id"].as_str().unwrap().to_owned(),
            digest: alert["digest"].as_str().unwrap().to_owned(),
        });
        got.collect()
    }

    /// The disk works again: a run says what is due, and everything that was ever said has arrived, in order.
    fn is_whole(&self, expected: &[&str], of: &str) {
        let ran = self.scratch.assay(&["run"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{of}");
        let (known, alerts) = history(&self.scratch);
        let mut next = 1;
        for one in self.delivered() {
            let (id, digest) = &known[&one.seq];
            assert_eq!(
                (&one.id, &one.digest),
                (id, digest),
                "{of}: {} has two contents",
                one.seq
            );
            assert!(one.seq <= next, "{of}: {} came before {next}", one.seq);
            next = next.max(one.seq + 1);
        }
        assert_eq!(next, known.len() as u64 + 1, "{of}: the last alerts never came");
        let mut said: BTreeMap<String, usize> = BTreeMap::new();
        for alert in &alerts {
            *said.entry(short(alert)).or_default() += 1;
        }
        // That the sink could not write may be said, too.
        said.remove("sink_failed");
        let once: BTreeMap<String, usize> = expected.iter().map(|what| ((*what).to_owned(), 1)).collect();
        assert_eq!(said, once, "{of}");
        let again = self.scratch.run();
        assert!(again.is_empty(), "{of}: {again:#?}");
    }
}

/// Every call of a run, once in each way that it can fail, by a few threads with a root of its own each.
fn each_call_fails(bench: impl Fn() -> Bench + Sync, expected: &[&str]) {
    for mode in MODES {
        let (next, complaints) = (AtomicU64::new(1), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let bench = bench();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        assert!(at < TOO_MANY, "the faults never happen");
                        bench.begin_again();
                        let Some(code) = bench.fail_at(at, mode) else {
                            break;
                        };
                        complaints.fetch_add(u64::from(code != 0), Ordering::Relaxed);
                        bench.is_whole(expected, &format!("{mode} {at}"));
                    }
                });
            }
        });
        let calls = next.into_inner();
        let complaints = complaints.into_inner();
        println!("{mode}: {calls} calls, {complaints} runs that failed");
        assert!(
            calls > 40 && complaints > 10,
            "{mode}: {complaints} of {calls} failed"
        );
    }
}

fn can_fail() -> bool {
    let cc = Command::new("cc").arg("--version").output();
    needs(cc.is_ok_and(|output| output.status.success()), "a C compiler")
}

#[test]
fn no_change_is_lost_on_a_disk_that_fails() {
    if can_fail() {
        let said = [
            "baseline_created",
            "added cron_job /etc/cron.d/open: 7 * * * * root /opt/open --go",
            "added cron_job /etc/cron.d/one: 7 * * * * root /opt/one --go",
            "added cron_job /etc/cron.d/two: 7 * * * * root /opt/two --go",
            "changed cron_job /etc/cron.d/edited: 9 * * * * root /opt/edited --go",
            "removed cron_job /etc/cron.d/gone: 7 * * * * root /opt/gone --go",
        ];
        each_call_fails(Bench::with_changes, &said);
    }
}

#[test]
fn the_first_run_learns_in_the_end_on_a_disk_that_fails() {
    if can_fail() {
        each_call_fails(Bench::new, &["baseline_created"]);
    }
}
