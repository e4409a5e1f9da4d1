//! Reading one list, so that an error says where it is and what to do.

use super::List;
use crate::config::{ConfigError, invalid, invalid_at, place};
use crate::discover::hex;
use crate::trust::{self, Refused};
use assay_model::watch::{NameGlob, Part, PathGlob, Watch, WatchList};
use globset::GlobBuilder;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of a list.
const MAX_LIST: u64 = 256 << 10;
/// Kinds of a list.
const MAX_WATCHES: usize = 500;

/// Why a list is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// Others could have written it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It says something it may not.
    #[error(transparent)]
    Invalid(#[from] ConfigError),
    /// It is too long, or its name cannot be one.
    #[error("`{}`: {why}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads a list, an absolute path without links, if it can be trusted.
///
/// # Errors
/// See [`Unsound`].
pub fn read(path: &Path) -> Result<List, Unsound> {
    let wrong = |why| Unsound::File {
        path: path.to_owned(),
        why,
    };
    let file = trust::open(path)?;
    let mut text = String::new();
    let read = file.take(MAX_LIST + 1).read_to_string(&mut text);
    read.map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    if text.len() as u64 > MAX_LIST {
        return Err(wrong("a watch list has at most 256 KiB; make two of it"));
    }
    let name = super::name_of(path).ok_or_else(|| wrong("a watch list is called NAME.toml"))?;
    let (list, places) = parse(path, &text)?;
    Ok(List {
        name,
        path: path.to_owned(),
        sha256: hex(&Sha256::digest(text.as_bytes())),
        list,
        places,
    })
}

/// Line and column, from 1.
type Place = (usize, usize);

/// What a text says as a list, and where each of its kinds stands: line and column, from 1. `path` is for messages.
///
/// # Errors
/// With the place of what is wrong.
pub fn parse(path: &Path, text: &str) -> Result<(WatchList, Vec<Place>), ConfigError> {
    let list: WatchList = toml::from_str(text).map_err(|error| invalid(path, text, &error))?;
    let table = DeTable::parse(text).map_err(|error| invalid(path, text, &error))?;
    let places = Places(table.get_ref().get("watch"));
    let wrong = |start, message| Err(invalid_at(path, text, start, message));
    if list.watch.len() > MAX_WATCHES {
        return wrong(
            0,
            format!("a watch list has at most {MAX_WATCHES} kinds; make two of it"),
        );
    }
    let mut kinds_at = Vec::new();
    for (index, watch) in list.watch.iter().enumerate() {
        if let Err((key, message)) = watch.check() {
            return wrong(places.of(index, key, 0), message);
        }
        if let Err((key, item, message)) = check_globs(watch) {
            return wrong(places.of(index, key, item), message);
        }
        let kind = &watch.kind;
        if list.watch[..index].iter().any(|earlier| earlier.kind == *kind) {
            let message = format!("kind `{kind}` is there twice; give one of them another name");
            return wrong(places.of(index, "kind", 0), message);
        }
        kinds_at.push(place(text, places.of(index, "kind", 0)));
    }
    Ok((list, kinds_at))
}

/// Where the values of the watches stand.
struct Places<'t>(Option<&'t Spanned<DeValue<'t>>>);

impl Places<'_> {
    /// The byte where an item of a list, or else the value, or else the watch begins.
    fn of(&self, watch: usize, key: &str, item: usize) -> usize {
        let watch = self.0.and_then(|watches| watches.get_ref().get(watch));
        let value = watch.and_then(|watch| watch.get_ref().get(key));
        let item = value.and_then(|value| value.get_ref().get(item));
        item.or(value).or(watch).map_or(0, |found| found.span().start)
    }
}

/// The key and the place in its list of a glob that none can fit, and why.
fn check_globs(watch: &Watch) -> Result<(), (&'static str, usize, String)> {
    for (key, paths) in [("paths", &watch.paths), ("exclude", &watch.exclude)] {
        for (item, path) in paths.iter().enumerate() {
            check_path(path).map_err(|message| (key, item, message))?;
        }
    }
    for (key, globs) in [("only", &watch.only), ("ignore", &watch.ignore)] {
        for (item, glob) in globs.iter().enumerate() {
            check_glob(NameGlob::as_str(glob)).map_err(|message| (key, item, message))?;
        }
    }
    Ok(())
}

fn check_path(path: &PathGlob) -> Result<(), String> {
    for part in path.alternatives().iter().flatten() {
        if let Part::Glob(glob) = part {
            check_glob(glob)?;
        }
    }
    Ok(())
}

fn check_glob(glob: &str) -> Result<(), String> {
    let built = GlobBuilder::new(glob)
        .backslash_escape(true)
        .empty_alternates(true)
        .build();
    match built {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "`{glob}` is no glob: {}; put a backslash before a sign that stands for itself",
            error.kind()
        )),
    }
}
