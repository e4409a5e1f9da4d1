//! `Preferences` and `Secure Preferences` of a profile, and the manifest of an extension.

use super::{Extension, MAX_EXTENSIONS, text, texts};
use assay_sdk::json::Value;
use std::path::{Component, Path, PathBuf};

/// What the settings of a profile say of an extension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registered {
    /// All but what its manifest says.
    pub extension: Extension,
    /// Its folder: absolute, or below the profile's folder of extensions.
    pub path: Option<String>,
    /// Its manifest, when the settings hold one.
    pub manifest: Option<Value>,
}

/// What is in `extensions.settings`.
#[must_use]
pub fn registered(preferences: &Value) -> Vec<Registered> {
    let settings = preferences
        .pointer("/extensions/settings")
        .and_then(Value::as_object);
    let settings = settings.into_iter().flatten().take(MAX_EXTENSIONS);
    settings
        .filter(|(_, setting)| setting.is_object())
        .map(|(id, setting)| one(id, setting))
        .collect()
}

fn one(id: &str, setting: &Value) -> Registered {
    let path = text(setting, "path");
    let mut extension = Extension {
        id: id.to_owned(),
        enabled: Some(is_enabled(setting)),
        location: setting.get("location").map(location),
        from_store: setting.get("from_webstore").and_then(Value::as_bool),
        code: path
            .as_deref()
            .filter(|path| path.starts_with('/'))
            .map(without_versions),
        ..Extension::default()
    };
    let active = setting.get("active_permissions");
    let of = |name: &str| active.and_then(|active| active.get(name));
    extension
        .permissions
        .extend(texts(of("api")).chain(texts(of("manifest_permissions"))));
    extension
        .sites
        .extend(texts(of("explicit_host")).chain(texts(of("scriptable_host"))));
    Registered {
        extension,
        path,
        manifest: setting.get("manifest").cloned(),
    }
}

/// Older browsers write a state, newer ones only why it is off: a number, or a list of numbers.
fn is_enabled(setting: &Value) -> bool {
    let state = setting.get("state").and_then(Value::as_i64);
    let is_off = match setting.get("disable_reasons") {
        Some(Value::Array(reasons)) => !reasons.is_empty(),
        Some(reasons) => reasons.as_i64().is_some_and(|reasons| reasons != 0),
        None => false,
    };
    state.is_none_or(|state| state == 1) && !is_off
}

fn location(number: &Value) -> String {
    let name = match number.as_i64() {
        Some(1) => "store",
        Some(2) => "external file",
        Some(3) => "external registry",
        Some(4) => "unpacked",
        Some(5) => "component",
        Some(6) => "external, from an address",
        Some(7) => "policy, from an address",
        Some(8) => "command line",
        Some(9) => "policy",
        Some(10) => "external component",
        _ => return number.to_string(),
    };
    name.to_owned()
}

/// A path with `*` for each folder that is called like a version: those of the browser itself change with it.
fn without_versions(path: &str) -> String {
    let is_version = |name: &&str| {
        name.matches('.').count() >= 2 && name.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'_')
    };
    let names = path
        .split('/')
        .map(|name| if is_version(&name) { "*" } else { name });
    names.collect::<Vec<_>>().join("/")
}

/// Adds what a manifest says.
pub fn describe(extension: &mut Extension, manifest: &Value) {
    extension.name = text(manifest, "name");
    extension.version = text(manifest, "version");
    extension.update_url = text(manifest, "update_url");
    if manifest.get("theme").is_some() {
        extension.what = Some("theme".to_owned());
    } else if manifest.get("app").is_some() {
        extension.what = Some("app".to_owned());
    }
    let scripts = manifest.get("content_scripts").and_then(Value::as_array);
    let matches = scripts
        .into_iter()
        .flatten()
        .flat_map(|script| texts(script.get("matches")));
    extension
        .sites
        .extend(texts(manifest.get("host_permissions")).chain(matches));
    // Before the third version of manifests, pages stand among the permissions.
    let (sites, permissions): (Vec<_>, Vec<_>) =
        texts(manifest.get("permissions")).partition(|item| item.contains("://") || item == "<all_urls>");
    extension.sites.extend(sites);
    extension.permissions.extend(permissions);
}

/// The files of code that a manifest names, below the extension's folder.
#[must_use]
pub fn code(manifest: &Value) -> Vec<PathBuf> {
    let background = manifest.get("background");
    let of = |name: &str| background.and_then(|background| background.get(name));
    let one = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let scripts = manifest.get("content_scripts").and_then(Value::as_array);
    let in_pages = scripts
        .into_iter()
        .flatten()
        .flat_map(|script| texts(script.get("js")));
    let names = one(of("service_worker"))
        .into_iter()
        .chain(one(of("page")))
        .chain(texts(of("scripts")))
        .chain(in_pages);
    let paths = names.map(|name| PathBuf::from(name.trim_start_matches('/')));
    let mut paths: Vec<PathBuf> = paths.filter(|path| is_below(path)).collect();
    paths.sort();
    paths.dedup();
    paths
}

fn is_below(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Whether a name in the folder of extensions is that of one: 32 letters, of which each stands for four bits.
#[must_use]
pub fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| (b'a'..=b'p').contains(&byte))
}
