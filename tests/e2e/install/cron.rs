//! Cron itself, which starts what was installed.

use super::{CRON, install};
use crate::receivers::needs;
use assay_tests::Scratch;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends the daemon, however the test ends.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// In a mount namespace of its own, where `/etc/cron.d` is the one of the test and every other crontab is not there, a
/// real cron runs the installed line within two minutes, and the change that was made in between is alerted.
#[test]
#[ignore = "takes two minutes, and needs root and the Debian package cron"]
fn a_real_cron_runs_what_was_installed() {
    let there = rustix::process::geteuid().is_root() && Path::new("/usr/sbin/cron").exists();
    if !needs(there, "root and cron (Debian package cron)") {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.host("/etc/cron.d")).unwrap();
    scratch.run();
    install(&scratch, &["--as", "cron", "--every", "1m"]);
    // The root that is looked at is the test's as well, which no schedule names.
    let line = fs::read_to_string(scratch.host(CRON)).unwrap();
    let line = line.replace(
        " run\n",
        &format!(" --root {} run\n", scratch.path("root").display()),
    );
    let empty = scratch.path("empty");
    let folder = scratch.path("cron.d");
    for path in [&empty, &folder] {
        fs::create_dir(path).unwrap();
    }
    fs::write(folder.join("assay"), line).unwrap();
    fs::write(empty.join("crontab"), "").unwrap();
    let script = "mount --make-rprivate / && mount --bind \"$1\" /etc/cron.d && mount --bind \"$2\" /var/spool/cron \
                  && mount --bind \"$2/crontab\" /etc/crontab && mount -t tmpfs none /run && exec /usr/sbin/cron -f";
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--mount", "--", "sh", "-c", script, "sh"])
        .args([&folder, &empty]);
    let daemon = Daemon(
        unshare
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    scratch.file("/etc/cron.d/planted", "7 * * * * root /opt/planted --go\n");
    let until = Instant::now() + Duration::from_secs(150);
    let told = || {
        scratch
            .delivered()
            .iter()
            .any(|alert| alert["source"] == "/etc/cron.d/planted")
    };
    while !told() {
        assert!(Instant::now() < until, "cron did not run it within two minutes");
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(daemon);
}
