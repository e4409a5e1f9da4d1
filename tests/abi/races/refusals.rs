//! Where a module may lie, and what is wrong with every other place.

use super::fuse::{Fuse, Manner};
use super::mounts::{Mounted, alone};
use super::{Ground, give_away, mode};
use crate::bench::has;
use crate::page;
use assay_tests::needs;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat, setxattr};
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;

/// What is done to a module file that could be loaded, and whether it still can.
type Case = (&'static str, bool, fn(&Ground, &Path));

const RUNS: bool = true;
const REFUSED: bool = false;

const CASES: &[Case] = &[
    ("nothing", RUNS, |_, _| {}),
    ("everybody may write to the file", REFUSED, |_, file| {
        mode(file, 0o757);
    }),
    ("its group may write to it", REFUSED, |_, file| {
        chown(file, None, Some(1000)).unwrap();
        mode(file, 0o775);
    }),
    ("its group may write to it, and is group 0", RUNS, |_, file| {
        mode(file, 0o775);
    }),
    (
        "a list lets a user write to it, its group is 0",
        REFUSED,
        |_, file| list(file, 0o7),
    ),
    ("a list lets a user read it", RUNS, |_, file| list(file, 0o5)),
    ("it belongs to a user", REFUSED, |_, file| give_away(file)),
    ("it is a link to such a file", REFUSED, |_, file| {
        fs::rename(file, file.with_extension("real")).unwrap();
        symlink(file.with_extension("real"), file).unwrap();
    }),
    ("it is a FIFO", REFUSED, |_, file| instead(file, FileType::Fifo)),
    ("it is a device", REFUSED, |_, file| {
        instead(file, FileType::CharacterDevice);
    }),
    ("everybody may write to its folder", REFUSED, |_, file| {
        mode(folder(file), 0o777);
    }),
    (
        "everybody may, and none of the other's files (sticky)",
        REFUSED,
        |_, file| mode(folder(file), 0o1777),
    ),
    ("its group may write to its folder", REFUSED, |_, file| {
        chown(folder(file), None, Some(1000)).unwrap();
        mode(folder(file), 0o775);
    }),
    (
        "a list lets a user write to its folder, whose group is 0",
        REFUSED,
        |_, file| list(folder(file), 0o7),
    ),
    (
        "its folder belongs to a user, and root runs Assay",
        REFUSED,
        |_, file| give_away(folder(file)),
    ),
    (
        "everybody may write to a folder further up",
        REFUSED,
        |_, file| {
            mode(folder(folder(file)), 0o777);
        },
    ),
    ("a folder further up belongs to a user", REFUSED, |_, file| {
        give_away(folder(folder(file)));
    }),
    ("its folder is a link", REFUSED, |_, file| {
        fs::rename(folder(file), folder(file).with_extension("real")).unwrap();
        symlink(folder(file).with_extension("real"), folder(file)).unwrap();
    }),
    ("another file system (tmpfs)", RUNS, |ground, file| {
        moved(ground, file, 0);
    }),
    ("another file system, `nosuid,nodev`", RUNS, |ground, file| {
        moved(ground, file, libc::MS_NOSUID | libc::MS_NODEV);
    }),
    ("another file system, `noexec`", REFUSED, |ground, file| {
        moved(ground, file, libc::MS_NOEXEC);
    }),
    ("a tmpfs of a user's", REFUSED, |ground, file| {
        moved(ground, file, 0);
        give_away(folder(file));
    }),
];

fn folder(file: &Path) -> &Path {
    file.parent().unwrap()
}

fn instead(file: &Path, kind: FileType) {
    fs::remove_file(file).unwrap();
    mknodat(CWD, file, kind, Mode::from_raw_mode(0o755), makedev(1, 5)).unwrap();
}

/// An access control list, acl(5), in the form of `linux/posix_acl_xattr.h`, which grants `rights` to user 1000.
fn list(file: &Path, rights: u16) {
    const NONE: u32 = u32::MAX;
    let entries = [
        (0x01, 0o7, NONE),
        (0x02, rights, 1000),
        (0x04, 0o5, NONE),
        (0x10, rights, NONE),
        (0x20, 0o5, NONE),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(u16::to_le_bytes(rights));
        bytes.extend(u32::to_le_bytes(id));
    }
    let path = CString::new(file.as_os_str().as_bytes()).unwrap();
    setxattr(&path, "system.posix_acl_access", &bytes, XattrFlags::empty()).unwrap();
}

/// Mounts a file system over the folder, with the file in it.
fn moved(ground: &Ground, file: &Path, flags: libc::c_ulong) {
    let content = fs::read(file).unwrap();
    ground.mounts.borrow_mut().push(Mounted::new(
        Some("tmpfs"),
        folder(file),
        Some("tmpfs"),
        flags,
        Some("mode=755"),
    ));
    fs::write(file, content).unwrap();
    mode(file, 0o755);
}

#[test]
fn whatever_others_could_change_is_refused_with_the_reason() {
    if !has("cc") {
        return;
    }
    alone(|| {
        let head = ["| what is so | outcome |", "|---|---|"].map(|line| Some(line.to_owned()));
        let rows = CASES.iter().map(|(what, runs, prepare)| {
            let ground = Ground::new();
            let file = ground.path("lib/modules/watched.so");
            ground.put(&file, "ours");
            prepare(&ground, &file);
            let outcome = ground.tried(&file);
            assert_eq!(outcome.is_ok(), *runs, "{what}: {outcome:?}");
            Some(row(&ground, what, outcome))
        });
        page::assert_table("trust", &head.into_iter().chain(rows).collect::<Vec<_>>());
    });
}

fn row(ground: &Ground, what: &str, outcome: Result<String, String>) -> String {
    let here = ground.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let said = outcome.map_or_else(|why| why.replace(&here, ""), |_| "runs".to_owned());
    format!("| {what} | {said} |")
}

/// Owner, mode and content are whatever the process says that serves the file system, so it counts who that is.
#[test]
fn a_file_system_that_a_user_serves_is_refused() {
    if !needs(Path::new("/dev/fuse").exists(), "/dev/fuse") {
        return;
    }
    alone(|| {
        let head = ["| who serves it | outcome |", "|---|---|"].map(|line| Some(line.to_owned()));
        let rows = [(0, "root"), (1000, "a user, who says that root owns all of it")].map(|(user, who)| {
            let ground = Ground::new();
            let [served, model] = ["served", "model"].map(|name| ground.path(name).join("watched"));
            ground.put(&model, "theirs");
            // Lives as long as the test, as do the names of the files of this file system.
            let content: &'static str = fs::read_to_string(&model).unwrap().leak();
            fs::create_dir(folder(&served)).unwrap();
            let _fuse = Fuse::mount_by(user, folder(&served), &[("watched", Manner::Holds(content))]);
            let outcome = ground.tried(&served);
            assert_eq!(outcome.is_ok(), user == 0, "{outcome:?}");
            Some(row(&ground, who, outcome))
        });
        page::assert_table("served", &head.into_iter().chain(rows).collect::<Vec<_>>());
    });
}
