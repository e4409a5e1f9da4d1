//! From cron: silence unless something failed, and that is said once.

use super::{complaint, holds, printed, with_deviations};
use assay_tests::{Ran, Scratch};
use rustix::fs::{FlockOperation, flock};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[track_caller]
fn silent(scratch: &Scratch, args: &[&str]) {
    let Ran { code, stdout, stderr } = scratch.assay(args);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""), "{args:?}");
}

#[test]
fn a_clean_run_and_changes_are_silent() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "");
    silent(&scratch, &["run"]);
    silent(&scratch, &["run"]);
    scratch.file("/etc/crontab", "1 1 * * * root /opt/x\n");
    silent(&scratch, &["run"]);
    silent(&scratch, &["run", "--full"]);
    assert_eq!(scratch.delivered().len(), 2, "the sinks have it");
}

#[test]
fn a_module_that_fails_is_said_once() {
    let mut scratch = Scratch::new();
    let folder = scratch.path("modules");
    fs::create_dir(&folder).unwrap();
    let file = folder.join(format!("broken{}", std::env::consts::DLL_SUFFIX));
    fs::write(&file, "no library").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    scratch.modules.push(folder);
    let ran = scratch.assay(&["run"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    holds(&ran.stderr, &["assay: module `broken` failed: "]);
    // It still fails, which the exit code says, and nobody is told again.
    let ran = scratch.assay(&["run"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (1, "", ""));
    holds(&printed(&scratch, &["status"]), &["broken fails: "]);
    fs::remove_file(&file).unwrap();
    let ran = scratch.assay(&["run"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stderr,
        "assay: module `broken` is not there any more: what it watched is not watched any more\n"
    );
    silent(&scratch, &["run"]);
}

#[test]
fn a_sink_that_is_down_is_said_once() {
    let scratch = Scratch::new();
    let sink = scratch.path("later/alerts");
    scratch.config(&format!(
        "[[sink]]\ntype = 'file'\nname = 'later'\npath = '{}'\n",
        sink.display()
    ));
    let ran = scratch.assay(&["run"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, ""),
        "it is queued, so nothing failed"
    );
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    holds(&ran.stderr, &["assay: sink `later` is down (", "2 alerts queued"]);
    silent(&scratch, &["run"]);
    fs::create_dir(scratch.path("later")).unwrap();
    silent(&scratch, &["run"]);
    assert_eq!(fs::read_to_string(sink).unwrap().lines().count(), 2);
}

#[test]
fn the_standard_output_sink_speaks_for_itself() {
    let scratch = Scratch::new();
    scratch.config("[[sink]]\ntype = 'stdout'\n");
    scratch.file("/etc/crontab", "");
    scratch.assay(&["run"]);
    scratch.file("/etc/crontab", "1 1 * * * root /opt/x\n");
    let ran = scratch.assay(&["run"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    holds(&ran.stdout, &["added", "/opt/x"]);
    silent(&scratch, &["run"]);
}

#[test]
fn a_second_run_leaves_it_to_the_first() {
    let scratch = with_deviations();
    let lock = fs::File::options()
        .read(true)
        .write(true)
        .open(scratch.path("state/lock"))
        .unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let before = scratch.json(&["alerts"]).len();
    scratch.remove("/etc/cron.d/agent");
    let ran = scratch.assay(&["run"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    holds(&ran.stderr, &["assay: another run is going on", "left to it"]);
    // Somebody who wants a thing done must know that it was not.
    holds(
        &complaint(&scratch, &["accept", "--all"]),
        &["another run is going on"],
    );
    // To look needs no lock.
    assert_eq!(scratch.json(&["alerts"]).len(), before);
    printed(&scratch, &["status"]);
    drop(lock);
    assert_eq!(scratch.run().len(), 1);
}

/// `assay list | head` is nobody's failure.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let scratch = with_deviations();
    for args in [&["list"][..], &["alerts", "--json"], &["kinds"]] {
        let mut child = scratch
            .command(args)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{args:?}: {output:?}"
        );
    }
}
