//! Somebody who is not root, and may not read everything.

use super::{Watched, needs};
use assay_tests::{Scratch, built};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

const NOBODY: u32 = 65534;

/// Whether a user without rights gets to `path`.
fn is_reachable(path: &Path) -> bool {
    path.ancestors()
        .all(|path| fs::metadata(path).is_ok_and(|of| of.permissions().mode() & 0o005 == 0o005))
}

#[test]
fn what_a_plain_user_may_not_read_is_a_gap_and_no_removal() {
    let can = rustix::process::geteuid().is_root() && is_reachable(built());
    if !needs(can, "root, and a build folder that every user may enter") {
        return;
    }
    let scratch = Scratch::new();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for path in ["/etc/cron.d/first", "/etc/cron.d/second"] {
        scratch.file(path, "1 2 * * * root /opt/program\n");
    }
    scratch.script("/opt/program", "#!");
    scratch.script("/etc/cron.daily/job", "#!");
    let own = scratch.path("");
    chown(&own, Some(NOBODY), Some(NOBODY)).unwrap();
    mode(&own, 0o755);
    let watched = Watched::of_user(scratch, "", Some(NOBODY));
    let forbidden = ["/etc/cron.d/second", "/etc/cron.daily", "/opt/program"];
    let all = |bits| {
        for path in forbidden {
            mode(&watched.scratch.host(path), bits);
        }
    };
    all(0o700);
    let gaps = |change: &str| {
        forbidden
            .map(|path| format!("{change} {path} (permission: permission denied)"))
            .to_vec()
    };
    let mut expected = ["program /opt/program", "source /etc/cron.d/second"]
        .map(|file| format!("changed {file}"))
        .to_vec();
    expected.extend(gaps("gap_opened"));
    assert_eq!(watched.told(), expected);
    // What is in there now nobody sees; what changes in the open is seen.
    watched.scratch.file_mode("/etc/cron.d/second", "", 0o700);
    watched.scratch.file("/etc/cron.d/first", "");
    assert_eq!(
        watched.told(),
        ["removed cron_job /etc/cron.d/first: 1 2 * * * root /opt/program"]
    );
    all(0o755);
    let said = watched.told();
    let mut expected = gaps("gap_closed");
    expected.push("removed cron_job /etc/cron.d/second: 1 2 * * * root /opt/program".to_owned());
    for expected in &expected {
        assert!(said.contains(expected), "{expected}: {said:#?}");
    }
    assert_eq!(watched.told_now(), [""; 0]);
}
