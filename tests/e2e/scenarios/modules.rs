//! Modules that come, change, go, or may not be loaded.

use super::{File, expect, is_root, learn, left_out, put, run, told};
use assay_tests::{Scratch, built, change_of};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn file_of(module: &str) -> String {
    let suffix = std::env::consts::DLL_SUFFIX;
    format!("libassay_module_{module}{suffix}")
}

fn copy_module(module: &str, folder: &Path) -> PathBuf {
    let file = folder.join(file_of(module));
    fs::copy(built().join(file_of(module)), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// A Linux root with a cron line and a start script, and a folder of modules that holds only `module`.
fn scratch_with(module: &str) -> Scratch {
    let mut scratch = Scratch::new();
    put(
        &scratch,
        &[
            File("/etc/crontab", "1 1 * * * root /opt/a\n2 2 * * * root /opt/b\n"),
            File("/etc/rc.local", "#!/bin/sh\n"),
        ],
    );
    let folder = scratch.path("modules");
    fs::create_dir(&folder).unwrap();
    copy_module(module, &folder);
    scratch.modules = vec![folder];
    scratch
}

#[test]
fn a_module_that_is_dropped_in_learns_and_says_so() {
    let scratch = scratch_with("startup");
    learn(&scratch);
    let file = copy_module("cron", &scratch.path("modules"));
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(told).collect::<Vec<_>>(), ["baseline_created"]);
    let alert = &alerts[0];
    assert_eq!(
        alert["severity"], "medium",
        "code that nobody had seen before runs now"
    );
    assert_eq!(alert["fields"]["cron.entries"], 2);
    assert_eq!(alert["fields"]["cron.path"].as_str(), file.to_str());
    assert_eq!(alert["fields"]["cron.sha256"].as_str().map(str::len), Some(64));
    expect(&scratch, "nothing", &[""; 0]);
    put(&scratch, &[File("/etc/crontab", "1 1 * * * root /opt/a\n")]);
    expect(
        &scratch,
        "a change it sees",
        &["removed cron_job /etc/crontab: 2 2 * * * root /opt/b"],
    );
}

#[test]
fn another_file_as_a_known_module_is_told() {
    let scratch = scratch_with("cron");
    learn(&scratch);
    let file = scratch.path("modules").join(file_of("cron"));
    // Bytes behind the end change nothing but the digest.
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(b"later");
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    let alerts = scratch.run();
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        ["module_changed [sha256]"]
    );
    assert_eq!(
        (&alerts[0]["module"], &alerts[0]["severity"]),
        (&"cron".into(), &"medium".into())
    );
    let (old, new) = change_of(&alerts[0], "sha256");
    assert!(old.len() == 64 && new.len() == 64 && old != new);
    expect(&scratch, "nothing", &[""; 0]);
}

#[test]
fn a_module_that_is_gone_keeps_what_it_listed() {
    let scratch = scratch_with("cron");
    copy_module("startup", &scratch.path("modules"));
    learn(&scratch);
    let file = scratch.path("modules").join(file_of("cron"));
    fs::remove_file(&file).unwrap();
    put(&scratch, &[File("/etc/crontab", "1 1 * * * root /opt/a\n")]);
    let alerts = scratch.run();
    assert_eq!(alerts.iter().map(told).collect::<Vec<_>>(), ["module_missing"]);
    assert_eq!(
        (&alerts[0]["module"], &alerts[0]["severity"]),
        (&"cron".into(), &"high".into())
    );
    expect(&scratch, "nothing", &[""; 0]);
    assert_eq!(scratch.json(&["list", "cron_job"]).len(), 2, "its entries stay");
    copy_module("cron", &scratch.path("modules"));
    expect(
        &scratch,
        "its return",
        &["removed cron_job /etc/crontab: 2 2 * * * root /opt/b"],
    );
    expect(&scratch, "nothing", &[""; 0]);
}

#[test]
fn a_module_that_others_may_write_is_refused_with_the_way_out() {
    let scratch = scratch_with("cron");
    learn(&scratch);
    let folder = scratch.path("modules");
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    let alerts = scratch.run();
    let mut lines: Vec<_> = alerts.iter().map(told).collect();
    lines.sort();
    assert_eq!(lines, ["module_missing", "module_refused"]);
    let refused = alerts
        .iter()
        .find(|alert| alert["change"] == "module_refused")
        .unwrap();
    assert_eq!(refused["severity"], "high");
    assert_eq!(refused["source"].as_str(), folder.join(file_of("cron")).to_str());
    let fix = format!(
        "`{0}` is writable by everybody; run `chmod o-w {0}`",
        folder.display()
    );
    assert_eq!(refused["text"], fix);
    expect(&scratch, "nothing", &[""; 0]);
    mode(0o755);
    expect(&scratch, "the fix", &[""; 0]);
    put(&scratch, &[File("/etc/crontab", "1 1 * * * root /opt/a\n")]);
    expect(
        &scratch,
        "a change it sees",
        &["removed cron_job /etc/crontab: 2 2 * * * root /opt/b"],
    );
}

/// Programs, modules, root, state and sink in a folder that an ordinary user can get to.
struct Stage {
    folder: tempfile::TempDir,
}

const NOBODY: u32 = 65534;

impl Stage {
    /// `None` when the test is not run by root, who alone can become somebody else.
    fn new() -> Option<Self> {
        if !is_root() {
            left_out("an ordinary user's run: not root");
            return None;
        }
        // Neither the build folder, which may be below a home, nor /tmp, which is writable by everybody.
        let folder = tempfile::Builder::new()
            .prefix("assay-tests-")
            .tempdir_in("/var/lib")
            .unwrap();
        let stage = Self { folder };
        fs::set_permissions(stage.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["assay".to_owned(), "assay-host".to_owned(), file_of("cron")] {
            fs::copy(built().join(&name), stage.path(&name)).unwrap();
        }
        fs::create_dir(stage.path("own")).unwrap();
        chown(stage.path("own"), Some(NOBODY), Some(NOBODY)).unwrap();
        let sink = format!(
            "[[sink]]\ntype = 'file'\npath = '{}'\n",
            stage.path("own/alerts").display()
        );
        fs::write(stage.path("assay.toml"), sink).unwrap();
        Some(stage)
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn file(&self, path: &str, content: &str) {
        let path = self.path("root").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path("root").join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    /// What a run by nobody told.
    fn run(&self) -> Vec<String> {
        let mut command = Command::new(self.path("assay"));
        command
            .args(["run", "--json"])
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir("/");
        for (flag, name) in [
            ("--root", "root"),
            ("--state", "own/state"),
            ("--config", "assay.toml"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        let output = command.arg("--modules").arg(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        lines
            .lines()
            .map(|line| told(&serde_json::from_str(line).expect(line)))
            .collect()
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_a_gap_and_no_removal() {
    let Some(stage) = Stage::new() else { return };
    stage.file("etc/os-release", "ID=fixture\n");
    stage.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    stage.file("etc/crontab", "1 1 * * * root /opt/a\n");
    stage.file("etc/cron.d/b", "2 2 * * * root /opt/b\n");
    stage.file("etc/cron.d/c", "3 3 * * * root /opt/c\n");
    assert_eq!(stage.run(), ["baseline_created"]);
    stage.mode("etc/cron.d", 0o700);
    assert_eq!(stage.run(), ["gap_opened /etc/cron.d"]);
    assert_eq!(stage.run(), [""; 0]);
    // Behind the closed door things go on.
    stage.file("etc/cron.d/c", "");
    stage.file("etc/crontab", "");
    assert_eq!(
        stage.run(),
        ["removed cron_job /etc/crontab: 1 1 * * * root /opt/a"]
    );
    stage.mode("etc/cron.d", 0o755);
    let mut told = stage.run();
    told.sort();
    assert_eq!(
        told,
        [
            "gap_closed /etc/cron.d",
            "removed cron_job /etc/cron.d/c: 3 3 * * * root /opt/c"
        ]
    );
    assert_eq!(stage.run(), [""; 0]);
}

#[test]
fn a_file_that_may_not_be_read_is_a_gap_and_no_removal() {
    let Some(stage) = Stage::new() else { return };
    stage.file("etc/os-release", "ID=fixture\n");
    stage.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    stage.file("etc/cron.d/b", "2 2 * * * root /opt/b\n");
    stage.file("opt/b", "#!/bin/sh\n");
    assert_eq!(stage.run(), ["baseline_created"]);
    // The program: its mode is news, what it holds nobody knows.
    stage.mode("opt/b", 0o700);
    let mut told = stage.run();
    told.sort();
    assert_eq!(told, ["changed program /opt/b [mode]", "gap_opened /opt/b"]);
    assert_eq!(stage.run(), [""; 0]);
    stage.file("opt/b", "#!/bin/sh\n");
    stage.mode("opt/b", 0o644);
    let mut told = stage.run();
    told.sort();
    assert_eq!(told, ["gap_closed /opt/b", "reverted program /opt/b [mode]"]);
    stage.mode("etc/cron.d/b", 0o600);
    let mut told = stage.run();
    told.sort();
    assert_eq!(
        told,
        ["changed source /etc/cron.d/b [mode]", "gap_opened /etc/cron.d/b"]
    );
    assert_eq!(stage.run(), [""; 0]);
}

/// Silence about an unchanged machine, whatever the first run found there.
#[test]
fn a_first_run_in_parts_learns_each_part_once() {
    let scratch = scratch_with("cron");
    learn(&scratch);
    for module in ["startup", "kernel", "systemd", "launchd"] {
        copy_module(module, &scratch.path("modules"));
        assert_eq!(run(&scratch), ["baseline_created"], "{module}");
    }
    expect(&scratch, "nothing", &[""; 0]);
}
