//! macOS: certificates about which somebody decided, for all users or for one.

use crate::parse::der;
use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::sqlite::{self, Database, Row};
use assay_sdk::{Entry, Keys, Result, Scan, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/,~/}Library/Security/Trust Settings/*.plist",
    "/private/var/protected/trustd/private/TrustStore.sqlite3*",
];

const FOLDER: &str = "Library/Security/Trust Settings";
const STORE: &str = "/private/var/protected/trustd/private/TrustStore.sqlite3";
const KIND: &str = "trusted_certificate";
const LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut places: BTreeSet<PathBuf> = ["/", "/private/var/root"].map(PathBuf::from).into();
    places.extend(scan.homes().into_iter().map(|home| home.path));
    for place in places {
        for path in scan.files(&place.join(FOLDER), |name| name.ends_with(b".plist")) {
            settings(scan, &path)?;
        }
    }
    store(scan, Path::new(STORE))
}

fn settings(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(content) = scan.content(path, LIMIT) else {
        return Ok(());
    };
    let parsed = content.and_then(|bytes| plist::parse(&bytes).map_err(|error| error.to_string()));
    let list = parsed.and_then(|parsed| {
        let list = parsed
            .as_dictionary()
            .and_then(|all| all.get("trustList")?.as_dictionary());
        list.cloned().ok_or_else(|| "no list of certificates".to_owned())
    });
    let list = match list {
        Ok(list) => list,
        Err(why) => return scan.entry(Entry::new(KIND, path, path).unparsable(why)),
    };
    for (digest, certificate) in &list {
        let certificate = certificate.as_dictionary();
        let data = |name: &str| certificate.and_then(|all| all.get(name)?.as_data());
        let issuer = data("issuerName").map(der::texts).unwrap_or_default().join(", ");
        let trust = certificate.and_then(|all| all.get("trustSettings")?.as_array());
        let entry = Entry::new(KIND, crate::key(path, digest), path)
            .maybe("settings", trust.and_then(|trust| told(trust)))
            .maybe("issuer", (!issuer.is_empty()).then_some(issuer))
            .maybe("serial", data("serialNumber").map(crate::hex));
        scan.entry(entry)?;
    }
    Ok(())
}

/// The store of `trustd`, whose rows hold the same settings.
fn store(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(database) = Database::read(scan, path) else {
        return Ok(());
    };
    let entries = |database: Database| -> sqlite::Result<Vec<Entry>> {
        let mut keys = Keys::default();
        let rows = database.rows("tsettings")?;
        Ok(rows.iter().map(|row| of_row(path, row, &mut keys)).collect())
    };
    match database.and_then(entries) {
        Ok(entries) => entries.into_iter().try_for_each(|entry| scan.entry(entry)),
        Err(error) => scan.entry(Entry::new(KIND, path, path).unparsable(error.to_string())),
    }
}

fn of_row(path: &Path, row: &Row, keys: &mut Keys) -> Entry {
    let digest = row
        .bytes("sha256")
        .or_else(|| row.bytes("sha1"))
        .map(crate::hex)
        .unwrap_or_default();
    let issuer = row.bytes("subj").map(der::texts).unwrap_or_default().join(", ");
    let trust = row.bytes("tset").and_then(|bytes| plist::parse(bytes).ok());
    let trust = trust
        .as_ref()
        .and_then(Plist::as_array)
        .and_then(|trust| told(trust));
    Entry::new(KIND, keys.unique(crate::key(path, &digest)), path)
        .maybe("settings", trust)
        .maybe("issuer", (!issuer.is_empty()).then_some(issuer))
}

/// Each setting on one line; no setting at all means that it is trusted for everything.
fn told(settings: &[Plist]) -> Option<Value> {
    let one = |setting: &Plist| {
        let members = setting.as_dictionary().into_iter().flatten();
        let members = members.map(|(name, value)| {
            let name = name.strip_prefix("kSecTrustSettings").unwrap_or(name);
            (
                name.to_owned(),
                if name == "Result" {
                    result(value)
                } else {
                    value.clone()
                },
            )
        });
        plist::flat(&Plist::Dictionary(members.collect::<Dictionary>()))
    };
    (!settings.is_empty()).then(|| settings.iter().map(one).collect())
}

fn result(value: &Plist) -> Plist {
    let words = ["trust root", "trust as root", "deny", "unspecified"];
    let number = value
        .as_signed_integer()
        .and_then(|number| usize::try_from(number - 1).ok());
    number
        .and_then(|index| words.get(index))
        .map_or_else(|| value.clone(), |word| Plist::String((*word).to_owned()))
}
