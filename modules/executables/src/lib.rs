//! Executables: the programs that everybody runs, those that somebody put before them, and files that give rights.
//!
//! Sees, on Linux: every program of the folders that packages fill (`/usr/bin`, `/usr/sbin`, `/usr/libexec`, and
//! `/usr/lib` where programs lie there); programs of `/usr/local`, of `/` itself, of the `bin` folders in `/opt` and in
//! every home, and which of them have the name of a system program, so that they run in its place; and in all of these,
//! set-id files and capabilities. On macOS, whose own programs are sealed, only set-id files, in `/usr/local`, `/opt`,
//! `/Library` and `/Applications`.
//!
//! Programs are not read here: they are named, and the core measures them, once each until something touches them. A
//! file is only looked at, and its capability asked for when something in all these folders has changed.
//!
//! Cannot see: which package brought a program; set-id files in other places but for those of the module `hideouts`; a
//! capability that was given without a change of the file's ctime; hooks among the programs, which the lists of what
//! runs them have.
//!
//! References: execve(2), capabilities(7) and the kernel's `uapi/linux/capability.h` for the attribute.

mod kinds;
mod linux;
mod macos;
mod parse;
mod walk;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Executables;

impl Module for Executables {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "executables",
            env!("CARGO_PKG_VERSION"),
            "system and local programs, set-id files, file capabilities",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(linux::WATCH)
            .watch(macos::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => linux::collect(scan),
            Os::Macos => macos::collect(scan),
        }
    }
}

export_module!(Executables);
