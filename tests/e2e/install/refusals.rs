//! What is not done, and why.

use super::{CRON, install, linux, mac, program, read};
use crate::receivers::needs;
use assay_tests::{Scratch, built};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

#[track_caller]
fn refused(scratch: &Scratch, args: &[&str], says: &str) {
    let before = super::tree(&scratch.path("root"));
    let ran = scratch.assay(&[&["install"], args].concat());
    assert!(
        ran.code == 1 && ran.stderr.contains(says) && ran.stdout.is_empty(),
        "{args:?}: {ran:?}"
    );
    assert!(
        super::tree(&scratch.path("root")) == before,
        "{args:?}: something was written"
    );
}

#[test]
fn what_a_system_lacks_is_refused() {
    let bare = Scratch::new();
    refused(&bare, &[], "there is no folder `/etc/cron.d`");
    refused(&bare, &["--as", "systemd-timer"], "there is no systemd");
    refused(&bare, &["--as", "systemd-service"], "there is no systemd");
    refused(&bare, &["--as", "launchd"], "there is no launchd");
    refused(&mac(), &["--as", "systemd-timer"], "there is no systemd");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let scratch = linux();
    let cron = |every| scratch.assay(&["install", "--dry-run", "--as", "cron", "--every", every]);
    for every in ["7m", "90m", "5h", "2d", "45s", "25m"] {
        let ran = cron(every);
        assert!(
            ran.code == 1 && ran.stderr.contains("it can every 1m, 2m"),
            "{every}: {ran:?}"
        );
    }
    for (every, line) in [
        ("60s", "\n* * * * * root"),
        ("15m", "\n*/15 * * * * root"),
        ("60m", "\n0 * * * * root"),
        ("6h", "\n0 */6 * * * root"),
        ("24h", "\n0 0 * * * root"),
    ] {
        let ran = cron(every);
        assert!(ran.code == 0 && ran.stdout.contains(line), "{every}: {ran:?}");
    }
    refused(&scratch, &["--every", "often"], "is not a value like");
    refused(&scratch, &["--every", "0s"], "a second at least");
    refused(
        &scratch,
        &["--as", "cron", "--resident"],
        "`--resident` needs what starts it again",
    );
    refused(
        &scratch,
        &["--as", "systemd-timer", "--resident"],
        "`--resident` needs what starts it again",
    );
    refused(
        &scratch,
        &["--as", "systemd-service", "--every", "5m"],
        "means nothing",
    );
    refused(&scratch, &["--resident", "--every", "5m"], "cannot be used with");
}

#[test]
fn what_somebody_else_wrote_is_left() {
    let scratch = linux();
    scratch.file(CRON, "*/5 * * * * root /usr/local/bin/assay run\n");
    refused(
        &scratch,
        &["--as", "cron"],
        "was not written by `assay install`; move it away first",
    );
    let ran = scratch.assay(&["install", "--as", "systemd-timer"]);
    assert!(
        ran.code == 0 && ran.stderr.contains("`/etc/cron.d/assay` was not written by"),
        "{ran:?}"
    );
    let ran = scratch.assay(&["uninstall"]);
    assert!(
        ran.code == 0 && ran.stderr.contains("`/etc/cron.d/assay` was not written by"),
        "{ran:?}"
    );
    assert!(scratch.host(CRON).exists());

    // A link that leads to a file of ours is no file of ours.
    scratch.remove(CRON);
    install(&scratch, &["--as", "cron"]);
    fs::rename(scratch.host(CRON), scratch.path("elsewhere")).unwrap();
    symlink(scratch.path("elsewhere"), scratch.host(CRON)).unwrap();
    refused(
        &scratch,
        &["--as", "cron", "--every", "5m"],
        "was not written by `assay install`",
    );
    assert_eq!(scratch.assay(&["uninstall"]).code, 0);
    assert!(scratch.path("elsewhere").exists() && scratch.host(CRON).is_symlink());
}

/// Whoever could change the program or its configuration would be root at the next run.
#[test]
fn what_others_could_change_is_not_installed() {
    let scratch = linux();
    let folder = scratch.path("bin");
    fs::create_dir(&folder).unwrap();
    for name in ["assay", "assay-host"] {
        fs::copy(built().join(name), folder.join(name)).unwrap();
    }
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let installed = |says: &str| {
        let mut command = Command::new(folder.join("assay"));
        let output = command
            .args(scratch.command(&["install"]).get_args())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), says.is_empty(), "{said}");
        assert!(said.contains(says), "{said}");
    };
    mode(&folder, 0o777);
    installed("is writable by everybody");
    mode(&folder, 0o755);
    mode(&folder.join("assay"), 0o757);
    installed("is writable by everybody");
    mode(&folder.join("assay"), 0o755);
    mode(&folder.join("assay-host"), 0o757);
    installed("is writable by everybody");
    mode(&folder.join("assay-host"), 0o755);
    mode(&scratch.path("assay.toml"), 0o666);
    installed("others could change the configuration");
    mode(&scratch.path("assay.toml"), 0o644);
    installed("");
}

#[test]
fn on_the_system_itself_it_needs_root() {
    if !needs(
        rustix::process::geteuid().is_root(),
        "root, to become somebody else",
    ) {
        return;
    }
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    nobody.args([&program(), "install", "--state", "/nonexistent"]);
    let Ok(output) = nobody.output() else {
        assay_tests::skipped("setpriv (Debian package util-linux)");
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("this needs root"), "{said}");
}

/// A path is one word to the shell, to systemd and to launchd, whatever is in it.
#[test]
fn hostile_paths_stay_one_word() {
    let scratch = linux();
    let name = "st ate%h $HOME `id` 'q' \"d\" \\ &lt;<x>";
    let state = scratch.path(name).display().to_string();
    let dry = |way: &str, root: &Scratch| {
        let mut args = root.command(&["install", "--dry-run", "--json", "--as", way]);
        args.env("ASSAY_STATE", &state);
        // The last one counts, and the scratch folder names one of its own.
        let own = root.path("state").display().to_string();
        let words: Vec<_> = args
            .get_args()
            .map(|arg| arg.to_str().unwrap().replace(&own, &state))
            .collect();
        let output = Command::new(program()).args(words).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let done: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let files = done["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|step| step["write"]["text"].as_str());
        files.map(str::to_owned).collect::<Vec<_>>()
    };
    let cron = &dry("cron", &scratch)[0];
    let command = cron.lines().last().unwrap().split_once(" root ").unwrap().1;
    // As cron reads it: the command ends at a bare `%`, and the backslash before another goes.
    assert!(!command.replace("\\%", "").contains('%'), "{command}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("printf '%s\\n' {}", command.replace("\\%", "%"))]);
    let words = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    assert!(words.lines().any(|word| word == state), "{words}");

    let unit = &dry("systemd-timer", &scratch)[0];
    let escaped = state
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    assert!(
        unit.contains(&format!(" \"{}\" ", escaped.replace('$', "$$"))),
        "{unit}"
    );
    assert!(
        unit.contains(&format!("\nReadWritePaths=\"-{escaped}\"\n")),
        "{unit}"
    );

    let mac = mac();
    let job = plist::Value::from_reader_xml(dry("launchd", &mac)[0].as_bytes()).unwrap();
    let words = job.as_dictionary().unwrap()["ProgramArguments"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        words.iter().any(|word| word.as_string() == Some(&state)),
        "{words:?}"
    );

    let broken = scratch.path("a\nb");
    let words = scratch.command(&["install", "--as", "cron"]);
    let own = scratch.path("state").display().to_string();
    let words: Vec<_> = words
        .get_args()
        .map(|arg| arg.to_str().unwrap().replace(&own, broken.to_str().unwrap()))
        .collect();
    let output = Command::new(program()).args(words).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("has a line break"),
        "{said}"
    );
    assert!(!scratch.host(CRON).exists());
    install(&scratch, &["--as", "cron"]);
    assert!(read(&scratch, CRON).contains(&program()));
}
