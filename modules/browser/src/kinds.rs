//! What the module lists, and how an extension becomes an entry.

use crate::parse::Extension;
use assay_sdk::{Entry, FieldKind, Kind, Severity, Text, Value};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const EXTENSION: &str = "browser_extension";

pub(crate) fn extension() -> Kind {
    Kind::new(
        EXTENSION,
        "T1176.001",
        "an extension of a browser, in one profile",
    )
    .severity(Severity::Medium)
    .shown("name", FieldKind::Text, "what it says it is")
    .shown("version", FieldKind::Text, "its version")
    .compared(
        "type",
        FieldKind::Text,
        "what it is, when that is no plain extension",
    )
    .compared("enabled", FieldKind::Bool, "whether the browser runs it")
    .compared(
        "location",
        FieldKind::Text,
        "how it came in, as the browser names it",
    )
    .compared(
        "from_store",
        FieldKind::Bool,
        "whether the browser's store gave it",
    )
    .compared(
        "signature",
        FieldKind::Text,
        "what the browser says of its signature",
    )
    .compared("update_url", FieldKind::Text, "where its updates come from")
    .compared("permissions", FieldKind::List, "what it may do, sorted")
    .compared(
        "sites",
        FieldKind::List,
        "pages that it may read and change, sorted",
    )
    .compared(
        "code",
        FieldKind::Text,
        "where its code lies, when that is not in the profile",
    )
    .compared("foreign", FieldKind::Bool, "true when another program put it in")
    .compared(
        "unregistered",
        FieldKind::Bool,
        "true when it lies there, and the browser's settings do not name it",
    )
}

/// The entry of an extension: `source` is what names it, `profile` whose it is.
pub(crate) fn entry(profile: &Path, source: &Path, found: Extension) -> Entry {
    let key = [profile.as_os_str().as_bytes(), b": ", found.id.as_bytes()].concat();
    Entry::new(EXTENSION, key, source)
        .maybe("name", found.name)
        .maybe("version", found.version)
        .maybe("type", found.what)
        .maybe("enabled", found.enabled)
        .maybe("location", found.location)
        .maybe("from_store", found.from_store)
        .maybe("signature", found.signature)
        .maybe("update_url", found.update_url)
        .maybe("permissions", sorted(found.permissions))
        .maybe("sites", sorted(found.sites))
        .maybe("code", found.code)
        .maybe("foreign", found.foreign.then_some(true))
}

fn sorted(mut items: Vec<String>) -> Option<Value> {
    items.sort();
    items.dedup();
    (!items.is_empty()).then(|| items.into_iter().map(Text::from).collect())
}
