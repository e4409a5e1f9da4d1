//! Files that are something else by the time they are opened, that vanish and that grow.

use super::Watched;
use assay_engine::facts::{Measure, Measured, measure};
use assay_model::{FileType as Type, Text};
use assay_root::Root;
use assay_tests::{Scratch, wait_for};
use rustix::fs::{CWD, FileType, Mode, RenameFlags};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Runs `busy` over and over while `test` runs.
fn meanwhile<T>(mut busy: impl FnMut() + Send, test: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                busy();
            }
        });
        // Also when the test panics: the scope waits for the thread.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        stop.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn how() -> Measure {
    Measure {
        max_size: 1 << 20,
        timeout: Duration::from_secs(20),
        full: true,
    }
}

fn measured(root: &Arc<Root>, path: &str) -> Measured {
    let started = Instant::now();
    let mut measured = measure(root, vec![(Text::from(path), None)], &how());
    assert!(started.elapsed() < Duration::from_secs(19), "it hung");
    measured.remove(0).1
}

fn exchange(a: &Path, b: &Path) {
    // The other side may be at it as well.
    _ = rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE);
}

/// What a whole run says while `path` is one of several things at every moment.
fn runs_while(watched: &Watched, busy: impl FnMut() + Send) -> BTreeSet<String> {
    meanwhile(busy, || (0..15).flat_map(|_| watched.told()).collect())
}

#[test]
fn a_file_that_is_now_a_link_to_a_device_now_a_fifo_is_never_read_as_another() {
    let scratch = Scratch::new();
    let host = |path: &str| scratch.host(path);
    for path in ["/etc/cron.d/swap", "/opt/file"] {
        scratch.file(path, "1 2 3 4 5 root /bin/x\n");
    }
    fs::create_dir_all(host("/dev")).unwrap();
    for (path, file_type, device) in [
        ("/dev/zero", FileType::CharacterDevice, rustix::fs::makedev(1, 5)),
        ("/opt/fifo", FileType::Fifo, 0),
        ("/opt/zero", FileType::CharacterDevice, rustix::fs::makedev(1, 5)),
    ] {
        rustix::fs::mknodat(CWD, host(path), file_type, Mode::from_raw_mode(0o644), device).unwrap();
    }
    scratch.link("/opt/link", "/dev/zero");
    let root = Arc::new(Root::open(&scratch.path("root")).unwrap());
    let paths = ["/opt/file", "/opt/fifo", "/opt/zero", "/opt/link"].map(host);
    let mut turn = 0;
    let swap = |with: &Path, turn: &mut usize| {
        exchange(with, &paths[*turn % 4]);
        *turn += 1;
    };
    let (mut seen, mut digests) = (BTreeSet::new(), BTreeSet::new());
    meanwhile(
        || swap(&host("/etc/cron.d/swap"), &mut turn),
        || {
            for _ in 0..2000 {
                match measured(&root, "/etc/cron.d/swap") {
                    Measured::Facts(_, facts, gap) => {
                        seen.insert(facts.file_type.as_str());
                        assert!(
                            facts.sha256.is_none() || facts.file_type == Type::File,
                            "{facts:?}"
                        );
                        assert!(gap.is_none_or(|_| facts.sha256.is_none()));
                        digests.extend(facts.sha256);
                    }
                    other => panic!("{other:?}"),
                }
            }
        },
    );
    assert!(
        digests.len() <= 1,
        "only one regular file was ever there: {digests:?}"
    );
    assert!(seen.len() >= 3, "the race was none: {seen:?}");
    let watched = Watched::new(scratch);
    let swapped = watched.scratch.host("/etc/cron.d/swap");
    let said = runs_while(&watched, || {
        let paths =
            ["/opt/file", "/opt/fifo", "/opt/zero", "/opt/link"].map(|path| watched.scratch.host(path));
        paths.iter().for_each(|path| exchange(&swapped, path));
    });
    let ours = |said: &String| said.contains("/etc/cron.d/swap");
    assert!(said.iter().all(ours), "{said:#?}");
}

#[test]
fn a_folder_that_is_now_a_link_to_another_never_shows_what_is_outside() {
    let scratch = Scratch::new();
    let outside = scratch.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("escaped"), "1 2 3 4 5 root /bin/escaped\n").unwrap();
    scratch.file("/opt/real/inside", "1 2 3 4 5 root /bin/inside\n");
    scratch.link("/opt/link", outside.to_str().unwrap());
    scratch.link("/opt/share", "/usr/share");
    scratch.link("/opt/up", "../../outside");
    let target = scratch.host("/etc/cron.d");
    fs::rename(scratch.host("/opt/real"), &target).unwrap();
    let others = ["/opt/link", "/opt/share", "/opt/up"].map(|path| scratch.host(path));
    let root = Arc::new(Root::open(&scratch.path("root")).unwrap());
    let flip = || {
        for other in &others {
            exchange(&target, other);
            exchange(&target, other);
        }
    };
    meanwhile(flip, || {
        for _ in 0..2000 {
            match measured(&root, "/etc/cron.d/escaped") {
                Measured::Facts(_, facts, None) => assert_eq!(facts.file_type, Type::Missing, "escaped"),
                other => panic!("{other:?}"),
            }
        }
    });
    let watched = Watched::new(scratch);
    let said: BTreeSet<String> = meanwhile(flip, || {
        let run = || watched.told_now().into_iter();
        (0..25).flat_map(|_| run()).collect()
    });
    for said in &said {
        assert!(!said.contains("escaped") && said.contains("inside"), "{said}");
    }
}

#[test]
fn files_that_come_go_and_grow_during_the_scan_stop_nothing() {
    let scratch = Scratch::new();
    scratch.file(
        "/etc/cron.d/runs",
        "1 2 3 4 5 root /opt/grows; /opt/shrinks; /opt/comes\n",
    );
    scratch.script("/opt/grows", "#!");
    scratch.script("/opt/shrinks", "#!");
    let watched = Watched::new(scratch);
    let host = |path: &str| watched.scratch.host(path);
    let mut grows = File::options().append(true).open(host("/opt/grows")).unwrap();
    let mut size = 0;
    let busy = || {
        size += 1;
        if size % 512 == 0 {
            grows.set_len(0).unwrap();
        }
        grows.write_all(&[b'x'; 64 << 10]).unwrap();
        let shrinks = File::options().write(true).open(host("/opt/shrinks")).unwrap();
        shrinks.set_len(if size % 2 == 0 { 8 << 20 } else { 1 }).unwrap();
        fs::write(host("/opt/comes"), "#!").unwrap();
        fs::write(host("/etc/cron.d/comes"), "1 2 3 4 5 root /bin/comes\n").unwrap();
        fs::remove_file(host("/opt/comes")).unwrap();
        fs::remove_file(host("/etc/cron.d/comes")).unwrap();
    };
    let said = runs_while(&watched, busy);
    let known = ["/opt/grows", "/opt/shrinks", "/opt/comes", "/etc/cron.d/comes"];
    assert!(
        said.iter()
            .all(|said| known.iter().any(|path| said.contains(path))),
        "{said:#?}"
    );
    // Once it is quiet, what is said of it ends.
    fs::write(host("/opt/grows"), "#!").unwrap();
    fs::write(host("/opt/shrinks"), "#!").unwrap();
    watched.told();
    assert_eq!(watched.told_now(), [""; 0]);
}

/// A reader that goes on to the end of a file that grows as fast as it is read never gets there.
#[test]
fn the_end_of_a_growing_file_is_not_chased() {
    let scratch = Scratch::new();
    let size = 16 << 20;
    scratch.script("/opt/grows", vec![b'x'; size]);
    let root = Arc::new(Root::open(&scratch.path("root")).unwrap());
    let mut file = File::options()
        .append(true)
        .open(scratch.host("/opt/grows"))
        .unwrap();
    let mut written = size;
    let busy = || {
        // Not for ever: this disk is not endless.
        if written < 1 << 30 {
            file.write_all(&[b'y'; 256 << 10]).unwrap();
            written += 256 << 10;
        }
    };
    let how = Measure {
        max_size: 1 << 40,
        ..how()
    };
    let started = Instant::now();
    let host = scratch.host("/opt/grows");
    let found = meanwhile(busy, || {
        wait_for("it to grow", || fs::metadata(&host).unwrap().len() > size as u64);
        measure(&root, vec![("/opt/grows".into(), None)], &how)
            .remove(0)
            .1
    });
    assert!(started.elapsed() < Duration::from_secs(15));
    match found {
        Measured::Facts(stamp, facts, None) => {
            assert!(facts.changing && facts.sha256.is_none(), "{facts:?}");
            assert_eq!(stamp, Default::default(), "the next run reads it again");
        }
        other => panic!("{other:?}"),
    }
}
