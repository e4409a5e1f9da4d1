//! Programs that the managers run by their place alone, and accounts whose manager runs without a login.

use crate::files;
use crate::folders;
use assay_sdk::{Entry, FileType, Result, Scan};
use std::path::{Path, PathBuf};

const GENERATOR: &str = "systemd_generator";
const PREFIXES: &[&str] = &["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
const FOLDERS: &[&str] = &[
    "system-generators",
    "user-generators",
    "system-environment-generators",
    "user-environment-generators",
];

/// Generators: PID 1 runs each at every boot and `daemon-reload`, before any unit; see systemd.generator(7).
pub(crate) fn generators(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for prefix in PREFIXES {
        paths.extend(
            FOLDERS
                .iter()
                .map(|folder| Path::new(prefix).join("systemd").join(folder)),
        );
    }
    for (_, folder) in folders::distinct(scan, &paths) {
        for listed in scan.list(&folder) {
            let path = folder.join(&listed.name);
            if listed.file_type == FileType::Directory {
                continue;
            }
            if listed.file_type == FileType::Symlink && files::is_null_link(scan, &path) {
                scan.entry(Entry::new(GENERATOR, path.as_path(), &path).field("masked", true))?;
            } else if let Some(own) = scan.own_program(GENERATOR, &path) {
                scan.entry(own.entry)?;
            }
        }
    }
    Ok(())
}

/// Accounts that linger: their enabled user units start at boot; see loginctl(1).
pub(crate) fn linger(scan: &mut Scan<'_>) -> Result<()> {
    let folder = Path::new("/var/lib/systemd/linger");
    for listed in scan.list(folder) {
        let path = folder.join(&listed.name);
        scan.entry(Entry::new("systemd_linger", listed.name.as_os_str(), &path))?;
    }
    Ok(())
}
