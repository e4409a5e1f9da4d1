//! Watch lists: which there are, and what they say. A list is data, and an error in one harms that one alone.

mod read;

pub use read::{Unsound, parse, read};

use assay_model::Kind;
use assay_model::watch::{FilesConfig, Watch, WatchList, Watched};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The module that looks at what lists name.
pub const MODULE: &str = "files";

/// A list that is sound.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Its name: `package_managers` of `package_managers.toml`.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Digest of its content.
    pub sha256: String,
    /// What it says.
    pub list: WatchList,
    /// Line and column of each kind, for messages.
    places: Vec<(usize, usize)>,
}

impl List {
    /// The kinds that it watches.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        self.list
            .watch
            .iter()
            .map(|watch| watch.declares(&definition(watch)))
            .collect()
    }
    /// Their names.
    #[must_use]
    pub fn kind_names(&self) -> Vec<&str> {
        self.list.watch.iter().map(|watch| watch.kind.as_str()).collect()
    }
    /// Every path that it names, as it is written.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let paths = self.list.watch.iter().flat_map(|watch| &watch.paths);
        paths.map(ToString::to_string)
    }
}

/// What the folders hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lists {
    /// Lists to watch, sorted by name; of two with one name, that in the earlier folder.
    pub sound: Vec<List>,
    /// Files that are not used, and why, with line and column where it is what they say.
    pub refused: Vec<(PathBuf, String)>,
}

/// Looks through the folders. A folder that is not there is no error: it holds no lists.
#[must_use]
pub fn load(folders: &[PathBuf], disabled: &[String]) -> Lists {
    let mut lists = Lists::default();
    // By kind: the list that has it, and where.
    let mut kinds: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in folders.iter().flat_map(|folder| files_of(folder)) {
        let Some(name) = name_of(&path) else { continue };
        if disabled.contains(&name) || lists.sound.iter().any(|list| list.name == name) {
            continue;
        }
        match read(&path) {
            Ok(list) => match list.clash(&kinds) {
                Some(why) => lists.refused.push((path, why)),
                None => {
                    kinds.extend(
                        list.kind_names()
                            .iter()
                            .map(|kind| ((*kind).to_owned(), path.clone())),
                    );
                    lists.sound.push(list);
                }
            },
            Err(unsound) => lists.refused.push((path, unsound.to_string())),
        }
    }
    lists.sound.sort_by(|a, b| a.name.cmp(&b.name));
    lists
}

impl List {
    /// What is wrong with it beside those that came before.
    fn clash(&self, kinds: &BTreeMap<String, PathBuf>) -> Option<String> {
        let mut named = self.kind_names().into_iter().zip(&self.places);
        let (kind, (line, column)) = named.find(|(kind, _)| kinds.contains_key(*kind))?;
        let other = kinds.get(kind)?.display();
        let here = self.path.display();
        Some(format!(
            "{here}:{line}:{column}: kind `{kind}` is in `{other}` already; give it another name"
        ))
    }
}

/// The lists in a folder, in the order of their names. Links on the way to the folder are resolved once.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(folder) = folder.canonicalize() else {
        return Vec::new();
    };
    let files = walkdir::WalkDir::new(folder)
        .min_depth(1)
        .max_depth(1)
        .sort_by_file_name();
    files
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// `ci_runners` of `ci_runners.toml`; other files, and hidden ones, which editors leave, are no lists.
pub(crate) fn name_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let is_list = path.extension().is_some_and(|extension| extension == "toml") && !stem.starts_with('.');
    is_list.then(|| stem.to_owned())
}

/// What the module `files` is asked.
#[must_use]
pub fn config(lists: &[List]) -> toml::Table {
    let watches = lists
        .iter()
        .flat_map(|list| &list.list.watch)
        .map(|watch| Watched {
            watch: watch.clone(),
            definition: definition(watch),
        });
    let config = FilesConfig {
        watches: watches.collect(),
    };
    toml::Table::try_from(config).unwrap_or_default()
}

/// A digest of how entries of a watch are found; what they are called and how bad a change is are no part of it.
fn definition(watch: &Watch) -> String {
    let found = Watch {
        summary: String::new(),
        severity: assay_model::Severity::High,
        ..watch.clone()
    };
    let found = serde_json::to_value(found).map(|mut value| {
        if let Some(members) = value.as_object_mut() {
            members.remove("technique");
        }
        value.to_string()
    });
    crate::alert::digest(&found.unwrap_or_default())[..32].to_owned()
}

#[cfg(test)]
mod tests;
