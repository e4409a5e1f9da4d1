//! What every test from the outside needs: the built programs, a scratch root with a state of its own, and a way to
//! say what happened there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails"
)]

pub mod page;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The folder of the built programs and modules. They are built once a test process, as `cargo build` does it: a
/// test of another package cannot depend on a binary or a shared library.
pub fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if std::env::var_os(BUILT).is_none() {
            build();
        }
        let test = std::env::current_exe().unwrap();
        lay_out(&test);
        // target/PROFILE/deps/THIS-TEST
        test.ancestors().nth(2).unwrap().to_owned()
    })
}

/// Set where all is built already, and the tests need not look whether it is.
const BUILT: &str = "ASSAY_BUILT";

fn build() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--exclude",
            "assay-tests",
            "--manifest-path",
        ])
        .arg(manifest);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(
        build.status().expect("cargo").success(),
        "the workspace does not build"
    );
}

/// A folder with the modules that tests of the core use: what they plant is told by one of these, and by no other.
pub fn spine() -> &'static Path {
    static SPINE: OnceLock<PathBuf> = OnceLock::new();
    SPINE.get_or_init(|| {
        let scratch = built().join("scratch");
        let folder = scratch.join("spine");
        fs::create_dir_all(&folder).unwrap();
        for module in ["cron", "files", "kernel", "launchd", "startup", "systemd"] {
            let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
            let file = format!("{prefix}assay_module_{module}{suffix}");
            // A second name of what was built, put in place at once: another test process may be using the first.
            let beside = scratch.join(format!("{file}.{}", std::process::id()));
            fs::hard_link(built().join(&file), &beside).unwrap();
            fs::rename(&beside, folder.join(file)).unwrap();
            // What is the same file already is not moved.
            _ = fs::remove_file(beside);
        }
        folder
    })
}

/// Copies those built modules that are `wanted` into a new folder. Every run reads a module whole before it loads it, and
/// of an unoptimised one most is what debuggers want.
pub fn copy_modules(folder: &Path, wanted: impl Fn(&str) -> bool) {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    fs::create_dir(folder).unwrap();
    for found in fs::read_dir(built()).unwrap() {
        let found = found.unwrap();
        let file = found.file_name().into_string().unwrap();
        let name = file.strip_prefix(&format!("{DLL_PREFIX}assay_module_"));
        let name = name.and_then(|name| name.strip_suffix(DLL_SUFFIX));
        if !name.is_some_and(&wanted) {
            continue;
        }
        let to = folder.join(&file);
        let mut strip = Command::new("strip");
        strip.args(["-S", "-o"]).args([&to, &found.path()]);
        if !strip.status().is_ok_and(|status| status.success()) {
            fs::copy(found.path(), to).unwrap();
        }
    }
}

/// Puts what script modules in Python import beside the programs, where a build folder away from the sources has none.
fn lay_out(test: &Path) {
    let beside = test.ancestors().nth(2).unwrap();
    if assay_engine::places::python(&beside.join("assay-host")).is_none() {
        let folder = beside.join("python");
        fs::create_dir_all(&folder).unwrap();
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules/python/assay_module.py");
        fs::copy(module, folder.join("assay_module.py")).unwrap();
    }
}

/// Waits until `done`, and fails after a minute.
pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether what a test needs is there. Where it is not the test is skipped, and says so; in CI that is a failure.
pub fn needs(there: bool, what: &str) -> bool {
    let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    assert!(there || !ci, "this test needs {what}");
    if !there {
        skipped(what);
    }
    there
}

/// Says that a test did not run.
#[expect(
    clippy::print_stderr,
    reason = "who reads what a test says must know what it did not test"
)]
pub fn skipped(what: &str) {
    eprintln!("skipped: this test needs {what}");
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit status; -1 for a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A root folder with a state folder, a configuration and a JSON-lines sink of its own, gone after the test.
///
/// It is made below the build folder, because nobody but its owner may write to the folders above a module.
pub struct Scratch {
    folder: tempfile::TempDir,
    /// Folders that modules come from; that of [`spine`] unless a test says otherwise.
    pub modules: Vec<PathBuf>,
    /// The folder that watch lists come from; there are none unless a test makes it.
    pub watch: PathBuf,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// An empty root of a Linux system.
    pub fn new() -> Self {
        let scratch = Self::bare();
        scratch.file("/etc/os-release", "ID=fixture\n");
        scratch.file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n",
        );
        scratch
    }

    /// An empty root of a Mac.
    pub fn macos() -> Self {
        let scratch = Self::bare();
        for folder in [
            "/System/Library/CoreServices",
            "/Library/LaunchDaemons",
            "/private/var/db",
            "/Users/ana/Library/LaunchAgents",
        ] {
            fs::create_dir_all(scratch.host(folder)).unwrap();
        }
        scratch
    }

    fn bare() -> Self {
        let base = built().join("scratch");
        fs::create_dir_all(&base).unwrap();
        let folder = tempfile::Builder::new().prefix("s").tempdir_in(base).unwrap();
        let scratch = Self {
            watch: folder.path().join("watch.d"),
            folder,
            modules: vec![spine().to_owned()],
        };
        fs::create_dir(scratch.path("root")).unwrap();
        scratch.config(&format!(
            "[[sink]]\ntype = 'file'\npath = '{}'\n",
            scratch.path("alerts.jsonl").display()
        ));
        scratch
    }

    /// A path in the scratch folder, outside the root: `state`, `assay.toml`, `alerts.jsonl`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Where a path of the root is on this machine.
    pub fn host(&self, path: &str) -> PathBuf {
        self.path("root").join(path.trim_start_matches('/'))
    }
    /// Replaces the configuration.
    pub fn config(&self, text: &str) {
        fs::write(self.path("assay.toml"), text).unwrap();
    }
    /// Writes a file of mode 0644 in the root.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        self.file_mode(path, content, 0o644);
    }
    /// Writes a file of mode 0755 in the root.
    pub fn script(&self, path: &str, content: impl AsRef<[u8]>) {
        self.file_mode(path, content, 0o755);
    }
    /// Writes a file in the root.
    pub fn file_mode(&self, path: &str, content: impl AsRef<[u8]>, mode: u32) {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        fs::write(&host, content).unwrap();
        fs::set_permissions(&host, fs::Permissions::from_mode(mode)).unwrap();
    }
    /// Makes a link in the root.
    pub fn link(&self, path: &str, target: &str) {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        symlink(target, host).unwrap();
    }
    /// Removes a file of the root.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.host(path)).unwrap();
    }

    /// The command `assay ARGS` for this scratch folder, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(built().join("assay"));
        command.args(args).arg("--root").arg(self.path("root"));
        command
            .arg("--config")
            .arg(self.path("assay.toml"))
            .arg("--state")
            .arg(self.path("state"));
        for folder in &self.modules {
            command.arg("--modules").arg(folder);
        }
        command.arg("--watch").arg(&self.watch);
        command.stdin(Stdio::null());
        command
    }
    /// Runs `assay ARGS` to its end.
    pub fn assay(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only UTF-8 is printed");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
    /// Runs `assay ARGS --json`, which must succeed, and gives each line it prints.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        let ran = self.assay(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
    /// Runs `assay run` and gives the alerts it made.
    pub fn run(&self) -> Vec<Value> {
        self.json(&["run"])
    }
    /// The same, as `change kind key` each.
    pub fn said(&self) -> Vec<String> {
        self.run().iter().map(short).collect()
    }
    /// The alerts that the JSON-lines sink got.
    pub fn delivered(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

/// `change kind key` of an alert, with what is absent left out.
pub fn short(alert: &Value) -> String {
    let words = ["change", "kind", "key"].map(|name| alert[name].as_str().unwrap_or_default().to_owned());
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Old and new value of a changed field, as text; empty where there is none.
pub fn change_of(alert: &Value, field: &str) -> (String, String) {
    let changed = alert["changed"].as_array().into_iter().flatten();
    let change = changed
        .into_iter()
        .find(|c| c["field"] == field)
        .unwrap_or_else(|| panic!("no {field} in {alert}"));
    let text = |value: &Value| {
        value.as_str().map_or_else(
            || {
                if value.is_null() {
                    String::new()
                } else {
                    value.to_string()
                }
            },
            str::to_owned,
        )
    };
    (text(&change["old"]), text(&change["new"]))
}
