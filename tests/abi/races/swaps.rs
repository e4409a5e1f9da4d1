//! Something else is there by the time the module runs.

use super::mounts::{Mounted, alone};
use super::{Ground, give_away, is_root, mode};
use crate::bench::has;
use crate::page;
use assay_engine::discover::open_module;
use assay_tests::{needs, wait_for};
use rustix::fs::{CWD, RenameFlags};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// What somebody does between check and load to `home/NAME`, with a file of theirs in `theirs/NAME`.
type Swap = fn(&Ground, &Path, &Path);

const SWAPS: &[(&str, Swap)] = &[
    ("another file takes its name", |_, ours, theirs| {
        fs::rename(theirs, ours).unwrap();
    }),
    ("a link takes its name", |_, ours, theirs| {
        fs::remove_file(ours).unwrap();
        symlink(theirs, ours).unwrap();
    }),
    ("another file is mounted over it", |ground, ours, theirs| {
        ground.mounts.borrow_mut().push(Mounted::bind(theirs, ours));
    }),
    ("it is removed", |_, ours, _| fs::remove_file(ours).unwrap()),
    (
        "another folder takes the name of its folder",
        |_, ours, theirs| {
            exchange(ours.parent().unwrap(), theirs.parent().unwrap());
        },
    ),
    ("a link takes the name of its folder", |_, ours, theirs| {
        let folder = ours.parent().unwrap();
        fs::rename(folder, folder.with_extension("away")).unwrap();
        symlink(theirs.parent().unwrap(), folder).unwrap();
    }),
];

fn exchange(a: &Path, b: &Path) {
    rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).unwrap();
}

/// Each at the one moment that counts: after the check, before the process starts.
#[test]
fn what_was_checked_is_what_runs() {
    if !has("cc") {
        return;
    }
    alone(|| {
        let head = ["| between check and load | outcome |", "|---|---|"].map(|line| Some(line.to_owned()));
        let rows = SWAPS.iter().map(|(what, swap)| {
            for name in ["watched.so", "watched"] {
                let ground = Ground::new();
                let [ours, theirs] = ["home", "theirs"].map(|folder| ground.path(folder).join(name));
                ground.put(&ours, "ours");
                ground.put(&theirs, "theirs");
                let checked = open_module(&ours).unwrap();
                swap(&ground, &ours, &theirs);
                assert_eq!(ground.word(&checked).unwrap(), "ours", "{what}: {name}");
            }
            Some(format!("| {what} | what was checked runs |"))
        });
        page::assert_table("swaps", &head.into_iter().chain(rows).collect::<Vec<_>>());
    });
}

/// At any moment: somebody swaps as fast as they can, while modules are checked and run until both of what can happen
/// has happened often. What never happens is that the other file runs.
fn assert_never_theirs(name: &str, prepare: impl Fn(&Path, &Path), swapped: impl Fn(&Path) -> PathBuf) {
    let ground = Ground::new();
    let [ours, theirs] = ["home", "theirs"].map(|folder| ground.path(folder).join(name));
    ground.put(&ours, "ours");
    ground.put(&theirs, "theirs");
    prepare(&ours, &theirs);
    let (here, there) = (swapped(&ours), swapped(&theirs));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                exchange(&here, &there);
            }
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let (mut ran, mut refused) = (0, 0);
            wait_for("both a run and a refusal, thirty times", || {
                match ground.tried(&ours) {
                    Ok(word) => {
                        assert_eq!(word, "ours");
                        ran += 1;
                    }
                    Err(_) => refused += 1,
                }
                ran >= 30 && refused >= 30
            });
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn a_file_that_is_swapped_all_the_time_is_ours_or_refused() {
    if !has("cc") {
        return;
    }
    for name in ["watched.so", "watched"] {
        // Whom it belongs to only root can change; that all may write to it is as bad.
        assert_never_theirs(name, |_, theirs| mode(theirs, 0o777), Path::to_owned);
        if is_root() {
            assert_never_theirs(name, |_, theirs| give_away(theirs), Path::to_owned);
        }
    }
}

#[test]
fn a_folder_that_is_swapped_all_the_time_is_ours_or_refused() {
    if !has("cc") {
        return;
    }
    let folder = |path: &Path| path.parent().unwrap().to_owned();
    assert_never_theirs("watched.so", |_, theirs| mode(&folder(theirs), 0o777), folder);
    // The name of the folder is now a folder, now a link to one.
    let link = |path: &Path| folder(path).with_extension("link");
    let swapped = |path: &Path| {
        if path.ends_with("home/watched.so") {
            folder(path)
        } else {
            link(path)
        }
    };
    assert_never_theirs(
        "watched.so",
        |_, theirs| symlink(folder(theirs), link(theirs)).unwrap(),
        swapped,
    );
}

/// Whoever may link to a file of root's gets a second name of it, and no right to write.
#[test]
fn a_second_name_of_a_module_gives_nobody_a_way_in() {
    if !has("cc") || !has("setpriv") {
        return;
    }
    let ground = Ground::new();
    let [ours, second] = ["home", "theirs"].map(|folder| ground.path(folder).join("watched.so"));
    ground.put(&ours, "ours");
    fs::create_dir_all(second.parent().unwrap()).unwrap();
    fs::hard_link(&ours, &second).unwrap();
    assert_eq!(ground.tried(&ours).unwrap(), "ours");
    if !needs(is_root(), "root, from whom a file can be kept") {
        return;
    }
    give_away(second.parent().unwrap());
    let user = super::NOBODY.to_string();
    // By its second name, from inside a folder that is theirs.
    let written = Command::new("setpriv")
        .args(["--reuid", &user, "--regid", &user, "--clear-groups", "sh", "-c"])
        .arg("echo evil >> watched.so || chmod 777 watched.so")
        .current_dir(second.parent().unwrap())
        .output()
        .unwrap();
    assert!(!written.status.success(), "{written:?}");
    assert_eq!(ground.tried(&ours).unwrap(), "ours");
    let refused = ground.tried(&second).unwrap_err();
    assert!(refused.contains("belongs to user 65534"), "{refused}");
}
