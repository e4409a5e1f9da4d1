//! What `Info.plist`, the preferences of widgets and `package.json` say. Bytes and dictionaries in, values out.

use assay_sdk::archive::{self, Object};
use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Text, json, secrets};
use std::collections::BTreeSet;

/// The version that people know, and the build.
pub(crate) fn version(info: &Dictionary) -> Option<String> {
    let versions = ["CFBundleShortVersionString", "CFBundleVersion"];
    let mut versions: Vec<String> = versions
        .iter()
        .filter_map(|name| info.get(name))
        .map(plist::flat)
        .collect();
    versions.dedup();
    (!versions.is_empty()).then(|| versions.join(" build "))
}

/// The class that a host begins with, of a bundle or an extension.
pub(crate) fn principal(info: &Dictionary) -> Option<String> {
    let of_extension = || {
        info.get("NSExtension")?
            .as_dictionary()?
            .get("NSExtensionPrincipalClass")
    };
    info.get("NSPrincipalClass")
        .or_else(of_extension)
        .map(plist::flat)
}

/// What an extension extends, in either of two spellings.
pub(crate) fn extension_point(info: &Dictionary) -> Option<String> {
    let inner = |outer: &str, name: &str| info.get(outer)?.as_dictionary()?.get(name).map(plist::flat);
    inner("NSExtension", "NSExtensionPointIdentifier")
        .or_else(|| inner("EXAppExtensionAttributes", "EXExtensionPointIdentifier"))
}

/// The types that a bundle claims, sorted and each once.
pub(crate) fn document_types(info: &Dictionary) -> Vec<String> {
    let claims = info.get("CFBundleDocumentTypes").and_then(Plist::as_array);
    let types = claims
        .into_iter()
        .flatten()
        .filter_map(|claim| claim.as_dictionary()?.get("LSItemContentTypes")?.as_array());
    let types: BTreeSet<String> = types.flatten().map(plist::flat).collect();
    types.into_iter().collect()
}

/// Whether an application runs without a Dock icon.
pub(crate) fn background(info: &Dictionary) -> Option<&'static str> {
    let is_on = |name: &str| {
        info.get(name).is_some_and(|value| {
            matches!(
                plist::flat(value).to_ascii_lowercase().as_str(),
                "true" | "1" | "yes"
            )
        })
    };
    if is_on("LSBackgroundOnly") {
        Some("background")
    } else {
        is_on("LSUIElement").then_some("agent")
    }
}

/// A variable that `LSEnvironment` sets.
#[derive(Debug, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Its value; hidden when it may be a secret.
    pub(crate) value: String,
    /// The libraries that it loads, as written.
    pub(crate) libraries: Vec<String>,
}

/// The variables of `LSEnvironment`, sorted by name.
pub(crate) fn environment(info: &Dictionary) -> Vec<Variable> {
    let variables = info.get("LSEnvironment").and_then(Plist::as_dictionary);
    let mut variables: Vec<Variable> = variables
        .into_iter()
        .flatten()
        .map(|(name, value)| variable(name, &plist::flat(value)))
        .collect();
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    variables
}

fn variable(name: &str, value: &str) -> Variable {
    let upper = name.to_uppercase();
    let loads = upper.contains("DYLD_INSERT_LIBRARIES");
    let libraries = value.split(':').filter(|path| loads && !path.is_empty());
    Variable {
        name: name.to_owned(),
        libraries: libraries.map(str::to_owned).collect(),
        // No variable of the loader is a secret, whatever it is called.
        value: if upper.contains("DYLD_") {
            value.to_owned()
        } else {
            String::from_utf8_lossy(&secrets::hide(name.as_bytes(), value.as_bytes())).into_owned()
        },
    }
}

/// The script that a Node package begins with.
pub(crate) fn main_script(package: &[u8]) -> String {
    let package = json::parse(package).ok();
    let main = package.as_ref().and_then(|package| package.get("main")?.as_str());
    main.map_or("index.js", |main| main.trim_start_matches("./"))
        .to_owned()
}

/// A widget that somebody put up.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Widget {
    /// The extension that it is of, with its application.
    pub(crate) extension: String,
    /// Which of the extension's widgets it is.
    pub(crate) widget: String,
}

/// The widgets of Notification Center: a property list that holds others, which hold archives. Sorted; what is shown
/// where, and in which size, is left out.
pub(crate) fn widgets(bytes: &[u8]) -> Result<Vec<Widget>, String> {
    let plist = plist::parse(bytes).map_err(|error| error.to_string())?;
    let plist = plist.as_dictionary().ok_or("its top level is no dictionary")?;
    let instances = plist
        .get("widgets")
        .and_then(|widgets| widgets.as_dictionary()?.get("instances")?.as_array());
    let instances = instances.into_iter().flatten().filter_map(Plist::as_data);
    let mut widgets: Vec<Widget> = instances.filter_map(instance).collect();
    widgets.sort();
    widgets.dedup();
    Ok(widgets)
}

fn instance(bytes: &[u8]) -> Option<Widget> {
    let instance = plist::parse(bytes).ok()?;
    let widget = instance.as_dictionary()?.get("widget")?.as_data()?;
    let archive = archive::parse(widget).ok()?;
    let widget = archive.get("root")?;
    let identity = ["extensionIdentity", "extensionBundleIdentifier"];
    let identity = identity.iter().find_map(|name| widget.get(name))?;
    Some(Widget {
        extension: identity_of(identity)?,
        widget: widget
            .get("kind")
            .and_then(Object::as_text)
            .unwrap_or("one")
            .to_owned(),
    })
}

/// An extension's identity: a text, or an object of several.
fn identity_of(object: &Object) -> Option<String> {
    if let Some(text) = object.as_text() {
        return Some(text.to_owned());
    }
    let names = ["containerBundleIdentifier", "extensionBundleIdentifier"];
    let parts: Vec<&str> = names
        .iter()
        .filter_map(|name| object.get(name)?.as_text())
        .collect();
    (!parts.is_empty()).then(|| parts.join("::"))
}

/// A path below a bundle that a variable or a plug-in's name gives; `None` when it leads out of it by `..`.
pub(crate) fn library(path: &str, programs: &std::path::Path) -> Option<Text> {
    let here = ["@executable_path/", "@loader_path/"]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix));
    let path = here.map_or_else(|| path.into(), |path| programs.join(path));
    path.is_absolute().then(|| path.as_path().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::plist::parse;

    fn info(text: &str) -> Dictionary {
        parse(text.as_bytes())
            .expect("a property list")
            .into_dictionary()
            .expect("a dictionary")
    }

    #[test]
    fn variables_show_what_they_load_and_hide_what_is_secret() {
        let info = info(
            r#"{ LSEnvironment = { "API_TOKEN" = x; "DYLD_INSERT_LIBRARIES" = "/a:@executable_path/../b::"; Z = (1); }; }"#,
        );
        let variables = environment(&info);
        assert_eq!(variables[0].value, "<hidden>");
        assert_eq!(variables[1].libraries, ["/a", "@executable_path/../b"]);
        assert_eq!(variables[2].value, "(1)");
        let programs = std::path::Path::new("/X.app/Contents/MacOS");
        assert_eq!(
            library("@executable_path/../b", programs).expect("a path"),
            "/X.app/Contents/MacOS/../b"
        );
        assert_eq!(library("b.dylib", programs), None);
    }

    #[test]
    fn a_package_begins_where_it_says() {
        assert_eq!(main_script(br#"{"main": "./build/main.js"}"#), "build/main.js");
        assert_eq!(main_script(b"no json"), "index.js");
    }

    #[test]
    fn versions_and_switches_in_their_spellings() {
        assert_eq!(
            version(&info(
                "{ CFBundleVersion = 7; CFBundleShortVersionString = \"1.2\"; }"
            ))
            .as_deref(),
            Some("1.2 build 7")
        );
        assert_eq!(version(&info("{ A = b; }")), None);
        assert_eq!(background(&info("{ LSUIElement = YES; }")), Some("agent"));
        assert_eq!(
            background(&info("{ LSUIElement = 1; LSBackgroundOnly = 1; }")),
            Some("background")
        );
        assert_eq!(background(&info("{ LSUIElement = 0; }")), None);
    }
}
