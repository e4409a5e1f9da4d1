//! Which modules are there? Every shared library and every executable in the module folders.

use crate::script::{self, Code};
use crate::signature::{self, Key};
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
    /// Its name as far as the file tells: `cron` of `libassay_module_cron.so`, `ssh_keys` of `ssh_keys.py`. The manifest
    /// has the last word.
    pub name: String,
    /// How it comes to run.
    pub code: Code,
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

/// What a module file must be besides trusted.
#[derive(Clone, Copy, Debug)]
pub enum Demand<'a> {
    /// Nothing more.
    None,
    /// One whose digest is known.
    Pinned(&'a Pins),
    /// One that a key has signed.
    Signed(&'a [Key]),
}

impl Demand<'_> {
    /// Why it is not met.
    fn unmet(self, module: &Candidate) -> Option<String> {
        match self {
            Self::None => None,
            Self::Pinned(pins) => {
                let is_pinned = pins.modules.get(&module.name) == Some(&module.sha256);
                let fix = format!("run `assay module trust {}`", module.path.display());
                (!is_pinned).then(|| format!("its digest is not in modules.lock; {fix}"))
            }
            Self::Signed(keys) => {
                let signer = signature::signer(&module.path, &module.file, keys);
                signer.err().map(|unsigned| unsigned.to_string())
            }
        }
    }
}

/// What a module file was when its digest was last taken, by its path.
pub type KnownFiles = BTreeMap<PathBuf, (Stamp, String)>;

/// Assay's own programs, which lie beside the modules in a build folder.
const OWN_PROGRAMS: &[&str] = &["assay", "assay-host"];

/// Looks through the folders; only files that meet the `demand` are loaded. A file that is as it was in `known`
/// is not read again. A folder that is not there is no error: it holds no modules.
#[must_use]
pub fn discover(folders: &[PathBuf], disabled: &[String], demand: Demand<'_>, known: &KnownFiles) -> Found {
    let mut found = Found::default();
    for folder in folders {
        // Links on the way are resolved once; from then on no link is followed.
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        let inside = trust::Folder::enter(&folder);
        let files = walkdir::WalkDir::new(&folder)
            .min_depth(1)
            .max_depth(1)
            .sort_by_file_name();
        for file in files.into_iter().filter_map(Result::ok) {
            let path = file.into_path();
            if library_name(&path).is_none() && !is_executable(&path) {
                continue;
            }
            if let Ok(name) = module_name(&path)
                && (disabled.contains(&name) || found.candidates.iter().any(|c| c.name == name))
            {
                continue;
            }
            let opened = inside.as_ref().map_err(Refused::to_string).and_then(|inside| {
                let file = inside.open(path.file_name().unwrap_or_default());
                file.and_then(|file| candidate(&path, file, known))
                    .map_err(|refused| refused.to_string())
            });
            match opened {
                Ok(None) => {}
                Ok(Some(candidate)) => match demand.unmet(&candidate) {
                    Some(why) => found.refused.push((path, why)),
                    None => found.candidates.push(candidate),
                },
                Err(refused) => found.refused.push((path, refused)),
            }
        }
    }
    found.candidates.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Opens one module file, if it can be trusted.
///
/// # Errors
/// When it cannot, or is no module.
pub fn open_module(path: &Path) -> Result<Candidate, Refused> {
    let no_module = |fix| Refused::NoModule {
        path: path.to_owned(),
        fix,
    };
    if path.is_file() && library_name(path).is_none() && !script::may_execute(path) {
        return Err(no_module("a script must be executable: run `chmod +x` on it"));
    }
    candidate(path, trust::open(path)?, &KnownFiles::new())?.ok_or_else(|| {
        no_module(
            "it is no shared library and no program, and has no first line such as `#!/usr/bin/env python3`",
        )
    })
}

/// `None` for a file that nobody could run as a module.
fn candidate(path: &Path, file: File, known: &KnownFiles) -> Result<Option<Candidate>, Refused> {
    let code = match library_name(path) {
        Some(_) => Some(Code::Native),
        None => script::code_of(path, &file)?,
    };
    let Some(code) = code else { return Ok(None) };
    let name = module_name(path)?;
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
    Ok(Some(Candidate {
        path: path.to_owned(),
        name,
        code,
        file,
        stamp,
        sha256,
    }))
}

/// Whether a file, or what a link leads to, could be run, and is none of Assay's own.
fn is_executable(path: &Path) -> bool {
    let own = |name: &&str| path.file_name().is_some_and(|file| file == *name);
    !OWN_PROGRAMS.iter().any(own) && script::may_execute(path)
}

/// `libassay_module_cron.so`, `assay_module_cron.so` and `cron.so` are all `cron`; other files are no library.
fn library_name(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    path.extension().filter(|e| *e == "so" || *e == "dylib")?;
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    let name = name.strip_prefix("assay_module_").unwrap_or(name);
    (!name.is_empty() && !name.starts_with('.')).then(|| name.to_owned())
}

/// The module that a file is named for: that of a library, or `ssh_keys` of `ssh_keys.py`.
fn module_name(path: &Path) -> Result<String, Refused> {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let script = stem.filter(|stem| !stem.is_empty() && stem.bytes().all(is_word));
    library_name(path)
        .or_else(|| script.map(str::to_owned))
        .ok_or_else(|| Refused::Name {
            path: path.to_owned(),
        })
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
