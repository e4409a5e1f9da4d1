//! The stored alerts by themselves.

use super::{history, short, verified};
use crate::damage::job;
use assay_engine::alert::digest;
use assay_tests::Scratch;
use rusqlite::Connection;
use std::fs;

/// Somebody with another program, who knows how to get past what keeps alerts as they are.
fn edit(scratch: &Scratch, edit: impl FnOnce(&Connection)) {
    let database = Connection::open(scratch.path("state/assay.db")).unwrap();
    let triggers = "DROP TRIGGER alerts_stay_as_they_are; DROP TRIGGER alerts_leave_by_retention;";
    database.execute_batch(triggers).unwrap();
    edit(&database);
}

fn sql(text: &'static str) -> impl Fn(&Connection) {
    move |database| database.execute_batch(text).unwrap()
}

/// Changes what an alert says, and its digest with it.
fn rewrite(database: &Connection) {
    let find = "SELECT replace(body, '/opt/two', '/opt/TWO') FROM alerts WHERE seq = 3";
    let body: String = database.query_row(find, [], |row| row.get(0)).unwrap();
    let update = "UPDATE alerts SET body = ?1, digest = ?2 WHERE seq = 3";
    database.execute(update, [&body, &digest(&body)]).unwrap();
}

#[test]
fn the_first_fault_is_told_with_its_number() {
    type Edit = Box<dyn Fn(&Connection)>;
    let cases: Vec<(Edit, &str, &str)> = vec![
        (
            Box::new(sql(
                "UPDATE alerts SET body = replace(body, 'opt', 'OPT') WHERE seq >= 3",
            )),
            "alert 3 altered",
            "does not hold what its digest says",
        ),
        (
            Box::new(rewrite),
            "alert 4 altered",
            "does not follow from alert 3",
        ),
        (
            Box::new(sql("DELETE FROM alerts WHERE seq IN (3, 4)")),
            "alert 3 missing",
            "alerts 3 to 4 are no longer there",
        ),
        (
            Box::new(sql("DELETE FROM alerts WHERE seq = 1")),
            "alert 1 missing",
            "alert 1 is no longer there",
        ),
        (
            Box::new(sql("DELETE FROM alerts WHERE seq >= 5")),
            "alert 5 missing",
            "remembered by the witness alone",
        ),
        (
            Box::new(sql(
                "UPDATE alerts SET seq = 99 WHERE seq = 3; UPDATE alerts SET seq = 3 WHERE seq = 4;
                 UPDATE alerts SET seq = 4 WHERE seq = 99",
            )),
            "alert 3 reordered",
            "alert 4 stands in its place",
        ),
        (
            Box::new(sql("UPDATE alerts SET id = 'another' WHERE seq = 2")),
            "alert 2 altered",
            "another id or time",
        ),
        (
            Box::new(sql("UPDATE meta SET value = 'another' WHERE name = 'history'")),
            "alert 1 altered",
            "another history",
        ),
        (
            Box::new(sql("UPDATE meta SET value = '3' WHERE name = 'retained_after'")),
            "alert 1 reordered",
            "is here again",
        ),
    ];
    let (sound, _) = history();
    let chain = verified(&sound, &[])["chain"].clone();
    assert_eq!((&chain["stored"], &chain["last"]), (&6.into(), &6.into()));
    let good = sound.path("good");
    copy(&sound.path("state"), &good);
    for (change, fault, says) in cases {
        copy(&good, &sound.path("state"));
        edit(&sound, change);
        let said = verified(&sound, &[]);
        assert_eq!(short(&said["chain"]["fault"]), fault, "{said:#}");
        assert!(
            said["chain"]["fault"]["text"].as_str().unwrap().contains(says),
            "{said:#}"
        );
        let told = sound.assay(&["verify"]).stdout;
        assert!(told.contains(fault) && told.contains(says), "{told}");
    }
    copy(&good, &sound.path("state"));
    fs::remove_file(sound.path("state/witness.json")).unwrap();
    assert_eq!(short(&verified(&sound, &[])["chain"]["fault"]), "missing");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Ageing and a database that was lost leave a chain that is sound all the same, and say so.
#[test]
fn what_is_gone_for_a_known_reason_is_no_fault() {
    let (scratch, _) = history();
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("alerts.keep = '0s'\n{config}"));
    job(&scratch, "four");
    scratch.assay(&["run"]);
    let chain = verified(&scratch, &[])["chain"].clone();
    // What is open keeps its alert.
    assert_eq!(
        [&chain["aged"], &chain["stored"], &chain["last"]],
        [6, 1, 7],
        "{chain}"
    );
    scratch.assay(&["accept", "--all"]);
    scratch.assay(&["run"]);
    let chain = verified(&scratch, &[])["chain"].clone();
    assert_eq!(
        [&chain["aged"], &chain["stored"], &chain["last"]],
        [8, 0, 8],
        "{chain}"
    );
    scratch.config(&config);
    job(&scratch, "five");
    scratch.assay(&["run"]);
    let chain = verified(&scratch, &[])["chain"].clone();
    assert_eq!(
        [&chain["aged"], &chain["stored"], &chain["last"]],
        [8, 1, 9],
        "{chain}"
    );

    for file in ["assay.db", "assay.db-wal", "assay.db-shm"] {
        _ = fs::remove_file(scratch.path("state").join(file));
    }
    scratch.assay(&["run"]);
    let chain = verified(&scratch, &[])["chain"].clone();
    assert_eq!(chain["lost"], serde_json::json!([[1, 9]]), "{chain}");
    assert_eq!(
        [&chain["aged"], &chain["stored"], &chain["last"]],
        [0, 2, 11],
        "{chain}"
    );
    let told = scratch.assay(&["verify"]).stdout;
    assert!(told.contains("alerts 1 to 9 lost with a database"), "{told}");
}

#[test]
fn without_a_history_there_is_nothing_to_verify() {
    let scratch = Scratch::new();
    let ran = scratch.assay(&["verify"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("nothing is known yet"),
        "{ran:?}"
    );
}
