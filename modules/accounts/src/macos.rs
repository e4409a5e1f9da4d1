//! macOS: records of users and groups in the local directory node. Every value of a record is a list.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Entry, Keys, Result, Scan, Value};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/private/var/db/dslocal/nodes/Default/{users,groups}/*.plist"];

const NODE: &str = "/private/var/db/dslocal/nodes/Default";
/// A picture may be in a record.
const LIMIT: u64 = 16 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let users = |scan: &mut Scan<'_>, record: &Record<'_>, entry: Entry| {
        let programs = record
            .first("shell")
            .map(|shell| scan.programs().argv(&[shell.into()]));
        user(record, entry).programs(programs.unwrap_or_default())
    };
    records(scan, "users", "account", users)?;
    records(scan, "groups", "user_group", |_, record, entry| {
        group(record, entry)
    })
}

fn records(
    scan: &mut Scan<'_>,
    folder: &str,
    kind: &str,
    tell: impl Fn(&mut Scan<'_>, &Record<'_>, Entry) -> Entry,
) -> Result<()> {
    let mut keys = Keys::default();
    for path in scan.files(&Path::new(NODE).join(folder), |name| name.ends_with(b".plist")) {
        let parsed = match scan.content(&path, LIMIT) {
            None => continue,
            Some(Ok(bytes)) => plist::parse_noting_repeats(&bytes).map_err(|error| error.to_string()),
            Some(Err(why)) => Err(why),
        };
        let parsed = parsed.and_then(|parsed| match parsed {
            (_, true) => Err("names a key twice".to_owned()),
            (Plist::Dictionary(record), false) => Ok(record),
            _ => Err("no record".to_owned()),
        });
        let entry = match &parsed {
            Ok(record) => {
                let record = Record { record };
                let name = record
                    .first("name")
                    .map_or_else(|| path.as_path().into(), Into::into);
                let entry = Entry::new(kind, keys.unique(name), &path);
                tell(scan, &record, entry)
            }
            Err(why) => Entry::new(kind, keys.unique(path.as_path().into()), &path).unparsable(why.as_str()),
        };
        scan.entry(entry)?;
    }
    Ok(())
}

fn user(record: &Record<'_>, entry: Entry) -> Entry {
    entry
        .maybe("uid", record.number("uid"))
        .maybe("gid", record.number("gid"))
        .maybe("home", record.first("home"))
        .maybe("shell", record.first("shell"))
        .maybe("comment", record.first("realname"))
        .maybe("aliases", sorted(record.texts("name").skip(1)))
        .maybe("unique_id", record.first("generateduid"))
        .maybe(
            "hidden",
            record
                .first("IsHidden")
                .map(|said| matches!(said, "1" | "YES" | "yes" | "true")),
        )
        .maybe("authentication", sorted(record.texts("authentication_authority")))
        .maybe("remote_rights", record.first("naprivs"))
        .maybe("password", password(record))
}

/// Of the hash only whether it is there. `*` is the password of accounts that nobody logs in as.
fn password(record: &Record<'_>) -> Option<&'static str> {
    if record.record.contains_key("ShadowHashData") {
        return Some("set");
    }
    record.first("passwd").map(|field| match field {
        "" => "empty",
        field if field.bytes().all(|byte| byte == b'*') => "locked",
        _ => "set",
    })
}

fn group(record: &Record<'_>, entry: Entry) -> Entry {
    entry
        .maybe("gid", record.number("gid"))
        .maybe("members", sorted(record.texts("users")))
        .maybe("member_ids", sorted(record.texts("groupmembers")))
        .maybe("nested", sorted(record.texts("nestedgroups")))
}

/// One account or group.
struct Record<'r> {
    record: &'r Dictionary,
}

impl<'r> Record<'r> {
    /// The strings of a value; an older tool may have written one where a list belongs.
    fn texts(&self, name: &str) -> impl Iterator<Item = &'r str> {
        let value = self.record.get(name);
        let list = value.and_then(Plist::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().chain(value).filter_map(Plist::as_string)
    }
    fn first(&self, name: &str) -> Option<&'r str> {
        self.texts(name).next()
    }
    fn number(&self, name: &str) -> Option<i64> {
        self.first(name)?.parse().ok()
    }
}

fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Value> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    (!texts.is_empty()).then(|| texts.into_iter().collect())
}
