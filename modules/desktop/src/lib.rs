//! What a desktop starts by itself, or on a click that was meant for something else.
//!
//! Sees the desktop entries of every folder that sessions read: those that start at login, those of the login screen,
//! the sessions to choose from, and the launchers of applications, with the commands in them and what stands in front
//! of a launcher of the system. Besides, the extensions that GNOME's shell loads into itself, and the settings in its
//! database that name commands: custom keys, programs for terminals, proxies, enabled extensions.
//!
//! Cannot see: entries in folders that `XDG_CONFIG_DIRS` or `XDG_DATA_DIRS` add, launchers on a desktop whose folder
//! has a name of another language, and what an entry with `DBusActivatable` starts (the bus's own services do). Scripts
//! of sessions, window managers and display managers are in the watch list `desktop`.
//!
//! References: the Desktop Entry and Desktop Application Autostart specifications, gnome-session's
//! `gsm-autostart-app.c`, and for dconf's database the `gvdb-format.h` and the GVariant specification of GLib.

mod database;
mod entries;
mod extensions;
mod kinds;
pub mod parse;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Desktop;

impl Module for Desktop {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "desktop",
            env!("CARGO_PKG_VERSION"),
            "desktop entries, GNOME's extensions and settings",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .platforms(&[Os::Linux])
            .watch(entries::WATCH)
            .watch(extensions::WATCH)
            .watch(database::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Linux {
            return Ok(());
        }
        entries::collect(scan)?;
        extensions::collect(scan)?;
        database::collect(scan)
    }
}

export_module!(Desktop);
