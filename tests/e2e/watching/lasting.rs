//! It goes on, whatever happens, and loses nothing.

use super::{Watching, job, known};
use crate::receivers::UnixLog;
use assay_tests::{Scratch, wait_for};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// More than the queue of the system holds (16,384).
const MANY: usize = 20_000;

fn lines(scratch: &Scratch, from: usize, to: usize) {
    for number in from..to {
        scratch.file(
            &format!("/etc/cron.d/n{number}"),
            format!("5 4 * * * root /opt/n{number}\n"),
        );
    }
}

/// What the events did not tell, a look at everything does; and that they did not is said.
#[test]
fn what_does_not_fit_into_the_queue_is_said_and_found() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    watching.signal(Signal::STOP);
    lines(&scratch, 0, MANY);
    watching.signal(Signal::CONT);
    let added = |said: &[String]| {
        said.iter()
            .filter(|said| said.starts_with("added cron_job"))
            .count()
    };
    watching.wait_until("end of the flood", |said| added(said) == MANY);
    watching.wait("gap_opened /");
    watching.wait("gap_closed /");
    let said = watching.settled();
    assert_eq!(said.len(), MANY + 2);
    let gap = scratch
        .delivered()
        .into_iter()
        .find(|alert| alert["change"] == "gap_opened")
        .unwrap();
    assert_eq!(gap["module"], "watch");
    let all: BTreeSet<&String> = said.iter().collect();
    assert_eq!(all.len(), said.len(), "nothing is said twice");
}

#[test]
fn endless_writing_does_not_hold_an_alert_back() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options()
                .append(true)
                .open(scratch.host("/etc/cron.d/backup"))
                .unwrap();
            // As fast as it can: there is always something to be read.
            while !over.load(Ordering::Relaxed) {
                file.write_all(b"#\n").unwrap();
                file.set_len(0).unwrap();
            }
        });
        scratch.file("/etc/cron.d/evil", "5 4 * * * root /opt/evil\n");
        let until = std::time::Instant::now() + Duration::from_secs(60);
        let evil = format!("added {}", job("evil", "/opt/evil"));
        let is_said = || watching.said().contains(&evil);
        while !is_said() && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::Relaxed);
        assert!(is_said());
    });
}

#[test]
fn a_kill_loses_nothing() {
    let scratch = known();
    for number in 0..8 {
        let watching = Watching::start(&scratch);
        lines(&scratch, number * 10, number * 10 + 10);
        std::thread::sleep(Duration::from_millis(40 * number as u64));
        drop(watching);
    }
    Watching::start(&scratch).end();
    let mut seqs: Vec<u64> = scratch
        .delivered()
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect();
    seqs.sort_unstable();
    seqs.dedup();
    let added = scratch
        .delivered()
        .iter()
        .filter(|alert| alert["change"] == "added")
        .map(|alert| alert["key"].clone().to_string())
        .collect::<BTreeSet<_>>();
    assert_eq!(added.len(), 80);
    assert_eq!(
        seqs.len(),
        81,
        "the baseline and each line, once, but for what was sent again with its number"
    );
}

#[test]
fn what_waits_for_a_sink_is_sent_when_it_is_back() {
    let scratch = known();
    let mut log = UnixLog::new(scratch.path("log"));
    scratch.config(&format!(
        "[[sink]]\ntype = 'file'\npath = '{}'\n[[sink]]\ntype = 'syslog'\naddress = 'unix:{}'\n",
        scratch.path("alerts.jsonl").display(),
        scratch.path("log").display()
    ));
    let watching = Watching::start(&scratch);
    lines(&scratch, 0, 3);
    watching.wait(&format!("added {}", job("n2", "/opt/n2")));
    log.up();
    // Nothing else changes.
    wait_for("the log to get them", || {
        let got = log.got.all();
        (0..3).all(|number| got.iter().any(|line| line.contains(&format!("/opt/n{number}"))))
    });
    drop(watching);
}

#[test]
fn runs_beside_it_say_nothing_twice() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    for number in 0..10 {
        lines(&scratch, number, number + 1);
        let ran = scratch.assay(&["run"]);
        assert!(ran.code == 0 || ran.stderr.contains("another run"), "{ran:?}");
    }
    let said = watching.settled();
    assert_eq!(said.len(), 10, "{said:#?}");
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), 10);
}
