//! The home folders of a root.
//!
//! Linux: the sixth field of each line of `/etc/passwd`, whatever the shell (keys were planted in
//! `/var/backups/.ssh`). macOS: the `home` array of each record in the local directory node, service accounts
//! among them; without the node, the folders of `/Users` and root's.

use crate::plist;
use crate::scan::gap_of;
use assay_model::{Gap, GapReason, Os};
use assay_root::{FileType, Root, RootError};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A home folder that exists below the root.
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::new().file("/etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n").folder("/home/ana");
/// # fixture.scan(|scan| {
/// let home: assay_sdk::Home = scan.homes().remove(0);
/// assert_eq!(home.path.join(".profile").to_str(), Some("/home/ana/.profile"));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The folder, with links resolved.
    pub path: PathBuf,
    /// The accounts that have it, sorted; one folder may serve many service accounts.
    pub users: Vec<String>,
    /// The user id of root when it is one of them, or else of the first, when the account database tells.
    pub uid: Option<u32>,
}

const PASSWD: &str = "/etc/passwd";
const DSLOCAL: &str = "/private/var/db/dslocal/nodes/Default/users";
const RECORD_LIMIT: u64 = 16 << 20;

struct Account {
    name: String,
    uid: Option<u32>,
    home: PathBuf,
}

/// All homes, sorted by path, and what kept the accounts from being known.
pub(crate) fn find(root: &Root, os: Os) -> (Vec<Home>, Vec<Gap>) {
    let mut gaps = Vec::new();
    let accounts = match os {
        Os::Linux => linux(root, &mut gaps),
        Os::Macos => macos(root, &mut gaps),
    };
    let mut homes: BTreeMap<PathBuf, Home> = BTreeMap::new();
    for account in accounts {
        // A home of `/` or a system folder would make the whole disk somebody's home.
        if account.home.components().count() < 2 {
            continue;
        }
        match root.canonical(&account.home) {
            Ok(path) => {
                let new = Home {
                    path: path.clone(),
                    users: Vec::new(),
                    uid: account.uid,
                };
                let home = homes.entry(path).or_insert(new);
                home.users.push(account.name);
                // On a Mac `daemon` comes first, and has root's home.
                if account.uid == Some(0) {
                    home.uid = account.uid;
                }
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => gaps.push(gap_of(&error)),
        }
    }
    for home in homes.values_mut() {
        home.users.sort();
        home.users.dedup();
    }
    (homes.into_values().collect(), gaps)
}

/// The gap of an account database that cannot be read: it hides every home there is.
fn hides_all(error: &RootError) -> Gap {
    Gap {
        hides: vec!["/".into()],
        ..gap_of(error)
    }
}

fn linux(root: &Root, gaps: &mut Vec<Gap>) -> Vec<Account> {
    let text = match root.read(Path::new(PASSWD), RECORD_LIMIT) {
        Ok(text) => text,
        Err(error) => {
            if !error.is_not_found() {
                gaps.push(hides_all(&error));
            }
            Vec::new()
        }
    };
    let mut accounts = vec![Account {
        name: "root".to_owned(),
        uid: Some(0),
        home: "/root".into(),
    }];
    for line in text.split(|b| *b == b'\n') {
        let fields: Vec<&[u8]> = line.split(|b| *b == b':').collect();
        // A damaged line may lack the shell, and still have a home.
        if let [name, _, uid, _, _, home, ..] = fields[..]
            && home.starts_with(b"/")
        {
            let name = String::from_utf8_lossy(name).into_owned();
            let uid = std::str::from_utf8(uid).ok().and_then(|uid| uid.parse().ok());
            accounts.push(Account {
                name,
                uid,
                home: OsStr::from_bytes(home).into(),
            });
        }
    }
    accounts
}

fn macos(root: &Root, gaps: &mut Vec<Gap>) -> Vec<Account> {
    let mut accounts = Vec::new();
    let folder = Path::new(DSLOCAL);
    match root.list(folder) {
        Ok(records) => {
            for record in records.iter().filter(|r| r.name.as_bytes().ends_with(b".plist")) {
                let path = folder.join(&record.name);
                let parsed = match root.read(&path, RECORD_LIMIT) {
                    Ok(bytes) => plist::parse(&bytes),
                    Err(error) => {
                        gaps.push(hides_all(&error));
                        continue;
                    }
                };
                match parsed {
                    Ok(record) => accounts.extend(account(&record)),
                    Err(error) => gaps.push(Gap {
                        path: path.as_path().into(),
                        reason: GapReason::Unparsable,
                        text: error.to_string(),
                        hides: vec!["/".into()],
                    }),
                }
            }
        }
        Err(error) if error.is_not_found() => {}
        Err(error) => gaps.push(hides_all(&error)),
    }
    // Homes on a disk whose account database is elsewhere, and those that it does not name.
    for listed in root.list(Path::new("/Users")).unwrap_or_default() {
        let is_home = matches!(listed.file_type, FileType::Directory | FileType::Symlink);
        if is_home && listed.name != "Shared" && listed.name != ".localized" {
            let name = listed.name.to_string_lossy().into_owned();
            accounts.push(Account {
                name,
                uid: None,
                home: Path::new("/Users").join(&listed.name),
            });
        }
    }
    accounts.push(Account {
        name: "root".to_owned(),
        uid: Some(0),
        home: "/private/var/root".into(),
    });
    accounts
}

/// Every value of a dslocal record is an array; an account may have more homes than one.
fn account(record: &plist::Value) -> Vec<Account> {
    let values = |key: &str| {
        let array = record
            .as_dictionary()
            .and_then(|d| d.get(key))
            .and_then(plist::Value::as_array);
        array
            .into_iter()
            .flatten()
            .filter_map(plist::Value::as_string)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let name = values("name").into_iter().next().unwrap_or_default();
    let uid = values("uid").first().and_then(|uid| uid.parse().ok());
    let homes = values("home").into_iter().filter(|home| home.starts_with('/'));
    homes
        .map(|home| Account {
            name: name.clone(),
            uid,
            home: home.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::testkit::Fixture;
    use assay_model::Os;

    #[test]
    fn homes_come_from_passwd_whatever_the_shell() {
        let fixture = Fixture::new()
            .file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nnews:x:9:9::/var/news:/usr/sbin/nologin\nslash:x:1:1::/:\nbad\nshort:x:7:7:::\nn2:x:10:9::/var/news\n")
            .folder("/root")
            .folder("/var/news");
        let (homes, gaps) = super::find(&fixture.root(), Os::Linux);
        let seen: Vec<_> = homes
            .iter()
            .map(|h| (h.path.to_str().expect("utf-8"), h.users.join(","), h.uid))
            .collect();
        assert_eq!(
            seen,
            [
                ("/root", "root".to_owned(), Some(0)),
                ("/var/news", "n2,news".to_owned(), Some(9))
            ]
        );
        assert_eq!(gaps, []);
    }

    #[test]
    fn macs_name_homes_in_dslocal_and_in_users() {
        let record = r#"<plist version="1.0"><dict><key>name</key><array><string>ana</string></array>
            <key>uid</key><array><string>501</string></array><key>home</key><array><string>/Users/ana</string></array></dict></plist>"#;
        let daemon = record.replace("501", "1").replace("/Users/ana", "/var/root");
        let fixture = Fixture::new()
            .file("/private/var/db/dslocal/nodes/Default/users/ana.plist", record)
            .file(
                "/private/var/db/dslocal/nodes/Default/users/bad.plist",
                "no plist",
            )
            .file("/private/var/db/dslocal/nodes/Default/users/daemon.plist", daemon)
            .folder("/private/var/root")
            .link("/var", "private/var")
            .folder("/Users/ana")
            .folder("/Users/old")
            .folder("/Users/Shared");
        let (homes, gaps) = super::find(&fixture.root(), Os::Macos);
        let seen: Vec<_> = homes
            .iter()
            .map(|h| (h.path.to_str().expect("utf-8"), h.uid))
            .collect();
        assert_eq!(
            seen,
            [
                ("/Users/ana", Some(501)),
                ("/Users/old", None),
                ("/private/var/root", Some(0))
            ]
        );
        assert_eq!(gaps.len(), 1);
        assert!(
            gaps[0].hides(&"/Users/eve/Library".into()),
            "an unknown account may have any home"
        );
    }
}
