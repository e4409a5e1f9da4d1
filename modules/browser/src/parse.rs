//! What browsers write about their extensions.

pub mod chromium;
pub mod firefox;
pub mod safari;

use assay_sdk::json::Value;

/// An extension, as far as its browser tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// What the browser calls it.
    pub id: String,
    /// What it says it is.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// A theme, a dictionary: whatever is no extension.
    pub what: Option<String>,
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// How it came in.
    pub location: Option<String>,
    /// Whether it is from the browser's store.
    pub from_store: Option<bool>,
    /// What the browser says of its signature.
    pub signature: Option<String>,
    /// Where updates come from.
    pub update_url: Option<String>,
    /// What it may do.
    pub permissions: Vec<String>,
    /// Pages that it may read.
    pub sites: Vec<String>,
    /// Where its code lies, when that is outside of the profile.
    pub code: Option<String>,
    /// Whether another program put it in.
    pub foreign: bool,
}

/// Extensions of one profile; the store's greatest friends have some hundred.
pub(crate) const MAX_EXTENSIONS: usize = 5_000;
/// Permissions or pages of one of them; an entry holds no more.
const MAX_ITEMS: usize = 2_000;

pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// The strings of a list; of a permission with options, its name.
pub(crate) fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    let items = value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MAX_ITEMS);
    items.filter_map(|item| match item {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => members.keys().next().cloned(),
        _ => None,
    })
}
