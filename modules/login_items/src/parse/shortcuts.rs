//! `TALAppsToRelaunchAtLogin` of `loginwindow`, and the icons of the Dock.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Text, bookmark};

/// An application that something opens.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shortcut {
    pub(crate) label: Option<String>,
    pub(crate) path: Text,
    pub(crate) bundle: Option<String>,
    pub(crate) hidden: Option<bool>,
    pub(crate) state: Option<i64>,
}

/// The applications that were open at the last logout.
pub(crate) fn reopened(bytes: &[u8]) -> Result<Vec<Shortcut>, String> {
    let apps = dictionary(bytes)?;
    let apps = items(&apps, "TALAppsToRelaunchAtLogin").filter_map(|app| {
        Some(Shortcut {
            label: None,
            path: app.get("Path")?.as_string()?.into(),
            bundle: app.get("BundleID").map(plist::flat),
            hidden: app
                .get("Hide")
                .map(|hide| matches!(plist::flat(hide).as_str(), "true" | "1")),
            state: app.get("BackgroundState").and_then(Plist::as_signed_integer),
        })
    });
    // Relative to nothing that anybody knows.
    Ok(apps.filter(|app| app.path.as_bytes().starts_with(b"/")).collect())
}

/// The icons that stay in the Dock; of those beyond its line, where folders and documents are, the applications.
pub(crate) fn dock(bytes: &[u8]) -> Result<Vec<Shortcut>, String> {
    let dock = dictionary(bytes)?;
    let others = items(&dock, "persistent-others").filter_map(icon);
    let others = others.filter(|icon| icon.path.as_bytes().to_ascii_lowercase().ends_with(b".app"));
    Ok(items(&dock, "persistent-apps")
        .filter_map(icon)
        .chain(others)
        .collect())
}

fn icon(icon: &Dictionary) -> Option<Shortcut> {
    let tile = icon.get("tile-data")?.as_dictionary()?;
    let address = tile
        .get("file-data")
        .and_then(|file| file.as_dictionary()?.get("_CFURLString")?.as_string());
    let path = match address {
        Some(path) if path.starts_with('/') => Some(path.trim_end_matches('/').into()),
        Some(url) => bookmark::of_url(url),
        // The Dock finds it by this when the address is gone.
        None => bookmark::parse(tile.get("book")?.as_data()?).ok()?.path,
    };
    Some(Shortcut {
        label: tile.get("file-label").map(plist::flat),
        path: path?,
        bundle: tile.get("bundle-identifier").map(plist::flat),
        ..Shortcut::default()
    })
}

fn dictionary(bytes: &[u8]) -> Result<Dictionary, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    plist
        .into_dictionary()
        .ok_or_else(|| "its top level is no dictionary".to_owned())
}

fn items<'a>(plist: &'a Dictionary, name: &str) -> impl Iterator<Item = &'a Dictionary> + use<'a> {
    let items = plist.get(name).and_then(Plist::as_array);
    items.into_iter().flatten().filter_map(Plist::as_dictionary)
}
