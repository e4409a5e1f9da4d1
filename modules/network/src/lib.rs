//! Networks: what runs when an interface comes up, what listens for whom, and what a Mac lets through.
//!
//! Sees, on Linux: the options of `interfaces`, with the commands among them, the services of inetd and xinetd, and the certificates in the bundle that programs trust. On
//! macOS: programs that the application firewall lets through, and the VPNs, filters and DNS proxies that are
//! configured.
//!
//! Cannot see: what a `source` line of `interfaces` names elsewhere than in `interfaces.d`; services that xinetd is told of
//! by an `includedir` elsewhere; what macOS 15 and later keep of the firewall, which is in no file that is known. Scripts
//! and what is made of lines are in the watch list `network`.
//!
//! References: interfaces(5), inetd.conf(5), xinetd.conf(5), RFC 5280; for the Mac, the application firewall's tables in osquery, and
//! the classes of Apple's NetworkExtension framework, whose configurations are archives of objects.

mod alf;
mod inetd;
mod interfaces;
mod kinds;
mod network_extension;
mod parse;
mod trust;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Network;

impl Module for Network {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "network",
            env!("CARGO_PKG_VERSION"),
            "commands of interfaces, inetd, trusted certificates, a Mac's firewall and VPNs",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(interfaces::WATCH)
            .watch(inetd::WATCH)
            .watch(trust::BUNDLES)
            .watch(&[alf::PATH, network_extension::PATH])
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        match scan.os() {
            Os::Linux => {
                interfaces::collect(scan)?;
                inetd::collect(scan)?;
                trust::collect(scan)
            }
            Os::Macos => {
                alf::collect(scan)?;
                network_extension::collect(scan)
            }
        }
    }
}

/// No text file of these is larger.
const MAX_FILE: u64 = 1 << 20;

/// What a file holds; one that makes no sense is an entry that stands for all that it held.
fn content(scan: &mut Scan<'_>, kind: &str, path: &std::path::Path, limit: u64) -> Result<Option<Vec<u8>>> {
    match scan.content(path, limit) {
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(why)) => unparsable(scan, kind, path, &why).map(|()| None),
        None => Ok(None),
    }
}

fn unparsable(scan: &mut Scan<'_>, kind: &str, path: &std::path::Path, why: &str) -> Result<()> {
    scan.entry(assay_sdk::Entry::new(kind, path, path).unparsable(why))
}

/// What an entry is called in its file, after the file.
fn key(path: &std::path::Path, name: &[u8]) -> assay_sdk::Text {
    let path = assay_sdk::Text::from(path);
    [path.as_bytes(), b": ", name].concat().into()
}

export_module!(Network);
