//! Interfaces of ifupdown.

use crate::parse::interfaces;
use crate::{MAX_FILE, content, key};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["/etc/network/interfaces", "/etc/network/interfaces.d/*"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/network/interfaces")];
    paths.extend(scan.files(Path::new("/etc/network/interfaces.d"), |_| true));
    for path in paths {
        let Some(text) = content(scan, "interface_option", &path, MAX_FILE)? else {
            continue;
        };
        let mut keys = Keys::default();
        for line in interfaces::lines(&text) {
            let programs = match line.is_command() {
                true => scan.programs().shell(&line.value),
                false => Vec::new(),
            };
            let name = keys.unique(key(&path, &line.name()));
            scan.entry(
                Entry::new("interface_option", name, &path)
                    .field("value", line.value)
                    .programs(programs),
            )?;
        }
    }
    Ok(())
}
