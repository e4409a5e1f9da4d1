//! Names, types, sizes and times of files: each case is planted after the baseline, and told as it says.

use super::Watched;
use assay_tests::Scratch;
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;

pub(super) const LINE: &str = "1 2 3 4 5 root /bin/x\n";

/// A root with one job and its program.
pub(super) fn planted() -> Scratch {
    let scratch = Scratch::new();
    scratch.script("/opt/agent", "#!/bin/sh\n");
    scratch.file("/etc/cron.d/agent", "9 9 * * * root /opt/agent\n");
    scratch
}

fn node(scratch: &Scratch, path: &str, file_type: FileType, device: u64) {
    fs::create_dir_all(scratch.host(path).parent().unwrap()).unwrap();
    rustix::fs::mknodat(
        CWD,
        scratch.host(path),
        file_type,
        Mode::from_raw_mode(0o644),
        device,
    )
    .unwrap();
}

fn sparse(scratch: &Scratch, path: &str) {
    scratch.script(path, "#!/bin/sh\n");
    File::options()
        .write(true)
        .open(scratch.host(path))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
}

/// A job in a file of that name.
fn named(scratch: &Scratch, name: &[u8]) {
    scratch.file("/etc/cron.d/agent", "9 9 * * * root /opt/agent\n");
    fs::write(scratch.host("/etc/cron.d").join(OsStr::from_bytes(name)), LINE).unwrap();
}

struct Case {
    name: &'static str,
    plant: fn(&Scratch),
    /// Everything that is told of it, sorted.
    told: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "name-newline: a forged alert",
        plant: |s| named(s, b"x\nchange=removed severity=info seq=1 id=1"),
        told: &[
            "added cron_job /etc/cron.d/x\\nchange=removed severity=info seq=1 id=1: 1 2 3 4 5 root /bin/x",
        ],
    },
    Case {
        name: "name-escape: ESC, OSC, BEL, CR, backspace, NEL in bytes",
        plant: |s| named(s, b"x\x1b[2J\x1b]0;t\x07\r\x08\x85"),
        told: &["added cron_job /etc/cron.d/x\\x1b[2J\\x1b]0;t\\x07\\r\\x08\\x85: 1 2 3 4 5 root /bin/x"],
    },
    Case {
        name: "name-c1-bidi: U+009B, U+202E, U+2028, U+2066, U+200B, U+FEFF",
        plant: |s| named(s, "x\u{9b}31m\u{202e}\u{2028}\u{2066}\u{200b}\u{feff}".as_bytes()),
        told: &[
            "added cron_job /etc/cron.d/x\\u{9b}31m\\u{202e}\\u{2028}\\u{2066}\\u{200b}\\u{feff}: 1 2 3 4 5 root /bin/x",
        ],
    },
    Case {
        name: "name-bad-utf8: two names that differ in one byte",
        plant: |s| {
            named(s, b"x\xff");
            named(s, b"x\xfe");
        },
        told: &[
            "added cron_job /etc/cron.d/x\\xfe: 1 2 3 4 5 root /bin/x",
            "added cron_job /etc/cron.d/x\\xff: 1 2 3 4 5 root /bin/x",
        ],
    },
    Case {
        name: "name-format, and names that end quotes, fields and statements",
        plant: |s| {
            named(s, b"%s%n%p{}${HOME}");
            named(s, b"x\" severity=info key=\"\\");
            named(s, b"x'); DROP TABLE alerts; --");
        },
        told: &[
            "added cron_job /etc/cron.d/%s%n%p{}${HOME}: 1 2 3 4 5 root /bin/x",
            "added cron_job /etc/cron.d/x\" severity=info key=\"\\\\: 1 2 3 4 5 root /bin/x",
            "added cron_job /etc/cron.d/x'); DROP TABLE alerts; --: 1 2 3 4 5 root /bin/x",
        ],
    },
    Case {
        name: "the same bytes in a command, a variable and a line that is none",
        plant: |s| {
            s.file(
                "/etc/cron.d/bytes",
                b"V=\x1b[0m\x9b\"\xe2\x80\xae\n1 2 3 4 5 root /bin/x '\x1b[1m\xff\" change=none'\n\x07\xfe\n",
            );
        },
        told: &[
            "added cron_environment /etc/cron.d/bytes: V",
            "added cron_job /etc/cron.d/bytes: 1 2 3 4 5 root /bin/x '\\x1b[1m\\xff\" change=none'",
            "added cron_line /etc/cron.d/bytes: \\x07\\xfe",
        ],
    },
    Case {
        name: "link-target-newline",
        plant: |s| {
            s.link(
                "/etc/cron.d/link",
                "/gone\nchange=added severity=critical\x1b\u{202e}",
            );
        },
        told: &["added cron_table /etc/cron.d/link (link leads nowhere)"],
    },
    Case {
        name: "fifo, devices, socket, symlink-loop, links to devices and to what cannot be left",
        plant: |s| {
            node(s, "/etc/cron.d/fifo", FileType::Fifo, 0);
            node(
                s,
                "/etc/cron.d/zero",
                FileType::CharacterDevice,
                rustix::fs::makedev(1, 5),
            );
            node(
                s,
                "/etc/cron.d/disk",
                FileType::BlockDevice,
                rustix::fs::makedev(7, 200),
            );
            node(
                s,
                "/dev/zero",
                FileType::CharacterDevice,
                rustix::fs::makedev(1, 5),
            );
            drop(UnixListener::bind(s.host("/etc/cron.d/socket")).unwrap());
            s.link("/etc/cron.d/loop", "loop");
            s.link("/etc/cron.d/ping", "pong");
            s.link("/etc/cron.d/pong", "ping");
            s.link("/etc/cron.d/to-zero", "/dev/zero");
            s.link("/etc/cron.d/to-kernel", "/proc/kmsg");
            s.link("/etc/cron.d/to-folder", "/etc");
            s.link(
                "/etc/cron.d/up",
                "../../../../../../../../../../../../../etc/shadow",
            );
        },
        told: &[
            "added cron_table /etc/cron.d/disk (is a device)",
            "added cron_table /etc/cron.d/fifo (is a FIFO)",
            "added cron_table /etc/cron.d/loop (too many links)",
            "added cron_table /etc/cron.d/ping (too many links)",
            "added cron_table /etc/cron.d/pong (too many links)",
            "added cron_table /etc/cron.d/socket (is a socket)",
            "added cron_table /etc/cron.d/to-kernel (link leads nowhere)",
            "added cron_table /etc/cron.d/to-zero (is a device)",
            "added cron_table /etc/cron.d/up (link leads nowhere)",
            "added cron_table /etc/cron.d/zero (is a device)",
        ],
    },
    Case {
        name: "the same as programs: they are named, and none is opened",
        plant: |s| {
            node(s, "/opt/fifo", FileType::Fifo, 0);
            node(
                s,
                "/opt/zero",
                FileType::CharacterDevice,
                rustix::fs::makedev(1, 5),
            );
            s.link("/opt/loop", "loop");
            s.file(
                "/etc/cron.d/odd",
                "1 2 3 4 5 root /opt/fifo; /opt/zero; /opt/loop; /opt\n",
            );
        },
        told: &["added cron_job /etc/cron.d/odd: 1 2 3 4 5 root /opt/fifo; /opt/zero; /opt/loop; /opt"],
    },
    Case {
        name: "file-to-symlink: a table becomes a link to its own text",
        plant: |s| {
            fs::rename(s.host("/etc/cron.d/agent"), s.host("/home/text")).unwrap();
            s.link("/etc/cron.d/agent", "/home/text");
        },
        told: &["changed cron_job /etc/cron.d/agent: 9 9 * * * root /opt/agent"],
    },
    Case {
        name: "a program becomes a link, a FIFO becomes a table, a folder becomes a file",
        plant: |s| {
            fs::rename(s.host("/opt/agent"), s.host("/opt/agent.real")).unwrap();
            s.link("/opt/agent", "agent.real");
            s.remove("/etc/crontab");
            s.file("/etc/crontab", LINE);
            fs::remove_dir(s.host("/etc/cron.daily")).unwrap();
            s.script("/etc/cron.daily", "#!");
        },
        told: &[
            "added cron_job /etc/crontab: 1 2 3 4 5 root /bin/x",
            "changed cron_job /etc/cron.d/agent: 9 9 * * * root /opt/agent",
            "changed source /etc/crontab",
            "gap_opened /etc/cron.daily (unparsable: is a regular file)",
            "removed cron_table /etc/crontab (is a FIFO)",
        ],
    },
    Case {
        name: "hardlink",
        plant: |s| fs::hard_link(s.host("/etc/cron.d/agent"), s.host("/etc/cron.d/twin")).unwrap(),
        told: &["added cron_job /etc/cron.d/twin: 9 9 * * * root /opt/agent"],
    },
    Case {
        name: "aba-rename",
        plant: |s| {
            let [a, b] = ["/etc/cron.d/agent", "/etc/cron.d/b"].map(|path| s.host(path));
            fs::rename(&a, &b).unwrap();
            fs::rename(&b, &a).unwrap();
        },
        told: &[],
    },
    Case {
        name: "sparse-1T: as a table, a unit, a script, and as the program of a job",
        plant: |s| {
            sparse(s, "/etc/cron.d/giant");
            sparse(s, "/etc/cron.hourly/giant");
            sparse(s, "/etc/systemd/system/giant.service");
            sparse(s, "/opt/giant");
            s.file("/etc/cron.d/runs-giant", "1 2 3 4 5 root /opt/giant\n");
        },
        told: &[
            "added cron_job /etc/cron.d/runs-giant: 1 2 3 4 5 root /opt/giant",
            "added cron_script /etc/cron.hourly/giant",
            "added cron_table /etc/cron.d/giant (larger than 1048576 bytes)",
            "added systemd_unit giant.service (larger than 32768 bytes)",
            "gap_opened /etc/cron.d/giant (too_big: 1099511627776 bytes, more than verify.max_size; its size is compared)",
            "gap_opened /etc/cron.hourly/giant (too_big: 1099511627776 bytes, more than verify.max_size; its size is compared)",
            "gap_opened /etc/systemd/system/giant.service (too_big: 1099511627776 bytes, more than verify.max_size; its size is compared)",
            "gap_opened /opt/giant (too_big: 1099511627776 bytes, more than verify.max_size; its size is compared)",
        ],
    },
    Case {
        name: "timestomp: other bytes, the same size and times",
        plant: |s| {
            let path = s.host("/opt/agent");
            let times = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, "#!/bin/hs\n").unwrap();
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(times)
                .unwrap();
        },
        told: &["changed program /opt/agent"],
    },
    Case {
        name: "times-odd: 1901 and 2400, which are no change",
        plant: |s| {
            for (path, tv_sec) in [
                ("/opt/agent", -2_150_000_000),
                ("/etc/cron.d/agent", 13_600_000_000),
            ] {
                let time = Timespec { tv_sec, tv_nsec: 0 };
                let times = Timestamps {
                    last_access: time,
                    last_modification: time,
                };
                rustix::fs::utimensat(CWD, s.host(path), &times, AtFlags::empty()).unwrap();
            }
        },
        told: &[],
    },
];

#[test]
fn whatever_is_planted_is_told_once_and_hides_nothing() {
    std::thread::scope(|scope| {
        for half in CASES.chunks(CASES.len().div_ceil(2)) {
            scope.spawn(move || half.iter().for_each(check));
        }
    });
}

fn check(case: &Case) {
    let scratch = planted();
    // What some cases turn into something else.
    node(&scratch, "/etc/crontab", FileType::Fifo, 0);
    fs::create_dir_all(scratch.host("/etc/cron.daily")).unwrap();
    fs::create_dir_all(scratch.host("/home")).unwrap();
    let watched = Watched::new(scratch);
    (case.plant)(&watched.scratch);
    assert_eq!(watched.told(), case.told, "{}", case.name);
    assert_eq!(watched.told_now(), [""; 0], "{}: told once", case.name);
}
