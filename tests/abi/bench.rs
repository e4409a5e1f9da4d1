//! A scratch root whose module folder holds `cron` and test modules that are compiled on the spot.

#[cfg(target_os = "linux")]
mod ask;

use assay_tests::{Scratch, built, wait_for};
use serde_json::Value;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// This package, or a copy of it that its user can read.
pub(crate) fn here() -> &'static Path {
    static HERE: OnceLock<PathBuf> = OnceLock::new();
    let compiled = || env!("CARGO_MANIFEST_DIR").into();
    HERE.get_or_init(|| std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(compiled, PathBuf::from))
}

/// Whether a tool that a test needs is installed; in CI it must be.
pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool)
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "`{tool}` is missing");
    if !found {
        eprintln!("skipped: `{tool}` is missing");
    }
    found
}

/// `cc` for a file of `abi/modules`, every warning an error.
pub(crate) fn cc(source: &str) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(here().join("../core/abi/include"))
        .arg("-I")
        .arg(here().join("../core/cli/templates/c"))
        .arg(here().join("abi/modules").join(source));
    cc
}

/// Runs a compiler.
pub(crate) fn compile(mut command: Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A scratch root with modules of its own.
pub(crate) struct Bench {
    pub(crate) scratch: Scratch,
}

impl Bench {
    /// `cron`, with a table to read, and with `[modules]` as configured.
    pub(crate) fn new(modules: &str) -> Self {
        let mut scratch = Scratch::new();
        let folder = scratch.path("modules");
        fs::create_dir(&folder).unwrap();
        fs::copy(
            built().join("libassay_module_cron.so"),
            folder.join("libassay_module_cron.so"),
        )
        .unwrap();
        scratch.modules = vec![folder];
        let sink = scratch.path("alerts.jsonl");
        scratch.config(&format!(
            "{modules}\n[[sink]]\ntype = 'file'\npath = '{}'\n",
            sink.display()
        ));
        scratch.file("/etc/crontab", "5 4 * * * root /usr/local/bin/report\n");
        Self { scratch }
    }

    /// Where the module of that name is, or will be.
    pub(crate) fn module(&self, name: &str) -> PathBuf {
        self.scratch.modules[0].join(format!("{name}.so"))
    }

    /// Writes a script module, of mode 0755.
    pub(crate) fn script(&self, file: &str, content: &str) {
        let file = self.scratch.modules[0].join(file);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Compiles a C module.
    pub(crate) fn c(&self, source: &str, name: &str, more: &[&str]) {
        let mut command = cc(source);
        command
            .args(["-shared", "-fPIC", "-D"])
            .arg(format!("NAME={name}"))
            .args(more);
        command.arg("-o").arg(self.module(name));
        compile(command);
    }

    /// Compiles a Rust module against the SDK as it is built.
    pub(crate) fn rust(&self, source: &str, name: &str, panic: &str) {
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command
            .args(["--edition", "2024", "--crate-type", "cdylib", "-C"])
            .arg(format!("panic={panic}"));
        command.arg("--extern").arg(format!(
            "assay_sdk={}",
            built().join("libassay_sdk.rlib").display()
        ));
        command
            .arg("-L")
            .arg(format!("dependency={}", built().join("deps").display()));
        command
            .arg(here().join("abi/modules").join(source))
            .arg("-o")
            .arg(self.module(name));
        compile(command);
    }

    /// Runs, and gives the alerts; whether `a_module_fails` shows in the exit status.
    pub(crate) fn run(&self, a_module_fails: bool) -> Vec<Value> {
        let ran = self.scratch.assay(&["run", "--json"]);
        assert_eq!(ran.code, i32::from(a_module_fails), "{ran:?}");
        ran.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    /// From now on, modules misbehave; or they do no more.
    pub(crate) fn misbehave(&self, now: bool) {
        if now {
            self.scratch.file("/misbehave", "");
        } else {
            self.scratch.remove("/misbehave");
        }
    }

    /// Plants a line that `cron` must find, whatever happens around it.
    pub(crate) fn plant(&self, name: &str) {
        self.scratch
            .file(&format!("/etc/cron.d/{name}"), "1 2 * * * root /bin/true\n");
    }

    /// Processes that hold a file of this scratch folder open: those of its modules, and their children.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let folder = self.scratch.path("");
        let holds = |process: &Path| {
            let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
            open.filter_map(|fd| fs::read_link(fd.path()).ok())
                .any(|to| to.starts_with(&folder))
        };
        let all = fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
            .filter(|(_, path)| holds(path))
            .map(|(pid, _)| pid)
            .collect()
    }

    /// Starts a run, kills the core when a process of it is `at_work`, and waits until none is left.
    pub(crate) fn kill_the_core_when(&self, at_work: impl Fn(i32) -> bool) {
        let mut core = self
            .scratch
            .command(&["run"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let core_pid = i32::try_from(core.id()).unwrap();
        wait_for("the module to be at work", || {
            self.processes()
                .into_iter()
                .any(|pid| pid != core_pid && at_work(pid))
        });
        core.kill().unwrap();
        core.wait().unwrap();
        wait_for("the end of the module", || self.processes().is_empty());
    }

    /// What `assay list thing` says: module, key and value of each entry.
    pub(crate) fn things(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let listed = self.scratch.json(&["list", "thing"]);
        listed
            .iter()
            .map(|e| (text(&e["module"]), text(&e["key"]), text(&e["fields"]["value"])))
            .collect()
    }
}

/// A process that is to survive.
pub(crate) struct Victim(pub(crate) Child);

impl Victim {
    pub(crate) fn of(user: u32) -> Self {
        let mut sleep = Command::new("sleep");
        sleep.arg("600").uid(user);
        if rustix::process::geteuid().is_root() {
            sleep.gid(user);
        }
        Self(sleep.spawn().unwrap())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A pipe or file that children inherit, unlike all that Rust opens.
pub(crate) fn inheritable(file: impl Into<OwnedFd>) -> OwnedFd {
    let file = file.into();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    file
}
