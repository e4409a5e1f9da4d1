//! Files and file systems that never answer.

use super::fuse::{Fuse, Manner};
use super::mounts::alone;
use super::{Watched, needs, told};
use assay_tests::Scratch;
use std::fs;
use std::path::Path;

const LIMITS: &str = "modules.deadline = '3s'\nverify.file_timeout = '1s'\n";

/// A job that runs each of `files`, which a dead server has, and what then is told of it.
fn a_dead_server(files: &[(&'static str, Manner)], then: impl FnOnce(&Watched) + Send) {
    if !needs(Path::new("/dev/fuse").exists(), "/dev/fuse") {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.host("/mnt")).unwrap();
    let jobs = files.iter().map(|(name, _)| format!("1 2 * * * root /mnt/{name}\n"));
    let jobs: String = jobs.collect();
    scratch.file("/etc/crontab", "");
    let watched = Watched::with_limits(scratch, LIMITS);
    alone(move || {
        let _fuse = Fuse::mount(&watched.scratch.host("/mnt"), files);
        watched.scratch.file("/etc/crontab", jobs);
        then(&watched);
    });
}

#[test]
fn a_program_that_is_never_read_to_its_end_is_a_gap() {
    a_dead_server(&[("read", Manner::HangsInRead(10)), ("fine", Manner::Holds("#!"))], |watched| {
        assert_eq!(watched.told(), [""; 0]);
    });
}
