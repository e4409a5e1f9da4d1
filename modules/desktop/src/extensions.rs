//! Extensions of GNOME's shell: a folder with `metadata.json` and the code.

use assay_sdk::{Entry, FileType, Result, Scan, Text, json};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/usr/{,local/}share/gnome-shell/extensions/*/**",
    "~/.local/share/gnome-shell/extensions/*/**",
];

const SYSTEM: [&str; 2] = [
    "/usr/share/gnome-shell/extensions",
    "/usr/local/share/gnome-shell/extensions",
];
const HOME: &str = ".local/share/gnome-shell/extensions";
const METADATA_LIMIT: u64 = 1 << 20;
/// Files of code of one extension that are watched, and folders that are searched for them.
const MAX_FILES: usize = 200;
const MAX_FOLDERS: usize = 50;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut parents: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    parents.extend(scan.homes().iter().map(|home| home.path.join(HOME)));
    for parent in parents {
        for listed in scan.list(&parent) {
            // A developer's extension is a link to where it is made.
            if matches!(listed.file_type, FileType::Directory | FileType::Symlink) {
                extension(scan, &parent.join(listed.name))?;
            }
        }
    }
    Ok(())
}

fn extension(scan: &mut Scan<'_>, folder: &Path) -> Result<()> {
    let Some(real) = scan.behind(folder) else {
        return Ok(());
    };
    let path = real.join("metadata.json");
    let metadata = match scan.content(&path, METADATA_LIMIT) {
        // Without it the shell does not look at the folder.
        None => return Ok(()),
        Some(content) => content.and_then(|bytes| json::parse(&bytes).map_err(|error| error.to_string())),
    };
    let code = code(scan, &real);
    let entry = Entry::new("gnome_extension", folder, &path).programs(code);
    match metadata {
        Ok(metadata) => {
            let text = |name: &str| metadata.get(name).and_then(json::Value::as_str);
            let is_folder = |uuid: &&str| folder.file_name().is_none_or(|name| name != *uuid);
            let version = metadata.get("version").map(|version| match version {
                json::Value::String(version) => version.clone(),
                version => version.to_string(),
            });
            let entry = entry
                .maybe("name", text("name"))
                .maybe("version", version)
                .maybe("uuid", text("uuid").filter(is_folder));
            scan.entry(entry)
        }
        Err(why) => scan.entry(entry.unparsable(why)),
    }
}

/// Every script of an extension: whichever is changed, it runs.
fn code(scan: &mut Scan<'_>, folder: &Path) -> Vec<Text> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    let mut folders = 0;
    while let Some(folder) = todo.pop() {
        folders += 1;
        if folders > MAX_FOLDERS || found.len() >= MAX_FILES {
            break;
        }
        for listed in scan.list(&folder) {
            let path = folder.join(&listed.name);
            match listed.file_type {
                FileType::Directory => todo.push(path),
                _ if path.extension().is_some_and(|extension| extension == "js") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found.truncate(MAX_FILES);
    found.into_iter().map(|path| Text::from(path.as_path())).collect()
}
