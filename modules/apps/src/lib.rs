//! Applications of macOS, what they bring along, and plug-ins that others load.
//!
//! Sees each application below `/Applications` and those of every home: its program, the code of an Electron
//! application, the environment that its `Info.plist` sets, whether its seal is there; login items, extensions, Dock
//! tiles, Spotlight importers and Quick Look generators in it; bundles in the plug-in folders of the machine and of every
//! home, and the widgets that a user put up. Applications that lie on a desk or among downloads are looked at for Dock
//! tiles alone, since the Dock loads these without anybody opening the application.
//!
//! Cannot see: whether a signature is good, and whose it is, so that an update and a swapped program look alike but for
//! the version, which is shown; libraries and helper programs beside the main program; applications deeper than two
//! folders, and inside of others; and the plug-ins of the sealed system volume. Which extensions a user switched on is a
//! database of PlugInKit that has never been described. Jobs in applications are the module `launchd`'s.
//!
//! References: Apple's "Bundle Programming Guide", "Information Property List", "App Extension Programming Guide",
//! "Spotlight Importer Programming Guide", on `NSDockTilePlugIn`; Electron's "Application Packaging".

mod applications;
mod bundles;
mod kinds;
mod parse;
mod plugins;
mod widgets;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Apps;

impl Module for Apps {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "apps",
            env!("CARGO_PKG_VERSION"),
            "applications, what they bring along, and plug-ins that others load",
        );
        kinds::all()
            .into_iter()
            .fold(manifest.platforms(&[Os::Macos]), Manifest::kind)
            .watch(applications::WATCH)
            .watch(plugins::WATCH)
            .watch(widgets::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Macos {
            return Ok(());
        }
        applications::collect(scan)?;
        plugins::collect(scan)?;
        widgets::collect(scan)
    }
}

export_module!(Apps);
