//! Kernel modules and extensions: code that runs where nothing can watch it.
//!
//! Sees, on Linux: module files that the kernel's package does not bring, what loads modules at boot, every line
//! of `modprobe.d` and `depmod.d`, DKMS sources and settings, and on the running system the modules that are
//! loaded, those among them that hid from `/proc/modules`. On macOS: kernel extensions and kernel collections,
//! system extensions and DriverKit drivers, and who approved which of them.
//!
//! Which files a kernel brings is read from its `modules.order`, which the kernel build writes and whose bytes are
//! watched, and not from `modules.dep`, in which `depmod` lists whatever somebody dropped; the latter serves where
//! the former is missing.
//!
//! Cannot see: a rootkit that has left `/sys/module` too, a module loaded from memory, a file swapped under a
//! name that the kernel's package brings (package verification tells that), modules in an initramfs or on the
//! kernel's command line (module `boot`), kernel extensions below `/Library/Application Support`, which must be
//! approved and then show here as approved, and whether a signature is good.
//!
//! References: modules-load.d(5), modprobe.d(5), depmod.d(5), kmod's `tools/depmod.c`, dkms(8), the kernel's
//! "Tainted kernels"; Apple's "Kernel Extension Overview", "IOKit Fundamentals", "System Extensions"; sqlite.org's
//! "Database File Format", section 4, for the write-ahead log.

mod bundle;
mod config;
mod dkms;
mod files;
mod kext;
mod kinds;
mod live;
mod parse;
mod policy;
mod sysext;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Kernel;

impl Module for Kernel {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "kernel",
            env!("CARGO_PKG_VERSION"),
            "kernel modules, kernel and system extensions, their configuration",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(files::WATCH)
            .watch(config::WATCH)
            .watch(dkms::WATCH)
            .watch(kext::WATCH)
            .watch(sysext::WATCH)
            .watch(policy::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => {
                files::collect(scan)?;
                config::collect(scan)?;
                dkms::collect(scan)?;
                live::collect(scan)
            }
            Os::Macos => {
                kext::collect(scan)?;
                sysext::collect(scan)?;
                policy::collect(scan)
            }
        }
    }
}

export_module!(Kernel);
