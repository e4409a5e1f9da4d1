//! The units of systemd: understood, with little exposure, and with the calls that a run makes.

use super::{RESIDENT, SERVICE, TIMER, install, linux, program, read};
use assay_tests::{Scratch, built};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Twenty-five tenths: what the exposure may be.
const EXPOSURE: &str = "25";
/// With a log server on the network: the units have to reach it.
const EXPOSURE_TO_NETWORK: &str = "33";

fn analyze(args: &[&str]) -> Option<(bool, String)> {
    let there = Path::new("/usr/bin/systemd-analyze").exists();
    if !there {
        assay_tests::skipped("systemd-analyze (Debian package systemd)");
        return None;
    }
    let output = Command::new("systemd-analyze").args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

fn sound(scratch: &Scratch, units: &[&str], exposure: &str) {
    for unit in units {
        let path = scratch.host(unit).display().to_string();
        let Some((good, said)) = analyze(&["verify", &path]) else {
            return;
        };
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("assay")).collect();
        assert!(good && ours.is_empty(), "{said}");
        if unit.ends_with(".timer") {
            continue;
        }
        let threshold = format!("--threshold={exposure}");
        let (good, said) = analyze(&["security", "--offline=true", &threshold, &path]).unwrap();
        assert!(good, "{said}");
    }
}

#[test]
fn units_are_understood_and_expose_little() {
    let scratch = linux();
    install(&scratch, &[]);
    sound(&scratch, &[SERVICE, TIMER], EXPOSURE);
    for every in ["1m", "2h", "1d", "7m", "45s"] {
        install(&scratch, &["--every", every]);
        sound(&scratch, &[TIMER], EXPOSURE);
    }
    install(&scratch, &["--resident"]);
    sound(&scratch, &[RESIDENT], EXPOSURE);
    let resident = read(&scratch, RESIDENT);
    for line in [
        "Type=notify",
        "Restart=always",
        "WatchdogSec=10min",
        "StateDirectory=assay",
        "PrivateNetwork=yes",
    ] {
        assert!(resident.contains(&format!("\n{line}\n")), "{resident}");
    }
    assert!(
        resident.contains(&format!("\nExecStart={} --config ", program())) && resident.contains(" watch\n")
    );

    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    let server = format!("{config}[[sink]]\ntype = 'syslog'\naddress = 'udp://127.0.0.1:9'\n");
    scratch.config(&server);
    for args in [&["--resident"][..], &["--as", "systemd-timer"]] {
        install(&scratch, args);
    }
    let service = read(&scratch, SERVICE);
    assert!(
        service.contains("AF_INET AF_INET6") && !service.contains("PrivateNetwork"),
        "{service}"
    );
    sound(&scratch, &[SERVICE], EXPOSURE_TO_NETWORK);
    // The folders that are written to are those of the state and of the file sink.
    for folder in [
        scratch.path("state"),
        scratch.path("alerts.jsonl").parent().unwrap().to_owned(),
    ] {
        assert!(
            service.contains(&format!("ReadWritePaths=-{}\n", folder.display())),
            "{service}"
        );
    }
}

/// The names of the calls in a set of systemd's, with those of the sets in it.
fn calls(set: &str) -> BTreeSet<String> {
    let (_, said) = analyze(&["syscall-filter", set]).unwrap();
    let names = said
        .lines()
        .map(str::trim)
        .filter(|name| !name.starts_with('#'))
        .skip(1);
    let mut calls = BTreeSet::new();
    for name in names.filter(|name| !name.is_empty()) {
        if name.starts_with('@') {
            calls.extend(self::calls(name));
        } else {
            calls.insert(name.to_owned());
        }
    }
    calls
}

/// No call that a run makes, with every module, is one that the unit's filter refuses.
#[test]
fn the_calls_of_a_run_are_those_that_the_unit_allows() {
    let has = |name: &str| Path::new("/usr/bin").join(name).exists();
    if !has("strace") || !has("systemd-analyze") {
        assay_tests::skipped("strace and systemd-analyze (Debian packages strace and systemd)");
        return;
    }
    let mut scratch = linux();
    scratch.modules = vec![built().to_owned()];
    let mut allowed = BTreeSet::new();
    let unit =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/systemd/assay.service"))
            .unwrap();
    for line in unit
        .lines()
        .filter_map(|line| line.strip_prefix("SystemCallFilter="))
    {
        for name in line.split(' ') {
            let (name, allow) = name.strip_prefix('~').map_or((name, true), |name| (name, false));
            let named = if name.starts_with('@') {
                calls(name)
            } else {
                BTreeSet::from([name.to_owned()])
            };
            if allow {
                allowed.extend(named);
            } else {
                allowed.retain(|call| !named.contains(call));
            }
        }
    }
    let trace = scratch.path("trace");
    let run = scratch.command(&["run", "--full"]);
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .arg(run.get_program())
        .args(run.get_args());
    assert!(strace.status().unwrap().success());
    let text = String::from_utf8_lossy(&fs::read(trace).unwrap()).into_owned();
    let call = |line: &str| {
        let (name, _) = line.split_once(' ')?.1.trim_start().split_once('(')?;
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            .then(|| name.to_owned())
    };
    let made: BTreeSet<String> = text.lines().filter_map(call).collect();
    assert!(
        made.contains("landlock_restrict_self") && made.contains("setresuid"),
        "{made:?}"
    );
    let refused: Vec<_> = made.difference(&allowed).collect();
    assert!(refused.is_empty(), "the unit refuses {refused:?}");
}
