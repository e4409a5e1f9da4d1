//! Start-up scripts and items: how systems started things before launchd and systemd, and what still runs.
//!
//! Sees, on Linux: `rc.local` and its kin, the scripts of `local.d`, SysV and OpenRC scripts with the links that
//! put them into a run level, and the lines of `inittab`. On macOS: `StartupItems`, the `rc` scripts, login and
//! logout hooks, the rules of emond with what wakes it, and privileged helper tools.
//!
//! A script is its own program, so any change in it is seen, what stands after its `exit 0` too; its lines are not
//! taken apart, and what it calls is not followed.
//!
//! Cannot see: units that systemd makes of SysV scripts (module `systemd`), the jobs that start helper tools
//! (module `launchd`), MCX login scripts in managed preferences, and `/etc/ttys`, which nothing has read
//! since Mac OS X 10.8.
//!
//! References: systemd-rc-local-generator(8), insserv(8) and its LSB header, inittab(5) of sysvinit and BusyBox'
//! `init.c`; Apple's "System Startup Programming Topics", SystemStarter(8), emond(8).

mod emond;
mod kinds;
mod linux;
mod macos;
mod parse;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Startup;

impl Module for Startup {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "startup",
            env!("CARGO_PKG_VERSION"),
            "start-up scripts, SysV init, login hooks, emond, helper tools",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(linux::WATCH)
            .watch(macos::WATCH)
            .watch(emond::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => linux::collect(scan),
            Os::Macos => {
                macos::collect(scan)?;
                emond::collect(scan)
            }
        }
    }
}

export_module!(Startup);
