//! Configuration profiles: what management, or whoever plays it, prescribes for a Mac.
//!
//! Sees each `.mobileconfig` in the store, in a home's old store, and among downloads, where it waits for somebody to
//! open it; signed ones too. Its payloads are shown with what they prescribe, secrets left out.
//!
//! Cannot see: what `ConfigProfiles.binary` holds, the store of newer systems, which was never described (a watch list
//! compares its bytes; what profiles make of preferences is in `/Library/Managed Preferences`, which a list watches
//! as well); whether a signature is good, and whose it is; and a change of a secret.
//!
//! References: Apple's "Configuration Profile Reference"; RFC 5652 for the envelope of those that are signed.

mod parse;

use assay_sdk::{Entry, FieldKind, Kind, Manifest, Module, Os, Result, Scan, Value, export_module};
use std::path::{Path, PathBuf};

const STORE: &str = "/private/var/db/ConfigurationProfiles";
/// A profile with fonts in it has some megabytes.
const LIMIT: u64 = 32 << 20;

/// The module.
pub struct Profiles;

impl Module for Profiles {
    fn manifest() -> Manifest {
        let profile = Kind::new(
            "configuration_profile",
            "T1176.001",
            "a profile of settings that users cannot change",
        )
        .compared(
            "identifier",
            FieldKind::Text,
            "by which a later profile replaces it",
        )
        .compared("uuid", FieldKind::Text, "which version of it this is")
        .compared(
            "payloads",
            FieldKind::List,
            "what it prescribes, by type, sorted; secrets are left out",
        )
        .compared("scope", FieldKind::Text, "System or User")
        .compared(
            "removal_disallowed",
            FieldKind::Bool,
            "whether users are kept from removing it",
        )
        .compared("organization", FieldKind::Text, "who it says it is from")
        .compared("signed", FieldKind::Bool, "whether somebody signed it")
        .shown("name", FieldKind::Text, "what System Settings calls it");
        Manifest::new("profiles", env!("CARGO_PKG_VERSION"), "configuration profiles")
            .platforms(&[Os::Macos])
            .kind(profile)
            .watch(&[
                "/private/var/db/ConfigurationProfiles/{,Store/,Setup/}*.mobileconfig",
                "~/Library/ConfigurationProfiles/*.mobileconfig",
                "~/Downloads/*.mobileconfig",
            ])
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Macos {
            return Ok(());
        }
        let mut folders: Vec<PathBuf> = ["", "Store", "Setup"]
            .map(|folder| Path::new(STORE).join(folder))
            .into();
        for home in scan.homes() {
            folders
                .extend(["Library/ConfigurationProfiles", "Downloads"].map(|folder| home.path.join(folder)));
        }
        for folder in folders {
            for path in profiles(scan, &folder) {
                if let Some(content) = scan.content(&path, LIMIT) {
                    scan.entry(profile(&path, content))?;
                }
            }
        }
        Ok(())
    }
}

fn profiles(scan: &mut Scan<'_>, folder: &Path) -> Vec<PathBuf> {
    scan.files(folder, |name| {
        name.to_ascii_lowercase().ends_with(b".mobileconfig")
    })
}

fn profile(path: &Path, content: std::result::Result<Vec<u8>, String>) -> Entry {
    let entry = Entry::new("configuration_profile", path, path);
    match content.and_then(|bytes| parse::profile(&bytes)) {
        Ok(profile) => {
            let payloads = (!profile.payloads.is_empty()).then(|| Value::from_iter(profile.payloads));
            entry
                .maybe("identifier", profile.identifier)
                .maybe("uuid", profile.uuid)
                .maybe("payloads", payloads)
                .maybe("scope", profile.scope)
                .maybe("removal_disallowed", profile.removal_disallowed)
                .maybe("organization", profile.organization)
                .field("signed", profile.signed)
                .maybe("name", profile.name)
        }
        Err(why) => entry.unparsable(why),
    }
}

export_module!(Profiles);
