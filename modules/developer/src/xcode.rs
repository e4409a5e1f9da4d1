//! Xcode: scripts in projects and schemes, and files that a project hides in its folder.

use crate::parse::xcode::{self as parse, Script};
use crate::search::Found;
use assay_sdk::{Entry, FileType, Keys, Result, Scan, plist};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["~/**/*.xcodeproj/**"];

const KIND: &str = "xcode_script";
const PROJECT_LIMIT: u64 = 32 << 20;
const SCHEME_LIMIT: u64 = 4 << 20;
/// What belongs in the folder of a project.
const USUAL: [&str; 5] = [
    "project.pbxproj",
    "project.xcworkspace",
    "xcuserdata",
    "xcshareddata",
    ".DS_Store",
];

pub(crate) fn collect(scan: &mut Scan<'_>, found: &Found) -> Result<()> {
    let mut keys = Keys::default();
    for folder in &found.xcode {
        project(scan, folder, &mut keys)?;
        let schemes = folder.join("xcshareddata/xcschemes");
        for path in scan.files(&schemes, |name| name.ends_with(b".xcscheme")) {
            if let Some(Ok(xml)) = scan.content(&path, SCHEME_LIMIT) {
                let all = parse::scheme(&String::from_utf8_lossy(&xml));
                list(scan, folder, &path, all, &mut keys)?;
            }
        }
        strangers(scan, folder)?;
    }
    Ok(())
}

fn project(scan: &mut Scan<'_>, folder: &Path, keys: &mut Keys) -> Result<()> {
    let path = folder.join("project.pbxproj");
    let Some(content) = scan.content(&path, PROJECT_LIMIT) else {
        return Ok(());
    };
    let parsed = content.and_then(|bytes| plist::parse(&bytes).map_err(|error| error.to_string()));
    match parsed.and_then(|project| parse::project(&project)) {
        Ok(all) => list(scan, folder, &path, all, keys),
        Err(why) => scan.entry(Entry::new(KIND, path.as_path(), &path).unparsable(why)),
    }
}

fn list(scan: &mut Scan<'_>, folder: &Path, path: &Path, all: Vec<Script>, keys: &mut Keys) -> Result<()> {
    let work = folder.parent().unwrap_or(folder);
    for script in all {
        let key = [path.as_os_str().as_bytes(), b": ", script.id.as_bytes()].concat();
        let mut programs = match &script.shell {
            Some(shell) => scan.programs().folder(work).shell(shell.as_bytes()),
            None => Vec::new(),
        };
        for program in scan.programs().folder(work).shell(script.text.as_bytes()) {
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
        let entry = Entry::new(KIND, keys.unique(key.into()), path)
            .field("type", script.what)
            .maybe("name", script.name)
            .maybe("shell", script.shell)
            .field("script", script.text)
            .programs(programs);
        scan.entry(entry)?;
    }
    Ok(())
}

/// What XCSSET did: a project's folder is no place for anything else.
fn strangers(scan: &mut Scan<'_>, folder: &Path) -> Result<()> {
    for listed in scan.list(folder) {
        if USUAL.iter().any(|usual| listed.name == *usual) {
            continue;
        }
        let path = folder.join(&listed.name);
        let entry = Entry::new(KIND, path.as_path(), &path).field("type", "file");
        let is_file = listed.file_type == FileType::RegularFile;
        let programs = is_file.then(|| path.as_path().into());
        scan.entry(entry.programs(programs.into_iter().collect()))?;
    }
    Ok(())
}
