//! What the globs of a manifest name: all that is known of where a module looks that does not tell.

use assay_root::{FileType, Root};
use globset::{Glob, GlobMatcher};
use std::path::{Component, Path, PathBuf};

/// Places that are taken from one manifest.
const MAX_PLACES: usize = 10_000;
/// Folders below one another that `**` goes down.
const MAX_DEPTH: usize = 8;

/// Everything that the globs name, and each folder that is listed to find it.
pub(super) fn places(root: &Root, patterns: &[String]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for pattern in patterns {
        let parts: Vec<&str> = Path::new(pattern)
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        descend(root, Path::new("/"), &parts, 0, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn descend(root: &Root, folder: &Path, parts: &[&str], depth: usize, found: &mut Vec<PathBuf>) {
    if found.len() >= MAX_PLACES {
        return;
    }
    found.push(folder.to_owned());
    let Some((part, rest)) = parts.split_first() else {
        return;
    };
    if !part.contains(['*', '?', '[', '{']) {
        return descend(root, &folder.join(part), rest, depth, found);
    }
    let any_depth = *part == "**";
    let matcher = Glob::new(part)
        .ok()
        .map(|glob: Glob| -> GlobMatcher { glob.compile_matcher() });
    if any_depth {
        descend(root, folder, rest, depth, found);
    }
    for listed in root.list(folder).unwrap_or_default() {
        let below = folder.join(&listed.name);
        if any_depth {
            if listed.file_type == FileType::Directory && depth < MAX_DEPTH {
                descend(root, &below, parts, depth + 1, found);
            }
        } else if matcher
            .as_ref()
            .is_some_and(|matcher| matcher.is_match(&listed.name))
        {
            descend(root, &below, rest, depth, found);
        }
    }
}
