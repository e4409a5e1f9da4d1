//! What every part of the module needs of a scan: files, folders that are listed once, globs, names of entries.

use crate::glob;
use crate::key::digest;
use assay_sdk::{Entry, FileType, GapReason, Keys, Listed, Os, Result, Scan, Text, lines};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// No configuration and no list of keys comes near; what is larger is watched by its bytes.
const FILE_LIMIT: u64 = 1 << 20;
/// Lines of a file that are entries each; a file with more is watched by its bytes.
const MAX_LINES: usize = 5_000;
const MAX_PATH: usize = 4096;
/// A key of an entry that is longer is cut, and told from others by its digest.
const MAX_KEY: usize = 1 << 10;

pub(crate) struct Lister<'s, 'r> {
    pub(crate) scan: &'s mut Scan<'r>,
    folders: HashMap<PathBuf, Rc<[Listed]>>,
    told: HashSet<(&'static str, PathBuf)>,
    keys: HashMap<String, Keys>,
}

impl<'s, 'r> Lister<'s, 'r> {
    pub(crate) fn new(scan: &'s mut Scan<'r>) -> Self {
        Self {
            scan,
            folders: HashMap::new(),
            told: HashSet::new(),
            keys: HashMap::new(),
        }
    }

    /// Tells an entry. Whatever lines and files are called, no two have one key: the scan would be worthless.
    pub(crate) fn entry(&mut self, mut entry: Entry) -> Result<()> {
        let keys = self.keys.entry(entry.kind.clone()).or_default();
        entry.key = keys.unique(entry.key);
        self.scan.entry(entry)
    }

    /// The folder of all settings, which relative names in them mean.
    pub(crate) fn etc(&self) -> &'static Path {
        Path::new(match self.scan.os() {
            Os::Linux => "/etc/ssh",
            Os::Macos => "/private/etc/ssh",
        })
    }

    /// What a file holds. What is there and is no readable file is an entry of that kind, told once.
    pub(crate) fn content(&mut self, kind: &'static str, path: &Path) -> Result<Option<Vec<u8>>> {
        match self.scan.content(path, FILE_LIMIT) {
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(why)) => self.unparsable(kind, path, &why).map(|()| None),
            None => Ok(None),
        }
    }

    /// As [`Self::content`], of a file whose lines are shown: no user makes root show what a link leads to.
    fn content_at_home(&mut self, kind: &'static str, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(stat) = self.scan.stat(path) else {
            return Ok(None);
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return self.content(kind, path);
        }
        self.unparsable(kind, path, "a link in a home is not followed")?;
        Ok(None)
    }

    /// The lines of a file but for comments, or none and an entry for why.
    pub(crate) fn lines(&mut self, kind: &'static str, path: &Path, at_home: bool) -> Result<Vec<Vec<u8>>> {
        let text = if at_home {
            self.content_at_home(kind, path)?
        } else {
            self.content(kind, path)?
        };
        let text = text.unwrap_or_default();
        let lines = lines::read(&text).comments(b"#").trimmed();
        let lines: Vec<_> = lines
            .take(MAX_LINES + 1)
            .map(|line| line.text.into_owned())
            .collect();
        if lines.len() > MAX_LINES {
            self.unparsable(kind, path, "more than 5000 lines")?;
            return Ok(Vec::new());
        }
        Ok(lines)
    }

    /// An entry that stands for all that a file holds.
    pub(crate) fn unparsable(&mut self, kind: &'static str, path: &Path, why: &str) -> Result<()> {
        if !self.told.insert((kind, path.to_owned())) {
            return Ok(());
        }
        self.entry(Entry::new(kind, path, path).unparsable(why))
    }

    /// Where a link leads, as written.
    pub(crate) fn link_target(&self, path: &Path) -> Option<Text> {
        let target = self.scan.root().read_link(path).ok();
        target.map(|target| target.as_path().into())
    }

    /// Looks at what a file names, which is for whoever wrote it to see: folders are listed anew.
    pub(crate) fn named_by<T>(
        &mut self,
        path: &Path,
        look: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let folders = std::mem::take(&mut self.folders);
        self.scan.begin_named_by(path);
        let seen = look(self);
        self.scan.end_named_by();
        self.folders = folders;
        seen
    }

    pub(crate) fn list(&mut self, folder: &Path) -> Rc<[Listed]> {
        if let Some(listed) = self.folders.get(folder) {
            return Rc::clone(listed);
        }
        let listed: Rc<[Listed]> = self.scan.list(folder).into();
        self.folders.insert(folder.to_owned(), Rc::clone(&listed));
        listed
    }

    /// The path that a configuration means, which on a disk of a Mac may lack the links at its top.
    pub(crate) fn path(&self, written: &[u8]) -> PathBuf {
        let moved: [&[u8]; 3] = [b"/etc/", b"/var/", b"/tmp/"];
        let path = Path::new(OsStr::from_bytes(written));
        if self.scan.os() == Os::Macos && moved.iter().any(|top| written.starts_with(top)) {
            return Path::new("/private").join(path.strip_prefix("/").unwrap_or(path));
        }
        path.to_owned()
    }

    /// The paths that an absolute pattern stands for, sorted. Whether one without signs is there is not asked.
    pub(crate) fn glob(&mut self, pattern: &[u8], budget: &mut Budget) -> Result<Vec<PathBuf>> {
        let pattern = self.path(pattern);
        let bytes = pattern.as_os_str().as_bytes();
        if !bytes.starts_with(b"/") || bytes.len() > MAX_PATH || bytes.contains(&0) {
            return Ok(Vec::new());
        }
        let mut found = vec![PathBuf::from("/")];
        for name in bytes.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if !name.iter().any(|byte| b"*?[".contains(byte)) {
                found
                    .iter_mut()
                    .for_each(|path| path.push(OsStr::from_bytes(name)));
                continue;
            }
            let mut deeper = Vec::new();
            for folder in found {
                if budget.0 == 0 {
                    break;
                }
                let listed = self.list(&folder);
                budget.0 = budget.0.saturating_sub(listed.len() + 1);
                if budget.0 == 0 {
                    self.scan
                        .gap(&folder, GapReason::TooBig, "patterns stand for too many files")?;
                }
                let wanted = listed
                    .iter()
                    .filter(|listed| glob::matches(name, listed.name.as_bytes()));
                deeper.extend(wanted.map(|listed| folder.join(&listed.name)));
            }
            found = deeper;
        }
        Ok(found)
    }
}

/// Names that patterns may make root look at: any user may write some.
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(50_000)
    }
}

/// `FILE: WHAT`, of a bounded length.
pub(crate) fn key_in(path: &Path, what: &[u8]) -> Text {
    key([path.as_os_str().as_bytes(), b": ", what].concat())
}

/// A key of a bounded length.
pub(crate) fn key(mut text: Vec<u8>) -> Text {
    if text.len() > MAX_KEY {
        let rest = format!(" ... ({})", digest(&text));
        text.truncate(MAX_KEY);
        text.extend_from_slice(rest.as_bytes());
    }
    text.into()
}
