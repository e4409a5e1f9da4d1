//! Whether an account exists, and where it is at home.

use assay_sdk::{Last, Os, Scan};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const PASSWD: &str = "/etc/passwd";
const PASSWD_LIMIT: u64 = 16 << 20;
const DSLOCAL: &str = "/private/var/db/dslocal/nodes/Default/users";

/// The local accounts of a root.
pub(crate) enum Accounts {
    /// Linux: homes by name.
    Passwd(HashMap<Vec<u8>, PathBuf>),
    /// macOS: a record a name.
    Directory,
    /// They cannot be known, so every account may exist.
    Unknown,
}

impl Accounts {
    pub(crate) fn of(scan: &Scan<'_>) -> Self {
        if scan.os() == Os::Macos {
            return match scan.root().stat(Path::new(DSLOCAL), Last::Follow) {
                Ok(Some(_)) => Self::Directory,
                _ => Self::Unknown,
            };
        }
        // That it cannot be read is said where the homes are looked up.
        let Ok(text) = scan.root().read(Path::new(PASSWD), PASSWD_LIMIT) else {
            return Self::Unknown;
        };
        let accounts = text.split(|b| *b == b'\n').filter_map(|line| {
            let mut fields = line.split(|b| *b == b':');
            let (name, home) = (fields.next()?, fields.nth(4)?);
            Some((name.to_vec(), OsStr::from_bytes(home).into()))
        });
        Self::Passwd(accounts.collect())
    }

    /// Why nothing runs as `name`, when nothing can: accounts of a directory server are not seen, and the
    /// reason says where was looked.
    pub(crate) fn why_missing(&self, scan: &Scan<'_>, name: &[u8]) -> Option<&'static str> {
        match self {
            Self::Passwd(accounts) => (!accounts.contains_key(name)).then_some("no such user in /etc/passwd"),
            Self::Directory => {
                let record = [name, b".plist"].concat();
                let path = Path::new(DSLOCAL).join(OsStr::from_bytes(&record));
                let found = scan.root().stat(&path, Last::Keep);
                matches!(found, Ok(None)).then_some("no such local user")
            }
            Self::Unknown => None,
        }
    }

    /// Where the jobs of an account run.
    pub(crate) fn home(&self, name: &[u8]) -> PathBuf {
        match self {
            Self::Passwd(accounts) => match accounts.get(name) {
                Some(home) if home.is_absolute() => home.clone(),
                _ => "/".into(),
            },
            _ if name == b"root" => "/private/var/root".into(),
            _ => Path::new("/Users").join(OsStr::from_bytes(name)),
        }
    }
}
