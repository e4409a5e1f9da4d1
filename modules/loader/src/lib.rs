//! The dynamic linker: which libraries come into programs, and where they are looked for.
//!
//! Sees, on Linux: `ld.so.preload`; the folders of `ld.so.conf` and of musl; what the linker's cache finds elsewhere;
//! the linker and the C library themselves, with copies of them; the libraries of `/usr/lib*` and `/usr/local/lib`; and
//! the folders besides those in which programs look first (`RPATH`). On macOS, of applications, privileged helper tools
//! and the programs of `/usr/local` and Homebrew: every library that is not Apple's, which file it is, and whether that
//! one hands on another.
//!
//! Libraries and programs are not read to be compared: they are named, and the core measures them. Of a program only
//! what it tells the linker is read, and only when something in these folders has changed.
//!
//! Cannot see: `LD_PRELOAD` and `DYLD_INSERT_LIBRARIES`, which stand where variables do (modules `shellrc`, `systemd`
//! and `launchd`, watch list `environment`); libraries that a program opens by itself; plug-ins, which belong to what
//! loads them; those of Python and Node in `/usr/local/lib`; a library that was added to a program of Linux, but as a
//! change of its bytes; on macOS, programs inside applications other than the main one.
//!
//! References: ld.so(8), ldconfig(8), glibc's `dl-cache.h`, musl's `dynlink.c`; elf(5); dyld(1), Apple's
//! `mach-o/loader.h` and "Run-Path Dependent Libraries".

mod dylibs;
mod kinds;
mod libraries;
mod linker;
mod parse;
mod safety;
mod search;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Loader;

impl Module for Loader {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "loader",
            env!("CARGO_PKG_VERSION"),
            "the dynamic linker, its settings, and the libraries it finds",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(linker::WATCH)
            .watch(libraries::WATCH)
            .watch(search::WATCH)
            .watch(dylibs::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => {
                let places = libraries::places(scan);
                linker::collect(scan, &places)?;
                libraries::collect(scan, &places)?;
                search::collect(scan, &places)
            }
            Os::Macos => dylibs::collect(scan),
        }
    }
}

export_module!(Loader);
