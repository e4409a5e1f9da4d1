//! dpkg: its options, and what is diverted.

use crate::parse::dpkg;
use crate::{MAX_FILE, key, unparsable};
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/dpkg/dpkg.cfg",
    "/etc/dpkg/dpkg.cfg.d/*",
    "/var/lib/dpkg/diversions",
];

const FOLDER: &str = "/etc/dpkg/dpkg.cfg.d";

pub(crate) fn settings(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/dpkg/dpkg.cfg")];
    paths.extend(scan.files(Path::new(FOLDER), |_| true));
    paths.extend(scan.homes().into_iter().map(|home| home.path.join(".dpkg.cfg")));
    for path in paths {
        let text = match scan.content(&path, MAX_FILE) {
            Some(Ok(text)) => text,
            Some(Err(why)) => {
                unparsable(scan, "dpkg_setting", &path, &why)?;
                continue;
            }
            None => continue,
        };
        let inert = inert(&path);
        let mut keys = Keys::default();
        for choice in dpkg::choices(&text) {
            let programs = match choice.is_command() {
                true => scan.programs().shell(&choice.value),
                false => Vec::new(),
            };
            let name = [&choice.option[..], &choice.value].join(&b' ');
            let name = keys.unique(key(&path, name.trim_ascii_end()));
            let entry = Entry::new("dpkg_setting", name, &path).maybe("inert", inert);
            scan.entry(entry.programs(programs))?;
        }
    }
    Ok(())
}

/// In its folder dpkg reads what run-parts would: a dot in a name makes it a leftover.
fn inert(path: &Path) -> Option<&'static str> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let read = !path.starts_with(FOLDER) || name.iter().all(plain);
    (!read).then_some("its name is none that dpkg reads")
}

pub(crate) fn diversions(scan: &mut Scan<'_>) -> Result<()> {
    let path = Path::new("/var/lib/dpkg/diversions");
    let text = match scan.content(path, MAX_FILE) {
        Some(Ok(text)) => text,
        Some(Err(why)) => return unparsable(scan, "dpkg_diversion", path, &why),
        None => return Ok(()),
    };
    let mut keys = Keys::default();
    for diversion in dpkg::diversions(&text) {
        let name = keys.unique(Text::from(diversion.path));
        let entry = Entry::new("dpkg_diversion", name, path)
            .field("target", diversion.target)
            .field("by", diversion.by);
        scan.entry(entry)?;
    }
    Ok(())
}
