//! `assay install`, on a root of the test's own: there files are written, and commands only told.

mod cron;
mod refusals;
mod units;

use crate::receivers::modules;
use assay_tests::{Ran, Scratch, built};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const SERVICE: &str = "/etc/systemd/system/assay.service";
const TIMER: &str = "/etc/systemd/system/assay.timer";
const RESIDENT: &str = "/etc/systemd/system/assay-watch.service";
const CRON: &str = "/etc/cron.d/assay";
const JOB: &str = "/Library/LaunchDaemons/org.assay.run.plist";

/// A Linux that has both cron and systemd.
fn linux() -> Scratch {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron", "systemd", "launchd"]);
    for folder in ["/etc/cron.d", "/run/systemd/system"] {
        fs::create_dir_all(scratch.host(folder)).unwrap();
    }
    scratch
}

fn mac() -> Scratch {
    let mut scratch = Scratch::macos();
    scratch.modules = modules(&scratch, &["cron", "systemd", "launchd"]);
    scratch
}

/// What `assay install ARGS` did; the test alert arrived.
#[track_caller]
fn install(scratch: &Scratch, args: &[&str]) -> Value {
    scratch.json(&[&["install"], args].concat()).remove(0)
}

/// The paths that were written or removed, and the commands.
fn steps(done: &Value) -> Vec<String> {
    let step = |step: &Value| match step {
        Value::Object(step) => {
            let (what, of) = step.iter().next().unwrap();
            let of = of["path"].as_str().or(of.as_str()).unwrap();
            format!("{what} {of}")
        }
        other => panic!("{other}"),
    };
    done["steps"].as_array().unwrap().iter().map(step).collect()
}

/// Every file of the root with its content.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    files
}

fn read(scratch: &Scratch, path: &str) -> String {
    fs::read_to_string(scratch.host(path)).unwrap()
}

fn program() -> String {
    built()
        .join("assay")
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

#[test]
fn each_way_is_installed_once_and_replaces_the_others() {
    let scratch = linux();
    let before = tree(&scratch.path("root"));
    let remove = |paths: &[&str]| {
        paths
            .iter()
            .map(|path| format!("remove {path}"))
            .collect::<Vec<_>>()
    };
    let run = |command: &str| format!("run systemctl {command}");

    let done = install(&scratch, &[]);
    assert_eq!(
        (&done["way"], &done["changed"]),
        (&json!("systemd-timer"), &json!(true))
    );
    let timer = [
        &format!("write {SERVICE}"),
        &format!("write {TIMER}"),
        &run("daemon-reload"),
        &run("enable --now assay.timer"),
    ];
    assert_eq!(steps(&done).iter().collect::<Vec<_>>(), timer);
    assert_eq!(done["sinks"][0]["taken"], true);
    let alerts = scratch.delivered();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (&alerts[0]["change"], &alerts[0]["severity"]),
        (&json!("test"), &json!("info"))
    );

    // The second time nothing changes, and no alert says otherwise.
    let after = tree(&scratch.path("root"));
    let done = install(&scratch, &[]);
    assert_eq!((&done["changed"], &done["sinks"]), (&json!(false), &Value::Null));
    assert_eq!(steps(&done), [run("enable --now assay.timer")]);
    assert!(tree(&scratch.path("root")) == after && scratch.delivered().len() == 1);
    let told = scratch.assay(&["install"]);
    assert!(
        told.code == 0 && told.stdout.contains("nothing changed"),
        "{told:?}"
    );

    // Another interval takes the place of the one before.
    let done = install(&scratch, &["--every", "1h"]);
    let changed = [
        run("disable --now assay.timer"),
        format!("write {SERVICE}"),
        format!("write {TIMER}"),
        run("daemon-reload"),
        run("enable --now assay.timer"),
    ];
    assert_eq!(steps(&done), changed);

    let done = install(&scratch, &["--as", "cron"]);
    let gone = [
        vec![run("disable --now assay.timer")],
        remove(&[SERVICE, TIMER]),
        vec![run("daemon-reload"), format!("write {CRON}")],
    ];
    assert_eq!(steps(&done), gone.concat());
    let done = install(&scratch, &["--resident"]);
    assert_eq!(done["way"], "systemd-service");
    let gone = [
        remove(&[CRON]),
        vec![
            format!("write {RESIDENT}"),
            run("daemon-reload"),
            run("enable --now assay-watch.service"),
        ],
    ];
    assert_eq!(steps(&done), gone.concat());

    let ran = scratch.assay(&["uninstall"]);
    assert!(ran.code == 0 && ran.stdout.contains("the state stays"), "{ran:?}");
    assert!(tree(&scratch.path("root")) == before, "{ran:?}");
    assert_eq!(
        scratch.json(&["verify"])[0]["chain"]["stored"],
        4,
        "one test alert each time that something changed"
    );
    let ran = scratch.assay(&["uninstall"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("nothing was installed"),
        "{ran:?}"
    );

    let mac = mac();
    let done = install(&mac, &["--every", "20m"]);
    let bootstrap = format!("run launchctl bootstrap system {JOB}");
    assert_eq!(steps(&done), [format!("write {JOB}"), bootstrap.clone()]);
    let job = plist::Value::from_file(mac.host(JOB)).unwrap();
    let job = job.as_dictionary().unwrap();
    assert_eq!(
        (
            job["Label"].as_string(),
            job["StartInterval"].as_unsigned_integer()
        ),
        (Some("org.assay.run"), Some(1200))
    );
    assert!(steps(&install(&mac, &["--every", "20m"])).is_empty());
    let done = install(&mac, &["--resident"]);
    assert_eq!(
        steps(&done),
        [
            "run launchctl bootout system/org.assay.run",
            &format!("write {JOB}"),
            &bootstrap
        ]
    );
    let job = plist::Value::from_file(mac.host(JOB)).unwrap();
    let job = job.as_dictionary().unwrap();
    assert!(job["KeepAlive"].as_boolean() == Some(true) && !job.contains_key("StartInterval"));
    let words = job["ProgramArguments"].as_array().unwrap();
    assert_eq!(
        (words[0].as_string(), words.last().unwrap().as_string()),
        (Some(program().as_str()), Some("watch"))
    );
    assert_eq!(mac.assay(&["uninstall"]).code, 0);
    assert!(!mac.host(JOB).exists());
}

/// Assay reads what it wrote as it reads what others write, and says so when it comes.
#[test]
fn what_is_installed_is_seen() {
    for (way, kind, key) in [
        ("cron", "cron_job", "/etc/cron.d/assay: */10 * * * * root "),
        ("systemd-timer", "systemd_timer", "assay.timer"),
        ("systemd-service", "systemd_unit", "assay-watch.service"),
    ] {
        let scratch = linux();
        scratch.run();
        install(&scratch, &["--as", way]);
        let alerts = scratch.run();
        let alert = alerts
            .iter()
            .find(|alert| alert["kind"] == kind)
            .unwrap_or_else(|| panic!("{alerts:#?}"));
        assert!(alert["key"].as_str().unwrap().starts_with(key), "{alert:#}");
        assert!(alert["fields"].get("inert").is_none(), "{alert:#}");
    }
    let mac = mac();
    mac.run();
    install(&mac, &[]);
    assert_eq!(mac.said(), [format!("added launch_daemon {JOB}")]);
}

/// A first run after it learns, whatever the test alert has put into the database.
#[test]
fn the_first_run_afterwards_still_learns() {
    let scratch = linux();
    install(&scratch, &[]);
    let alerts = scratch.run();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(
        (&alerts[0]["change"], &alerts[0]["severity"]),
        (&json!("baseline_created"), &json!("info"))
    );
    assert_eq!(scratch.json(&["verify"])[0]["sound"], true);
}

#[test]
fn a_dry_run_writes_nothing_and_shows_everything() {
    let scratch = linux();
    let before = tree(&scratch.path("root"));
    for (way, parts) in [
        (
            "systemd-timer",
            &[
                "would write `/etc/systemd/system/assay.timer`",
                "OnCalendar=*:0/10",
                "would run `systemctl enable --now assay.timer`",
            ][..],
        ),
        ("cron", &["would write `/etc/cron.d/assay`", "*/10 * * * * root "]),
    ] {
        let Ran { code, stdout, stderr } = scratch.assay(&["install", "--dry-run", "--as", way]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        for part in parts {
            assert!(stdout.contains(part), "no `{part}` in {stdout}");
        }
    }
    assert!(tree(&scratch.path("root")) == before && !scratch.path("state").exists());
    install(&scratch, &[]);
    let after = tree(&scratch.path("root"));
    let ran = scratch.assay(&["uninstall", "--dry-run"]);
    assert!(
        ran.stdout.contains(&format!("would remove `{TIMER}`")) && tree(&scratch.path("root")) == after,
        "{ran:?}"
    );
}

/// Exit 1 when nobody would hear of anything; one sink that works is enough.
#[test]
fn sinks_that_do_not_take_the_test_alert_are_told() {
    let scratch = linux();
    let good = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    let bad = format!(
        "[[sink]]\ntype = 'syslog'\naddress = 'unix:{}'\n",
        scratch.path("nobody").display()
    );
    scratch.config(&format!("{bad}{good}"));
    let ran = scratch.assay(&["install"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("did not take the test alert") && ran.stdout.contains("took the test alert"),
        "{ran:?}"
    );
    scratch.config(&bad);
    let ran = scratch.assay(&["install", "--every", "5m"]);
    assert!(
        ran.code == 1 && !ran.stdout.contains("took the test alert"),
        "{ran:?}"
    );
    assert!(
        read(&scratch, TIMER).contains("OnCalendar=*:0/5"),
        "it is installed all the same"
    );
}
