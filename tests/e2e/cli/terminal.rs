//! On a terminal: what changed, in colour and as wide as the screen. script(1) of util-linux makes the terminal.

use super::{AGENT, holds, with_deviations};
use assay_tests::Scratch;
use std::process::{Command, Stdio};

/// What a command shows on a terminal so wide, and its exit code; `None` where there is no script(1).
fn shown(scratch: &Scratch, columns: u16, args: &[&str]) -> Option<(String, i32)> {
    let command = scratch.command(args);
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''")))
        .collect();
    let line = format!("stty cols {columns} rows 40; exec {}", words.join(" "));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    match script.output() {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
            Some((text, output.status.code().unwrap_or(-1)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            crate::scenarios::left_out("no script(1); Debian has it in bsdutils");
            None
        }
        Err(error) => panic!("script: {error}"),
    }
}

#[test]
fn a_run_tells_what_it_found() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "");
    let Some((text, code)) = shown(&scratch, 100, &["run"]) else {
        return;
    };
    assert_eq!(code, 0, "{text}");
    holds(
        &text,
        &[
            "baseline created",
            "6 modules, the baseline is made; from now on changes are alerted",
        ],
    );
    scratch.script("/opt/x", "#!/bin/sh\n");
    scratch.file("/etc/crontab", "1 1 * * * root /opt/x\n");
    let (text, code) = shown(&scratch, 100, &["run", "--exit-code"]).unwrap();
    assert_eq!(code, 2, "{text}");
    holds(
        &text,
        &[
            "\x1b[",
            "high",
            "added cron_job `/etc/crontab: 1 1 * * * root /opt/x`",
            "runs /opt/x",
            "6 modules, 1 change\n",
        ],
    );
    let (text, code) = shown(&scratch, 100, &["run"]).unwrap();
    assert_eq!((text.as_str(), code), ("6 modules, nothing changed\n", 0));
}

#[test]
fn a_busy_state_is_a_failure_to_a_person() {
    let scratch = with_deviations();
    let lock = std::fs::File::open(scratch.path("state/lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let Some((text, code)) = shown(&scratch, 100, &["run"]) else {
        return;
    };
    assert_eq!(code, 1, "{text}");
    holds(&text, &["another run is going on"]);
}

#[test]
fn tables_fit_the_screen_and_stay_whole() {
    let scratch = with_deviations();
    for columns in [0, 1, 40, 80, 200] {
        for args in [
            &["status"][..],
            &["list"],
            &["kinds"],
            &["module", "list"],
            &["show", "report.service"],
        ] {
            let Some((text, code)) = shown(&scratch, columns, args) else {
                return;
            };
            assert_eq!(code, 0, "{columns}, {args:?}: {text}");
            assert!(
                text.lines().count() < 400,
                "{columns}, {args:?}: one letter a line?\n{text}"
            );
        }
    }
    let (text, _) = shown(&scratch, 80, &["list"]).unwrap();
    holds(&text, &[AGENT, "* is not accepted: `assay alerts --open`"]);
}
