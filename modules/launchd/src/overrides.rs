//! What launchd remembers of labels: which are switched on or off, and which helpers start at login.
//!
//! `disabled.plist` and `disabled.<uid>.plist` map a label to whether it is off. Until 10.9 each
//! `overrides.plist` mapped it to a dictionary with `Disabled`. `loginitems.<uid>.plist` maps a helper's bundle id
//! to its application's, and `version.` with the helper's id to a version.

use crate::parse::type_of;
use assay_sdk::plist::{self, Dictionary, Value as Plist, flat};
use assay_sdk::{Entry, GapReason, Result, Scan};
use std::path::Path;

pub(crate) const OVERRIDE: &str = "launchd_override";
pub(crate) const LOGIN_ITEM: &str = "login_item_helper";

pub(crate) const WATCH: &[&str] = &[
    "/private/var/db/com.apple.xpc.launchd/*.plist",
    "/private/var/db/launchd.db/*/overrides.plist",
];

const FOLDER: &str = "/private/var/db/com.apple.xpc.launchd";
const OLD_FOLDER: &str = "/private/var/db/launchd.db";
const MAX_PLIST: u64 = 4 << 20;
/// A longer name or value would not fit on a line of the protocol; real labels are below 255 bytes.
const MAX_TEXT: usize = 16 << 10;

/// A file of this family, known by its name.
#[derive(Debug, PartialEq)]
enum Database {
    /// Switches of a scope, `system` or `user 501`.
    Overrides(String),
    /// Login item helpers of a scope.
    LoginItems(String),
}

/// Lists the switches and the helpers.
pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let folder = Path::new(FOLDER);
    for listed in scan.list(folder) {
        if let Some(database) = listed.name.to_str().and_then(database) {
            emit(scan, &folder.join(listed.name), &database)?;
        }
    }
    let folder = Path::new(OLD_FOLDER);
    for listed in scan.list(folder) {
        if let Some(database) = listed.name.to_str().and_then(old_database) {
            emit(scan, &folder.join(listed.name).join("overrides.plist"), &database)?;
        }
    }
    Ok(())
}

fn database(name: &str) -> Option<Database> {
    let name = name.strip_suffix(".plist")?;
    if name == "disabled" {
        return Some(Database::Overrides("system".to_owned()));
    }
    let user = |prefix| uid(name.strip_prefix(prefix)?);
    let overrides = user("disabled.").map(Database::Overrides);
    overrides.or_else(|| user("loginitems.").map(Database::LoginItems))
}

fn old_database(name: &str) -> Option<Database> {
    let rest = name.strip_prefix("com.apple.launchd")?;
    let scope = match rest.strip_prefix(".peruser.") {
        Some(user) => uid(user)?,
        None if rest.is_empty() => "system".to_owned(),
        None => return None,
    };
    Some(Database::Overrides(format!("old {scope}")))
}

/// The scope of a user; launchd writes nothing but digits, and only they keep keys apart.
fn uid(text: &str) -> Option<String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("user {text}"))
}

fn emit(scan: &mut Scan<'_>, path: &Path, database: &Database) -> Result<()> {
    let Some(content) = scan.content(path, MAX_PLIST) else {
        return Ok(());
    };
    let dictionary = match content.and_then(|bytes| parse(&bytes)) {
        Ok(dictionary) => dictionary,
        // A gap and no entry: one broken file is one alert, and not the end of every entry it held.
        Err(why) => return scan.gap(path, GapReason::Unparsable, &why),
    };
    for (name, value) in &dictionary {
        let entry = match database {
            Database::Overrides(scope) => switch(scope, name, value, path),
            Database::LoginItems(_) if versioned(&dictionary, name) => continue,
            Database::LoginItems(scope) => {
                let version = dictionary.get(&format!("version.{name}")).map(flat);
                Entry::new(LOGIN_ITEM, format!("{scope} {name}"), path)
                    .field(
                        "application",
                        value.as_string().map_or_else(|| flat(value), str::to_owned),
                    )
                    .maybe("version", version)
            }
        };
        scan.entry(entry)?;
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> std::result::Result<Dictionary, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let Plist::Dictionary(dictionary) = plist else {
        return Err(format!("its top level is {}, no dictionary", type_of(&plist)));
    };
    let too_long = |(name, value): (&String, &Plist)| name.len() + flat(value).len() > MAX_TEXT;
    if dictionary.iter().any(too_long) {
        return Err(format!("it says more than {MAX_TEXT} bytes of one label"));
    }
    Ok(dictionary)
}

fn switch(scope: &str, label: &str, value: &Plist, path: &Path) -> Entry {
    let entry = Entry::new(OVERRIDE, format!("{scope} {label}"), path);
    let disabled = match value {
        Plist::Dictionary(old) => old.get("Disabled").and_then(Plist::as_boolean),
        value => value.as_boolean(),
    };
    match disabled {
        Some(disabled) => entry.field("disabled", disabled),
        None => entry.field("value", flat(value)),
    }
}

/// Whether this is the version of another key, rather than a helper that calls itself `version.…`.
fn versioned(dictionary: &Dictionary, name: &str) -> bool {
    name.strip_prefix("version.")
        .is_some_and(|helper| dictionary.contains_key(helper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_known_by_name() {
        let overrides = |scope: &str| Some(Database::Overrides(scope.to_owned()));
        assert_eq!(database("disabled.plist"), overrides("system"));
        assert_eq!(database("disabled.503.plist"), overrides("user 503"));
        assert_eq!(
            database("loginitems.0.plist"),
            Some(Database::LoginItems("user 0".to_owned()))
        );
        assert_eq!(old_database("com.apple.launchd"), overrides("old system"));
        assert_eq!(
            old_database("com.apple.launchd.peruser.88"),
            overrides("old user 88")
        );
        for other in [
            "disabled.migrated",
            "disabled..plist",
            "disabled.5 x.plist",
            "x.plist",
        ] {
            assert_eq!(database(other), None, "{other}");
        }
        for other in [
            "com.apple.launchd.",
            "com.apple.launchd.peruser.",
            "com.apple.launchdx",
        ] {
            assert_eq!(old_database(other), None, "{other}");
        }
    }
}
