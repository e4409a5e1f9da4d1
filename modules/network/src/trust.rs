//! Certificates in the bundle that most programs of Linux trust, however they came into it.

use crate::parse::certificates;
use crate::{content, key};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::path::Path;

/// Of Debian and Alpine, of Red Hat, of SUSE.
pub(crate) const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
];
const KIND: &str = "trusted_root";
const MAX_BUNDLE: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for path in BUNDLES.iter().map(Path::new) {
        let Some(text) = content(scan, KIND, path, MAX_BUNDLE)? else {
            continue;
        };
        let (certificates, odd) = certificates::bundle(&text);
        let mut keys = Keys::default();
        for certificate in certificates {
            let entry = Entry::new(KIND, keys.unique(key(path, &certificate.subject)), path)
                .field("serial", certificate.serial)
                .field("signature_end", certificate.signature_end);
            scan.entry(entry)?;
        }
        if odd > 0 {
            crate::unparsable(scan, KIND, path, &format!("holds {odd} that are no certificate"))?;
        }
    }
    Ok(())
}
