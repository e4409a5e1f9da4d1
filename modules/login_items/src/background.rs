//! The database of Background Task Management: where it lies, and one entry for each item.

use crate::parse::background::{self, Database, Record};
use assay_sdk::{Entry, GapReason, Keys, Result, Scan, Text, Value, Why, bookmark, plist};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["/private/var/db/com.apple.backgroundtaskmanagement/*.btm"];

/// The source of all its entries: an upgrade begins a database of another name, which changes no item.
const FOLDER: &str = "/private/var/db/com.apple.backgroundtaskmanagement";
/// Items of hundreds of applications take some 2 MB.
const LIMIT: u64 = 32 << 20;
const ACCOUNTS: &str = "/private/var/db/dslocal/nodes/Default/users";
const ACCOUNT_LIMIT: u64 = 1 << 20;
/// What the identifiers of built-in accounts begin with; the user id follows.
const BUILT_IN: &str = "FFFFEEEE-DDDD-CCCC-BBBB-AAAA";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let folder = Path::new(FOLDER);
    let listed = scan.list(folder).into_iter();
    let newest = listed
        .filter_map(|listed| Some((version(&listed.name)?, listed.name)))
        .max();
    let Some((_, name)) = newest else { return Ok(()) };
    let path = folder.join(&name);
    // The folder is root's alone: nobody else leads here.
    let database = match scan.root().read(&path, LIMIT) {
        Ok(bytes) => background::database(&bytes).map_err(|why| (GapReason::Unparsable, why)),
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => Err((reason(&error.why), error.why.to_string())),
    };
    match database {
        Ok(database) => list(scan, &path, database),
        // Of the folder, so that it hides all items: one broken file is one alert, and takes none of them away.
        Err((reason, why)) => scan.gap(folder, reason, &format!("`{}`: {why}", name.display())),
    }
}

fn version(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?.strip_prefix("BackgroundItems-v")?;
    name.strip_suffix(".btm")?.parse().ok()
}

fn reason(why: &Why) -> GapReason {
    match why {
        Why::Permission => GapReason::Permission,
        Why::TooBig { .. } => GapReason::TooBig,
        Why::WrongType(_) => GapReason::Unparsable,
        Why::NoAnswer => GapReason::Timeout,
        Why::NotFound | Why::Loop | Why::Io(_) => GapReason::Io,
    }
}

fn list(scan: &mut Scan<'_>, path: &Path, database: Database) -> Result<()> {
    let folder = Path::new(FOLDER);
    for (identifier, rules) in database.policies {
        scan.entry(Entry::new("background_item_policy", identifier, folder).field("rules", rules))?;
    }
    let users = users(scan, database.records.keys());
    let mut keys = Keys::default();
    for (user, records) in database.records {
        let parents = places(&records);
        for record in &records {
            let key = keys.unique(format!("{} of {user}", record.identifier).into());
            let parent = record.parent.as_ref().and_then(|parent| parents.get(parent));
            let entry = entry(scan, key, record, parent.map(PathBuf::as_path));
            let entry = entry.field("database", path);
            scan.entry(entry.maybe("user", users.get(&user).map(String::as_str)))?;
        }
    }
    Ok(())
}

/// Where the items are that others belong to, by identifier.
fn places(records: &[Record]) -> HashMap<String, PathBuf> {
    let places = records.iter().filter_map(|record| {
        let place = place(record, None)?;
        Some((record.identifier.clone(), place))
    });
    places.collect()
}

/// The bundle or property list of an item: in that of its parent, where it is relative.
fn place(record: &Record, parent: Option<&Path>) -> Option<PathBuf> {
    let Some(url) = &record.url else {
        return record.bookmark.as_ref().map(|path| path.as_path().to_owned());
    };
    let path = match url.strip_prefix('/') {
        Some(_) => url.as_str().into(),
        None => bookmark::of_url(url).or_else(|| relative(url))?,
    };
    within(path.as_path(), parent)
}

/// The path in a URL that is relative to the bundle of a parent.
fn relative(url: &str) -> Option<Text> {
    let path = bookmark::of_url(&format!("file:///{url}"))?;
    Some(path.as_bytes().strip_prefix(b"/")?.into())
}

fn within(path: &Path, parent: Option<&Path>) -> Option<PathBuf> {
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    Some(parent?.join(path))
}

fn entry(scan: &mut Scan<'_>, key: Text, record: &Record, parent: Option<&Path>) -> Entry {
    let place = place(record, parent);
    let executable = record.executable.as_deref().map(|path| {
        let path = Path::new(path);
        within(path, parent).unwrap_or_else(|| path.to_owned())
    });
    let programs = programs(scan, record, place.as_deref(), executable.as_deref());
    let list =
        |items: &[String]| (!items.is_empty()).then(|| items.iter().map(String::as_str).collect::<Value>());
    let place = place.map(|path| Value::from(path.as_path()));
    Entry::new("background_item", key, Path::new(FOLDER))
        .maybe("type", list(&record.types))
        .maybe("enabled", record.enabled)
        .maybe("allowed", record.allowed)
        .maybe("hidden", record.hidden)
        .maybe("path", place.or(record.url.as_deref().map(Value::from)))
        .maybe("executable", executable.as_deref())
        .maybe("arguments", list(&record.arguments))
        .maybe("parent", record.parent.as_deref())
        .maybe("bundle", record.bundle.as_deref())
        .maybe("associated", list(&record.associated))
        .maybe("developer", record.developer.as_deref())
        .maybe("team", record.team.as_deref())
        .maybe("name", record.name.as_deref())
        .maybe("notified", record.notified)
        .maybe("items", list(&record.items))
        .maybe("generation", record.generation)
        .maybe("flags", record.flags)
        .maybe("modified", record.modified)
        .programs(programs)
}

fn programs(
    scan: &mut Scan<'_>,
    record: &Record,
    place: Option<&Path>,
    executable: Option<&Path>,
) -> Vec<Text> {
    let Some(executable) = executable else {
        // An application, or a login item in one; jobs have a property list there.
        let program = place.and_then(|place| scan.bundle(place)?.program);
        return program.into_iter().collect();
    };
    let mut argv: Vec<Text> = vec![executable.into()];
    argv.extend(record.arguments.iter().skip(1).map(|word| word.as_str().into()));
    scan.programs().argv(&argv)
}

/// Names of accounts by their identifier: for people, so that what cannot be read is passed over.
fn users<'a>(scan: &Scan<'_>, identifiers: impl Iterator<Item = &'a String>) -> HashMap<String, String> {
    let (built_in, others): (Vec<_>, Vec<_>) = identifiers.partition(|id| id.starts_with(BUILT_IN));
    let built_in = built_in.into_iter().filter_map(|id| {
        let uid = u32::from_str_radix(id.strip_prefix(BUILT_IN)?, 16).ok()?;
        let name = if uid == 0 {
            "root".to_owned()
        } else {
            format!("uid {uid}")
        };
        Some((id.clone(), name))
    });
    let mut users: HashMap<String, String> = built_in.collect();
    if others.is_empty() {
        return users;
    }
    // Built-in accounts begin with an underscore. Of each only the identifier is compared.
    let listed = scan.root().list(Path::new(ACCOUNTS)).unwrap_or_default();
    let people = listed
        .into_iter()
        .filter_map(|listed| listed.name.into_string().ok());
    for file in people.filter(|name| !name.starts_with('_')) {
        let account = scan
            .root()
            .read(&Path::new(ACCOUNTS).join(&file), ACCOUNT_LIMIT)
            .ok();
        let account = account.and_then(|bytes| plist::parse(&bytes).ok()?.into_dictionary());
        let id = account.and_then(|account| {
            Some(
                account
                    .get("generateduid")?
                    .as_array()?
                    .first()?
                    .as_string()?
                    .to_owned(),
            )
        });
        if let Some(id) = id.filter(|id| others.contains(&id)) {
            users.insert(id, file.trim_end_matches(".plist").to_owned());
        }
    }
    users
}
