//! The command line, as people and programs use it.

mod accept;
mod config;
mod look;
mod module;
mod quiet;
mod terminal;

use assay_tests::{Ran, Scratch};
use std::fs;

/// A cron line, a unit and a script that share a program, learned; then one of each act, all of it open:
/// 2 added, 3 removed, 4 changed (unit), 5 changed (program).
fn with_deviations() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "5 4 * * * root /opt/report --all\n");
    scratch.script("/opt/report", "#!/bin/sh\n");
    scratch.script("/etc/cron.daily/clean", "#!/bin/sh\n");
    scratch.file(
        "/etc/systemd/system/report.service",
        "[Service]\nExecStart=/opt/report\nUser=ana\n",
    );
    assert_eq!(scratch.said(), ["baseline_created"]);
    scratch.file("/etc/cron.d/agent", "*/7 * * * * root /opt/agent --quiet\n");
    scratch.script("/opt/agent", "#!/bin/sh\nexit 3\n");
    scratch.remove("/etc/cron.daily/clean");
    scratch.file(
        "/etc/systemd/system/report.service",
        "[Service]\nExecStart=/opt/report\nUser=root\n",
    );
    scratch.script("/opt/report", "#!/bin/sh\nexit 4\n");
    let mut said = scratch.said();
    said.sort();
    assert_eq!(
        said,
        [
            format!("added cron_job {AGENT}"),
            "changed program /opt/report".to_owned(),
            "changed systemd_unit report.service".to_owned(),
            "removed cron_script /etc/cron.daily/clean".to_owned(),
        ]
    );
    scratch
}

const AGENT: &str = "/etc/cron.d/agent: */7 * * * * root /opt/agent --quiet";

/// The number of the alert of a key.
fn number(scratch: &Scratch, key: &str) -> String {
    let alerts = scratch.json(&["alerts"]);
    let alert = alerts.iter().rfind(|alert| alert["key"] == key).expect(key);
    alert["seq"].to_string()
}

/// What a command printed, which must have done its job and had nothing to complain of.
#[track_caller]
fn printed(scratch: &Scratch, args: &[&str]) -> String {
    let Ran { code, stdout, stderr } = scratch.assay(args);
    assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
    for line in stdout.lines() {
        // clap indents the empty lines of its help.
        assert!(
            line.trim_end() == line || args.contains(&"--help"),
            "{args:?}: blanks at the end: {line}"
        );
        assert!(
            !line.contains('\x1b'),
            "{args:?}: colour, and no terminal: {line}"
        );
    }
    stdout
}

/// What a command complained of on standard error, which must have failed and printed nothing else.
#[track_caller]
fn complaint(scratch: &Scratch, args: &[&str]) -> String {
    let Ran { code, stdout, stderr } = scratch.assay(args);
    assert_eq!((code, stdout.as_str()), (1, ""), "{args:?}: {stderr}");
    let said = stderr.strip_prefix("assay: ").expect(&stderr);
    said.trim_end().to_owned()
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// Every command and every flag that the help names is there and says what it is for.
#[test]
fn help_names_every_command() {
    let scratch = Scratch::new();
    let commands: &[(&[&str], &[&str])] = &[
        (
            &[],
            &[
                "run",
                "status",
                "list",
                "show",
                "alerts",
                "accept",
                "verify",
                "install",
                "uninstall",
                "doctor",
                "kinds",
                "module",
                "config",
            ],
        ),
        (&["run"], &["--full", "--exit-code"]),
        (&["status"], &[]),
        (&["list"], &["[KIND]"]),
        (&["show"], &["<KEY>"]),
        (&["alerts"], &["--since", "--open", "--follow"]),
        (&["accept"], &["--all", "--module", "--reason"]),
        (&["verify"], &["--against", "--sink"]),
        (
            &["install"],
            &[
                "--as",
                "--every",
                "--resident",
                "--dry-run",
                "systemd-timer",
                "systemd-service",
                "cron",
            ],
        ),
        (&["uninstall"], &["--dry-run"]),
        (&["doctor"], &[]),
        (&["kinds"], &[]),
        (&["module"], &["list", "trust", "new", "check", "run"]),
        (
            &["module", "new"],
            &["--lang", "--dir", "--sdk", "rust", "python", "watch"],
        ),
        (&["module", "check"], &["<PATH>"]),
        (&["module", "run"], &["<PATH>"]),
        (&["config"], &["check", "show"]),
    ];
    for (command, parts) in commands {
        let help = printed(&scratch, &[command, &["--help"][..]].concat());
        holds(&help, parts);
        holds(
            &help,
            &["--config", "--state", "--modules", "--root", "--json", "--help"],
        );
    }
    holds(
        &printed(&scratch, &["--help"]),
        &[
            "Exit codes: 0 done; 1 could not do its job",
            "2 changes were found",
        ],
    );
    assert!(printed(&scratch, &["--version"]).starts_with("assay "));
}

/// One JSON object a line, whatever the command.
#[test]
fn every_command_speaks_json() {
    let scratch = with_deviations();
    let module = scratch.modules[0].join(format!("libassay_module_cron{}", std::env::consts::DLL_SUFFIX));
    fs::create_dir(scratch.path("etc")).unwrap();
    let commands: &[(&[&str], usize, &[&str])] = &[
        (&["run"], 0, &[]),
        (
            &["status"],
            1,
            &[
                "last_run",
                "last_full",
                "root",
                "os",
                "last_alert",
                "open",
                "gaps",
                "modules",
                "sinks",
                "sandbox",
            ],
        ),
        (
            &["list"],
            3,
            &[
                "module",
                "kind",
                "key",
                "source",
                "fields",
                "programs",
                "first_seen",
                "open",
            ],
        ),
        (&["list", "cron_job"], 2, &["module", "kind", "key"]),
        (
            &["show", "report.service"],
            1,
            &[
                "module", "kind", "key", "state", "now", "baseline", "programs", "source", "history", "open",
            ],
        ),
        (
            &["show", "/opt/report"],
            1,
            &[
                "module", "kind", "key", "now", "baseline", "named_by", "history", "open",
            ],
        ),
        (
            &["alerts"],
            5,
            &[
                "v", "seq", "id", "time", "host", "history", "change", "severity", "previous", "digest",
            ],
        ),
        (&["alerts", "--open"], 4, &["seq", "id"]),
        (&["verify"], 1, &["sound", "chain", "copy"]),
        (
            &["kinds"],
            6,
            &["name", "version", "summary", "platforms", "kinds"],
        ),
        (&["module", "list"], 6, &["name", "path", "sha256", "state"]),
        (&["config", "check"], 1, &["sound", "files"]),
        (
            &["config", "show"],
            1,
            &["modules", "verify", "baseline", "alerts", "sink", "module"],
        ),
        (&["accept", "--all"], 1, &["accepted"]),
        (
            &["module", "trust", module.to_str().unwrap()],
            1,
            &["name", "sha256", "lock"],
        ),
    ];
    for (command, lines, names) in commands {
        let said = scratch.json(command);
        assert_eq!(said.len(), *lines, "{command:?}: {said:#?}");
        for line in said {
            for name in *names {
                assert!(line.get(name).is_some(), "{command:?}: no {name} in {line}");
            }
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "");
    let code = |args: &[&str]| scratch.assay(args).code;
    assert_eq!(code(&["status"]), 1, "nothing is known yet");
    assert_eq!(code(&["run", "--exit-code"]), 0, "a baseline is no change");
    assert_eq!(code(&["run", "--exit-code"]), 0);
    scratch.file("/etc/crontab", "1 1 * * * root /opt/x\n");
    assert_eq!(code(&["run"]), 0, "changes are no failure");
    scratch.file("/etc/crontab", "2 2 * * * root /opt/x\n");
    assert_eq!(code(&["run", "--exit-code"]), 2);
    assert_eq!(code(&["run", "--exit-code", "--json"]), 0, "open, and told");
    scratch.file("/etc/crontab", "");
    assert_eq!(code(&["run", "--exit-code"]), 2, "to go back is a change too");
    for mistake in [
        &["rum"][..],
        &[],
        &["run", "--fast"],
        &["accept"],
        &["accept", "1", "--all"],
        &["accept", "--all", "--module", "cron"],
        &["show"],
        &["alerts", "--since", "yesterday"],
        &["list", "nonsense"],
        &["show", "nonsense"],
        &["accept", "99"],
        &["verify", "--sink", "file"],
        &["verify", "--against", "/nonexistent"],
        &["module", "trust", "/nonexistent.so"],
        &["run", "--root", "/nonexistent"],
        &["status", "--state", "/nonexistent"],
    ] {
        let ran = scratch.assay(mistake);
        assert_eq!(ran.code, 1, "{mistake:?}: {ran:?}");
        assert!(
            ran.stdout.is_empty() && !ran.stderr.is_empty(),
            "{mistake:?}: {ran:?}"
        );
    }
}
