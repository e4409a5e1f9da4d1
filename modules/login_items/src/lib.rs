//! What macOS opens when somebody logs in: background items, login items of every age, reopened applications.
//!
//! Sees the database of Background Task Management (macOS 13 and later), whatever its version: each item of each
//! account with its switches, developer and program, and what management decided; the three stores of login items
//! before it (`backgrounditems.btm`, shared file lists, `com.apple.loginitems.plist`); and applications that are
//! opened again at login, or stand in the Dock, from outside the folders of applications or under another's
//! identifier. All others of these come and go with every logout, and their files are the module `apps`'s to watch.
//!
//! Cannot see: jobs that were loaded without being registered (their property lists are the module `launchd`'s);
//! the requirement that a background item's code must meet; where a file went after its bookmark was written; and
//! more than the newest database: what an upgrade left of older ones is read by nobody.
//!
//! References: `sfltool dumpbtm`; Apple's "Manage login items and background tasks on Mac"; "Daemons and Services
//! Programming Guide", on login items; the layouts of shared file lists as `mac_apt` reads them.

mod background;
mod items;
mod kinds;
mod parse;
mod shortcuts;
mod target;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct LoginItems;

impl Module for LoginItems {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "login_items",
            env!("CARGO_PKG_VERSION"),
            "background items, login items, reopened applications",
        );
        kinds::all()
            .into_iter()
            .fold(manifest.platforms(&[Os::Macos]), Manifest::kind)
            .watch(background::WATCH)
            .watch(items::WATCH)
            .watch(shortcuts::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Macos {
            return Ok(());
        }
        background::collect(scan)?;
        items::collect(scan)?;
        shortcuts::collect(scan)
    }
}

export_module!(LoginItems);
