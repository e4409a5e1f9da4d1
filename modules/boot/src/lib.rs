//! Boot: what boot loaders start, and what the kernel is told to run.
//!
//! Sees, on Linux: the menus of GRUB, of loaders that follow the Boot Loader Specification and of extlinux, with the
//! command line of each kernel; files of which that command line is made; what rules of udev run and start; sysctl
//! settings, among them the programs that the kernel runs by itself; and binary formats with their interpreters.
//!
//! Of files with one name only the one that counts is read, in the order `/etc`, `/run`, `/usr/local/lib`, `/usr/lib`:
//! where another takes its place, or a link to `/dev/null`, what the old one ran is told as removed.
//!
//! Cannot see: rules of udev that only name, tag or set the mode of a device; a `GOTO` that skips a rule; what is in an
//! initramfs, whose file is on the watch list `boot` as a whole, with images, loaders and the scripts that make them;
//! what the running kernel was told (module `running`).
//!
//! References: GRUB's manual, "Shell-like scripting"; the UAPI group's "Boot Loader Specification"; syslinux'
//! `config.txt`; bootparam(7); udev(7); sysctl.d(5); binfmt.d(5), the kernel's `binfmt-misc.rst`, update-binfmts(8).

mod arguments;
mod binfmt;
mod effective;
mod kinds;
mod menus;
mod parse;
mod sysctl;
mod udev;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Boot;

impl Module for Boot {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "boot",
            env!("CARGO_PKG_VERSION"),
            "menus of boot loaders, kernel command lines, udev, sysctl, binary formats",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .platforms(&[Os::Linux])
            .watch(menus::WATCH)
            .watch(arguments::WATCH)
            .watch(udev::WATCH)
            .watch(sysctl::WATCH)
            .watch(binfmt::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Linux {
            return Ok(());
        }
        menus::collect(scan)?;
        arguments::collect(scan)?;
        udev::collect(scan)?;
        sysctl::collect(scan)?;
        binfmt::collect(scan)
    }
}

export_module!(Boot);
