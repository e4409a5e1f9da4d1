//! Extensions of editors of the VS Code family: a list, and a folder for each.

use crate::parse::editors::{self as parse, Extension};
use crate::parse::json;
use assay_sdk::json::Value;
use assay_sdk::{Entry, FileType, Result, Scan, Text};
use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/{.vscode,.vscode-insiders,.vscode-oss,.vscode-server,.cursor,.cursor-server,.windsurf}/extensions/{extensions.json,*/package.json}",
    "~/.local/share/code-server/extensions/{extensions.json,*/package.json}",
];

const FOLDERS: &[&str] = &[
    ".vscode/extensions",
    ".vscode-insiders/extensions",
    ".vscode-oss/extensions",
    ".vscode-server/extensions",
    ".vscode-server-insiders/extensions",
    ".vscode-remote/extensions",
    ".vscodium-server/extensions",
    ".cursor/extensions",
    ".cursor-server/extensions",
    ".windsurf/extensions",
    ".windsurf-server/extensions",
    ".kiro/extensions",
    ".trae/extensions",
    ".positron/extensions",
    ".antigravity/extensions",
    ".local/share/code-server/extensions",
];

const KIND: &str = "editor_extension";
const LIST_LIMIT: u64 = 16 << 20;
const PACKAGE_LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        for folder in FOLDERS {
            one_editor(scan, &home.path.join(folder))?;
        }
    }
    Ok(())
}

fn one_editor(scan: &mut Scan<'_>, folder: &Path) -> Result<()> {
    let path = folder.join("extensions.json");
    let mut known = HashSet::new();
    let mut folders = HashSet::new();
    let content = scan.content(&path, LIST_LIMIT);
    let content = content.map(|content| content.and_then(|bytes| json(&bytes)));
    match &content {
        Some(Ok(list)) => {
            for found in parse::extensions(list) {
                let own = found.folder.as_deref().map(|own| folder.join(own));
                folders.extend(own.as_deref().and_then(Path::file_name).map(OsString::from));
                if known.insert(found.id.clone()) {
                    registered(scan, folder, &path, found, own)?;
                }
            }
        }
        // It stands for all that it named.
        Some(Err(why)) => {
            return scan.entry(Entry::new(KIND, path.as_path(), &path).unparsable(why.as_str()));
        }
        None => {}
    }
    // An editor without a list takes what is there; one with a list keeps folders of old versions for a while.
    let has_list = content.is_some();
    let listed = scan.list(folder).into_iter().rev();
    let others = listed.filter(|l| l.file_type != FileType::RegularFile && !folders.contains(&l.name));
    for other in others.collect::<Vec<_>>() {
        let own = folder.join(other.name);
        let Some(package) = package(scan, &own) else {
            continue;
        };
        let Some(id) = parse::id_of(&package).filter(|id| known.insert(id.clone())) else {
            continue;
        };
        let found = Extension {
            id,
            ..Extension::default()
        };
        let entry = entry(folder, folder, found, &package).maybe("unregistered", has_list.then_some(true));
        let programs = if has_list {
            code(&own, &package)
        } else {
            Vec::new()
        };
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}

fn registered(
    scan: &mut Scan<'_>,
    folder: &Path,
    list: &Path,
    found: Extension,
    own: Option<PathBuf>,
) -> Result<()> {
    scan.begin_named_by(list);
    let package = own
        .as_deref()
        .and_then(|own| package(scan, own))
        .unwrap_or(Value::Null);
    scan.end_named_by();
    let elsewhere = own.clone().filter(|own| !own.starts_with(folder));
    let is_of_gallery = found.from.as_deref() == Some("gallery") && elsewhere.is_none();
    let programs = match own.filter(|_| !is_of_gallery) {
        Some(own) => code(&own, &package),
        None => Vec::new(),
    };
    let entry = entry(folder, list, found, &package).maybe("code", elsewhere.as_deref());
    scan.entry(entry.programs(programs))
}

fn package(scan: &mut Scan<'_>, own: &Path) -> Option<Value> {
    let bytes = scan.content(&own.join("package.json"), PACKAGE_LIMIT)?.ok()?;
    json(&bytes).ok()
}

fn entry(folder: &Path, source: &Path, found: Extension, package: &Value) -> Entry {
    let text = |name: &str| package.get(name).and_then(Value::as_str);
    let events = package
        .get("activationEvents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut events: Vec<Text> = events.filter_map(Value::as_str).map(Text::from).collect();
    events.sort();
    events.dedup();
    let events = (!events.is_empty()).then(|| events.into_iter().collect::<assay_sdk::Value>());
    let key = [folder.as_os_str().as_bytes(), b": ", found.id.as_bytes()].concat();
    Entry::new(KIND, key, source)
        .maybe("name", text("displayName"))
        .maybe("version", found.version.as_deref().or(text("version")))
        .maybe("from", found.from)
        .maybe("publisher_id", found.publisher_id)
        .maybe("activation", events)
}

/// The package and the script that it is started with.
fn code(own: &Path, package: &Value) -> Vec<Text> {
    let main = package.get("main").and_then(Value::as_str);
    let main = main.filter(|main| !main.split('/').any(|name| name == ".."));
    let main = main.map(|main| {
        let name = main.trim_start_matches("./").trim_start_matches('/');
        // Node.js adds the ending.
        let name = if name.ends_with("js") {
            name.to_owned()
        } else {
            format!("{name}.js")
        };
        own.join(name)
    });
    let all = std::iter::once(own.join("package.json")).chain(main);
    all.map(|path| Text::from(path.as_path())).collect()
}
