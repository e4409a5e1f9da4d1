//! What opening a file starts: of a bundle its program, of anything else the file itself.

use assay_sdk::{Scan, Text};
use std::path::{Path, PathBuf};

/// A path that is opened, with what was found there.
pub(crate) struct Target {
    /// The programs that this starts; the path as it stands where nothing is there, since that may come.
    pub(crate) programs: Vec<Text>,
    /// The identifier of the bundle.
    pub(crate) identifier: Option<String>,
}

impl Target {
    /// What is at a path that a list names.
    pub(crate) fn of(scan: &mut Scan<'_>, list: &Path, path: &Text) -> Self {
        scan.begin_named_by(list);
        let bundle = scan.bundle(path.as_path());
        scan.end_named_by();
        if let Some(bundle) = bundle.filter(|bundle| bundle.broken.is_none()) {
            return Self {
                identifier: bundle.text("CFBundleIdentifier"),
                programs: bundle.program.into_iter().collect(),
            };
        }
        Self {
            programs: scan.programs().argv(std::slice::from_ref(path)),
            identifier: None,
        }
    }
}

/// Whether it is in none of the folders where applications belong, links followed.
pub(crate) fn is_elsewhere(scan: &Scan<'_>, path: &Text, home: &Path) -> bool {
    let path = path.as_path();
    let real = scan.root().canonical(path).unwrap_or_else(|_| path.to_owned());
    // What cannot be resolved may leave a folder again.
    let leaves = real
        .components()
        .any(|part| part == std::path::Component::ParentDir);
    let mut folders = ["/Applications", "/System"].map(PathBuf::from).to_vec();
    folders.push(home.join("Applications"));
    leaves || !folders.iter().any(|folder| real.starts_with(folder))
}
