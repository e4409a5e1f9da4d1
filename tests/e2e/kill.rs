//! kill -9 at random instants, with sinks that fail at random: every change is alerted once in every sink, in order.

#![expect(clippy::print_stdout, reason = "the seed, and what was measured")]

use crate::receivers::{Mood, TcpLog, UnixLog, modules, processes_of, text_of};
use assay_engine::alert;
use assay_tests::{Scratch, wait_for};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

const RUNS: u64 = 300;

/// xorshift64*: a run that failed can be had again by its seed.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = std::env::var("ASSAY_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let clock = || {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            now.as_secs() << 20 | u64::from(now.subsec_micros())
        };
        let seed = given.unwrap_or_else(clock);
        println!("ASSAY_TEST_SEED={seed}");
        Self(seed | 1)
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// An alert as one sink got it. Syslog gets less of the digest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) digest: String,
}

/// The three sinks, each with a way to fail.
struct Sinks<'a> {
    scratch: &'a Scratch,
    unix: UnixLog,
    tcp: TcpLog,
}

impl<'a> Sinks<'a> {
    fn new(scratch: &'a Scratch) -> Self {
        let sinks = Self {
            scratch,
            unix: UnixLog::new(scratch.path("log")),
            tcp: TcpLog::new(),
        };
        scratch.config(&format!(
            "[[sink]]\ntype = 'file'\npath = '{}'\n[[sink]]\ntype = 'syslog'\naddress = 'unix:{}'\n\
             [[sink]]\ntype = 'syslog'\naddress = '{}'\n",
            scratch.path("alerts.jsonl").display(),
            scratch.path("log").display(),
            sinks.tcp.address(),
        ));
        sinks
    }

    /// A folder in the place of the file.
    fn file(&self, works: bool) {
        let (path, aside) = (self.scratch.path("alerts.jsonl"), self.scratch.path("aside"));
        match (works, path.is_dir()) {
            (true, true) => {
                fs::remove_dir(&path).unwrap();
                _ = fs::rename(&aside, &path);
            }
            (false, false) => {
                _ = fs::rename(&path, &aside);
                fs::create_dir(&path).unwrap();
            }
            _ => {}
        }
    }

    fn work(&mut self) {
        self.file(true);
        self.unix.up();
        self.tcp.up(Mood::Serves);
    }

    fn fail_at_random(&mut self, random: &mut Random) {
        self.file(!random.one_in(4));
        if random.one_in(4) {
            self.unix.down();
        } else {
            self.unix.up();
        }
        match random.below(6) {
            0 => self.tcp.down(),
            1 => self.tcp.up(Mood::Resets(random.below(3000))),
            2 => self.tcp.up(Mood::Stalls),
            _ => self.tcp.up(Mood::Serves),
        }
    }

    /// What each has got, by its name.
    fn got(&self) -> [(&'static str, Vec<Got>); 3] {
        let text = fs::read_to_string(self.scratch.path("alerts.jsonl")).unwrap();
        // A kill in the middle of a write leaves a torn line, and the alert comes again on a line of its own.
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let file = lines.map(|alert| Got {
            seq: alert["seq"].as_u64().unwrap(),
            id: alert["id"].as_str().unwrap().to_owned(),
            digest: alert["digest"].as_str().unwrap()[..32].to_owned(),
        });
        let syslog = |messages: Vec<String>| -> Vec<Got> {
            let word = |text: &str, name: &str| {
                let found = text.rsplit(' ').find_map(|word| word.strip_prefix(name));
                found.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
            };
            let got = messages.iter().map(|message| text_of(message)).map(|text| Got {
                seq: word(text, "seq=").parse().unwrap(),
                id: word(text, "id="),
                digest: word(text, "chain="),
            });
            got.collect()
        };
        [
            ("file", file.collect()),
            ("unix", syslog(self.unix.got.all())),
            ("tcp", syslog(self.tcp.got.all())),
        ]
    }
}

/// The history of the database: seq without holes, digests that chain. Answers `(id, digest)` by number, and the alerts.
pub(crate) fn history(scratch: &Scratch) -> (BTreeMap<u64, (String, String)>, Vec<Value>) {
    let database = rusqlite::Connection::open(scratch.path("state/assay.db")).unwrap();
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut query = database
        .prepare("SELECT seq, id, body, digest FROM alerts ORDER BY seq")
        .unwrap();
    let rows = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    let (mut known, mut alerts) = (BTreeMap::new(), Vec::new());
    let mut previous = alert::FIRST_PREVIOUS.to_owned();
    for row in rows {
        let (seq, id, body, digest): (i64, String, String, String) = row.unwrap();
        let value: Value = serde_json::from_str(&body).unwrap();
        let seq = seq.cast_unsigned();
        assert_eq!(seq, alerts.len() as u64 + 1, "a number is missing");
        assert_eq!(
            value["previous"],
            previous.as_str(),
            "the chain is broken at {seq}"
        );
        assert_eq!(alert::digest(&body), digest, "{seq}");
        (previous, _) = (digest.clone(), known.insert(seq, (id, digest)));
        alerts.push(value);
    }
    (known, alerts)
}

fn queued(scratch: &Scratch) -> u64 {
    let status = &scratch.json(&["status"])[0];
    let sinks = status["sinks"].as_array().unwrap();
    sinks.iter().map(|sink| sink["queued"].as_u64().unwrap()).sum()
}

#[test]
fn killed_at_any_instant_nothing_is_lost() {
    let mut random = Random::new();
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    let scratch = scratch;
    let mut sinks = Sinks::new(&scratch);
    sinks.work();
    let plant = |job: u64| {
        scratch.file(
            &format!("/etc/cron.d/job{job}"),
            format!("7 * * * * root /opt/job{job} --go\n"),
        );
    };
    scratch.run();
    let (mut jobs, mut typical) = (0, Duration::ZERO);
    for _ in 0..3 {
        jobs += 1;
        plant(jobs);
        let started = Instant::now();
        scratch.run();
        typical = typical.max(started.elapsed());
    }

    let (mut killed, started) = (0, Instant::now());
    for _ in 0..RUNS {
        jobs += 1;
        plant(jobs);
        sinks.fail_at_random(&mut random);
        let mut run = scratch.command(&["run"]);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(typical.mul_f64(random.below(1000) as f64 / 900.0));
        // As fast as the machine is just now, so that most runs are killed, at any point up to their end.
        if run.try_wait().unwrap().is_none() {
            killed += 1;
            run.kill().unwrap();
            typical = typical.mul_f64(1.01);
        } else {
            typical = typical.mul_f64(0.97);
        }
        run.wait().unwrap();
    }
    println!(
        "{killed} of {RUNS} runs killed, {typical:?} a whole run, {:?} for all",
        started.elapsed()
    );
    assert!(killed > RUNS / 2, "only {killed} runs were killed");

    sinks.work();
    let last = scratch.assay(&["run"]);
    assert_eq!(last.code, 0, "{last:?}\n{}", scratch.assay(&["status"]).stdout);
    wait_for("empty queues", || {
        let waiting = queued(&scratch);
        if waiting > 0 {
            scratch.run();
        }
        waiting == 0
    });
    sinks.unix.down();
    sinks.tcp.down();

    let (known, alerts) = history(&scratch);
    let last = known.len() as u64;
    for (name, got) in sinks.got() {
        let mut next = 1;
        for one in &got {
            let (id, digest) = &known[&one.seq];
            assert_eq!(
                (&one.id, one.digest.as_str()),
                (id, &digest[..32]),
                "{name}: {} has two contents",
                one.seq
            );
            assert!(one.seq <= next, "{name}: {} came before {next}", one.seq);
            next = next.max(one.seq + 1);
        }
        println!("{name}: {last} alerts, {} sent again", got.len() as u64 - last);
        assert_eq!(next, last + 1, "{name} lacks the last alerts");
    }
    let added: Vec<&str> = alerts
        .iter()
        .filter(|alert| alert["change"] == "added")
        .map(|alert| alert["source"].as_str().unwrap())
        .collect();
    assert_eq!(added.len() as u64, jobs, "a change was alerted twice, or never");
    assert_eq!(added.iter().collect::<BTreeSet<_>>().len() as u64, jobs);
    let others = ["added", "baseline_created", "sink_failed"];
    let odd: Vec<_> = alerts
        .iter()
        .filter(|a| !others.iter().any(|known| a["change"] == *known))
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    wait_for("modules of killed runs to end", || {
        processes_of(&scratch.path("")) == 0
    });
}
