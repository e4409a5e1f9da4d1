//! A log server's copy.

use super::{history, short, verified};
use crate::damage::job;
use crate::sinks::rsyslog::{Rsyslog, WAYS};
use assay_tests::{Scratch, wait_for};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;

/// The name of this machine.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Headers as log servers write them; the last is none.
fn headers() -> [String; 4] {
    let host = host();
    [
        format!("Nov 24 07:22:44 {host} assay[412]: "),
        format!("2026-11-24T07:22:44.123+00:00 {host} assay 412 added - "),
        format!("2026-11-24T07:22:44+00:00 {}.example.net  ", host.to_uppercase()),
        String::new(),
    ]
}

fn held_against(scratch: &Scratch, copy: &[String]) -> Value {
    let path = scratch.path("copy.log");
    fs::write(
        &path,
        copy.iter().map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    verified(scratch, &["--against", path.to_str().unwrap()])["copy"].clone()
}

fn faults(copy: &Value) -> Vec<String> {
    copy["faults"].as_array().unwrap().iter().map(short).collect()
}

fn json_lines(scratch: &Scratch) -> Vec<String> {
    let text = fs::read_to_string(scratch.path("alerts.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_whole_copy_is_sound_whatever_stands_before_and_between_its_lines() {
    let (scratch, sent) = history();
    for header in headers() {
        let mut copy: Vec<String> = sent.iter().map(|line| format!("{header}{line}")).collect();
        copy.insert(3, format!("{header}Accepted publickey for ana"));
        copy.insert(2, String::new());
        let said = held_against(&scratch, &copy);
        assert_eq!((faults(&said), &said["found"]), (vec![], &json!(6)), "{header}");
        assert_eq!(said["lines"], 8);
    }
    let said = held_against(&scratch, &json_lines(&scratch));
    assert_eq!((faults(&said), &said["found"]), (vec![], &json!(6)));
    // Both, as one file of several sinks' would be, each alert twice.
    let said = held_against(&scratch, &[sent.clone(), json_lines(&scratch)].concat());
    assert_eq!((faults(&said), &said["repeated"]), (vec![], &json!(6)));
    // Torn by a full disk, and sent again; or cut by a daemon, and sent by another way.
    for (whole, cut) in [(json_lines(&scratch), 40), (sent.clone(), 100)] {
        let torn = [
            vec![whole[0].clone(), whole[1][..cut].to_owned()],
            whole[1..].to_vec(),
        ]
        .concat();
        let said = held_against(&scratch, &torn);
        assert_eq!((faults(&said), &said["cut"]), (vec![], &json!(1)));
    }
    // Sent again after a crash: at least once.
    let again = [&sent[..5], &sent[2..]].concat();
    let said = held_against(&scratch, &again);
    assert_eq!((faults(&said), &said["repeated"]), (vec![], &json!(3)));
}

#[test]
fn what_is_missing_altered_or_out_of_order_is_told() {
    let (scratch, sent) = history();
    let header = &headers()[0];
    let json = json_lines(&scratch);
    let lines: Vec<String> = sent.iter().map(|line| format!("{header}{line}")).collect();
    let without = |gone: &[usize], lines: &[String]| -> Vec<String> {
        let kept = lines.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        kept.map(|(_, line)| line.clone()).collect()
    };
    let with = |at: usize, from: &str, to: &str, lines: &[String]| -> Vec<String> {
        let mut lines = lines.to_vec();
        assert!(lines[at].contains(from), "{}", lines[at]);
        lines[at] = lines[at].replacen(from, to, 1);
        lines
    };
    let (two, four) = (&lines[1], &lines[3]);
    let swapped = [
        &lines[..1],
        &[four.clone(), lines[2].clone(), two.clone()],
        &lines[4..],
    ]
    .concat();
    let forged = with(0, "seq=1 id=", "seq=7 id=0", &lines[..1])[0].clone();
    let cut: Vec<String> = lines
        .iter()
        .map(|line| line[..line.len().min(500)].to_owned())
        .collect();
    let cases: Vec<(Vec<String>, &[&str])> = vec![
        (without(&[2, 3], &lines), &["alert 3 missing"]),
        (without(&[0, 5], &lines), &["alert 1 missing", "alert 6 missing"]),
        (without(&[5], &json), &["alert 6 missing"]),
        (
            with(2, "/opt/two", "/opt/to", &lines),
            &["line 3 alert 3 altered"],
        ),
        (
            with(2, "severity=high", "severity=info", &lines),
            &["line 3 alert 3 altered"],
        ),
        (
            with(4, "/opt/long", "/opt/short", &lines),
            &["line 5 alert 5 altered"],
        ),
        (with(2, "chain=", "chain=0", &lines), &["line 3 alert 3 altered"]),
        (with(2, " id=0", " id=1", &lines), &["line 3 alert 3 altered"]),
        (with(2, " seq=3", " seq=2", &lines), &["line 3 alert 3 altered"]),
        (with(2, "/opt/two", "/opt/to", &json), &["line 3 alert 3 altered"]),
        (
            with(2, "\"seq\":3", "\"seq\":77", &json),
            &["line 3 alert 77 unknown", "alert 3 missing"],
        ),
        (swapped, &["line 3 alert 3 reordered", "line 4 alert 2 reordered"]),
        ([&lines[..], &[forged]].concat(), &["line 7 alert 7 unknown"]),
        (
            cut[4..5].iter().chain(&without(&[4], &lines)).cloned().collect(),
            &["alert 5 missing"],
        ),
        (vec!["nothing of ours".to_owned()], &["alert 1 missing"]),
        (vec![], &["alert 1 missing"]),
    ];
    for (copy, expected) in cases {
        let said = held_against(&scratch, &copy);
        assert_eq!(faults(&said), expected, "{said:#}\n{copy:#?}");
    }
    let told = scratch
        .assay(&["verify", "--against", scratch.path("copy.log").to_str().unwrap()])
        .stdout;
    assert!(told.contains("missing: alerts 1 to 6 have no line"), "{told}");
}

#[test]
fn lines_of_other_machines_and_databases_are_skipped_and_counted() {
    let (scratch, sent) = history();
    let (other, theirs) = history();
    let here = &headers()[0];
    let there = "Nov 24 07:22:44 elsewhere assay[7]: ";
    let mut copy: Vec<String> = sent.iter().map(|line| format!("{here}{line}")).collect();
    copy.extend(theirs.iter().map(|line| format!("{there}{line}")));
    let said = held_against(&scratch, &copy);
    assert_eq!((faults(&said), &said["foreign"]), (vec![], &json!(6)), "{said:#}");
    // Under this machine's name they are alerts that it never made.
    copy.truncate(6);
    copy.extend(theirs[..2].iter().map(|line| format!("{here}{line}")));
    let said = held_against(&scratch, &copy);
    assert_eq!(
        faults(&said),
        ["line 7 alert 1 unknown", "line 8 alert 2 unknown"]
    );

    let said = held_against(&scratch, &[json_lines(&scratch), json_lines(&other)].concat());
    let history = other.json(&["alerts"])[0]["history"].as_str().unwrap().to_owned();
    assert_eq!(
        (faults(&said), &said["histories"]),
        (vec![], &json!({ history: 6 }))
    );
}

#[test]
fn what_aged_or_waits_is_no_fault() {
    let (scratch, sent) = history();
    let json = json_lines(&scratch);
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("alerts.keep = '0s'\n{config}"));
    scratch.assay(&["run"]);
    for copy in [&sent, &json] {
        let said = held_against(&scratch, copy);
        assert_eq!((faults(&said), &said["gone"]), (vec![], &json!(6)), "{said:#}");
    }
    let mut altered = json.clone();
    altered[2] = altered[2].replace("/opt/two", "/opt/to");
    assert_eq!(
        faults(&held_against(&scratch, &altered)),
        ["line 3 alert 3 altered"]
    );

    // One sink is down: what it has not taken is missed only in the other's copy.
    scratch.config(&config);
    fs::remove_file(scratch.path("alerts.jsonl")).unwrap();
    fs::create_dir(scratch.path("alerts.jsonl")).unwrap();
    job(&scratch, "four");
    let ran = scratch.assay(&["run"]);
    let lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "added, and sink_failed: {lines:#?}");
    assert_eq!(faults(&held_against(&scratch, &lines)), [""; 0]);
    assert_eq!(faults(&held_against(&scratch, &[])), ["alert 7 missing"]);
    let (path, file) = (
        scratch.path("copy.log"),
        format!("file {}", scratch.path("alerts.jsonl").display()),
    );
    let said = verified(&scratch, &["--against", path.to_str().unwrap(), "--sink", &file]);
    assert_eq!(
        (faults(&said["copy"]), &said["copy"]["waiting"]),
        (vec![], &json!([7, 8])),
        "{said:#}"
    );
    let ran = scratch.assay(&["verify", "--against", path.to_str().unwrap(), "--sink", "fax"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("there is no sink `fax`"),
        "{ran:?}"
    );
}

#[test]
fn hostile_lines_cost_bounded_memory_and_cannot_speak_for_assay() {
    let (scratch, sent) = history();
    let path = scratch.path("copy.log");
    let mut copy = fs::File::create(&path).unwrap();
    let long = vec![b'x'; 1 << 20];
    for _ in 0..20 {
        copy.write_all(&long).unwrap();
    }
    copy.write_all(b"\n\xff\x1b[2J change=\x1b]0;owned\x07 seq=1 id=x chain=y\n{\"v\":1,\"seq\":\n")
        .unwrap();
    copy.write_all(format!("{}\n", "change=x ".repeat(100_000)).as_bytes())
        .unwrap();
    copy.write_all("[".repeat(100_000).as_bytes()).unwrap();
    for line in &sent {
        copy.write_all(format!("\n{line}").as_bytes()).unwrap();
    }
    drop(copy);
    let path = path.to_str().unwrap();
    let said = verified(&scratch, &["--against", path])["copy"].clone();
    let numbers = ["found", "foreign", "cut"].map(|name| said[name].as_u64().unwrap());
    assert_eq!((faults(&said), numbers), (vec![], [6, 1, 3]), "{said:#}");
    let told = scratch.assay(&["verify", "--against", path]).stdout;
    assert!(!told.contains('\x1b') && !told.contains("owned"), "{told}");

    // It streams, and so takes a pipe.
    let mut shell = std::process::Command::new("sh");
    let verify = scratch.command(&["verify", "--against", "-"]);
    shell.args(["-c", "f=$1; shift; tail -n 6 \"$f\" | \"$@\"", "sh", path]);
    shell.arg(verify.get_program()).args(verify.get_args());
    assert!(shell.output().unwrap().status.success());
    let ran = scratch.assay(&["verify", "--against", "/nonexistent"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("open `/nonexistent`"),
        "{ran:?}"
    );
}

#[test]
fn what_rsyslog_wrote_is_sound() {
    let Some(mut rsyslog) = Rsyslog::new() else { return };
    rsyslog.start();
    let sinks = rsyslog
        .addresses()
        .map(|address| super::super::sinks::syslog(&address));
    let scratch = super::super::sinks::with_sinks(&sinks);
    scratch.run();
    job(&scratch, "one");
    scratch.run();
    // A story of several, the names in which are hostile.
    scratch.script("/etc/cron.daily/x\"\\ seq=1 \n", "#!/bin/sh\n");
    scratch.file(
        "/etc/cron.d/long",
        format!("1 1 * * * root /opt/x {}\n", "x\u{202e}".repeat(3000)),
    );
    scratch.run();
    let last = format!(" seq={} ", scratch.json(&["alerts"]).len());
    let kept = |way: &str, kind: &str| {
        fs::read_to_string(rsyslog.path(&format!("{way}.{kind}"))).unwrap_or_default()
    };
    wait_for("the last datagram", || {
        WAYS.iter().all(|way| kept(way, "old").contains(&last))
    });
    rsyslog.stop();
    for way in WAYS {
        for kind in ["old", "new"] {
            let path = rsyslog.path(&format!("{way}.{kind}"));
            let said = verified(&scratch, &["--against", path.to_str().unwrap()]);
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(said["sound"], true, "{said:#}\n{text}");
            let gone: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
            fs::write(&path, gone).unwrap();
            assert_eq!(
                verified(&scratch, &["--against", path.to_str().unwrap()])["sound"],
                false
            );
        }
    }
}
