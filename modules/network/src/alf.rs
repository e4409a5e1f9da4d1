//! Programs that the application firewall of macOS lets through.
//!
//! The plist holds a bundle's identifier, or an alias record for where it lies, or both.

use crate::{content, unparsable};
use assay_sdk::plist::{self, Value as Plist};
use assay_sdk::{Entry, Keys, Result, Scan, Text, bookmark};
use std::path::Path;

pub(crate) const PATH: &str = "/Library/Preferences/com.apple.alf.plist";
const KIND: &str = "firewall_application";
const MAX_PLIST: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new(PATH);
    let Some(bytes) = content(scan, KIND, path, MAX_PLIST)? else {
        return Ok(());
    };
    let settings = match plist::parse(&bytes) {
        Ok(settings) => settings,
        Err(error) => return unparsable(scan, KIND, path, &error.to_string()),
    };
    let applications = settings
        .as_dictionary()
        .and_then(|settings| settings.get("applications"));
    let mut keys = Keys::default();
    for application in applications.and_then(Plist::as_array).into_iter().flatten() {
        let Some(application) = application.as_dictionary() else {
            continue;
        };
        let identifier = application.get("bundleid").map(|id| Text::from(plist::flat(id)));
        let alias = application.get("alias").and_then(Plist::as_data);
        let lies = alias
            .and_then(|alias| bookmark::parse(alias).ok())
            .and_then(|alias| alias.path);
        let name = lies.clone().or_else(|| identifier.clone());
        let name = keys.unique(name.unwrap_or_else(|| "unnamed program".into()));
        let entry = Entry::new(KIND, name, path)
            .maybe("bundle_id", identifier)
            .maybe("path", lies)
            .maybe("state", application.get("state").map(plist::flat));
        scan.entry(entry)?;
    }
    Ok(())
}
