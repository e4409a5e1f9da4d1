//! Projects and schemes of Xcode.

use assay_sdk::plist::{Dictionary, Value};

/// Something that a build runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The project's number of it, or where it stands.
    pub id: String,
    /// What it is.
    pub what: &'static str,
    /// What the project calls it.
    pub name: Option<String>,
    /// What runs it.
    pub shell: Option<String>,
    /// Its text.
    pub text: String,
}

const MAX_SCRIPTS: usize = 5_000;

/// The scripts of a `project.pbxproj`, sorted.
///
/// # Errors
/// When it has no objects.
pub fn project(project: &Value) -> Result<Vec<Script>, String> {
    let objects = project.as_dictionary().and_then(|project| project.get("objects"));
    let objects = objects
        .and_then(Value::as_dictionary)
        .ok_or("no Xcode project: it has no objects")?;
    let mut found: Vec<Script> = objects
        .iter()
        .filter_map(|(id, object)| one(id, object.as_dictionary()?))
        .take(MAX_SCRIPTS)
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

fn one(id: &str, object: &Dictionary) -> Option<Script> {
    let text = |name: &str| object.get(name).and_then(Value::as_string).map(str::to_owned);
    let script = |what, shell: Option<String>, script: String| Script {
        id: id.to_owned(),
        what,
        name: text("name"),
        shell,
        text: script,
    };
    match text("isa")?.as_str() {
        "PBXShellScriptBuildPhase" => Some(script("build phase", text("shellPath"), text("shellScript")?)),
        "PBXBuildRule" => Some(script("build rule", None, text("script")?)),
        "PBXLegacyTarget" => {
            let arguments = text("buildArgumentsString").unwrap_or_default();
            Some(script("external tool", text("buildToolPath"), arguments))
        }
        _ => None,
    }
}

/// The scripts that a scheme runs before and after its actions: attributes of its XML.
#[must_use]
pub fn scheme(xml: &str) -> Vec<Script> {
    let scripts = xml.split("scriptText").skip(1).take(MAX_SCRIPTS);
    let scripts = scripts.filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        let value = rest.get(1..)?;
        Some(unescape(value.get(..value.find(quote)?)?))
    });
    scripts
        .enumerate()
        .map(|(index, text)| Script {
            id: format!("action {}", index + 1),
            what: "scheme action",
            text,
            ..Script::default()
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let named = [
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    named
        .iter()
        .fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign))
}
