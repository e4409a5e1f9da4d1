//! How the state is kept: whose it is, who may write to it, what may leave it.

use super::{database, job, learned, sql};
use crate::receivers::needs;
use assay_tests::{Ran, Scratch, short};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

/// Runs that cannot do their job: exit 1, the reason, and nothing touched.
fn refused(scratch: &Scratch, says: &str) {
    for command in ["run", "accept --all", "run --full"] {
        let ran = scratch.assay(&command.split(' ').collect::<Vec<_>>());
        assert!(
            ran.code == 1 && ran.stderr.contains(says) && ran.stdout.is_empty(),
            "{ran:?}"
        );
    }
}

#[test]
fn the_database_of_a_later_version_is_left_alone() {
    let scratch = learned();
    sql(&scratch, "PRAGMA user_version = 99").unwrap();
    let before = fs::read(database(&scratch)).unwrap();
    refused(&scratch, "version 99");
    assert!(fs::read(database(&scratch)).unwrap() == before);
    assert!(scratch.assay(&["status"]).stderr.contains("version 99"));
}

#[test]
fn what_belongs_to_somebody_else_is_refused_or_taken_back() {
    if !needs(rustix::process::geteuid().is_root(), "root, to give files away") {
        return;
    }
    let scratch = learned();
    std::os::unix::fs::chown(database(&scratch), Some(1), Some(1)).unwrap();
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(short).collect::<Vec<_>>(), ["history_broken"]);
    assert!(
        alerts[0]["text"].as_str().unwrap().contains("belonged to user 1"),
        "{alerts:#?}"
    );
    assert_eq!(fs::metadata(database(&scratch)).unwrap().uid(), 0);
    assert_eq!(scratch.said(), [""; 0]);

    std::os::unix::fs::chown(scratch.path("state"), Some(1), Some(1)).unwrap();
    fs::remove_file(scratch.path("state/lock")).unwrap();
    refused(&scratch, "belongs to user 1");
    assert!(
        !scratch.path("state/lock").exists(),
        "something was written in somebody else's folder"
    );
}

#[test]
fn files_of_the_state_are_for_nobody_else() {
    let scratch = learned();
    job(&scratch, "umask");
    let run = scratch.command(&["run"]);
    fs::remove_dir_all(scratch.path("state")).unwrap();
    fs::remove_file(scratch.path("alerts.jsonl")).unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 0; exec \"$@\"", "sh"])
        .arg(run.get_program())
        .args(run.get_args());
    assert!(shell.status().unwrap().success());
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(scratch.path("state")), 0o700);
    let files = fs::read_dir(scratch.path("state"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let files: Vec<PathBuf> = files.chain([scratch.path("alerts.jsonl")]).collect();
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        assert_eq!(mode(file.clone()), 0o600, "{}", file.display());
    }
}

#[test]
fn alerts_are_append_only_for_whoever_has_sqlite() {
    let scratch = learned();
    for text in [
        "UPDATE alerts SET body = '{}'",
        "DELETE FROM alerts WHERE seq = 1",
        "INSERT OR REPLACE INTO alerts SELECT seq, id, time, '{}', digest, story FROM alerts WHERE seq = 1",
    ] {
        let error = sql(&scratch, text).expect_err(text);
        assert!(error.to_string().contains("append-only"), "{text}: {error}");
    }
    assert_eq!(scratch.said(), [""; 0], "and looking at it is no damage");
}

#[test]
fn retention_drops_only_what_every_sink_has_taken_and_nothing_that_is_open() {
    let scratch = learned();
    let second = scratch.path("second.jsonl");
    fs::create_dir(&second).unwrap();
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!(
        "alerts.keep = '0s'\n{config}[[sink]]\ntype = 'file'\npath = '{}'\n",
        second.display()
    ));
    for number in 0..4 {
        job(&scratch, &format!("kept{number}"));
        scratch.run();
    }
    let stored = || -> Vec<i64> {
        let database = Connection::open(database(&scratch)).unwrap();
        let mut query = database.prepare("SELECT seq FROM alerts ORDER BY seq").unwrap();
        query
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    };
    // 1 baseline, 2 open, 3 added, 4 sink failed, 5 to 7 added.
    assert_eq!(
        stored(),
        [1, 2, 3, 4, 5, 6, 7],
        "dropped before the second sink had it"
    );
    fs::remove_dir(&second).unwrap();
    scratch.run();
    let text = fs::read_to_string(&second).unwrap();
    assert_eq!(text.lines().count(), 7);
    assert_eq!(
        stored(),
        [2, 3, 4, 5, 6, 7],
        "what is open is shown by `assay status` and stays"
    );
    assert_eq!(scratch.assay(&["accept", "--all"]).code, 0);
    scratch.run();
    assert_eq!(stored(), [0; 0]);
    let last = scratch.delivered().pop().unwrap();
    job(&scratch, "after");
    let alert = scratch.run().pop().unwrap();
    assert_eq!(alert["seq"].as_u64(), last["seq"].as_u64().map(|seq| seq + 1));
    assert_eq!(alert["previous"], last["digest"]);
    assert_eq!(scratch.said(), [""; 0]);
}

#[test]
fn two_runs_at_once_are_one() {
    let scratch = learned();
    job(&scratch, "raced");
    let runs: Vec<Ran> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| scratch.assay(&["run", "--json"])))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(runs.iter().all(|run| run.code == 0), "{runs:#?}");
    let alerts: usize = runs.iter().map(|run| run.stdout.lines().count()).sum();
    assert_eq!((alerts, scratch.delivered().len()), (1, 3), "{runs:#?}");

    let lock = fs::File::open(scratch.path("state/lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let ran = scratch.assay(&["run"]);
    assert!(
        ran.code == 0 && ran.stderr.contains("another run is going on"),
        "{ran:?}"
    );
    let ran = scratch.assay(&["accept", "--all"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("another run is going on"),
        "{ran:?}"
    );
    assert_eq!(scratch.assay(&["status"]).code, 0, "looking needs no lock");
}
