//! A disk that is full, of which the state must not be the worse.

use super::{database, delivered_in_order, job};
use crate::receivers::{modules, needs};
use assay_tests::{Scratch, short};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system of its own, gone with the test.
pub(crate) struct Small(PathBuf);

impl Small {
    /// Only root can mount one.
    pub(crate) fn mount_or_skip(folder: PathBuf) -> Option<Self> {
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        let options = ["-t", "tmpfs", "-o", "size=2m,mode=0700", "assay-test"];
        let root = rustix::process::geteuid().is_root();
        let mounted = root
            && mount
                .args(options)
                .arg(&folder)
                .status()
                .is_ok_and(|status| status.success());
        needs(mounted, "root, to mount a small file system").then(|| Self(folder))
    }
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
    /// Leaves so many bytes.
    pub(crate) fn fill(&self, free: u64) {
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.seek(SeekFrom::End(0)).unwrap();
        file.set_len(length.saturating_sub(free)).unwrap();
    }
    pub(crate) fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_costs_nothing_but_time() {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    let Some(small) = Small::mount_or_skip(scratch.path("state")) else {
        return;
    };
    // Too full from the first: an error, and a first run like any other when there is room.
    small.fill(8192);
    let ran = scratch.assay(&["run"]);
    assert!(ran.code == 1 && !ran.stderr.is_empty(), "{ran:?}");
    small.free();
    job(&scratch, "before");
    assert_eq!(scratch.said(), ["baseline_created"]);

    let mut failed = 0;
    let room = [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192];
    for kib in room {
        job(&scratch, &format!("full{kib}"));
        small.fill(kib << 10);
        let ran = scratch.assay(&["run"]);
        assert!(
            ran.code == 0 || (ran.code == 1 && ran.stderr.contains("assay:")),
            "{ran:?}"
        );
        failed += ran.code;
        small.free();
        if kib % 3 == 0 {
            scratch.run();
        }
    }
    assert!(failed > 2, "the disk was never full");
    scratch.run();
    let delivered = delivered_in_order(&scratch);
    let mut words: BTreeMap<String, u64> = BTreeMap::new();
    for alert in &delivered {
        words.insert(short(alert), alert["seq"].as_u64().unwrap());
    }
    assert_eq!(words.len(), room.len() + 1, "{words:#?}");
    let last = words.values().max().copied().unwrap();
    assert_eq!(
        last,
        words.len() as u64,
        "a number is missing, or a change was alerted twice: {words:#?}"
    );
    let sound: String = Connection::open(database(&scratch))
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}
