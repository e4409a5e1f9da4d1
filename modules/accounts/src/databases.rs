//! Linux: `passwd`, `shadow`, `group` and `gshadow`, wherever they lie.

use crate::parse::{self, Password};
use assay_sdk::{Entry, FileType, Keys, Result, Scan, Text, Value, lines};
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/{passwd,group,shadow,gshadow}",
    "/etc/tcb/*/shadow",
    "/usr/lib/{passwd,group}",
    "/var/lib/extrausers/{passwd,group,shadow,gshadow}",
];

/// The folder whose accounts are called by their names alone.
const MAIN: &str = "/etc";
/// Besides it: of rpm-ostree, and of Ubuntu Core.
const OTHERS: [&str; 2] = ["/usr/lib", "/var/lib/extrausers"];
const TCB: &str = "/etc/tcb";

/// Room for some hundred thousand accounts.
const FILE_LIMIT: u64 = 8 << 20;
const MAX_LINES: usize = 100_000;
/// A longer line is no record that anything reads.
const MAX_LINE: usize = 32 << 10;

#[derive(Clone, Copy)]
enum Format {
    Passwd,
    Shadow,
    Group,
    GroupShadow,
}

impl Format {
    const ALL: [(&'static str, Format); 4] = [
        ("passwd", Format::Passwd),
        ("shadow", Format::Shadow),
        ("group", Format::Group),
        ("gshadow", Format::GroupShadow),
    ];

    fn kind(self) -> &'static str {
        match self {
            Format::Passwd => "account",
            Format::Shadow => "account_password",
            Format::Group => "user_group",
            Format::GroupShadow => "group_password",
        }
    }
}

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for folder in [MAIN].iter().chain(&OTHERS) {
        for (name, format) in Format::ALL {
            database(scan, &Path::new(folder).join(name), format)?;
        }
    }
    for listed in scan.list(Path::new(TCB)) {
        if listed.file_type == FileType::Directory {
            let path: PathBuf = [Path::new(TCB), Path::new(&listed.name), Path::new("shadow")]
                .iter()
                .collect();
            database(scan, &path, Format::Shadow)?;
        }
    }
    Ok(())
}

fn database(scan: &mut Scan<'_>, path: &Path, format: Format) -> Result<()> {
    let whole =
        |scan: &mut Scan<'_>, why: &str| scan.entry(Entry::new(format.kind(), path, path).unparsable(why));
    let text = match scan.content(path, FILE_LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => text,
        Some(Err(why)) => return whole(scan, &why),
    };
    let mut reader = Reader {
        path,
        format,
        keys: Keys::default(),
        odd_keys: Keys::default(),
        uids: HashMap::new(),
    };
    for (read, line) in lines::read(&text).comments(b"#").enumerate() {
        if read >= MAX_LINES || line.text.len() > MAX_LINE {
            return whole(scan, "more or longer lines than any account database has");
        }
        let entry = reader.entry(scan, &line.text);
        scan.entry(entry)?;
    }
    Ok(())
}

/// A database that is being read.
struct Reader<'p> {
    path: &'p Path,
    format: Format,
    keys: Keys,
    odd_keys: Keys,
    /// The first name of each user id.
    uids: HashMap<u32, Text>,
}

impl Reader<'_> {
    fn entry(&mut self, scan: &mut Scan<'_>, line: &[u8]) -> Entry {
        let entry = match self.format {
            Format::Passwd => parse::account(line).map(|account| self.account(scan, &account)),
            Format::Shadow => parse::shadow(line).map(|shadow| {
                self.record(shadow.name, Some(shadow.password))
                    .maybe("changed_day", shadow.changed_day)
                    .maybe("max_days", shadow.max_days)
                    .maybe("inactive_days", shadow.inactive_days)
                    .maybe("expires_day", shadow.expires_day)
            }),
            Format::Group => parse::group(line).map(|group| {
                self.record(
                    group.name,
                    Some(group.password).filter(|password| password.state != "shadowed"),
                )
                .field("gid", i64::from(group.gid))
                .maybe("members", list(&group.members))
            }),
            Format::GroupShadow => parse::group_shadow(line).map(|group| {
                self.record(group.name, Some(group.password))
                    .maybe("administrators", list(&group.administrators))
                    .maybe("members", list(&group.members))
            }),
        };
        entry.unwrap_or_else(|why| {
            let text = parse::without_password(line);
            let key = [self.path.as_os_str().as_bytes(), b": ", &text].concat();
            Entry::new("account_line", self.odd_keys.unique(key.into()), self.path).field("reason", why)
        })
    }

    fn account(&mut self, scan: &mut Scan<'_>, account: &parse::Account<'_>) -> Entry {
        // Nothing there is /bin/sh.
        let shell: &[u8] = if account.shell.is_empty() {
            b"/bin/sh"
        } else {
            account.shell
        };
        let programs = scan.programs().argv(&[shell.into()]);
        let entry = self.record(account.name, Some(account.password));
        let first = self.uids.get(&account.uid).cloned();
        if first.is_none() {
            self.uids.insert(account.uid, entry.key.clone());
        }
        entry
            .field("uid", i64::from(account.uid))
            .field("gid", i64::from(account.gid))
            .field("home", account.home)
            .field("shell", account.shell)
            .maybe(
                "comment",
                Some(account.comment).filter(|comment| !comment.is_empty()),
            )
            .maybe("same_uid_as", first)
            .programs(programs)
    }

    fn record(&mut self, name: &[u8], password: Option<Password>) -> Entry {
        let path = self.path;
        let key = if path.parent() == Some(Path::new(MAIN)) {
            name.to_vec()
        } else {
            [path.as_os_str().as_bytes(), b": ", name].concat()
        };
        let entry = Entry::new(self.format.kind(), self.keys.unique(key.into()), path);
        entry
            .maybe("password", password.map(|password| password.state))
            .maybe("algorithm", password.and_then(|password| password.algorithm))
    }
}

fn list(names: &[&[u8]]) -> Option<Value> {
    (!names.is_empty()).then(|| names.iter().copied().collect())
}
