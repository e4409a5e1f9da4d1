//! Folders of programs, each looked through once.

use assay_sdk::{FileType, GapReason, Result, Scan, Stat};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Names that are looked at in all: some thirty times those of a large server.
const MAX_NAMES: usize = 500_000;

/// A regular file.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) stat: Stat,
}

impl File {
    pub(crate) fn is_executable(&self) -> bool {
        self.stat.st_mode & 0o111 != 0
    }
    /// Whether running it gives rights: the group's bit without execution is an old way to lock files.
    pub(crate) fn is_setid(&self) -> bool {
        let mode = self.stat.st_mode;
        mode & 0o4000 != 0 || mode & 0o2010 == 0o2010
    }
}

/// What is in some folders.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<File>,
    pub(crate) links: Vec<PathBuf>,
}

/// What was looked at so far.
#[derive(Default)]
pub(crate) struct Walk {
    real: HashSet<PathBuf>,
    names: usize,
}

impl Walk {
    /// Adds what is in a folder, and so many levels of folders below it but for those that `skip` names. A folder that
    /// was seen is not seen again, whatever links lead there.
    pub(crate) fn add(
        &mut self,
        scan: &mut Scan<'_>,
        folder: &Path,
        levels: usize,
        skip: &dyn Fn(&[u8]) -> bool,
        found: &mut Found,
    ) -> Result<()> {
        let real = scan.root().canonical(folder);
        let is_new = scan.or_gap(real).is_some_and(|real| self.real.insert(real));
        if !is_new || self.names > MAX_NAMES {
            return Ok(());
        }
        let listed = scan.list(folder);
        self.names += listed.len();
        if self.names > MAX_NAMES {
            let text = format!("more than {MAX_NAMES} names in all");
            return scan.gap(folder, GapReason::TooBig, &text);
        }
        for listed in listed {
            let path = folder.join(&listed.name);
            match listed.file_type {
                FileType::RegularFile => {
                    found
                        .files
                        .extend(scan.stat(&path).map(|stat| File { path, stat }));
                }
                FileType::Symlink => found.links.push(path),
                FileType::Directory if levels > 0 && !skip(listed.name.as_bytes()) => {
                    self.add(scan, &path, levels - 1, skip, found)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
