//! Package managers of Linux: what they run at every install, and whose packages they take.
//!
//! Sees: the options of `apt.conf` with the commands among them, which switch updates on and off too; the places that
//! apt, dnf, yum and zypper get packages from; the options of dpkg and what is diverted; hooks of pacman; and the
//! scripts and keys that rpm keeps in its database.
//!
//! Cannot see: what apt is told on its command line or by `APT_CONFIG`, and what an `#include` names; repositories that a
//! plug-in makes up; rpm's databases of other kinds than SQLite (openSUSE, Red Hat 8 and older). Methods, keys,
//! plug-ins, macros and scripts that are files of their own are in the watch list `packages`.
//!
//! References: apt.conf(5), sources.list(5), deb822(5), dpkg.cfg(5), dpkg-divert(1), alpm-hooks(5), dnf.conf(5), and
//! rpm's `docs/manual/hregions.md` and `include/rpm/rpmtag.h`.

mod apt;
mod dpkg;
mod kinds;
mod pacman;
mod parse;
mod repositories;
mod rpm;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Packages;

impl Module for Packages {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "packages",
            env!("CARGO_PKG_VERSION"),
            "what package managers run, and whose packages they take",
        )
        .platforms(&[Os::Linux]);
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(apt::WATCH)
            .watch(repositories::WATCH)
            .watch(dpkg::WATCH)
            .watch(pacman::WATCH)
            .watch(rpm::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        apt::settings(scan)?;
        apt::sources(scan)?;
        repositories::collect(scan)?;
        dpkg::settings(scan)?;
        dpkg::diversions(scan)?;
        pacman::hooks(scan)?;
        rpm::collect(scan)
    }
}

/// No file of these is larger.
const MAX_FILE: u64 = 1 << 20;

/// A file that makes no sense stands for all that it held.
fn unparsable(scan: &mut Scan<'_>, kind: &str, path: &std::path::Path, why: &str) -> Result<()> {
    scan.entry(assay_sdk::Entry::new(kind, path, path).unparsable(why))
}

/// What an entry is called in its file, after the file.
fn key(path: &std::path::Path, name: &[u8]) -> assay_sdk::Text {
    let path = assay_sdk::Text::from(path);
    [path.as_bytes(), b": ", name].concat().into()
}

export_module!(Packages);
