//! Safari, which keeps its lists in a container since macOS 10.15.

use crate::kinds::{self, EXTENSION};
use crate::parse::safari as parse;
use assay_sdk::{Entry, Result, Scan, Text, plist};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "~/Library/Safari/{Extensions,AppExtensions,WebExtensions}/Extensions.plist",
    "~/Library/Containers/com.apple.Safari/Data/Library/Safari/{AppExtensions,WebExtensions}/Extensions.plist",
    "~/Library/Containers/com.apple.Safari/Data/Library/Safari/Profiles/*/{AppExtensions,WebExtensions}/Extensions.plist",
];

const CONTAINER: &str = "Library/Containers/com.apple.Safari/Data/Library/Safari";
const LIST_LIMIT: u64 = 16 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        let container = home.path.join(CONTAINER);
        let profiles = container.join("Profiles");
        let of_profiles = scan
            .list(&profiles)
            .into_iter()
            .map(|listed| profiles.join(listed.name));
        let mut folders = vec![home.path.join("Library/Safari"), container];
        folders.extend(of_profiles);
        for folder in folders {
            for name in ["Extensions", "AppExtensions", "WebExtensions"] {
                list(scan, &folder.join(name))?;
            }
        }
    }
    Ok(())
}

fn list(scan: &mut Scan<'_>, folder: &Path) -> Result<()> {
    let path: PathBuf = folder.join("Extensions.plist");
    let Some(content) = scan.content(&path, LIST_LIMIT) else {
        return Ok(());
    };
    let list = content.and_then(|bytes| plist::parse(&bytes).map_err(|error| error.to_string()));
    match list.and_then(|list| parse::extensions(&list)) {
        Ok(all) => {
            let mut known = std::collections::HashSet::new();
            for found in all {
                if known.insert(found.extension.id.clone()) {
                    let archive = found.archive.filter(|name| !name.contains('/'));
                    let programs = archive.map(|name| Text::from(folder.join(name).as_path()));
                    let entry = kinds::entry(folder, &path, found.extension);
                    scan.entry(entry.programs(programs.into_iter().collect()))?;
                }
            }
            Ok(())
        }
        Err(why) => scan.entry(Entry::new(EXTENSION, path.as_path(), &path).unparsable(why)),
    }
}
