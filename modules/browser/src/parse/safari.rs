//! `Extensions.plist`: extensions by `bundle.id (TEAM)`; before macOS 10.14, a list of archives.

use super::{Extension, MAX_EXTENSIONS};
use assay_sdk::plist::Value;

/// An extension, with the archive of one of the old kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is said of it.
    pub extension: Extension,
    /// The name of its archive.
    pub archive: Option<String>,
}

/// What the list names.
///
/// # Errors
/// When it is no dictionary.
pub fn extensions(list: &Value) -> Result<Vec<Found>, String> {
    let list = list
        .as_dictionary()
        .ok_or("no list of extensions: it is no dictionary")?;
    if let Some(installed) = list.get("Installed Extensions").and_then(Value::as_array) {
        return Ok(installed
            .iter()
            .take(MAX_EXTENSIONS)
            .filter_map(archived)
            .collect());
    }
    let all = list.iter().take(MAX_EXTENSIONS);
    let all = all.filter(|(_, value)| value.as_dictionary().is_some());
    Ok(all
        .map(|(id, value)| Found {
            extension: current(id, value),
            archive: None,
        })
        .collect())
}

fn current(id: &str, value: &Value) -> Extension {
    let of = |name: &str| value.as_dictionary().and_then(|members| members.get(name));
    let access = of("WebsiteAccess").and_then(Value::as_dictionary);
    let domains = access.and_then(|access| access.get("Allowed Domains"));
    let level = access
        .and_then(|access| access.get("Level"))
        .and_then(Value::as_string);
    let sites = ["AccessibleOrigins", "GrantedPermissionOrigins"]
        .into_iter()
        .flat_map(|name| names(of(name)));
    Extension {
        id: id.to_owned(),
        enabled: of("Enabled").and_then(is_true),
        permissions: ["Permissions", "GrantedPermissions"]
            .into_iter()
            .flat_map(|name| names(of(name)))
            .collect(),
        sites: sites
            .chain(names(domains))
            .chain(level.map(|level| format!("level: {level}")))
            .collect(),
        ..Extension::default()
    }
}

fn archived(item: &Value) -> Option<Found> {
    let of = |name: &str| item.as_dictionary()?.get(name);
    let text = |name: &str| of(name).and_then(Value::as_string).map(str::to_owned);
    let archive = text("Archive File Name");
    let id = text("Bundle Directory Name").or_else(|| archive.clone())?;
    Some(Found {
        extension: Extension {
            id,
            enabled: of("Enabled").and_then(is_true),
            update_url: text("Update Manifest URL"),
            ..Extension::default()
        },
        archive,
    })
}

/// Names of a dictionary, or strings of a list; when a permission was given stands beside its name.
fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Dictionary(members)) => members.keys().cloned().collect(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_string)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn is_true(value: &Value) -> Option<bool> {
    value
        .as_boolean()
        .or_else(|| value.as_signed_integer().map(|number| number != 0))
}
