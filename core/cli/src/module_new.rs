//! `assay module new`: a module that works, from templates inside the program.

use crate::args::{Common, Language, New};
use crate::context::say;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A file of a template: its path, what it holds, its mode. `{{NAME}}` and the like are replaced in both.
type File = (&'static str, &'static str, u32);

const RUST: &[File] = &[
    (
        "Cargo.toml",
        include_str!("../templates/rust/Cargo.toml.txt"),
        0o644,
    ),
    ("src/lib.rs", include_str!("../templates/rust/lib.rs.txt"), 0o644),
    (".gitignore", "target/\n", 0o644),
];
const PYTHON: &[File] = &[
    (
        "{{NAME}}.py",
        include_str!("../templates/python/module.py.txt"),
        0o755,
    ),
    (
        "test_{{NAME}}.py",
        include_str!("../templates/python/test.py.txt"),
        0o644,
    ),
    (".gitignore", "__pycache__/\n", 0o644),
];
const C: &[File] = &[
    ("{{NAME}}.c", include_str!("../templates/c/module.c.txt"), 0o644),
    ("Makefile", include_str!("../templates/c/Makefile.txt"), 0o644),
    (
        "assay_helpers.h",
        include_str!("../templates/c/assay_helpers.h"),
        0o644,
    ),
    (
        "assay_module.h",
        include_str!("../../abi/include/assay_module.h"),
        0o644,
    ),
    (".gitignore", "*.so\nseen.jsonl\n", 0o644),
];
const WATCH: &[File] = &[
    (
        "{{NAME}}.toml",
        include_str!("../templates/watch/list.toml.txt"),
        0o644,
    ),
    ("test.sh", include_str!("../templates/watch/test.sh.txt"), 0o755),
];
/// A root to try it on.
const FIXTURE: &[File] = &[
    ("fixture/etc/os-release", "ID=fixture\n", 0o644),
    (
        "fixture/etc/{{NAME}}.conf",
        "# a comment\n/bin/true --all\n",
        0o644,
    ),
];
/// Longer names make paths that some systems do not take.
const MAX_NAME: usize = 64;

/// Writes the module and says what comes next.
pub(crate) fn new(common: &Common, new: &New) -> Result<()> {
    let name = &new.name;
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_well || name.len() > MAX_NAME || !name.bytes().all(is_word) {
        bail!("`{name}` is no name for a module; it is a word of a-z, 0-9 and _ that begins with a letter");
    }
    let folder = new.dir.join(name);
    if folder.symlink_metadata().is_ok() {
        bail!("`{}` is there already; nothing is overwritten", folder.display());
    }
    let values = Values::of(new)?;
    let files = match new.lang {
        Language::Rust => RUST,
        Language::Python => PYTHON,
        Language::C => C,
        Language::Watch => WATCH,
    };
    let mut written = Vec::new();
    for (path, content, mode) in files.iter().chain(FIXTURE) {
        let path = folder.join(values.fill(path));
        write(&path, values.fill(content).as_bytes(), *mode)
            .with_context(|| format!("write `{}`", path.display()))?;
        written.push(path);
    }
    // The same versions as the SDK was tested with, and none to be looked up.
    if let Some(lock) = &values.lock {
        let path = folder.join("Cargo.lock");
        fs::copy(lock, &path).with_context(|| format!("write `{}`", path.display()))?;
        written.push(path);
    }
    if common.json {
        let next = steps(new, &folder);
        return Ok(say!(
            "{}",
            serde_json::json!({"name": name, "files": written, "next": next})
        )?);
    }
    say!(
        "made `{}`; what is yours to write says CHANGE. Next:\n",
        folder.display()
    )?;
    for step in steps(new, &folder) {
        say!("  {step}")?;
    }
    if let Some(note) = &values.note {
        say!("\n{note}")?;
    }
    Ok(())
}

/// The commands that build, test and try it.
fn steps(new: &New, folder: &Path) -> Vec<String> {
    let name = &new.name;
    let enter = format!("cd '{}'", folder.display().to_string().replace('\'', "'\\''"));
    let (build, file) = match new.lang {
        Language::Rust => (
            vec!["cargo test".to_owned(), "cargo build --release".to_owned()],
            format!(
                "target/release/libassay_module_{name}{}",
                std::env::consts::DLL_SUFFIX
            ),
        ),
        Language::Python => (vec!["python3 -m unittest".to_owned()], format!("{name}.py")),
        Language::C => (vec!["make check".to_owned()], format!("{name}.so")),
        Language::Watch => (vec!["./test.sh".to_owned()], format!("{name}.toml")),
    };
    let mut steps = vec![enter];
    steps.extend(build);
    steps.push(format!("assay module run --root fixture {file}"));
    steps.push(format!("assay module check --root fixture {file}"));
    steps
}

/// Makes a file that is not there yet, with the folders above it.
fn write(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content)?;
    // Whatever the umask left out: a script that may not be executed is no module. Group and others get no right to
    // write, which a wide umask would give them, and with which Assay would not load it.
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// What the templates leave open.
struct Values {
    name: String,
    sdk: String,
    testkit: String,
    python: String,
    lock: Option<PathBuf>,
    note: Option<String>,
}

impl Values {
    fn of(new: &New) -> Result<Self> {
        let mut values = Self {
            name: new.name.clone(),
            sdk: String::new(),
            testkit: String::new(),
            python: String::new(),
            lock: None,
            note: None,
        };
        match new.lang {
            Language::Rust => values.rust(new.sdk.as_deref())?,
            Language::Python => values.python()?,
            Language::C | Language::Watch => {}
        }
        Ok(values)
    }

    fn rust(&mut self, sdk: Option<&Path>) -> Result<()> {
        let sdk = match sdk {
            Some(sdk) => Some(
                sdk.canonicalize()
                    .ok()
                    .filter(|sdk| sdk.join("Cargo.toml").is_file())
                    .with_context(|| format!("`{}` is not the folder of the SDK", sdk.display()))?,
            ),
            None => source_tree()?.map(|tree| tree.join("core/sdk")),
        };
        let dependency = |more: &str| match &sdk {
            Some(sdk) => {
                let path = toml::Value::String(sdk.display().to_string());
                format!("assay-sdk = {{ path = {path}{more} }}")
            }
            None => format!(
                "assay-sdk = {{ version = \"{}\"{more} }}",
                env!("CARGO_PKG_VERSION")
            ),
        };
        self.sdk = dependency("");
        self.testkit = dependency(", features = [\"testkit\"]");
        match &sdk {
            Some(sdk) => {
                let lock = sdk.ancestors().nth(2).map(|tree| tree.join("Cargo.lock"));
                self.lock = lock.filter(|lock| lock.is_file());
            }
            None => {
                self.sdk = format!(
                    "# Until it is on crates.io: assay-sdk = {{ path = \"…/core/sdk\" }}\n{}",
                    self.sdk
                );
                let note = "the SDK is none of the folders of this installation: name it in Cargo.toml, or with --sdk";
                self.note = Some(note.to_owned());
            }
        }
        Ok(())
    }

    fn python(&mut self) -> Result<()> {
        let program = std::env::current_exe().and_then(|path| path.canonicalize())?;
        let host = assay_engine::places::host(&program);
        match assay_engine::places::python(&host) {
            // Python reads the same escapes as JSON.
            Some(folder) => self.python = serde_json::to_string(&folder.display().to_string())?,
            None => bail!("there is no `assay_module.py` with this installation that may be trusted"),
        }
        Ok(())
    }

    fn fill(&self, text: &str) -> String {
        let replaced = [
            ("{{SDK_TESTKIT}}", &self.testkit),
            ("{{SDK}}", &self.sdk),
            ("{{PYTHON}}", &self.python),
            ("{{CLASS}}", &class(&self.name)),
            ("{{NAME}}", &self.name),
        ];
        replaced
            .iter()
            .fold(text.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

/// `ssh_keys` as `SshKeys`.
fn class(name: &str) -> String {
    let words = name.split('_').filter_map(|word| {
        let first = word.get(..1)?.to_ascii_uppercase();
        Some(first + word.get(1..)?)
    });
    words.collect()
}

/// The source tree that this program was built in, when it runs from its build folder.
fn source_tree() -> Result<Option<PathBuf>> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize())?;
    let tree = program.ancestors().nth(3);
    Ok(tree
        .filter(|tree| tree.join("core/sdk/Cargo.toml").is_file())
        .map(Path::to_owned))
}
