//! Linux: records in JSON, of systemd's userdb and of homed. Their accounts stand in no passwd file.

use crate::parse;
use assay_sdk::json::Value as Json;
use assay_sdk::{Entry, FileType, Result, Scan, Value, json};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/{etc,run,run/host,usr/lib}/userdb/*",
    "/var/lib/systemd/home/*.identity",
];

const FOLDERS: [&str; 5] = [
    "/etc/userdb",
    "/run/userdb",
    "/run/host/userdb",
    "/usr/lib/userdb",
    "/var/lib/systemd/home",
];
const LIMIT: u64 = 1 << 20;

/// What a file holds, by how its name ends.
const RECORDS: &[(&[u8], Record)] = &[
    (b".user", user),
    (b".identity", user),
    (b".user-privileged", privileged),
    (b".group", group),
];
type Record = fn(&Path, &Json) -> Entry;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for folder in FOLDERS.map(Path::new) {
        for listed in scan.list(folder) {
            let path = folder.join(&listed.name);
            if path.extension().is_some_and(|end| end == "membership") {
                scan.entry(membership(&path))?;
            }
            let record = RECORDS
                .iter()
                .find(|(end, _)| listed.name.as_bytes().ends_with(end));
            let Some((_, record)) = record else { continue };
            if listed.file_type != FileType::Symlink || !is_other_name(scan, folder, &path) {
                file(scan, &path, *record)?;
            }
        }
    }
    Ok(())
}

/// `1000.user` is a link to `ana.user` beside it: the same record, found by number.
fn is_other_name(scan: &Scan<'_>, folder: &Path, path: &Path) -> bool {
    let (Ok(folder), Ok(target)) = (scan.root().canonical(folder), scan.root().canonical(path)) else {
        return false;
    };
    target.parent() == Some(&folder) && target.extension() == path.extension()
}

fn file(scan: &mut Scan<'_>, path: &Path, record: Record) -> Result<()> {
    let parsed = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(bytes)) => json::parse(&bytes).map_err(|error| error.to_string()),
        Some(Err(why)) => Err(why),
    };
    let parsed = parsed.and_then(|parsed| match parsed.is_object() {
        true => Ok(parsed),
        false => Err("no record".to_owned()),
    });
    let entry = match parsed {
        Ok(parsed) => record(path, &parsed),
        Err(why) => Entry::new(record(path, &Json::Null).kind.as_str(), path, path).unparsable(why),
    };
    let shell = entry.fields.get("shell").map(ToString::to_string);
    let programs = shell.map(|shell| scan.programs().argv(&[shell.as_str().into()]));
    scan.entry(entry.programs(programs.unwrap_or_default()))
}

fn user(path: &Path, record: &Json) -> Entry {
    // homed keeps the ids of each machine apart.
    let bound = record["binding"]
        .as_object()
        .and_then(|machines| machines.values().next());
    let id = |name: &str| {
        let found = record[name].as_i64();
        found.or_else(|| bound.and_then(|machine| machine[name].as_i64()))
    };
    Entry::new("account", named(path, record, "userName"), path)
        .maybe("uid", id("uid"))
        .maybe("gid", id("gid"))
        .maybe("home", record["homeDirectory"].as_str())
        .maybe("shell", record["shell"].as_str())
        .maybe("comment", record["realName"].as_str())
        .maybe("groups", texts(&record["memberOf"]))
        .maybe("locked", record["locked"].as_bool())
        .maybe("password", password(record).map(|password| password.state))
        .maybe(
            "algorithm",
            password(record).and_then(|password| password.algorithm),
        )
        .maybe("ssh_keys", texts(&record["privileged"]["sshAuthorizedKeys"]))
}

fn privileged(path: &Path, record: &Json) -> Entry {
    Entry::new("account_password", path, path)
        .maybe("password", password(record).map(|password| password.state))
        .maybe(
            "algorithm",
            password(record).and_then(|password| password.algorithm),
        )
}

fn group(path: &Path, record: &Json) -> Entry {
    Entry::new("user_group", named(path, record, "groupName"), path)
        .maybe("gid", record["gid"].as_i64())
        .maybe("members", texts(&record["members"]))
}

/// The name of the file says it, `USER:GROUP.membership`; what is in it may be empty.
fn membership(path: &Path) -> Entry {
    let stem = path.file_stem().unwrap_or_default().as_bytes();
    let mut names = stem.splitn(2, |byte| *byte == b':');
    Entry::new("group_membership", path, path)
        .maybe("user", names.next())
        .maybe("group", names.next())
}

fn named(path: &Path, record: &Json, name: &str) -> Vec<u8> {
    let path = PathBuf::from(path).into_os_string();
    match record[name].as_str() {
        Some(name) => [path.as_bytes(), b": ", name.as_bytes()].concat(),
        None => path.as_bytes().to_vec(),
    }
}

/// The weakest of its hashes: any of them lets in.
fn password(record: &Json) -> Option<parse::Password> {
    let hashes = record["privileged"]["hashedPassword"].as_array()?;
    let known = hashes
        .iter()
        .filter_map(Json::as_str)
        .map(|hash| parse::password_of(hash.as_bytes()));
    known.min_by_key(|password| match password.state {
        "empty" => 0,
        "set" => 1,
        _ => 2,
    })
}

fn texts(list: &Json) -> Option<Value> {
    let mut texts: Vec<&str> = list.as_array()?.iter().filter_map(Json::as_str).collect();
    texts.sort_unstable();
    (!texts.is_empty()).then(|| texts.into_iter().collect())
}
