//! The running kernel: what it was told to run, and with what it was started.
//!
//! Sees, on a running Linux: the programs that the kernel starts by itself (`core_pattern`, `modprobe` and their like),
//! the interpreters of binary formats, programs and maps of eBPF that are pinned, the words of the kernel's command
//! line, and what the firmware starts, with whether it asks for signatures.
//!
//! A root that is an image has none of it, and what somebody put there would say nothing of a kernel. Files of the
//! kernel change without a sign, so that this module is asked at every run; what the same settings will be at the next
//! boot, the module `boot` lists.
//!
//! Cannot see: programs of eBPF that are loaded and not pinned; whose keys are in the databases of the firmware, only
//! that they have changed; what another namespace is told, such as a container; a kernel that lies.
//!
//! References: core(5), the kernel's `sysctl/kernel.rst`, `binfmt-misc.rst` and `cgroup-v1`; bpf(2); the UEFI
//! specification, "Boot Manager" and "Device Path Protocol"; the kernel's `efivarfs.rst`.

mod firmware;
mod kernel;
mod kinds;
mod parse;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Running;

impl Module for Running {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "running",
            env!("CARGO_PKG_VERSION"),
            "what the running kernel starts by itself, and what the firmware started",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .platforms(&[Os::Linux])
            .watch(kernel::WATCH)
            .watch(firmware::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() == Os::Linux && scan.root().is_live() {
            Copied::collect(scan)?;
        }
        Ok(())
    }
}

/// The module as if the kernel of any root were running, so that copies of what it tells can be tried.
#[doc(hidden)]
pub struct Copied;

impl Module for Copied {
    fn manifest() -> Manifest {
        Running::manifest()
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        kernel::collect(scan)?;
        firmware::collect(scan)
    }
}

export_module!(Running);
