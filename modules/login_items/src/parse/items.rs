//! The three stores of login items before macOS 13.

use super::flat;
use assay_sdk::Text;
use assay_sdk::archive::{self, Content, Object};
use assay_sdk::bookmark::{self, Bookmark};
use assay_sdk::plist::{self, Dictionary, Value as Plist};

/// A login item.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    /// Its name, in the stores that keep one.
    pub(crate) name: Option<String>,
    pub(crate) path: Option<Text>,
    pub(crate) hidden: Option<bool>,
    pub(crate) volume: Option<Text>,
    pub(crate) disk_image: Option<Text>,
    /// What else its record says, as `name=value`, sorted.
    pub(crate) options: Vec<String>,
}

impl Item {
    fn at(mut self, bookmark: Option<Bookmark>) -> Self {
        let bookmark = bookmark.unwrap_or_default();
        self.path = bookmark.path.or(self.path);
        self.volume = bookmark.volume.filter(|_| bookmark.on_root_volume == Some(false));
        self.disk_image = bookmark.disk_image;
        self
    }
}

/// `backgrounditems.btm`, macOS 10.13 to 12: containers, each an application with the items that it registered. An item
/// names its container, and so the archive goes in a circle.
pub(crate) fn containers(bytes: &[u8]) -> Result<Vec<Item>, String> {
    let archive = archive::parse(bytes).map_err(|error| error.to_string())?;
    let root = archive.get("root").ok_or("it has no root")?;
    let containers = root
        .get("backgroundItems")
        .and_then(|items| items.get("allContainers"));
    let containers = containers.ok_or("it lists no containers")?.items();
    let mut all = Vec::new();
    for container in containers {
        let election = option(container, "userElection");
        let items = container
            .get("internalItems")
            .map(Object::items)
            .unwrap_or_default();
        for item in items {
            let mut options = vec![
                option(item, "type"),
                option(item, "loginItemType"),
                election.clone(),
            ];
            options.sort();
            let bookmark = bookmark_of(item).or_else(|| bookmark_of(container));
            let hidden = item.get("hidden").and_then(Object::as_bool);
            let options = options.into_iter().flatten().collect();
            all.push(
                Item {
                    hidden,
                    options,
                    ..Item::default()
                }
                .at(bookmark),
            );
        }
    }
    Ok(all)
}

/// `SessionLoginItems.sfl`, macOS 10.11 and 10.12, and what came of it.
pub(crate) fn shared_list(bytes: &[u8]) -> Result<Vec<Item>, String> {
    let archive = archive::parse(bytes).map_err(|error| error.to_string())?;
    let items = archive.get("root").and_then(|root| root.get("items"));
    let items = items.ok_or("it lists no items")?.items().iter();
    let item = |item: &Object| {
        // The spelling of the older form, then that of the newer.
        let text = |old: &str, new: &str| Some(item.get(old).or(item.get(new))?.as_text()?.to_owned());
        let options = ["visibility", "CustomItemProperties", "properties"];
        let mut options: Vec<String> = options.iter().filter_map(|name| option(item, name)).collect();
        options.sort();
        let path = text("URL", "url").and_then(|url| bookmark::of_url(&url));
        Item {
            name: text("name", "Name"),
            path,
            options,
            ..Item::default()
        }
        .at(bookmark_of(item))
    };
    Ok(items.map(item).collect())
}

/// `name=value` of a field that has something to say.
fn option(object: &Object, name: &str) -> Option<String> {
    let value = flat(object.get(name)?)?;
    (value != "{}").then(|| format!("{name}={value}"))
}

/// The bookmark of an object: data, or an object that holds it.
fn bookmark_of(object: &Object) -> Option<Bookmark> {
    let field = object.get("bookmark").or_else(|| object.get("Bookmark"))?;
    let data = match &field.content {
        Content::Data(data) => data,
        _ => field.get("data").or_else(|| field.get("NS.data"))?.as_data()?,
    };
    bookmark::parse(data).ok()
}

/// `com.apple.loginitems.plist`, up to macOS 10.12: alias records.
pub(crate) fn alias_list(bytes: &[u8]) -> Result<Vec<Item>, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let plist = plist.as_dictionary().ok_or("its top level is no dictionary")?;
    let lists = plist
        .values()
        .filter_map(|list| list.as_dictionary()?.get("CustomListItems")?.as_array());
    Ok(lists
        .flatten()
        .filter_map(Plist::as_dictionary)
        .map(alias)
        .collect())
}

fn alias(item: &Dictionary) -> Item {
    let empty = Dictionary::new();
    let properties = item
        .get("CustomItemProperties")
        .and_then(Plist::as_dictionary)
        .unwrap_or(&empty);
    let hidden = properties.get("com.apple.LSSharedFileList.ItemIsHidden");
    let hidden = hidden.map(|hidden| matches!(plist::flat(hidden).as_str(), "true" | "1"));
    let records = [
        item.get("Alias"),
        properties.get("com.apple.loginitem.legacyprefs.AliasData"),
    ];
    let records = records.into_iter().flatten().filter_map(Plist::as_data);
    let record = records
        .filter_map(|data| bookmark::parse(data).ok())
        .find(|record| record.path.is_some());
    let binding = properties
        .get("com.apple.LSSharedFileList.Binding")
        .and_then(Plist::as_data);
    let options = item.iter().filter(|(name, value)| {
        let is_told = ["Name", "Alias", "CustomItemProperties"].contains(&name.as_str());
        !is_told && !matches!(value, Plist::Data(_))
    });
    let mut options: Vec<String> = options
        .map(|(name, value)| format!("{name}={}", plist::flat(value)))
        .collect();
    options.sort();
    Item {
        name: item.get("Name").map(plist::flat),
        path: binding.and_then(bound),
        hidden,
        options,
        ..Item::default()
    }
    .at(record)
}

/// The address in a `Binding`, whose other bytes nobody has described.
fn bound(blob: &[u8]) -> Option<Text> {
    let start = blob.windows(7).position(|window| window == b"file://")?;
    let address = blob.get(start..)?.split(|byte| *byte < b' ').next()?;
    bookmark::of_url(std::str::from_utf8(address).ok()?)
}
