//! Owners, clocks, roots, depths, mounts and masses: what takes more than planting a file.

use super::mounts::{Mounted, alone};
use super::tree::{LINE, planted};
use super::{Watched, needs, told};
use assay_tests::{Scratch, change_of, short};
use rustix::fs::{IFlags, Mode};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

#[test]
fn owner_and_mode_of_a_program_count_and_an_unknown_owner_is_a_number() {
    if !needs(rustix::process::geteuid().is_root(), "root") {
        return;
    }
    let watched = Watched::new(planted());
    let path = watched.scratch.host("/opt/agent");
    // Neither is in any passwd.
    chown(&path, Some(4_242_424), Some(4_242_425)).unwrap();
    let alerts = watched.run(0, &mut watched.command());
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        ["changed program /opt/agent"]
    );
    assert_eq!(
        change_of(&alerts[0], "uid"),
        ("0".to_owned(), "4242424".to_owned())
    );
    assert_eq!(
        change_of(&alerts[0], "gid"),
        ("0".to_owned(), "4242425".to_owned())
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
    let alerts = watched.run(0, &mut watched.command());
    assert_eq!(
        alerts.iter().map(told).collect::<Vec<_>>(),
        ["changed program /opt/agent"]
    );
    assert_eq!(
        change_of(&alerts[0], "mode"),
        ("0755".to_owned(), "4755".to_owned())
    );
    // Only the ctime shows an attribute: the file is read again, and is the same.
    let file = File::open(&path).unwrap();
    if rustix::fs::ioctl_setflags(&file, IFlags::IMMUTABLE).is_ok() {
        let said = watched.told_now();
        rustix::fs::ioctl_setflags(&file, IFlags::empty()).unwrap();
        assert_eq!(said, [""; 0]);
    }
}

/// Within one step of the file system's clock a second write leaves all times as the first made them.
#[test]
fn a_change_in_the_same_instant_as_the_last_look_is_seen() {
    let scratch = planted();
    let path = scratch.host("/opt/agent");
    let times = fs::metadata(&path).unwrap().modified().unwrap();
    let write = |text: &str| {
        let file = File::options().write(true).open(&path).unwrap();
        rustix::io::pwrite(&file, text.as_bytes(), 0).unwrap();
        file.set_modified(times).unwrap();
    };
    write("#!/bin/s0\n");
    let watched = Watched::new(scratch);
    for round in 1..10 {
        write(&format!("#!/bin/s{round}\n"));
        assert_eq!(
            watched.told_now(),
            ["changed program /opt/agent"],
            "round {round}"
        );
    }
}

#[test]
fn a_root_that_is_gone_is_an_error_and_one_that_is_empty_is_all_removed() {
    let watched = Watched::new(planted());
    let (root, moved) = (watched.scratch.path("root"), watched.scratch.path("moved"));
    fs::rename(&root, &moved).unwrap();
    assert!(watched.run(1, &mut watched.command()).is_empty());
    let err = fs::read_to_string(watched.scratch.path("err")).unwrap();
    assert!(err.contains("root") && err.contains("not found"), "{err}");
    // By another name it is the same.
    symlink(&moved, &root).unwrap();
    assert_eq!(watched.told_now(), [""; 0]);
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    let all = ["removed cron_job /etc/cron.d/agent: 9 9 * * * root /opt/agent"];
    assert_eq!(watched.told_now(), all);
    fs::remove_dir(&root).unwrap();
    fs::rename(&moved, &root).unwrap();
    let back = ["reverted cron_job /etc/cron.d/agent: 9 9 * * * root /opt/agent (as in the baseline again)"];
    assert_eq!(watched.told_now(), back);
}

/// Folders in each other, made one relative to the other: their path is longer than any system call takes.
fn dig(at: &Path, levels: usize, name: &str) -> OwnedFd {
    fs::create_dir_all(at).unwrap();
    let mut folder: OwnedFd = File::open(at).unwrap().into();
    for _ in 0..levels {
        rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o755)).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
        folder = rustix::fs::openat(&folder, name, flags, Mode::empty()).unwrap();
    }
    folder
}

/// Removes what [`dig`] made: to remove it by its path is what nobody can.
fn fill_up(at: &Path, name: &str) {
    // Brought up level by level: what is left is never deep.
    let (inner, spare) = (at.join(name), at.join("spare"));
    while inner.exists() {
        let deeper = inner.join(name);
        if deeper.exists() {
            fs::rename(&deeper, &spare).unwrap();
        }
        fs::remove_dir_all(&inner).unwrap();
        if spare.exists() {
            fs::rename(&spare, &inner).unwrap();
        }
    }
}

#[test]
fn folders_deeper_than_a_path_can_say_hide_nothing_else() {
    let name = "d".repeat(250);
    let places = [
        "/etc/systemd/system",
        "/etc/cron.d",
        "/etc/cron.daily",
        "/lib/modules/6.1.0/kernel",
        "/etc/init.d",
        "/etc/modprobe.d",
        "/var/spool/cron",
        "/var/lib/dkms",
        "/home/ana/.config/systemd/user",
    ];
    let watched = Watched::new(planted());
    for place in places {
        let bottom = dig(&watched.scratch.host(place), 300, &name);
        let file = rustix::fs::openat(
            &bottom,
            "evil.service",
            rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY,
            Mode::from_raw_mode(0o644),
        );
        rustix::io::write(file.unwrap(), LINE.as_bytes()).unwrap();
    }
    let said = watched.told();
    let again = watched.told_now();
    for place in places {
        fill_up(&watched.scratch.host(place), &name);
    }
    // Only one of these places is gone into; there the folder whose path is too long is told, and once.
    let [said] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert!(
        said.starts_with("gap_opened /lib/modules/6.1.0/kernel/ddd"),
        "{said}"
    );
    assert!(said.ends_with("(io: File name too long (os error 36))"), "{said}");
    assert_eq!(again, [""; 0]);
}

#[test]
fn bind_loops_and_what_is_mounted_over_a_folder() {
    let scratch = planted();
    fs::create_dir(scratch.host("/etc/cron.d/loop")).unwrap();
    fs::create_dir_all(scratch.host("/etc/systemd/system/loop")).unwrap();
    let watched = Watched::new(scratch);
    alone(|| {
        let host = |path: &str| watched.scratch.host(path);
        let loops = ["/etc/cron.d/loop", "/etc/systemd/system/loop"];
        let _loops = loops.map(|path| Mounted::bind(&host("/etc"), &host(path)));
        assert_eq!(watched.told(), [""; 0]);
        let covered = "/etc/cron.d/agent: 9 9 * * * root /opt/agent";
        {
            let _over = Mounted::tmpfs(&host("/etc/cron.d"));
            watched.scratch.file("/etc/cron.d/over", LINE);
            let mut said = watched.told_now();
            said.retain(|said| !said.contains("canary"));
            assert_eq!(
                said,
                [
                    "added cron_job /etc/cron.d/over: 1 2 3 4 5 root /bin/x".to_owned(),
                    format!("removed cron_job {covered}")
                ]
            );
        }
        let said = watched.told_now();
        assert!(
            said.contains(&format!("reverted cron_job {covered} (as in the baseline again)")),
            "{said:#?}"
        );
    });
}

/// To read one may take a message from whom it was meant for, or wait for one.
#[test]
fn a_file_of_the_kernel_is_never_read() {
    let scratch = planted();
    fs::create_dir(scratch.host("/proc")).unwrap();
    let watched = Watched::new(scratch);
    alone(|| {
        let _proc = Mounted::bind(Path::new("/proc"), &watched.scratch.host("/proc"));
        watched.scratch.file(
            "/etc/cron.d/proc",
            "1 2 3 4 5 root /proc/version; /proc/self/exe\n",
        );
        assert_eq!(
            watched.told(),
            [
                "added cron_job /etc/cron.d/proc: 1 2 3 4 5 root /proc/version; /proc/self/exe",
                "gap_opened /proc/version (io: a file of the kernel, which may act when it is read)",
            ]
        );
        assert_eq!(watched.told_now(), [""; 0]);
    });
}

#[test]
fn twenty_thousand_new_files_are_twenty_thousand_alerts() {
    const COUNT: usize = 20_000;
    let watched = Watched::new(planted());
    for number in 0..COUNT {
        let path = watched.scratch.host(&format!("/etc/cron.d/storm{number}"));
        fs::write(path, format!("{} * * * * root /bin/x\n", number % 60)).unwrap();
    }
    let said = watched.told();
    assert_eq!(said.len(), COUNT);
    assert!(
        said.iter()
            .all(|said| said.starts_with("added cron_job /etc/cron.d/storm"))
    );
    assert_eq!(watched.told_now(), [""; 0]);
}

/// Programs that can never be there are missing ones; one behind links in a circle may be there tomorrow.
#[test]
fn what_was_never_read_stays_a_gap_and_what_can_never_be_is_none() {
    let scratch = Scratch::new();
    let run = |args: &[&str]| -> Vec<String> {
        let alerts = scratch.json(&[&["run"], args].concat());
        alerts.iter().map(short).collect()
    };
    scratch.link("/opt/round", "round");
    scratch.file("/etc/cron.d/a", "1 2 3 4 5 root /opt/round/x\n");
    scratch.file(
        "/etc/cron.d/b",
        format!("1 2 3 4 5 root /opt/{}\n", "x".repeat(300)),
    );
    assert_eq!(run(&[]), ["baseline_created"]);
    for args in [&[][..], &["--full"], &[], &["--full"]] {
        assert_eq!(run(args), [""; 0], "{args:?}");
    }
    scratch.remove("/opt/round");
    scratch.script("/opt/round/x", "#!/bin/sh\n");
    assert_eq!(run(&[]), ["gap_closed /opt/round/x"]);
    assert_eq!(run(&["--full"]), [""; 0]);
}
