//! Sinks that fail in every way: each costs bounded time and one alert, holds up no other, and catches up in order.

pub(crate) mod rsyslog;

use crate::damage::Small;
use crate::receivers::{Mood, TcpLog, UnixLog, modules, text_of};
use assay_tests::{Scratch, short};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one sink that does not answer may cost a run, with room for a machine that is busy.
const BOUND: Duration = Duration::from_secs(20);

/// A root with the cron module alone, and these sinks.
pub(crate) fn with_sinks(sinks: &[String]) -> Scratch {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    let good = format!(
        "type = 'file'\npath = '{}'\n",
        scratch.path("alerts.jsonl").display()
    );
    let sinks = sinks
        .iter()
        .chain([&good])
        .map(|sink| format!("[[sink]]\n{sink}"));
    scratch.config(&sinks.collect::<String>());
    scratch
}
pub(crate) fn syslog(address: &str) -> String {
    format!("type = 'syslog'\naddress = '{address}'\n")
}
fn plant(scratch: &Scratch, name: &str, jobs: usize) {
    let lines: String = (0..jobs)
        .map(|job| format!("7 * * * * root /opt/{name}{job} --go\n"))
        .collect();
    scratch.file(&format!("/etc/cron.d/{name}"), lines);
}
fn count(alerts: &[Value], what: &str) -> usize {
    alerts.iter().filter(|alert| alert["change"] == what).count()
}
fn numbers(alerts: &[Value]) -> Vec<u64> {
    alerts
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect()
}
/// The numbers in syslog messages, each where it came first.
fn numbers_in(messages: &[String]) -> Vec<u64> {
    let mut numbers = Vec::new();
    for text in messages.iter().map(|message| text_of(message)) {
        let number = text
            .rsplit(' ')
            .find_map(|word| word.strip_prefix("seq="))
            .unwrap();
        let number = number.parse().unwrap();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// Three runs with something to say while one of two sinks is down, and one when it works again.
fn outage(scratch: &Scratch, jobs: usize, recover: impl FnOnce()) -> Vec<Value> {
    let started = Instant::now();
    for (index, name) in (1..).zip(["one", "two", "three"]) {
        plant(scratch, name, if index == 2 { jobs } else { 1 });
        let before = scratch.delivered().len();
        let alerts = scratch.run();
        let got = scratch.delivered();
        assert_eq!(
            numbers(&got[before..]),
            numbers(&alerts),
            "the other sink was held up"
        );
        assert!(started.elapsed() < BOUND * index, "{:?}", started.elapsed());
        let sinks = scratch.json(&["status"])[0]["sinks"].clone();
        assert!(
            sinks[0]["error"].is_string() && sinks[0]["queued"].as_u64() > Some(0),
            "{sinks}"
        );
        assert!(sinks[1]["error"].is_null() && sinks[1]["queued"] == 0, "{sinks}");
    }
    recover();
    // A receiver that was overwhelmed may need more than one run.
    assay_tests::wait_for("the sink to catch up", || {
        assert_eq!(scratch.said(), [""; 0], "an outage that ends is no alert");
        scratch.json(&["status"])[0]["sinks"][0]["queued"] == 0
    });
    assert!(scratch.json(&["status"])[0]["sinks"][0]["error"].is_null());
    let alerts = scratch.delivered();
    assert_eq!(count(&alerts, "sink_failed"), 1, "one outage, one alert");
    assert_eq!(numbers(&alerts), (1..=alerts.len() as u64).collect::<Vec<_>>());
    alerts
}

#[test]
fn a_local_log_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = UnixLog::new(folder.path().join("log"));
    let scratch = with_sinks(&[syslog(&format!("unix:{}/log", folder.path().display()))]);
    let alerts = outage(&scratch, 5, || log.up());
    log.down();
    assert_eq!(numbers_in(&log.got.all()), numbers(&alerts));
}

#[test]
fn a_local_log_whose_reader_is_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = UnixLog::new(folder.path().join("log"));
    log.stuck();
    let scratch = with_sinks(&[syslog(&format!("unix:{}/log", folder.path().display()))]);
    // More than the queue of any socket holds.
    plant(&scratch, "first", 1);
    scratch.run();
    plant(&scratch, "flood", 1500);
    scratch.run();
    let alerts = outage(&scratch, 5, || log.up());
    log.down();
    assert_eq!(numbers_in(&log.got.all()), numbers(&alerts));
}

#[test]
fn a_log_server_that_takes_and_never_reads() {
    let mut server = TcpLog::new();
    server.up(Mood::Stalls);
    let scratch = with_sinks(&[syslog(&server.address())]);
    let alerts = outage(&scratch, 100, || server.up(Mood::Serves));
    server.down();
    assert_eq!(numbers_in(&server.got.all()), numbers(&alerts));
}

#[test]
fn a_log_server_that_talks_without_end() {
    let mut server = TcpLog::new();
    server.up(Mood::Chatters);
    let scratch = with_sinks(&[syslog(&server.address())]);
    let started = Instant::now();
    scratch.run();
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
    let sink = scratch.json(&["status"])[0]["sinks"][0].clone();
    assert!(
        sink["error"].as_str().unwrap().contains("in time") && sink["queued"] == 2,
        "{sink}"
    );
    server.up(Mood::Serves);
    scratch.run();
    server.down();
    assert_eq!(numbers_in(&server.got.all()), numbers(&scratch.delivered()));
}

#[test]
fn a_log_server_that_throws_connections_away() {
    let mut server = TcpLog::new();
    server.up(Mood::Resets(100));
    let scratch = with_sinks(&[syslog(&server.address())]);
    let alerts = outage(&scratch, 100, || server.up(Mood::Serves));
    server.down();
    assert_eq!(numbers_in(&server.got.all()), numbers(&alerts));
}

#[test]
fn a_log_server_that_is_not_there() {
    let mut server = TcpLog::new();
    let scratch = with_sinks(&[syslog(&server.address())]);
    let alerts = outage(&scratch, 100, || server.up(Mood::Serves));
    server.down();
    assert_eq!(numbers_in(&server.got.all()), numbers(&alerts));
}

#[test]
fn a_udp_port_that_is_closed() {
    let port = crate::receivers::free_port();
    let scratch = with_sinks(&[syslog(&format!("udp://127.0.0.1:{port}"))]);
    let mut server = None;
    let alerts = outage(&scratch, 5, || {
        let socket = std::net::UdpSocket::bind(("127.0.0.1", port)).unwrap();
        socket.set_nonblocking(true).unwrap();
        server = Some(socket);
    });
    let (mut messages, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while let Ok(length) = server.as_ref().unwrap().recv(&mut buffer) {
        messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
    }
    assert_eq!(numbers_in(&messages), numbers(&alerts));
}

/// A second file beside the one that works.
fn second_file() -> (tempfile::TempDir, Scratch) {
    let folder = tempfile::tempdir().unwrap();
    let sink = format!(
        "type = 'file'\npath = '{}/second.jsonl'\n",
        folder.path().display()
    );
    let scratch = with_sinks(&[sink]);
    (folder, scratch)
}
fn read(path: std::path::PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[test]
fn a_file_that_is_a_link_a_fifo_or_a_second_name() {
    let ways: [fn(&std::path::Path); 4] = [
        |path| symlink(path.with_file_name("victim"), path).unwrap(),
        |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        |path| fs::hard_link(path.with_file_name("victim"), path).unwrap(),
        |path| fs::create_dir(path).unwrap(),
    ];
    for way in ways {
        let (folder, scratch) = second_file();
        let [path, victim] = ["second.jsonl", "victim"].map(|name| folder.path().join(name));
        fs::write(&victim, "root::0:0\n").unwrap();
        way(&path);
        let alerts = outage(&scratch, 5, || {
            if path.is_dir() {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
        });
        assert_eq!(read(path), alerts);
        assert_eq!(fs::read_to_string(victim).unwrap(), "root::0:0\n");
    }
}

#[test]
fn a_file_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Small::mount_or_skip(folder.path().join("disk")) else {
        return;
    };
    let sink = format!("type = 'file'\npath = '{}/second.jsonl'\n", disk.path().display());
    let scratch = with_sinks(&[sink]);
    scratch.run();
    // Room for some alerts and a half: the rest of the page that the file has begun.
    disk.fill(0);
    plant(&scratch, "torn", 20);
    scratch.run();
    let torn = fs::read_to_string(disk.path().join("second.jsonl")).unwrap();
    assert!(torn.lines().count() > 1 && !torn.ends_with('\n'), "{torn}");
    let alerts = outage(&scratch, 100, || disk.free());
    let text = fs::read_to_string(disk.path().join("second.jsonl")).unwrap();
    let whole: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let mut got = numbers(&whole);
    got.dedup();
    assert!(
        text.ends_with('\n') && text.lines().count() <= whole.len() + 3,
        "torn lines are ended"
    );
    let mut first = Vec::new();
    for seq in got {
        if !first.contains(&seq) {
            first.push(seq);
        }
    }
    assert_eq!(first, numbers(&alerts));
}

#[test]
fn a_file_that_is_rotated() {
    let (folder, scratch) = second_file();
    let path = |name: &str| folder.path().join(name);
    scratch.run();
    plant(&scratch, "one", 2);
    scratch.run();
    fs::rename(path("second.jsonl"), path("second.jsonl.1")).unwrap();
    plant(&scratch, "two", 2);
    scratch.run();
    // As logrotate's copytruncate does it.
    fs::copy(path("second.jsonl"), path("second.jsonl.2")).unwrap();
    fs::File::options()
        .write(true)
        .open(path("second.jsonl"))
        .unwrap()
        .set_len(0)
        .unwrap();
    plant(&scratch, "three", 2);
    scratch.run();
    let got = ["second.jsonl.1", "second.jsonl.2", "second.jsonl"].map(|name| numbers(&read(path(name))));
    assert_eq!(got, [vec![1, 2, 3], vec![4, 5], vec![6, 7]]);
}

#[test]
fn standard_output_takes_lines_or_json_and_may_be_closed() {
    for format in ["line", "json"] {
        let scratch = with_sinks(&[format!("type = 'stdout'\nformat = '{format}'\n")]);
        scratch.assay(&["run"]);
        plant(&scratch, "one", 2);
        let ran = scratch.assay(&["run"]);
        let stored = &scratch.delivered()[1..];
        assert_eq!(ran.stdout.lines().count(), 2, "{ran:?}");
        for (line, alert) in ran.stdout.lines().zip(stored) {
            match format {
                "json" => assert_eq!(serde_json::from_str::<Value>(line).unwrap(), *alert),
                _ => assert!(
                    line.starts_with("change=added severity=high ") && line.contains(" seq="),
                    "{line}"
                ),
            }
        }

        plant(&scratch, "two", 2);
        let run = scratch.command(&["run"]);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "\"$@\" | true", "sh"])
            .arg(run.get_program())
            .args(run.get_args());
        assert!(shell.stderr(Stdio::null()).status().unwrap().success());
        // Whether `true` was gone in time or not: nothing is lost to who reads the next run.
        let next = scratch.assay(&["run"]);
        let waiting = &scratch.json(&["status"])[0]["sinks"][0];
        assert_eq!(waiting["queued"], 0, "{next:?}");
        let said: Vec<String> = scratch.delivered().iter().map(short).collect();
        assert!(
            said.iter().filter(|said| *said == "sink_failed").count() <= 1,
            "{said:?}"
        );
    }
}
