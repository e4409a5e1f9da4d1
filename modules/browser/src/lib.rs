//! Extensions of browsers: code that sees, and may change, every page of whoever uses them.
//!
//! Sees, for every account: the extensions of Chromium and its family (Chrome, Edge, Brave, Vivaldi, Opera, Yandex, Arc)
//! as each profile's settings name them, with what their manifests ask for; the add-ons of Firefox and its family,
//! Thunderbird among them; and those of Safari. What lies in a profile's folder of extensions and is named nowhere is an
//! entry too. An entry is one extension of one profile: what it may do, on which pages, where its code lies, and how it
//! came in. A new version is only shown, because browsers update by themselves all the time.
//!
//! The code of an extension from a store is not measured: the browser itself checks it against a signature. That of an
//! unpacked or unsigned one is, as its programs.
//!
//! Cannot see: what is loaded by an option of a command line (desktop entries show that), extensions that are part of
//! Firefox, and which application a Safari extension belongs to. Policies, external extensions, native hosts and
//! autoconfig are in the watch lists `browsers` and `native_messaging`.
//!
//! References: Chromium's `extensions/browser/extension_prefs.cc` and `manifest_location.mojom`, Firefox'
//! `XPIDatabase.sys.mjs` and `AddonManager.sys.mjs`, and what Safari writes.

mod chromium;
mod firefox;
mod kinds;
pub mod parse;
mod safari;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Browser;

impl Module for Browser {
    fn manifest() -> Manifest {
        Manifest::new("browser", env!("CARGO_PKG_VERSION"), "extensions of browsers")
            .kind(kinds::extension())
            .watch(chromium::WATCH)
            .watch(firefox::WATCH)
            .watch(safari::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        chromium::collect(scan)?;
        firefox::collect(scan)?;
        match scan.os() {
            Os::Linux => Ok(()),
            Os::Macos => safari::collect(scan),
        }
    }
}

export_module!(Browser);
