//! What modules looked at, read again: a full run relies on no stamp, and asks a module when what its files hold, its
//! folders list or its links name is not what it was.

use assay_model::{Input, Look, Text};
use assay_root::{Checker, FileType, Last, Result, Root, Stat};
use sha2::{Digest as _, Sha256};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::discover::hex;

/// Everything that one module looked at and that is there.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// What looking has found of it, but for what files hold.
    found: Sha256,
    /// The files that it read, links resolved.
    files: Vec<Text>,
}

impl Contents {
    /// Looks at all of it again: lists folders and reads links. `None` where something cannot be looked at.
    pub(crate) fn look(checker: &mut Checker<'_>, root: &Root, inputs: &[Input]) -> Option<Self> {
        let mut contents = Self::default();
        for Input(path, look) in inputs {
            contents.add(checker, root, path.as_path(), look).ok()?;
        }
        contents.files.sort();
        contents.files.dedup();
        Some(contents)
    }

    fn add(&mut self, checker: &mut Checker<'_>, root: &Root, path: &Path, look: &Look) -> Result<()> {
        let Some(stat) = checker.kept(path)? else {
            return Ok(());
        };
        let file_type = FileType::from_raw_mode(stat.st_mode);
        self.tell(path.as_os_str().as_bytes());
        self.tell_owner(&stat);
        if file_type == FileType::Symlink {
            self.tell(root.read_link(path)?.as_os_str().as_bytes());
        }
        match look {
            // What a path leads to was compared, not taken from a stamp; of a thing that is kept, only that counted.
            Look::Kept(_) | Look::Leads(_) | Look::Followed(None) => Ok(()),
            Look::Followed(Some(_)) if file_type == FileType::Symlink => {
                let real = root.canonical(path)?;
                match root.stat(&real, Last::Keep)? {
                    Some(stat) => self.add_real(root, &real, &stat),
                    None => Ok(()),
                }
            }
            Look::Followed(Some(_)) => self.add_real(root, path, &stat),
        }
    }

    fn add_real(&mut self, root: &Root, path: &Path, stat: &Stat) -> Result<()> {
        self.tell_owner(stat);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.files.push(path.into()),
            FileType::Directory => {
                for listed in root.list(path)? {
                    self.tell(listed.name.as_bytes());
                    self.tell(format!("{:?}", listed.file_type).as_bytes());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn tell_owner(&mut self, stat: &Stat) {
        self.tell(format!("{:o} {} {}", stat.st_mode, stat.st_uid, stat.st_gid).as_bytes());
    }

    /// Each with its length, so that no two lists of names are told alike.
    fn tell(&mut self, bytes: &[u8]) {
        self.found.update((bytes.len() as u64).to_le_bytes());
        self.found.update(bytes);
    }

    /// The files that have to be read.
    pub(crate) fn files(&self) -> &[Text] {
        &self.files
    }

    /// The digest of all of it, from the digests of the files; `None` when one of them could not be read.
    pub(crate) fn digest(mut self, sha256: impl Fn(&Text) -> Option<String>) -> Option<String> {
        for path in std::mem::take(&mut self.files) {
            let sha256 = sha256(&path)?;
            self.tell(path.as_bytes());
            self.tell(sha256.as_bytes());
        }
        Some(hex(&self.found.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    type Act = fn(&Path);

    fn write(host: &Path, path: &str, text: &str) {
        fs::write(host.join(path), text).unwrap();
    }
    fn remove(host: &Path, path: &str) {
        fs::remove_file(host.join(path)).unwrap();
    }

    /// A root in which something is done, and what a module that reads all of it would be told by.
    fn digest(act: impl Fn(&Path)) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let host = folder.path();
        fs::create_dir_all(host.join("etc/cron.d")).unwrap();
        write(host, "etc/cron.d/a", "* * * * * root /bin/a\n");
        symlink("cron.d/a", host.join("etc/link")).unwrap();
        act(host);
        let root = Root::open(host).unwrap();
        let followed = |path: &str| Input(path.into(), Look::Followed(Some(assay_model::Stamp::default())));
        let inputs = [
            followed("/etc/cron.d"),
            followed("/etc/cron.d/a"),
            followed("/etc/link"),
            followed("/etc/absent"),
        ];
        let contents = Contents::look(&mut Checker::new(&root), &root, &inputs)?;
        contents.digest(|path| fs::read_to_string(host.join(path.to_string().trim_start_matches('/'))).ok())
    }

    /// Whatever the stamps say: they are no part of it.
    #[test]
    fn every_change_is_another_digest() {
        let before = digest(|_| {});
        assert!(before.is_some());
        assert_eq!(before, digest(|_| {}));
        let acts: [(&str, Act); 6] = [
            ("a byte", |host| {
                write(host, "etc/cron.d/a", "* * * * * root /bin/b\n");
            }),
            ("a name", |host| write(host, "etc/cron.d/b", "")),
            ("a name that is gone", |host| remove(host, "etc/cron.d/a")),
            ("a mode", |host| {
                fs::set_permissions(host.join("etc/cron.d/a"), fs::Permissions::from_mode(0o666)).unwrap();
            }),
            ("a link that leads to the same", |host| {
                remove(host, "etc/link");
                symlink("./cron.d/a", host.join("etc/link")).unwrap();
            }),
            ("something where nothing was", |host| {
                write(host, "etc/absent", "x");
            }),
        ];
        for (what, act) in acts {
            assert_ne!(before, digest(act), "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_digest() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let root = Root::open(folder.path()).unwrap();
        let input = Input("/a".into(), Look::Followed(Some(assay_model::Stamp::default())));
        let contents = Contents::look(&mut Checker::new(&root), &root, &[input]).unwrap();
        assert_eq!(contents.files(), ["/a".into()] as [Text; 1]);
        assert_eq!(contents.digest(|_| None), None);
    }
}
