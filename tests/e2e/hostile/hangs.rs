//! Files and file systems that never answer.

use super::fuse::{Fuse, Manner};
use super::mounts::alone;
use super::{Watched, needs, told};
use assay_tests::Scratch;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const LIMITS: &str = "modules.deadline = '4s'\nverify.file_timeout = '1s'\n";
const SILENT: &str = "gap_opened /mnt (timeout: its file system does not answer)";

/// A root with a job that runs each of `files` of a server, which is mounted on `/mnt` for the time of `then`.
fn served(files: &[(&'static str, Manner)], then: impl FnOnce(&Watched) + Send) {
    if !needs(Path::new("/dev/fuse").exists(), "/dev/fuse") {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.host("/mnt")).unwrap();
    scratch.file("/etc/crontab", "");
    scratch.script("/opt/fine", "#!");
    scratch.file("/etc/cron.d/fine", "1 2 * * * root /opt/fine\n");
    let watched = Watched::with_limits(scratch, LIMITS);
    let jobs: String = files
        .iter()
        .map(|(name, _)| format!("1 2 * * * root /mnt/{name}\n"))
        .collect();
    alone(move || {
        let fuse = Fuse::mount(&watched.scratch.host("/mnt"), files);
        watched.scratch.file("/etc/crontab", jobs);
        then(&watched);
        drop(fuse);
    });
}

fn added(files: &[&str]) -> Vec<String> {
    files
        .iter()
        .map(|name| format!("added cron_job /etc/crontab: 1 2 * * * root /mnt/{name}"))
        .collect()
}

/// How many processes no run could end.
fn left_behind(watched: &Watched) -> usize {
    let database = rusqlite::Connection::open(watched.scratch.path("state").join("assay.db")).unwrap();
    let stuck: String = database
        .query_one("SELECT value FROM meta WHERE name = 'stuck'", [], |row| {
            row.get(0)
        })
        .unwrap();
    serde_json::from_str::<Vec<String>>(&stuck).unwrap().len()
}

/// What is told besides the canary, within `seconds`; and that what is on this machine is still watched.
fn told_within(watched: &Watched, seconds: u64, also: &str) -> Vec<String> {
    let started = Instant::now();
    watched.scratch.script("/opt/fine", format!("#!{also}"));
    let mut said = watched.told();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(seconds), "it took {took:?}");
    let fine = said.iter().position(|said| said == "changed program /opt/fine");
    said.remove(fine.unwrap_or_else(|| panic!("the program beside it was not read: {said:#?}")));
    said
}

#[test]
fn net_hang_read_is_one_gap_and_nobody_asks_there_again_while_it_lasts() {
    let files = [
        ("fine", Manner::Holds("#!")),
        ("read", Manner::HangsInRead(10)),
        ("too", Manner::HangsInRead(10)),
    ];
    served(&files, |watched| {
        let mut expected = added(&["fine", "read", "too"]);
        expected.push(SILENT.to_owned());
        assert_eq!(told_within(watched, 15, "1"), expected);
        assert_eq!(left_behind(watched), 1);
        assert_eq!(told_within(watched, 15, "2"), [""; 0]);
        assert_eq!(watched.told_now(), [""; 0]);
        // Whoever came with the run is gone in a moment; one that had asked there would stay for as long as it hangs.
        assay_tests::wait_for("one process at most to be left", || left_behind(watched) == 1);
    });
}

#[test]
fn net_hang_stat_costs_a_module_its_deadline_and_hides_nothing_on_this_machine() {
    let files = [("stat", Manner::HangsInStat), ("fine", Manner::Holds("#!"))];
    served(&files, |watched| {
        let said = told_within(watched, 30, "1");
        assert!(said.contains(&SILENT.to_owned()), "{said:#?}");
        assert_eq!(
            said.iter()
                .filter(|said| said.starts_with("added cron_job"))
                .count(),
            2,
            "{said:#?}"
        );
        assert!(
            said.iter().all(|said| !said.starts_with("module_failed")),
            "{said:#?}"
        );
        assert_eq!(told_within(watched, 15, "2"), [""; 0]);
    });
}

#[test]
fn a_table_on_a_server_that_hangs_keeps_its_entries() {
    let files = [("tab", Manner::HangsInLookup), ("fine", Manner::Holds("#!"))];
    served(&files, |watched| {
        watched.scratch.link("/etc/cron.d/tab", "/mnt/tab");
        let said = told_within(watched, 30, "1");
        assert!(
            said.iter().all(|said| !said.starts_with("module_failed")),
            "{said:#?}"
        );
        assert!(
            said.contains(
                &"gap_opened /etc/cron.d/tab (timeout: its file system does not answer)".to_owned()
            ),
            "{said:#?}"
        );
        assert_eq!(told_within(watched, 15, "2"), [""; 0]);
    });
}

#[test]
fn what_is_known_of_a_server_stays_while_it_is_silent_and_is_looked_at_when_it_is_back() {
    if !needs(Path::new("/dev/fuse").exists(), "/dev/fuse") {
        return;
    }
    let scratch = Scratch::new();
    scratch.script("/mnt/job", "#!");
    scratch.file("/etc/cron.d/job", "1 2 * * * root /mnt/job\n");
    scratch.script("/opt/fine", "#!");
    scratch.file("/etc/cron.d/fine", "1 2 * * * root /opt/fine\n");
    let watched = Watched::with_limits(scratch, LIMITS);
    alone(move || {
        let fuse = Fuse::mount(&watched.scratch.host("/mnt"), &[("job", Manner::HangsInStat)]);
        let said = told_within(&watched, 30, "1");
        assert_eq!(said, [SILENT]);
        drop(fuse);
        let said = watched.told_now();
        assert_eq!(
            said,
            ["gap_closed /mnt (timeout: its file system does not answer)"]
        );
    });
}

#[test]
fn read_blocks_of_a_file_that_says_to_be_empty_is_a_gap() {
    served(&[("empty", Manner::HangsInRead(0))], |watched| {
        let mut expected = added(&["empty"]);
        expected.push(SILENT.to_owned());
        assert_eq!(told_within(watched, 15, "1"), expected);
    });
}

#[test]
fn read_eio_is_a_gap_of_that_file_alone() {
    let files = [
        ("fine", Manner::Holds("#!")),
        ("open", Manner::FailsInOpen),
        ("read", Manner::FailsInRead),
    ];
    served(&files, |watched| {
        let mut expected = added(&["fine", "open", "read"]);
        expected.extend(
            ["open", "read"]
                .map(|name| format!("gap_opened /mnt/{name} (io: Input/output error (os error 5))")),
        );
        assert_eq!(told_within(watched, 15, "1"), expected);
        let alerts = watched.scratch.delivered();
        let fine = alerts
            .iter()
            .find(|alert| told(alert) == added(&["fine"])[0])
            .unwrap();
        assert_eq!(
            fine["programs"][0]["sha256"].as_str().map(str::len),
            Some(64),
            "what works is read: {fine}"
        );
    });
}

/// Each costs nobody else anything: fifty are found in the time of a few.
#[test]
fn many_that_hang_take_no_longer_than_a_few() {
    let names: Vec<&'static str> = (0..50).map(|n| &*format!("f{n}").leak()).collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (*name, Manner::HangsInRead(10)))
        .collect();
    served(&files, |watched| {
        let said = told_within(watched, 20, "1");
        assert_eq!(said.len(), 51, "{said:#?}");
        assert_eq!(said.last().map(String::as_str), Some(SILENT));
    });
}
