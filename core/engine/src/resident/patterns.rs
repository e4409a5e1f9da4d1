//! What the globs of a manifest name: all that is known of where a module looks that does not tell.

use assay_model::watch::{Part, PathGlob};
use assay_root::{FileType, Root};
use globset::Glob;
use std::path::{Path, PathBuf};

/// Places that are taken from one manifest.
const MAX_PLACES: usize = 10_000;
/// Folders below one another that `**` goes down.
const MAX_DEPTH: usize = 8;
/// Bytes of `/etc/passwd`.
const MAX_ACCOUNTS: u64 = 1 << 20;

/// Everything that the globs name, and each folder that is listed to find it.
pub(super) fn places(root: &Root, globs: &[String]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for glob in globs {
        // One that is none was never looked at by anybody.
        let Ok(glob) = serde_json::from_value::<PathGlob>(glob.as_str().into()) else {
            continue;
        };
        let bases = if glob.is_of_home() {
            homes(root)
        } else {
            vec!["/".into()]
        };
        for base in bases {
            for parts in glob.alternatives() {
                descend(root, &base, parts, 0, &mut found);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The homes of accounts, and what lies where homes are.
fn homes(root: &Root) -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = vec!["/root".into(), "/var/root".into()];
    let accounts = root
        .read("/etc/passwd".as_ref(), MAX_ACCOUNTS)
        .unwrap_or_default();
    let accounts = String::from_utf8_lossy(&accounts);
    homes.extend(
        accounts
            .lines()
            .filter_map(|line| line.split(':').nth(5))
            .map(PathBuf::from),
    );
    for folder in ["/home", "/Users"].map(Path::new) {
        homes.push(folder.to_owned());
        let listed = root.list(folder).unwrap_or_default();
        homes.extend(listed.into_iter().map(|listed| folder.join(listed.name)));
    }
    homes.retain(|home| home.is_absolute() && home.parent().is_some());
    homes.sort();
    homes.dedup();
    homes
}

fn descend(root: &Root, folder: &Path, parts: &[Part], depth: usize, found: &mut Vec<PathBuf>) {
    if found.len() >= MAX_PLACES {
        return;
    }
    found.push(folder.to_owned());
    let Some((part, rest)) = parts.split_first() else {
        return;
    };
    let is_match: Box<dyn Fn(&Path) -> bool> = match part {
        Part::Name(name) => return descend(root, &folder.join(name), rest, depth, found),
        Part::Deep => {
            descend(root, folder, rest, depth, found);
            Box::new(|_| false)
        }
        Part::Glob(glob) => match Glob::new(glob).map(|glob| glob.compile_matcher()) {
            Ok(matcher) => Box::new(move |name| matcher.is_match(name)),
            Err(_) => return,
        },
    };
    for listed in root.list(folder).unwrap_or_default() {
        let below = folder.join(&listed.name);
        if is_match(listed.name.as_ref()) {
            descend(root, &below, rest, depth, found);
        } else if *part == Part::Deep && listed.file_type == FileType::Directory && depth < MAX_DEPTH {
            descend(root, &below, parts, depth + 1, found);
        }
    }
}
