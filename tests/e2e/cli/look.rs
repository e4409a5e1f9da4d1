//! Looking: `status`, `list`, `show`, `alerts`, `kinds`, `module list`.

use super::{AGENT, complaint, holds, number, printed, with_deviations};
use assay_tests::{Scratch, short, wait_for};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;

#[test]
fn before_the_first_run_there_is_one_thing_to_do() {
    let scratch = Scratch::new();
    let said = format!(
        "nothing is known yet in `{}`; start with `assay run`",
        scratch.path("state").display()
    );
    for command in [&["status"][..], &["list"], &["show", "x"], &["alerts"]] {
        assert_eq!(complaint(&scratch, command), said);
    }
    assert!(!scratch.path("state").exists(), "to look makes nothing");
}

#[test]
fn status_says_what_somebody_must_do() {
    let scratch = with_deviations();
    let text = printed(&scratch, &["status"]);
    holds(
        &text,
        &[
            "last run",
            "read in full",
            "5 so far, 4 open",
            "cron ",
            "systemd ",
            "sandbox",
            "landlock",
            "has everything",
            &format!("added cron_job `{AGENT}`"),
            "changed program `/opt/report`",
            "removed cron_script `/etc/cron.daily/clean`",
            "`assay alerts --open`",
            "`assay accept NUMBER`",
        ],
    );
    let status = &scratch.json(&["status"])[0];
    assert_eq!(
        (&status["os"], &status["last_alert"]),
        (&"linux".into(), &5.into())
    );
    assert_eq!(status["root"].as_str(), scratch.path("root").to_str());
    assert_eq!(status["open"].as_array().unwrap().len(), 4);
    assert_eq!(status["modules"].as_array().unwrap().len(), 6);
    assert_eq!(status["gaps"], serde_json::json!([]));
    assert_eq!(status["sinks"][0]["queued"], 0);
}

#[test]
fn status_says_what_is_wrong() {
    let scratch = Scratch::new();
    scratch.config("[[sink]]\ntype = 'file'\nname = 'far'\npath = '/nonexistent/alerts'\n");
    scratch.link("/etc/cron.d", "cron.d");
    scratch.run();
    let text = printed(&scratch, &["status"]);
    holds(
        &text,
        &[
            "far is down since",
            "2 alerts queued",
            "could not be read",
            "/etc/cron.d",
            "cron",
        ],
    );
    let status = &scratch.json(&["status"])[0];
    assert_eq!(
        (&status["sinks"][0]["name"], &status["sinks"][0]["queued"]),
        (&"far".into(), &2.into())
    );
    assert!(
        status["sinks"][0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("No such file"))
    );
    assert_eq!(
        (&status["gaps"][0]["path"], &status["gaps"][0]["reason"]),
        (&"/etc/cron.d".into(), &"io".into())
    );
}

#[test]
fn list_shows_what_is_there_now() {
    let scratch = with_deviations();
    let text = printed(&scratch, &["list"]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "a head and a line an entry:\n{text}");
    holds(lines[0], &["kind", "key", "runs"]);
    assert!(
        lines[1].starts_with("*  cron_job") && lines[1].contains(AGENT),
        "{text}"
    );
    assert!(
        lines[1].ends_with("/opt/agent"),
        "what it runs, and no file that the key names: {text}"
    );
    assert!(lines[2].starts_with('*'), "its program was swapped: {text}");
    assert!(
        lines[3].ends_with("/opt/report  /etc/systemd/system/report.service"),
        "{text}"
    );
    assert!(!text.contains("clean"), "what is gone is not listed");
    scratch.assay(&["accept", "--all"]);
    let text = printed(&scratch, &["list"]);
    assert!(
        text.lines().skip(1).all(|line| line.starts_with(' ')),
        "nothing is marked any more: {text}"
    );

    let jobs = scratch.json(&["list", "cron_job"]);
    assert_eq!(
        jobs.iter()
            .map(|job| job["key"].as_str().unwrap())
            .collect::<Vec<_>>(),
        [AGENT, "/etc/crontab: 5 4 * * * root /opt/report --all",]
    );
    assert_eq!(jobs[0]["fields"]["schedule"], "*/7 * * * *");
    assert_eq!(jobs[0]["programs"], serde_json::json!(["/opt/agent"]));
    assert_eq!(printed(&scratch, &["list", "at_job"]), "nothing\n");
    assert_eq!(
        complaint(&scratch, &["list", "cronjob"]),
        "no module lists the kind `cronjob`; `assay kinds` shows those there are"
    );
}

#[test]
fn show_tells_all_of_an_entry() {
    let scratch = with_deviations();
    let seq = number(&scratch, "report.service");
    let text = printed(&scratch, &["show", "report.service"]);
    holds(
        &text,
        &[
            "systemd_unit `report.service` of module systemd",
            "changed, and not accepted",
            "root",
            "(accepted: ana)",
            "/opt/report",
            "mode 0755, owner 0:0",
            "sha256 ",
            "user: ana -> root",
            "read from",
        ],
    );
    scratch.assay(&["accept", &seq, "--reason", "moved to root for port 80"]);
    let text = printed(&scratch, &["show", "report.service"]);
    holds(
        &text,
        &[
            "state       known",
            "user: ana -> root",
            "accepted 1 as known: moved to root for port 80",
        ],
    );
    let shown = &scratch.json(&["show", "report.service"])[0];
    assert_eq!((&shown["state"], &shown["open"]), (&"known".into(), &Value::Null));
    assert_eq!(
        shown["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(short)
            .collect::<Vec<_>>(),
        ["changed systemd_unit report.service", "accepted",]
    );
    assert_eq!(shown["programs"][0]["sha256"].as_str().map(str::len), Some(64));

    let text = printed(&scratch, &["show", "/etc/cron.daily/clean"]);
    holds(&text, &["gone, which is not accepted", "removed cron_script"]);
    holds(&printed(&scratch, &["show", AGENT]), &["new, and not accepted"]);
}

#[test]
fn show_tells_all_of_a_file() {
    let scratch = with_deviations();
    let text = printed(&scratch, &["show", "/opt/report"]);
    holds(
        &text,
        &[
            "program `/opt/report`",
            "now ",
            "accepted ",
            "file of 17 bytes",
            "file of 10 bytes",
            "cron_job `/etc/crontab: 5 4 * * * root /opt/report --all`",
            "systemd_unit `report.service`",
            "sha256: ",
        ],
    );
    let shown = &scratch.json(&["show", "/opt/report"])[0];
    assert_eq!(shown["named_by"].as_array().unwrap().len(), 2);
    assert_ne!(shown["now"]["sha256"], shown["baseline"]["sha256"]);
}

#[test]
fn show_helps_to_find_a_key() {
    let scratch = with_deviations();
    assert_eq!(
        complaint(&scratch, &["show", "Report.s"]),
        "nothing has the key `Report.s`; did you mean `report.service`?"
    );
    assert_eq!(
        complaint(&scratch, &["show", "nonsense"]),
        "nothing has the key `nonsense`; `assay list` shows what there is"
    );
    assert!(complaint(&scratch, &["show", "/opt"]).contains(&format!("did you mean `{AGENT}` or ")));
}

#[test]
fn alerts_are_told_oldest_first() {
    let scratch = with_deviations();
    let seqs = |args: &[&str]| {
        let alerts = scratch.json(&[&["alerts"], args].concat());
        alerts
            .iter()
            .map(|alert| alert["seq"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(&[]), [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&["--open"]), [2, 3, 4, 5]);
    assert_eq!(seqs(&["--since", "1h"]), [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&["--since", "2999-01-01T00:00:00Z"]), [0; 0]);
    let alerts = scratch.json(&["alerts"]);
    let third = alerts[2]["time"].as_str().unwrap();
    assert_eq!(
        seqs(&["--since", third, "--open"]),
        [2, 3, 4, 5],
        "those of one run have one time"
    );
    assert_eq!(
        complaint(&scratch, &["alerts", "--since", "yesterday"])
            .lines()
            .next()
            .unwrap()
            .split(": ")
            .next(),
        Some("`yesterday` is neither a time like `2026-11-24T10:00:00Z` nor a while like `24h`")
    );
    let text = printed(&scratch, &["alerts"]);
    let heads: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("         "))
        .collect();
    assert_eq!(heads.len(), 5, "{text}");
    holds(
        &text,
        &[
            "baseline created: learned 3 entries",
            "schedule: */7 * * * *",
            "runs /opt/agent",
            "ran /etc/cron.daily/clean",
            "user: ana -> root",
            "named by ",
        ],
    );
    assert_eq!(scratch.delivered(), alerts, "the sink got the very same");
}

#[test]
fn alerts_can_be_followed() {
    let scratch = with_deviations();
    let mut child = scratch
        .command(&["alerts", "--follow", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (send, receive) = channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| _ = send.send(line)));
    let mut seen: Vec<Value> = Vec::new();
    let mut wait = |count| {
        wait_for("alerts", || {
            seen.extend(
                receive
                    .try_iter()
                    .map(|line| serde_json::from_str::<Value>(&line).expect(&line)),
            );
            seen.len() >= count
        });
    };
    wait(5);
    scratch.script("/etc/cron.daily/clean", "#!/bin/sh\n");
    assert_eq!(scratch.said(), ["reverted cron_script /etc/cron.daily/clean"]);
    wait(6);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    assert_eq!(
        seen.iter()
            .map(|alert| alert["seq"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
}

#[test]
fn kinds_say_what_each_module_watches() {
    let scratch = Scratch::new();
    let text = printed(&scratch, &["kinds"]);
    holds(
        &text,
        &[
            "cron ",
            "(linux, macos)",
            "cron_job  high, T1053.003: a job line of a crontab",
            "schedule",
            "(only shown)",
        ],
    );
    let manifests = scratch.json(&["kinds"]);
    let names: Vec<_> = manifests
        .iter()
        .map(|manifest| manifest["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["cron", "files", "kernel", "launchd", "startup", "systemd"]
    );
    for manifest in &manifests {
        for kind in manifest["kinds"].as_array().unwrap() {
            assert!(
                kind["technique"].as_str().is_some_and(|t| t.starts_with('T')),
                "{kind}"
            );
            assert!(kind["summary"].as_str().is_some_and(|s| !s.is_empty()), "{kind}");
            for field in kind["fields"].as_array().unwrap() {
                assert!(
                    field["meaning"].as_str().is_some_and(|m| !m.is_empty()),
                    "{kind}: {field}"
                );
            }
        }
    }
    assert!(!scratch.path("state").exists(), "to look makes nothing");
}

/// A name that would paint the screen, or forge a line, is spelled out everywhere.
#[test]
fn hostile_names_stay_on_their_line() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "");
    scratch.run();
    scratch.script(
        "/etc/cron.daily/a\n     9  2026-01-01 00:00:00  info  fine\x1b[2J\u{202e}",
        "#!/bin/sh\n",
    );
    assert_eq!(scratch.run().len(), 1);
    for command in [&["status"][..], &["list"], &["alerts"]] {
        let text = printed(&scratch, command);
        let line = text.lines().find(|line| line.contains("cron_script")).unwrap();
        holds(line, &["/etc/cron.daily/a\\n", "\\x1b[2J", "\\u{202e}"]);
    }
    let shown = fs::read_to_string(scratch.path("alerts.jsonl")).unwrap();
    assert_eq!(shown.lines().count(), 2);
}
