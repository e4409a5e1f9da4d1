//! Ways to bring something in that a watcher of single folders does not see.

use super::{Watching, job, known};
use crate::hostile::mounts::{Mounted, alone};
use assay_tests::{Scratch, needs};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

const LINE: &str = "5 4 * * * root /opt/evil\n";

type Trick = fn(&Scratch, &Path);

/// Each is done to a known root, in `/etc/cron.d`, by its path on this machine; the job of the file `evil` must be told.
const TRICKS: &[(&str, Trick)] = &[
    ("written elsewhere and moved in", |scratch, folder| {
        scratch.file("/tmp/evil", LINE);
        fs::rename(scratch.host("/tmp/evil"), folder.join("evil")).unwrap();
    }),
    ("a folder that takes the place of another", |scratch, folder| {
        scratch.file("/srv/new/evil", LINE);
        scratch.file("/srv/new/backup", "5 4 * * * root /opt/backup --all\n");
        fs::rename(folder, scratch.host("/srv/old")).unwrap();
        fs::rename(scratch.host("/srv/new"), folder).unwrap();
    }),
    (
        "written into a folder that took the place of another",
        |scratch, folder| {
            fs::rename(folder, scratch.host("/etc/cron.old")).unwrap();
            fs::create_dir(folder).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(400));
            fs::write(folder.join("evil"), LINE).unwrap();
        },
    ),
    ("the folder above is made anew", |scratch, folder| {
        let above = scratch.host("/etc");
        fs::rename(&above, scratch.host("/etc.old")).unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::copy(scratch.host("/etc.old/os-release"), above.join("os-release")).unwrap();
        fs::write(folder.join("evil"), LINE).unwrap();
    }),
    ("the folder is deleted, and made anew later", |_, folder| {
        fs::remove_dir_all(folder).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(400));
        fs::create_dir(folder).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(400));
        fs::write(folder.join("evil"), LINE).unwrap();
    }),
    ("a second name of a file elsewhere", |scratch, folder| {
        scratch.file("/srv/elsewhere", LINE);
        fs::hard_link(scratch.host("/srv/elsewhere"), folder.join("evil")).unwrap();
    }),
    ("a link to a file that comes later", |scratch, folder| {
        symlink("/srv/later/evil", folder.join("evil")).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(400));
        scratch.file("/srv/later/evil", LINE);
    }),
    (
        "a link to another folder in the place of the folder",
        |scratch, folder| {
            scratch.file("/srv/flip/evil", LINE);
            fs::rename(folder, scratch.host("/srv/old")).unwrap();
            symlink("/srv/flip", folder).unwrap();
        },
    ),
    (
        "written behind a link that took the place of the folder",
        |scratch, folder| {
            fs::create_dir_all(scratch.host("/srv/flip")).unwrap();
            fs::rename(folder, scratch.host("/srv/old")).unwrap();
            symlink("/srv/flip", folder).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(400));
            scratch.file("/srv/flip/evil", LINE);
        },
    ),
];

#[test]
fn whatever_brings_it_in_is_seen() {
    for (what, trick) in TRICKS {
        let scratch = known();
        let watching = Watching::start(&scratch);
        trick(&scratch, &scratch.host("/etc/cron.d"));
        let evil = format!("added {}", job("evil", "/opt/evil"));
        watching.wait_until(what, |said| said.contains(&evil));
    }
}

/// The program is known by one name, and written to by another.
#[test]
fn a_file_that_is_written_to_by_another_name_is_seen() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    fs::create_dir_all(scratch.host("/srv")).unwrap();
    fs::hard_link(scratch.host("/opt/backup"), scratch.host("/srv/other")).unwrap();
    watching.settled();
    fs::write(scratch.host("/srv/other"), "#!/bin/sh\nevil\n").unwrap();
    watching.wait("changed program /opt/backup");
}

#[test]
fn a_link_that_leads_to_another_program_is_seen() {
    let scratch = Scratch::new();
    scratch.script("/opt/versions/1/backup", "#!/bin/sh\n");
    scratch.script("/opt/versions/2/backup", "#!/bin/sh\nevil\n");
    scratch.link("/opt/versions/current", "1");
    scratch.file(
        "/etc/cron.d/backup",
        "5 4 * * * root /opt/versions/current/backup\n",
    );
    scratch.run();
    let watching = Watching::start(&scratch);
    symlink("2", scratch.host("/opt/versions/new")).unwrap();
    fs::rename(
        scratch.host("/opt/versions/new"),
        scratch.host("/opt/versions/current"),
    )
    .unwrap();
    watching.wait_until("other program", |said| {
        said.iter().any(|said| said.starts_with("changed"))
    });
}

#[test]
fn what_is_mounted_over_a_folder_is_seen_and_what_is_unmounted_too() {
    alone(|| {
        let scratch = known();
        let watching = Watching::start(&scratch);
        let folder = scratch.host("/etc/cron.d");
        scratch.file("/srv/over/evil", LINE);
        let mounted = Mounted::bind(&scratch.host("/srv/over"), &folder);
        watching.wait(&format!("added {}", job("evil", "/opt/evil")));
        watching.wait(&format!("removed {}", job("backup", "/opt/backup --all")));
        // Into the folder that is there now, by its other path.
        scratch.file("/srv/over/second", "5 4 * * * root /opt/second\n");
        watching.wait(&format!("added {}", job("second", "/opt/second")));
        drop(mounted);
        watching.wait(&format!("reverted {}", job("backup", "/opt/backup --all")));
    });
}

/// A bare watcher of folders names a file in a new folder in a folder in one case of five.
#[test]
fn files_in_new_folders_are_all_found() {
    const FILES: usize = 1000;
    let scratch = known();
    fs::create_dir(&scratch.watch).unwrap();
    let list = "summary = 'deep'\n[[watch]]\nkind = 'deep'\nsummary = 'deep'\npaths = ['/srv/deep/**']\nformat = 'opaque'\n\
                technique = 'T1053'\nplatforms = ['linux']\n";
    fs::write(scratch.watch.join("deep.toml"), list).unwrap();
    fs::create_dir_all(scratch.host("/srv/deep")).unwrap();
    let refused = scratch
        .run()
        .into_iter()
        .find(|alert| alert["change"] == "module_refused");
    assert_eq!(refused, None);
    let watching = Watching::start(&scratch);
    for number in 0..FILES {
        scratch.file(&format!("/srv/deep/{number}/x/y"), "text");
    }
    watching.wait_until("end", |said| said.len() >= FILES);
    let mut said = watching.settled();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), FILES);
}

/// Without the rights that fanotify takes, and with them, the same is seen.
#[test]
fn an_ordinary_user_sees_it_too() {
    let is_root = rustix::process::geteuid().is_root();
    if !needs(is_root, "root, to become another user") {
        return;
    }
    let scratch = known();
    let mut command = scratch.command(&["watch"]);
    std::process::Command::new("chown")
        .args(["-R", "12345:12345"])
        .arg(scratch.path(""))
        .status()
        .unwrap();
    std::os::unix::process::CommandExt::uid(&mut command, 12345);
    std::os::unix::process::CommandExt::gid(&mut command, 12345);
    let watching = Watching::start_as(&scratch, command);
    scratch.file("/etc/cron.d/evil", LINE);
    watching.wait(&format!("added {}", job("evil", "/opt/evil")));
}
