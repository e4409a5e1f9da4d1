//! `assay doctor`: each thing that can be wrong is one finding with what mends it, and nothing else is.

use crate::receivers::{TcpLog, modules};
use assay_tests::{Ran, Scratch};
use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

/// A machine on which nothing is wrong.
fn healthy() -> Scratch {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    fs::create_dir_all(scratch.host("/run/systemd/system")).unwrap();
    scratch.file("/proc/sys/fs/inotify/max_user_watches", "8192\n");
    scratch.file("/etc/cron.d/report", "5 4 * * * root /opt/report --all\n");
    scratch.script("/opt/report", "#!/bin/sh\n");
    assert_eq!(scratch.assay(&["install"]).code, 0);
    scratch.run();
    scratch
}

/// What is found, as `about: text`, and the fixes.
#[track_caller]
fn found(scratch: &Scratch) -> Vec<(String, String)> {
    let Ran { code, stdout, stderr } = scratch.assay(&["doctor", "--json"]);
    assert_eq!(stderr, "");
    let said: serde_json::Value = serde_json::from_str(&stdout).expect(&stdout);
    let findings = said["findings"].as_array().unwrap();
    assert_eq!(
        (code, said["sound"] == true),
        (i32::from(!findings.is_empty()), findings.is_empty()),
        "{stdout}"
    );
    let text = |of: &serde_json::Value| of.as_str().unwrap().to_owned();
    let finding = |of: &serde_json::Value| {
        (
            format!("{}: {}", text(&of["about"]), text(&of["text"])),
            text(&of["fix"]),
        )
    };
    let told = scratch.assay(&["doctor"]);
    assert_eq!(told.code, code, "{told:?}");
    assert!(!told.stdout.contains('\x1b'), "{told:?}");
    findings.iter().map(finding).collect()
}

#[track_caller]
fn finds(scratch: &Scratch, about: &str, fix: &str) {
    let found = found(scratch);
    let [(what, mends)] = &found[..] else {
        panic!("{found:#?}")
    };
    assert!(what.contains(about) && mends.contains(fix), "{what} -> {mends}");
}

fn sql(scratch: &Scratch, text: &str) {
    let database = Connection::open(scratch.path("state/assay.db")).unwrap();
    database.execute_batch(text).unwrap();
}

#[test]
fn nothing_is_wrong_where_nothing_is() {
    let scratch = healthy();
    let before = fs::read(scratch.path("state/assay.db")).unwrap();
    assert_eq!(found(&scratch), []);
    assert!(scratch.assay(&["doctor"]).stdout.contains("nothing is wrong"));
    assert!(fs::read(scratch.path("state/assay.db")).unwrap() == before);
    assert_eq!(scratch.said(), [""; 0], "and looking changes nothing");
}

/// What was disabled on purpose is no finding.
#[test]
fn a_module_that_is_disabled_is_none() {
    let mut scratch = healthy();
    fs::remove_dir_all(scratch.path("modules")).unwrap();
    scratch.modules = modules(&scratch, &["cron", "startup"]);
    scratch.run();
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("modules.disabled = ['startup']\n{config}"));
    scratch.run();
    assert_eq!(found(&scratch), []);
    scratch.config(&config);
    fs::remove_dir_all(scratch.path("modules")).unwrap();
    scratch.modules = modules(&scratch, &["cron"]);
    scratch.run();
    finds(
        &scratch,
        "modules: module `startup` is not there any more",
        "`assay module list`",
    );
}

#[test]
fn a_schedule_that_is_not_there_or_does_not_run_is_found() {
    let scratch = healthy();
    assert_eq!(scratch.assay(&["uninstall"]).code, 0);
    finds(&scratch, "schedule: nothing has Assay run", "`assay install`");
    assert_eq!(scratch.assay(&["install", "--every", "1h"]).code, 0);
    assert_eq!(found(&scratch), []);

    let witness = scratch.path("state/witness.json");
    let text = fs::read_to_string(&witness).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut last_run = |time: &str| {
        value["runs"]["last"] = time.into();
        fs::write(&witness, value.to_string()).unwrap();
    };
    last_run("2026-01-01T00:00:00.000Z");
    finds(
        &scratch,
        "runs: the last run was 2026-01-01T00:00:00Z, and one is to be every 3600",
        "journalctl",
    );
    last_run("2099-01-01T00:00:00.000Z");
    finds(&scratch, "runs: the last run was in the future", "`assay run`");
    last_run("once");
    finds(&scratch, "runs: nobody knows", "`assay run`");
    scratch.run();
    assert_eq!(found(&scratch), []);

    let never = Scratch::new();
    let said = found(&never);
    assert!(
        said.iter()
            .any(|(what, fix)| what == "runs: Assay has never run here" && fix == "`assay run`"),
        "{said:#?}"
    );
}

#[test]
fn sinks_that_do_not_answer_are_found_and_get_nothing() {
    let scratch = healthy();
    let good = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    let with = |sink: &str| scratch.config(&format!("{good}[[sink]]\n{sink}\n"));
    with("type = 'syslog'\naddress = 'unix:/nonexistent/log'");
    finds(
        &scratch,
        "sinks: sink `syslog unix:/nonexistent/log` cannot be reached: `/nonexistent/log`",
        "start what listens",
    );
    with("type = 'file'\npath = '/nonexistent/alerts'");
    finds(
        &scratch,
        "sinks: sink `file /nonexistent/alerts`",
        "configure another",
    );
    let port = crate::receivers::free_port();
    with(&format!("type = 'syslog'\naddress = 'tcp://127.0.0.1:{port}'"));
    finds(&scratch, "Connection refused", "start what listens");
    let mut server = TcpLog::new();
    server.up(crate::receivers::Mood::Serves);
    with(&format!(
        "type = 'syslog'\naddress = '{}'\n[[sink]]\ntype = 'stdout'",
        server.address()
    ));
    assert_eq!(found(&scratch), []);
    server.down();
    assert_eq!(server.got.all(), [""; 0], "a look sends nothing");
}

#[test]
fn modules_lists_and_settings_that_are_not_in_force_are_found() {
    let scratch = healthy();
    let module = scratch.modules[0].join(format!("libassay_module_cron{}", std::env::consts::DLL_SUFFIX));
    let mode = |bits| fs::set_permissions(&module, Permissions::from_mode(bits)).unwrap();
    mode(0o666);
    let said = found(&scratch);
    let chmod = format!("run `chmod o-w {}`", module.display());
    assert!(
        said.iter()
            .any(|(what, fix)| what.contains("is writable by everybody") && *fix == chmod),
        "{said:#?}"
    );
    mode(0o755);
    assert_eq!(found(&scratch), []);

    fs::create_dir(&scratch.watch).unwrap();
    fs::write(scratch.watch.join("mine.toml"), "nonsense = 1\n").unwrap();
    finds(&scratch, "watch lists: ", "`assay config check`");
    fs::remove_dir_all(&scratch.watch).unwrap();

    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config("modules.parralel = 1\n");
    finds(&scratch, "config: ", "`assay config check`");
    scratch.config(&config);

    let good = fs::read(&module).unwrap();
    fs::write(&module, "no library").unwrap();
    scratch.assay(&["run"]);
    finds(&scratch, "modules: module `cron` fails: ", "`assay module check ");
    fs::write(&module, good).unwrap();
    scratch.run();
    assert_eq!(found(&scratch), []);
}

#[test]
fn a_database_and_a_chain_that_are_not_sound_are_found() {
    let scratch = healthy();
    let database = scratch.path("state/assay.db");
    let good = fs::read(&database).unwrap();
    sql(
        &scratch,
        "DROP TRIGGER alerts_leave_by_retention; DELETE FROM alerts WHERE seq = 1",
    );
    finds(&scratch, "alerts: alert 1 is missing: ", "`assay verify`");
    fs::write(&database, &good[..good.len() / 2]).unwrap();
    finds(&scratch, "database: ", "`assay run` puts it aside");
    fs::write(
        &database,
        "no database, but long enough to be looked at as one".repeat(100),
    )
    .unwrap();
    finds(&scratch, "database: ", "`assay run` puts it aside");
}

#[test]
fn gaps_and_limits_of_the_kernel_are_found() {
    let scratch = healthy();
    scratch.file("/proc/sys/fs/inotify/max_user_watches", "1\n");
    finds(
        &scratch,
        "kernel: inotify lets 1 folders be watched, and 2 are known",
        "`sysctl fs.inotify.max_user_watches=4`",
    );
    scratch.file("/proc/sys/fs/inotify/max_user_watches", "8192\n");
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("verify.max_size = '1KiB'\n{config}"));
    scratch.script("/opt/report", [b'x'; 4096]);
    scratch.run();
    finds(
        &scratch,
        "gaps: 1 place cannot be read, such as `/opt/report` (",
        "`assay status`",
    );
}
