//! Root folders made for one scan, with whatever is to stand at the places that a module watches; and what such a
//! folder was, to be compared with what it is afterwards.

use assay_model::Os;
use rustix::fs::Mode;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Larger than any disk, and no larger than file systems count.
const HUGE: u64 = 1 << 40;

/// A scratch root, gone when it is dropped. Nobody else may look into it: it may hold copies of root's own files.
pub(super) struct Tree {
    folder: tempfile::TempDir,
    /// The system that it is a root of.
    pub(super) os: Os,
}

/// Path to what `lstat` says of it, but for the time of the last read.
pub(super) type Picture = BTreeMap<PathBuf, [i128; 9]>;

impl Tree {
    /// A root that holds nothing at all.
    pub(super) fn empty(os: Os) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("assay-check-").tempdir()?;
        let tree = Self { folder, os };
        fs::create_dir(tree.root())?;
        Ok(tree)
    }

    /// A root with the accounts `root` and `ana`.
    pub(super) fn new(os: Os) -> io::Result<Self> {
        let tree = Self::empty(os)?;
        match os {
            Os::Linux => {
                tree.file(Path::new("/etc/os-release"), b"ID=assay\n")?;
                let accounts = "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n";
                tree.file(Path::new("/etc/passwd"), accounts.as_bytes())?;
                tree.folder(Path::new("/root"))?;
                tree.folder(Path::new("/home/ana"))?;
            }
            Os::Macos => {
                for folder in [
                    "/System/Library/CoreServices",
                    "/Library/LaunchDaemons",
                    "/private/var/db",
                    "/private/var/root",
                    "/Users/ana/Library",
                ] {
                    tree.folder(Path::new(folder))?;
                }
            }
        }
        Ok(tree)
    }

    /// Lets everybody look into it, as long as nothing in it was copied from this machine.
    pub(super) fn public(&self) -> io::Result<()> {
        for folder in [self.folder.path(), &self.root()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }

    /// Where it is on this machine.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A place beside the root, which nothing in it may lead to.
    pub(super) fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    /// Where a path of the root is on this machine. A path that would leave the root is refused: it may come from the
    /// module, and a link on it from the machine that is copied, and what is written here may be written by root.
    fn host(&self, path: &Path) -> io::Result<PathBuf> {
        let mut host = self.root();
        for component in path.components() {
            match component {
                Component::RootDir => {}
                Component::Normal(name) => host.push(name),
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
            if host.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
        }
        Ok(host)
    }

    /// Where a path of the root is on this machine, in a folder that is there.
    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        let host = self.host(path)?;
        if let Some(folder) = host.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(host)
    }

    /// Makes a folder, with those above it.
    pub(super) fn folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(self.host(path)?)
    }

    /// The place for a thing, in a folder that is there. A file gives way to it, a folder does not.
    fn vacant(&self, path: &Path) -> io::Result<PathBuf> {
        let host = self.place(path)?;
        match host.symlink_metadata() {
            Ok(there) if there.is_file() => fs::remove_file(&host)?,
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => {}
        }
        Ok(host)
    }

    /// Writes a file of mode 0644, over one that is there.
    pub(super) fn file(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let host = self.place(path)?;
        fs::write(&host, content)?;
        fs::set_permissions(host, fs::Permissions::from_mode(0o644))
    }

    /// Gives a file another owner, mode and time of change.
    pub(super) fn dress(
        &self,
        path: &Path,
        owner: (u32, u32),
        mode: Mode,
        time: Option<SystemTime>,
    ) -> io::Result<()> {
        let host = self.host(path)?;
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(&host, Some(owner.0), Some(owner.1))?;
        }
        if let Some(time) = time {
            fs::File::options().write(true).open(&host)?.set_modified(time)?;
        }
        Ok(rustix::fs::chmod(host, mode)?)
    }

    /// Makes a symbolic link.
    pub(super) fn link(&self, path: &Path, target: &Path) -> io::Result<()> {
        symlink(target, self.vacant(path)?)
    }

    /// Makes a FIFO: who opens it waits for ever.
    pub(super) fn fifo(&self, path: &Path) -> io::Result<()> {
        crate::sys::mkfifo(&self.vacant(path)?)
    }

    /// Makes a file of a tebibyte that takes no room.
    pub(super) fn huge(&self, path: &Path) -> io::Result<()> {
        fs::File::create_new(self.vacant(path)?)?.set_len(HUGE)
    }

    /// Takes every right from a file or folder.
    pub(super) fn lock(&self, path: &Path) -> io::Result<()> {
        fs::set_permissions(self.host(path)?, fs::Permissions::from_mode(0o000))
    }

    /// What is there now.
    pub(super) fn picture(&self) -> Picture {
        let all = walkdir::WalkDir::new(self.folder.path()).into_iter();
        let seen = all.filter_map(Result::ok).filter_map(|file| {
            let stat = fs::symlink_metadata(file.path()).ok()?;
            let what = [
                stat.ino().into(),
                stat.mode().into(),
                stat.uid().into(),
                stat.nlink().into(),
                stat.len().into(),
                stat.mtime().into(),
                stat.mtime_nsec().into(),
                stat.ctime().into(),
                stat.ctime_nsec().into(),
            ];
            Some((file.into_path(), what))
        });
        seen.collect()
    }
}

impl Drop for Tree {
    /// Gives back the rights that [`Tree::lock`] took, without which an ordinary user cannot remove it.
    fn drop(&mut self) {
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700));
            let inside = fs::read_dir(&folder).into_iter().flatten().flatten();
            folders.extend(
                inside
                    .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))
                    .map(|entry| entry.path()),
            );
        }
    }
}

/// The first path that differs, and how.
pub(super) fn difference(before: &Picture, after: &Picture) -> Option<String> {
    let gone = before.keys().find(|path| !after.contains_key(*path));
    let come = after.keys().find(|path| !before.contains_key(*path));
    let other = before
        .iter()
        .find(|(path, what)| after.get(*path).is_some_and(|now| now != *what));
    let said = |path: &Path, how: &str| format!("`{}` {how}", path.display());
    gone.map(|path| said(path, "is gone"))
        .or_else(|| come.map(|path| said(path, "was made")))
        .or_else(|| other.map(|(path, _)| said(path, "was changed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_of_the_scratch_root() {
        let tree = Tree::empty(Os::Linux).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        tree.link(Path::new("/out"), elsewhere.path()).unwrap();
        for path in ["/out", "/out/file", "/out/a/b", "/../file", "/a/../../../file"] {
            let path = Path::new(path);
            assert!(tree.file(path, b"x").is_err(), "{}", path.display());
            assert!(tree.fifo(path).is_err() && tree.huge(path).is_err() && tree.folder(path).is_err());
            assert!(tree.lock(path).is_err() && tree.dress(path, (0, 0), Mode::RWXU, None).is_err());
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(tree.folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_picture_shows_what_was_written() {
        let tree = Tree::new(Os::Macos).unwrap();
        let before = tree.picture();
        assert_eq!(difference(&before, &tree.picture()), None);
        tree.file(Path::new("/Users/ana/new"), b"").unwrap();
        let after = tree.picture();
        assert!(
            difference(&before, &after).unwrap().ends_with("was made"),
            "{after:?}"
        );
        assert!(difference(&after, &before).unwrap().ends_with("is gone"));
        tree.file(Path::new("/Users/ana/new"), b"x").unwrap();
        assert!(
            difference(&after, &tree.picture())
                .unwrap()
                .ends_with("new` was changed")
        );
    }
}
