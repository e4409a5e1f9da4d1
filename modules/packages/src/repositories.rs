//! dnf, yum and zypper: the repositories that they get packages from.

use crate::parse::repository;
use crate::{MAX_FILE, key, unparsable};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "/etc/yum.repos.d/*.repo",
    "/etc/distro.repos.d/*.repo",
    "/usr/share/dnf5/repos.d/*.repo",
    "/etc/zypp/repos.d/*.repo",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for glob in WATCH {
        let folder = Path::new(glob.trim_end_matches("/*.repo"));
        for path in scan.files(folder, |name| name.ends_with(b".repo")) {
            match scan.content(&path, MAX_FILE) {
                Some(Ok(text)) => of_file(scan, &path, &text)?,
                Some(Err(why)) => unparsable(scan, "package_repository", &path, &why)?,
                None => {}
            }
        }
    }
    Ok(())
}

fn of_file(scan: &mut Scan<'_>, path: &Path, text: &[u8]) -> Result<()> {
    let mut keys = Keys::default();
    for repository in repository::repositories(text) {
        let name = keys.unique(key(path, repository.id.as_bytes()));
        let entry = Entry::new("package_repository", name, path);
        let entry = repository
            .known
            .into_iter()
            .fold(entry, |entry, (name, value)| entry.field(name, value));
        let other = (!repository.other.is_empty())
            .then(|| repository.other.into_iter().collect::<assay_sdk::Value>());
        scan.entry(entry.maybe("other", other))?;
    }
    Ok(())
}
