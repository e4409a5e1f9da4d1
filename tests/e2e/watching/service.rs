//! As a service: the configuration is read again, a watchdog is told, an idle one does nothing.

use super::{Watching, job, known};
use assay_tests::{Scratch, wait_for};
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::time::Duration;

#[test]
fn a_configuration_that_cannot_be_used_changes_nothing_and_is_said() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    let sound = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config("[[sink]]\ntype = 'fil'\n");
    watching.signal(Signal::HUP);
    watching.wait("config_refused");
    let refused = scratch.delivered().pop().unwrap();
    let text = refused["text"].as_str().unwrap();
    assert!(text.contains("assay.toml:2:"), "{text}");
    assert!(
        watching.errors().contains("stays in force"),
        "{}",
        watching.errors()
    );

    let second = scratch.path("second.jsonl");
    scratch.config(&format!(
        "{sound}[[sink]]\ntype = 'file'\npath = '{}'\n",
        second.display()
    ));
    watching.signal(Signal::HUP);
    scratch.file("/etc/cron.d/new", "5 4 * * * root /opt/new\n");
    wait_for("the new sink to get what is new", || {
        fs::read_to_string(&second)
            .unwrap_or_default()
            .contains("/opt/new")
    });
    watching.wait(&format!("added {}", job("new", "/opt/new")));
}

#[test]
fn a_watchdog_is_told_that_it_is_alive() {
    let scratch = known();
    let mut command = scratch.command(&["watch"]);
    command.env("WATCHDOG_USEC", "400000");
    let watching = Watching::start_as(&scratch, command);
    for _ in 0..3 {
        assert_eq!(watching.notified(), "WATCHDOG=1");
    }
}

/// Processor time in clock ticks, and the voluntary switches of the process: each is a time that it woke up.
fn used(pid: u32) -> (u64, u64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let words: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let woken = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
        .unwrap();
    let ticks = words[11..15]
        .iter()
        .map(|word| word.parse::<u64>().unwrap())
        .sum();
    (ticks, woken.trim().parse().unwrap())
}

#[test]
fn an_idle_one_sleeps() {
    let mut scratch = known();
    // The folder above that of the modules is watched too, and where those of all tests are, tests come and go.
    let modules = scratch.path("modules");
    fs::create_dir(&modules).unwrap();
    for module in fs::read_dir(assay_tests::spine()).unwrap() {
        let module = module.unwrap();
        fs::hard_link(module.path(), modules.join(module.file_name())).unwrap();
    }
    scratch.modules = vec![modules];
    let watching = Watching::start(&scratch);
    watching.settled();
    let before = used(watching.child.id());
    std::thread::sleep(Duration::from_secs(5));
    let after = used(watching.child.id());
    // Whoever asked ten times a second would wake fifty times.
    assert!(
        after.0 - before.0 <= 1 && after.1 - before.1 <= 10,
        "{before:?} {after:?}"
    );
}

/// Whoever wants to be unseen begins with the watcher.
#[test]
fn assay_itself_is_watched() {
    let mut scratch = Scratch::new();
    scratch.watch = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
    scratch.modules = vec![assay_tests::built().to_owned()];
    scratch.file("/etc/assay/assay.toml", "[modules]\nparallel = 2\n");
    scratch.script("/usr/local/bin/assay", "1");
    scratch.file(
        "/etc/systemd/system/assay-watch.service",
        "[Service]\nExecStart=/usr/local/bin/assay watch\n",
    );
    scratch.run();
    let watching = Watching::start(&scratch);
    scratch.file(
        "/etc/assay/assay.toml",
        "[modules]\nparallel = 2\ndisabled = [\"cron\"]\n",
    );
    watching.wait("added assay_setting /etc/assay/assay.toml: /modules/disabled");
    scratch.script("/usr/local/bin/assay", "2");
    watching.wait_until("swapped program", |said| {
        said.iter()
            .any(|said| said.starts_with("changed") && said.ends_with("/usr/local/bin/assay"))
    });
    scratch.remove("/etc/systemd/system/assay-watch.service");
    watching.wait_until("unit that is gone", |said| {
        said.iter()
            .any(|said| said.starts_with("removed") && said.contains("assay-watch.service"))
    });
    fs::remove_file(scratch.path("state/assay.db")).unwrap();
    watching.wait("history_broken");
}
