//! `extensions.json` of a profile, and the list of profiles.

use super::{Extension, MAX_EXTENSIONS, text, texts};
use assay_sdk::json::Value;
use assay_sdk::{Text, ini};

/// An add-on, with the file or folder that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddOn {
    /// What is said of it.
    pub extension: Extension,
    /// Its file or folder.
    pub path: Option<String>,
    /// Whether Mozilla signed it, so that the browser refuses it once it is changed.
    pub is_signed: bool,
}

/// Places that are part of the browser: what they hold comes and goes with it, and is not read from this list.
const OF_BROWSER: [&str; 4] = [
    "app-builtin",
    "app-builtin-addons",
    "app-system-defaults",
    "app-system-addons",
];

/// The add-ons of a profile, without those that are part of the browser.
#[must_use]
pub fn add_ons(extensions: &Value) -> Vec<AddOn> {
    let all = extensions.get("addons").and_then(Value::as_array);
    let all = all.into_iter().flatten().take(MAX_EXTENSIONS);
    let of_browser = |addon: &&Value| {
        let location = addon.get("location").and_then(Value::as_str);
        !location.is_some_and(|location| OF_BROWSER.contains(&location))
    };
    all.filter(of_browser).filter_map(one).collect()
}

fn one(addon: &Value) -> Option<AddOn> {
    let is = |name: &str| addon.get(name).and_then(Value::as_bool);
    let state = addon.get("signedState").and_then(Value::as_i64);
    let permissions = addon.get("userPermissions");
    let of = |name: &str| permissions.and_then(|permissions| permissions.get(name));
    let extension = Extension {
        id: text(addon, "id")?,
        name: addon.get("defaultLocale").and_then(|locale| text(locale, "name")),
        version: text(addon, "version"),
        what: text(addon, "type").filter(|what| what != "extension"),
        enabled: is("active"),
        location: text(addon, "location"),
        signature: state.map(signature),
        update_url: text(addon, "updateURL"),
        permissions: texts(of("permissions")).collect(),
        sites: texts(of("origins")).collect(),
        foreign: is("foreignInstall").unwrap_or(false),
        ..Extension::default()
    };
    Some(AddOn {
        extension,
        path: text(addon, "path"),
        is_signed: state.is_some_and(|state| state >= 2),
    })
}

fn signature(state: i64) -> String {
    let name = match state {
        4 => "privileged",
        3 => "of the browser",
        2 => "signed",
        1 => "preliminary",
        0 => "missing",
        -1 => "unknown",
        -2 => "broken",
        _ => return state.to_string(),
    };
    name.to_owned()
}

/// Folders of `profiles.ini`, each with whether it is below the folder of that file.
#[must_use]
pub fn profiles(text: &[u8]) -> Vec<(Text, bool)> {
    let ini = ini::parse(text);
    let of = |section: &ini::Section, key: &str| {
        let setting = section.settings.iter().rfind(|setting| setting.key == *key);
        setting.and_then(|setting| setting.value.clone())
    };
    let sections = ini.sections.iter().take(1_000);
    sections
        .filter_map(|section| {
            let path = of(section, "Path").filter(|path| !path.is_empty())?;
            Some((
                path,
                of(section, "IsRelative").is_none_or(|relative| relative != "0"),
            ))
        })
        .collect()
}
