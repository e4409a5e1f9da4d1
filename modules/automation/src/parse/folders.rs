//! Folder actions: a property list, in which data is an archive, in which data are bookmarks.

use assay_sdk::archive::{self, Object};
use assay_sdk::plist::{self, Value as Plist};
use assay_sdk::{Text, bookmark};

/// A script that is attached to a folder.
#[derive(Debug, PartialEq)]
pub(crate) struct Action {
    pub(crate) folder: Text,
    pub(crate) script: Text,
    pub(crate) enabled: bool,
}

/// Every script of every folder.
pub(crate) fn actions(bytes: &[u8]) -> Result<Vec<Action>, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let plist = plist.as_dictionary().ok_or("its top level is no dictionary")?;
    let is_on = |value: &Plist| matches!(plist::flat(value).as_str(), "true" | "1");
    let all = plist.get("folderActionsEnabled").is_some_and(is_on);
    let Some(actions) = plist.get("folderActions") else {
        return Ok(Vec::new());
    };
    let archive = match actions {
        Plist::Data(data) => archive::parse(data),
        other => archive::unfold(other),
    };
    let archive = archive.map_err(|error| error.to_string())?;
    let root = archive.get("root").ok_or("its folder actions have no root")?;
    let mut found = Vec::new();
    for folder in root.items() {
        let scripts = folder.get("scripts").map(Object::items).unwrap_or_default();
        found.extend(scripts.iter().map(|script| Action {
            folder: path(folder),
            script: path(script),
            enabled: all && enabled(folder) && enabled(script),
        }));
    }
    Ok(found)
}

fn enabled(object: &Object) -> bool {
    object.get("enabled").and_then(Object::as_bool) != Some(false)
}

/// Where the bookmark leads; the name where there is none.
fn path(object: &Object) -> Text {
    let data = object
        .get("bookmark")
        .and_then(|mark| mark.as_data().or_else(|| mark.get("data")?.as_data()));
    let path = data.and_then(|data| bookmark::parse(data).ok()?.path);
    let name = || {
        object
            .get("name")
            .and_then(Object::as_text)
            .unwrap_or("without a name")
            .into()
    };
    path.unwrap_or_else(name)
}
