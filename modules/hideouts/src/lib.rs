//! Hideouts: executables where anybody may write, and where nobody looks.
//!
//! Most of what lies in temporary folders is of no interest, and comes and goes. Told is only what hides or gives
//! rights: in `/tmp`, `/var/tmp` and `/dev/shm` executables that hide behind a dot; files in `/dev`, where only devices
//! belong; in homes, executables in folders with names of dots and blanks; and set-id files in any of these, in `/srv`
//! and in `/var`.
//!
//! Such folders change all the time, so that this module is asked at most runs. It looks at names and modes only, two or
//! three levels deep, and at most at 50,000 names.
//!
//! Cannot see: what lies deeper; executables without the bit that an interpreter or a loader starts; folders that it may
//! not enter: of other users, when it does not run as root, and file systems that users have mounted.
//!
//! Reference: hier(7).

mod kinds;
mod names;
mod walk;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};
use std::path::{Path, PathBuf};
use walk::{Walk, What};

/// The module.
pub struct Hideouts;

const WATCH: &[&str] = &[
    "{/tmp,/var/tmp,/private/tmp,/private/var/tmp,/dev/shm}/{*,*/*,*/*/*}",
    "/dev/*",
    "~/*/*",
    "{/srv,/var}/*/*",
];

/// Places where anybody may write, and how many levels of folders below them are looked through.
const TEMPORARY: &[(&str, usize)] = &[
    ("/tmp", 2),
    ("/var/tmp", 2),
    ("/dev/shm", 2),
    ("/run/shm", 2),
    ("/private/tmp", 2),
    ("/private/var/tmp", 2),
    ("/Users/Shared", 2),
];
/// Places of which only what gives rights is told.
const OTHERS: &[(&str, usize)] = &[("/srv", 2), ("/var", 2), ("/lost+found", 1)];
/// Homes of services that are no homes.
const NO_HOMES: &[&str] = &[
    "/bin", "/dev", "/etc", "/proc", "/run", "/sbin", "/sys", "/usr", "/var",
];

impl Module for Hideouts {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "hideouts",
            env!("CARGO_PKG_VERSION"),
            "hidden executables and set-id files in temporary folders, /dev, homes",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let mut walk = Walk::default();
        for (folder, levels) in TEMPORARY {
            walk.look(scan, Path::new(folder), *levels, What::Temporary)?;
        }
        if scan.os() == Os::Linux {
            walk.look(scan, Path::new("/dev"), 1, What::Devices)?;
        }
        for home in homes(scan) {
            walk.look(scan, &home, 1, What::Home)?;
        }
        for (folder, levels) in OTHERS {
            walk.look(scan, Path::new(folder), *levels, What::Rights)?;
        }
        Ok(())
    }
}

fn homes(scan: &mut Scan<'_>) -> Vec<PathBuf> {
    let homes = scan.homes().into_iter().map(|home| home.path);
    homes
        .filter(|home| !NO_HOMES.iter().any(|no| home.starts_with(no)))
        .collect()
}

export_module!(Hideouts);
