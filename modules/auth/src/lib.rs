//! Who may log in, and who may act as whom: PAM, sudo and doas.
//!
//! Sees every rule of PAM with the module that it loads and the command of `pam_exec`, the module files themselves;
//! of sudo the rules, defaults, aliases and includes of `sudoers`, the lines of `sudo.conf` and its plug-ins; and the
//! rules of doas. A rule of PAM that can end its stack says what it then leaves out, so that one moved to the top is
//! seen, and a new one below it is no change of all the others.
//!
//! Cannot see: what a module makes of its own settings, such as `access.conf` (a watch list tells their lines), rules
//! that a directory server hands out, and two rules of different people in `sudoers` that only changed places, where
//! the last one that matches counts. A jump of PAM over an `include` counts it as one rule.
//!
//! References: pam.d(5) and `pam_handlers.c` of Linux-PAM, pam.conf(5) of OpenPAM, pam_exec(8); sudoers(5), sudo.conf(5)
//! and sudo's `toke.l`; doas.conf(5).

mod doas;
mod kinds;
mod pam;
mod parse;
mod sudo;
mod sudoers;

use assay_sdk::{Manifest, Module, Result, Scan, export_module};

/// The module.
pub struct Auth;

impl Module for Auth {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "auth",
            env!("CARGO_PKG_VERSION"),
            "PAM, sudo and doas: who may log in, and act as whom",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(pam::WATCH)
            .watch(sudoers::WATCH)
            .watch(sudo::WATCH)
            .watch(doas::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        pam::collect(scan)?;
        sudoers::collect(scan)?;
        sudo::collect(scan)?;
        doas::collect(scan)
    }
}

export_module!(Auth);
