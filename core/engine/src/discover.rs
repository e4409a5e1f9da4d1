//! Which modules are there? Every shared library in the module folders.

use crate::trust::{self, Refused};
use assay_model::Stamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A module file that is trusted, and open.
#[derive(Debug)]
pub struct Candidate {
    /// Where it is.
    pub path: PathBuf,
    /// Its name as far as the file tells: `cron` of `libassay_module_cron.so`. The manifest has the last word.
    pub name: String,
    /// The checked descriptor, from which it is loaded.
    pub file: File,
    /// Identity and times of the file.
    pub stamp: Stamp,
    /// Digest of its content.
    pub sha256: String,
}

/// What the folders hold.
#[derive(Debug, Default)]
pub struct Found {
    /// Modules to run, sorted by name; of two with one name, that in the earlier folder.
    pub candidates: Vec<Candidate>,
    /// Files that are not loaded, and why.
    pub refused: Vec<(PathBuf, String)>,
}

/// Digests of module files that are trusted, by module: `modules.lock`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// SHA-256 of the file, by the name of the module.
    #[serde(default)]
    pub modules: BTreeMap<String, String>,
}

/// What a module file was when its digest was last taken, by its path.
pub type KnownFiles = BTreeMap<PathBuf, (Stamp, String)>;

/// Looks through the folders; with `pins`, only files that are pinned are loaded. A file that is as it was in `known`
/// is not read again. A folder that is not there is no error: it holds no modules.
#[must_use]
pub fn discover(folders: &[PathBuf], disabled: &[String], pins: Option<&Pins>, known: &KnownFiles) -> Found {
    let mut found = Found::default();
    for folder in folders {
        // Links on the way are resolved once; from then on no link is followed.
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        let files = walkdir::WalkDir::new(&folder)
            .min_depth(1)
            .max_depth(1)
            .sort_by_file_name();
        for file in files.into_iter().filter_map(Result::ok) {
            let path = file.into_path();
            let Some(name) = module_name(&path) else { continue };
            if disabled.contains(&name) || found.candidates.iter().any(|c| c.name == name) {
                continue;
            }
            match open(&path, name, known) {
                Ok(candidate)
                    if pins
                        .is_some_and(|pins| pins.modules.get(&candidate.name) != Some(&candidate.sha256)) =>
                {
                    let fix = format!("run `assay module trust {}`", path.display());
                    found
                        .refused
                        .push((path, format!("its digest is not in modules.lock; {fix}")));
                }
                Ok(candidate) => found.candidates.push(candidate),
                Err(refused) => found.refused.push((path, refused.to_string())),
            }
        }
    }
    found.candidates.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Opens one module file, if it can be trusted.
///
/// # Errors
/// When it cannot.
pub fn open_module(path: &Path) -> Result<Candidate, Refused> {
    let name = module_name(path).ok_or_else(|| Refused::NotRegular {
        path: path.to_owned(),
    })?;
    open(path, name, &KnownFiles::new())
}

fn open(path: &Path, name: String, known: &KnownFiles) -> Result<Candidate, Refused> {
    let file = trust::open(path)?;
    let failed = |why: std::io::Error| Refused::Open {
        path: path.to_owned(),
        why,
    };
    let stat = rustix::fs::fstat(&file).map_err(|errno| failed(errno.into()))?;
    let stamp = assay_root::stamp(&stat);
    let sha256 = match known.get(path) {
        Some((then, sha256)) if *then == stamp => sha256.clone(),
        _ => digest(&file).map_err(failed)?,
    };
    // What was written just now is read again next time.
    let now = jiff::Timestamp::now().as_nanosecond();
    let stamp = if stamp.is_settled(i64::try_from(now).unwrap_or(0)) {
        stamp
    } else {
        Stamp::default()
    };
    Ok(Candidate {
        path: path.to_owned(),
        name,
        file,
        stamp,
        sha256,
    })
}

/// `libassay_module_cron.so`, `assay_module_cron.so` and `cron.so` are all `cron`.
fn module_name(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    path.extension().filter(|e| *e == "so" || *e == "dylib")?;
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    let name = name.strip_prefix("assay_module_").unwrap_or(name);
    (!name.is_empty() && !name.starts_with('.')).then(|| name.to_owned())
}

fn digest(file: &File) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    let mut at = 0;
    loop {
        let read = file.read_at(&mut buffer, at)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
        at += read as u64;
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
}
