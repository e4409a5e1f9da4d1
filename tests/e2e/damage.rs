//! What becomes of a damaged state: it is said, loudly and once, and no number is given twice.

mod full;
mod keeping;

pub(crate) use full::Small;

use crate::receivers::modules;
use assay_tests::{Scratch, short};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const JOBS: usize = 300;

pub(crate) fn job(scratch: &Scratch, name: &str) {
    scratch.file(
        &format!("/etc/cron.d/{name}"),
        format!("7 * * * * root /opt/{name} --go\n"),
    );
}

/// A root with many entries that are known, one that is open, and the state closed in good order.
fn learned() -> Scratch {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    for number in 0..JOBS {
        job(&scratch, &format!("job{number}"));
    }
    assert_eq!(scratch.said(), ["baseline_created"]);
    job(&scratch, "open");
    assert_eq!(scratch.run().len(), 1);
    scratch
}

fn database(scratch: &Scratch) -> PathBuf {
    scratch.path("state/assay.db")
}
fn sql(scratch: &Scratch, text: &str) -> rusqlite::Result<()> {
    Connection::open(database(scratch)).unwrap().execute_batch(text)
}
fn instead(path: &Path, make: impl FnOnce(&Path)) {
    fs::remove_file(path).unwrap();
    make(path);
}
/// Changes one byte of the database where `found` is, or else at that place.
fn flip(scratch: &Scratch, place: impl Fn(&[u8]) -> usize, bit: u8) {
    let mut bytes = fs::read(database(scratch)).unwrap();
    let at = place(&bytes);
    bytes[at] ^= bit;
    fs::write(database(scratch), bytes).unwrap();
}
fn find(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap()
}

/// What a run after the damage says besides `history_broken`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// What was planted in the meantime: the baseline stands.
    Finds,
    /// The same, and that an entry is not what the database said.
    FindsDamage,
    /// A new baseline: what it was is lost.
    Relearns,
    /// One of these, as luck has it.
    Either,
}
use Then::{Either, Finds, FindsDamage, Relearns};

/// What is done to the state, what is said of it, and what follows.
type Case = (&'static str, fn(&Scratch), &'static str, Then);

const CASES: &[Case] = &[
    (
        "deleted",
        |s| fs::remove_file(database(s)).unwrap(),
        "no database that can be read",
        Relearns,
    ),
    (
        "emptied",
        |s| fs::write(database(s), "").unwrap(),
        "rolled back from alert 2 to 0",
        Relearns,
    ),
    (
        "random bytes",
        |s| {
            let bytes = fs::read(database(s)).unwrap();
            let noise = (0..bytes.len()).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[5]);
            fs::write(database(s), noise.collect::<Vec<_>>()).unwrap();
        },
        "put aside as damaged",
        Relearns,
    ),
    (
        "32 bytes of noise",
        |s| (0..32).for_each(|i| flip(s, |bytes| bytes.len() / 2 + i, 0xa5)),
        "",
        Either,
    ),
    (
        "cut to half",
        |s| {
            let bytes = fs::read(database(s)).unwrap();
            fs::write(database(s), &bytes[..bytes.len() / 2]).unwrap();
        },
        "put aside as damaged",
        Relearns,
    ),
    (
        "cut by a byte",
        |s| {
            let bytes = fs::read(database(s)).unwrap();
            fs::write(database(s), &bytes[..bytes.len() - 1]).unwrap();
        },
        "",
        Either,
    ),
    (
        "garbage appended",
        |s| {
            fs::File::options()
                .append(true)
                .open(database(s))
                .unwrap()
                .write_all(&[7; 777])
                .unwrap();
        },
        "not as the last run left it",
        Finds,
    ),
    (
        "a bit flipped at a quarter",
        |s| flip(s, |bytes| bytes.len() / 4, 1),
        "",
        Either,
    ),
    (
        "a bit flipped in the middle",
        |s| flip(s, |bytes| bytes.len() / 2, 4),
        "",
        Either,
    ),
    ("a bit flipped in the header", |s| flip(s, |_| 19, 1), "", Either),
    (
        "a bit flipped in a value of an entry",
        |s| flip(s, |bytes| find(bytes, "\"command\":\"/opt/job7 --go") + 18, 1),
        "not as the last run left it",
        FindsDamage,
    ),
    (
        "a bit flipped in the JSON of an entry",
        |s| {
            flip(
                s,
                |bytes| find(bytes, "{\"kind\":\"cron_job\",\"key\":\"/etc/cron.d/job7:"),
                1,
            );
        },
        "no database that can be read",
        Relearns,
    ),
    (
        "a bit flipped in an alert",
        |s| flip(s, |bytes| find(bytes, "learned 3"), 1),
        "alert 1 does not hold what it held",
        Finds,
    ),
    (
        "edited with another program",
        |s| sql(s, "UPDATE entries SET state = replace(state, 'job9 ', 'evil ')").unwrap(),
        "not as the last run left it",
        FindsDamage,
    ),
    (
        "alerts taken out with another program",
        |s| {
            sql(
                s,
                "DROP TRIGGER alerts_leave_by_retention; DELETE FROM alerts WHERE seq = 2",
            )
            .unwrap();
        },
        "rolled back from alert 2 to 1",
        Finds,
    ),
    (
        "a folder instead",
        |s| instead(&database(s), |path| fs::create_dir(path).unwrap()),
        "was not a file, and was put aside",
        Relearns,
    ),
    (
        "a FIFO instead",
        |s| {
            instead(&database(s), |path| {
                assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            });
        },
        "was not a file, and was put aside",
        Relearns,
    ),
    (
        "a link instead",
        |s| {
            fs::rename(database(s), s.path("elsewhere.db")).unwrap();
            symlink(s.path("elsewhere.db"), database(s)).unwrap();
        },
        "was not a file, and was put aside",
        Relearns,
    ),
    (
        "open to others",
        |s| fs::set_permissions(database(s), fs::Permissions::from_mode(0o666)).unwrap(),
        "others could write to",
        Finds,
    ),
    (
        "folder open to others",
        |s| fs::set_permissions(s.path("state"), fs::Permissions::from_mode(0o777)).unwrap(),
        "others could write to",
        Finds,
    ),
    (
        "no witness",
        |s| fs::remove_file(s.path("state/witness.json")).unwrap(),
        "witness file is gone, or damaged",
        Finds,
    ),
    (
        "noise for a witness",
        |s| fs::write(s.path("state/witness.json"), [0xff; 99]).unwrap(),
        "witness file is gone, or damaged",
        Finds,
    ),
    (
        "a folder for a witness",
        |s| {
            instead(&s.path("state/witness.json"), |path| {
                fs::create_dir(path).unwrap();
            });
        },
        "was not a file, and was put aside",
        Finds,
    ),
];

/// Numbers only ever grow, and none has two contents.
fn delivered_in_order(scratch: &Scratch) -> Vec<Value> {
    let mut seen = BTreeMap::new();
    let delivered = scratch.delivered();
    for alert in &delivered {
        let seq = alert["seq"].as_u64().unwrap();
        let before = seen.last_key_value().map(|(seq, _)| *seq);
        let earlier = seen.insert(seq, alert["digest"].clone());
        assert!(
            earlier.as_ref().is_none_or(|digest| *digest == alert["digest"]),
            "two contents for {seq}"
        );
        assert!(
            earlier.is_some() || before.is_none_or(|before| seq > before),
            "{seq} after {before:?}"
        );
    }
    delivered
}

fn check_damage((name, damage, says, then): &Case) {
    let scratch = learned();
    job(&scratch, "planted");
    damage(&scratch);
    let alerts = scratch.run();
    let said: Vec<String> = alerts.iter().map(short).collect();
    let broken = &alerts[0];
    assert_eq!(
        (&broken["change"], &broken["severity"]),
        (&"history_broken".into(), &"critical".into()),
        "{name}: {said:#?}"
    );
    assert!(
        broken["text"].as_str().unwrap().contains(says),
        "{name}: {broken}"
    );
    let numbers: Vec<u64> = alerts
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect();
    let following: Vec<u64> = (3..).take(numbers.len()).collect();
    assert_eq!(numbers, following, "{name}");

    let count = |what: &str| alerts.iter().filter(|alert| alert["change"] == what).count();
    let found = [count("added"), count("changed"), count("baseline_created")];
    let fits = match then {
        Finds => found == [1, 0, 0],
        FindsDamage => found == [1, 1, 0],
        Relearns => found == [0, 0, 1],
        Either => found[..2].iter().sum::<usize>() <= 3 && found != [0, 0, 0],
    };
    assert!(fits && alerts.len() <= 5, "{name}: {said:#?}");
    assert_eq!(scratch.said(), [""; 0], "{name}: said twice");
    let delivered = delivered_in_order(&scratch);
    assert_eq!(
        delivered.last().unwrap()["seq"].as_u64(),
        numbers.last().copied(),
        "{name}"
    );
    let text = scratch.assay(&["run", "--full"]);
    assert!(text.code == 0 && text.stderr.is_empty(), "{name}: {text:?}");
}

#[test]
fn every_damage_is_said_once() {
    // Each with a state of its own; a few at a time.
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = CASES.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    check_damage(case);
                }
            });
        }
    });
}

#[test]
fn an_older_copy_is_noticed_and_gives_no_number_again() {
    let scratch = learned();
    let copy = scratch.path("copy.db");
    fs::copy(database(&scratch), &copy).unwrap();
    for name in ["one", "two"] {
        job(&scratch, name);
        scratch.run();
    }
    fs::copy(&copy, database(&scratch)).unwrap();
    let alerts = scratch.run();
    assert!(
        alerts[0]["text"]
            .as_str()
            .unwrap()
            .contains("rolled back from alert 4 to 2"),
        "{:#?}",
        alerts[0]
    );
    // What the copy does not know is found again, under new numbers.
    let numbers: Vec<_> = alerts
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [5, 6, 7]);
    assert_eq!(
        alerts[0]["previous"],
        scratch.delivered()[3]["digest"],
        "the chain goes on from what was seen"
    );
    assert_eq!(scratch.said(), [""; 0]);
    delivered_in_order(&scratch);
}

#[test]
fn a_state_that_is_gone_altogether_is_a_new_history() {
    let scratch = learned();
    let before = scratch.delivered().pop().unwrap();
    fs::remove_dir_all(scratch.path("state")).unwrap();
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(short).collect::<Vec<_>>(), ["baseline_created"]);
    assert_ne!(
        alerts[0]["history"], before["history"],
        "a log server must be able to tell"
    );
}

#[test]
fn what_no_sink_had_taken_is_sent_after_the_damage_or_told_to_be_lost() {
    let scratch = learned();
    let sink = scratch.path("alerts.jsonl");
    let down = || instead(&sink, |path| fs::create_dir(path).unwrap());
    let up = || fs::remove_dir(&sink).unwrap();
    down();
    job(&scratch, "queued");
    scratch.run();
    sql(&scratch, "UPDATE entries SET first_seen = 'never'").unwrap();
    up();
    scratch.run();
    let words = |alerts: &[Value]| {
        alerts
            .iter()
            .map(|a| a["change"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(&delivered_in_order(&scratch)),
        ["added", "sink_failed", "history_broken"]
    );

    down();
    job(&scratch, "lost");
    let last = scratch.run().pop().unwrap()["seq"].as_u64().unwrap();
    fs::remove_file(database(&scratch)).unwrap();
    up();
    let alerts = scratch.run();
    let told = format!("alerts up to {last} are only where a sink took them");
    assert!(
        alerts[0]["text"].as_str().unwrap().contains(&told),
        "{:#?}",
        alerts[0]
    );
    assert_eq!(
        alerts[0]["seq"].as_u64(),
        Some(last + 1),
        "the hole is seen in the numbers too"
    );
}
