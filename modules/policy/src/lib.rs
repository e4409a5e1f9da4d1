//! What the system allows whom: rights, grants and trust that are kept outside of files' modes.
//!
//! Sees, on Linux: the actions of polkit, D-Bus services that are started when somebody asks for their name and the
//! policy of the buses, and the plug-ins of the audit daemon. On macOS: the rights of the authorization database with
//! the mechanisms that run when one is asked for, plug-ins for them and for directory services, privacy grants of TCC,
//! the rules of Gatekeeper, and certificates that are trusted beyond Apple's.
//!
//! Cannot see: what polkit's rules, which are JavaScript, answer (a watch list compares their bytes), grants of TCC for
//! single folders, cameras and microphones, which people give every day, code requirements in words, and trust that a
//! configuration profile brings.
//!
//! References: polkit(8) and its `policyconfig-1.dtd`, dbus-daemon(1), the D-Bus specification, auditd-plugins(5);
//! Apple's "Authorization Services Programming Guide" and Security's `authd`, `SecTrustSettings.h`, TCC's and
//! SystemPolicy's schemas as these are found on disks.

mod audit;
mod authorization;
mod bundles;
mod dbus;
mod gatekeeper;
mod kinds;
mod parse;
mod polkit;
mod tcc;
mod trust;

use assay_sdk::{Manifest, Module, Os, Result, Scan, Text, export_module};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The module.
pub struct Policy;

impl Module for Policy {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "policy",
            env!("CARGO_PKG_VERSION"),
            "polkit, D-Bus, audit plug-ins; authorization rights, TCC, Gatekeeper, trust settings",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(polkit::WATCH)
            .watch(dbus::WATCH)
            .watch(audit::WATCH)
            .watch(authorization::WATCH)
            .watch(bundles::WATCH)
            .watch(tcc::WATCH)
            .watch(gatekeeper::WATCH)
            .watch(trust::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => {
                polkit::collect(scan)?;
                dbus::collect(scan)?;
                audit::collect(scan)
            }
            Os::Macos => {
                authorization::collect(scan)?;
                bundles::collect(scan)?;
                tcc::collect(scan)?;
                gatekeeper::collect(scan)?;
                trust::collect(scan)
            }
        }
    }
}

/// `path: name`: the same name in two files is two entries.
fn key(path: &Path, name: &str) -> Text {
    [path.as_os_str().as_bytes(), b": ", name.as_bytes()]
        .concat()
        .into()
}

/// Bytes as text.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
}

export_module!(Policy);
