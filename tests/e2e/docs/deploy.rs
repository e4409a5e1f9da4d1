//! Installing, and the files for systemd, cron, launchd and rsyslog.

use super::{blocks, has, needs, read, repo};
use assay_tests::{Scratch, built};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

fn entry<'a>(entries: &'a [Value], kind: &str, key: &str) -> &'a Value {
    let found = entries
        .iter()
        .find(|e| e["kind"] == kind && e["key"].as_str().is_some_and(|k| k.contains(key)));
    found.unwrap_or_else(|| panic!("no {kind} `{key}` in {entries:#?}"))
}

#[test]
fn what_is_installed_as_documented_finds_its_modules() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("target")).unwrap();
    symlink(built(), scratch.path("target/release")).unwrap();
    for folder in ["modules", "config"] {
        symlink(repo(folder).canonicalize().unwrap(), scratch.path(folder)).unwrap();
    }
    let install = blocks(&read("docs/running.md"), "sh").concat();
    let prefix = scratch.path("installed");
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &install])
        .current_dir(scratch.path(""))
        .env("PREFIX", &prefix);
    assert!(shell.status().unwrap().success());
    let mut list = Command::new(prefix.join("bin/assay"));
    list.args(["module", "list", "--json"])
        .env("ASSAY_STATE", scratch.path("state"));
    let listed = String::from_utf8(list.output().unwrap().stdout).unwrap();
    let modules: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = modules.iter().filter_map(|m| m["name"].as_str()).collect();
    for name in ["cron", "files", "kernel", "launchd", "startup", "systemd"] {
        assert!(names.contains(&name), "{name} is not in {listed}");
    }
    assert!(modules.iter().any(|m| m["list"] == "ci_runners"), "{listed}");
    let installed = prefix.to_str().unwrap();
    assert!(
        modules
            .iter()
            .all(|m| m["path"].as_str().unwrap().starts_with(installed)),
        "{listed}"
    );
}

/// Assay reads the files that run it, as it reads those of others.
#[test]
fn the_files_that_run_assay_are_what_they_seem() {
    let scratch = Scratch::new();
    scratch.script("/usr/local/bin/assay", "");
    scratch.file("/etc/cron.d/assay", read("config/cron/assay"));
    for unit in ["assay.service", "assay.timer"] {
        scratch.file(
            &format!("/etc/systemd/system/{unit}"),
            read(&format!("config/systemd/{unit}")),
        );
    }
    scratch.run();
    let entries = scratch.json(&["list"]);
    let job = entry(&entries, "cron_job", "/usr/local/bin/assay run");
    assert_eq!(
        (&job["fields"]["schedule"], &job["fields"]["inert"]),
        (&"*/5 * * * *".into(), &Value::Null)
    );
    for (kind, key) in [
        ("systemd_unit", "assay.service"),
        ("systemd_timer", "assay.timer"),
    ] {
        let unit = entry(&entries, kind, key);
        assert!(unit.get("unparsable").is_none(), "{unit}");
    }
    let programs = |entry: &Value| entry["programs"].clone();
    assert_eq!(
        programs(job),
        programs(entry(&entries, "systemd_unit", "assay.service"))
    );

    let mac = Scratch::macos();
    mac.script("/usr/local/bin/assay", "");
    mac.file(
        "/Library/LaunchDaemons/org.assay.run.plist",
        read("config/launchd/org.assay.run.plist"),
    );
    mac.run();
    let entries = mac.json(&["list"]);
    let job = entry(&entries, "launch_daemon", "org.assay.run");
    assert!(job.get("unparsable").is_none(), "{job}");
    assert_eq!(programs(job), serde_json::json!(["/usr/local/bin/assay"]));
}

#[test]
fn the_launchd_job_is_named_for_its_label() {
    let plist = plist::Value::from_file(repo("config/launchd/org.assay.run.plist")).unwrap();
    let job = plist.as_dictionary().unwrap();
    assert_eq!(job["Label"].as_string(), Some("org.assay.run"));
    assert_eq!(job["StartInterval"].as_unsigned_integer(), Some(300));
    assert_eq!(job["Umask"].as_unsigned_integer(), Some(0o077));
}

#[test]
fn systemd_understands_the_unit_files() {
    if !has("systemd-analyze") {
        // Containers seldom have it, and it is only a second opinion.
        assay_tests::skipped("systemd-analyze (Debian package systemd)");
        return;
    }
    let scratch = Scratch::new();
    let assay = built().join("assay");
    let units = ["assay.service", "assay.timer", "assay-watch.service"];
    for unit in units {
        // It also looks whether what is started is there.
        let text =
            read(&format!("config/systemd/{unit}")).replace("/usr/local/bin/assay", assay.to_str().unwrap());
        fs::write(scratch.path(unit), text).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").args(units.map(|unit| scratch.path(unit)));
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("assay")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

/// The rights that the unit leaves are enough for every module, and for ending one that hangs.
#[test]
fn the_capabilities_of_the_unit_are_enough() {
    let root_and_setpriv = super::is_root() && has("setpriv");
    if !needs(root_and_setpriv, "root, and setpriv (Debian package util-linux)") {
        return;
    }
    let unit = read("config/systemd/assay.service");
    let kept = unit
        .lines()
        .find_map(|line| line.strip_prefix("CapabilityBoundingSet="))
        .unwrap();
    let kept = kept
        .split(' ')
        .map(|name| format!(",+{}", name.trim_start_matches("CAP_").to_lowercase()));
    let scratch = Scratch::new();
    // An entry, so that modules have something to say, in a home that only its owner may enter.
    scratch.file_mode(
        "/home/ana/.config/systemd/user/x.service",
        "[Service]\nExecStart=/bin/true\n",
        0o600,
    );
    rustix::fs::chown(
        scratch.host("/home/ana"),
        Some(rustix::fs::Uid::from_raw(1000)),
        None,
    )
    .unwrap();
    let mut confined = Command::new("setpriv");
    confined.args([
        "--no-new-privs",
        &format!("--bounding-set=-all{}", kept.collect::<String>()),
        "--",
    ]);
    let run = scratch.command(&["run"]);
    confined.arg(run.get_program()).args(run.get_args());
    let output = confined.output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let status = &scratch.json(&["status"])[0];
    assert_eq!(status["gaps"], serde_json::json!([]), "{status:#}");
    let walls = status["sandbox"]["active"].to_string();
    assert!(
        walls.contains("nobody") && walls.contains("seccomp"),
        "{status:#}"
    );
}

#[test]
fn rsyslog_understands_the_documented_server() {
    if !needs(has("rsyslogd"), "rsyslogd (Debian package rsyslog)") {
        return;
    }
    let shown = blocks(&read("docs/alerts.md"), "text");
    let server = shown.iter().find(|block| block.contains("imtcp")).unwrap();
    let scratch = Scratch::new();
    fs::write(scratch.path("rsyslog.conf"), server).unwrap();
    let mut check = Command::new("sh");
    check
        .args(["-c", "PATH=$PATH:/usr/sbin rsyslogd -N1 -f rsyslog.conf"])
        .current_dir(scratch.path(""));
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("error"), "{said}");
}
