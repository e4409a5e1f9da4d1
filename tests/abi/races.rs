//! What is loaded is what was checked, whoever swaps what meanwhile; and everything that somebody else could change is
//! refused, with the reason.

#[path = "../e2e/hostile/fuse.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of hostile places, which need all of it"
)]
mod fuse;
#[path = "../e2e/hostile/mounts.rs"]
#[expect(dead_code, reason = "as above")]
mod mounts;
mod refusals;
mod swaps;

use crate::bench::{Bench, cc, compile};
use assay_engine::discover::{Candidate, open_module};
use assay_engine::run::parse;
use assay_tests::needs;
use mounts::Mounted;
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A folder of root's, or whoever runs the tests, with two files for one module, one of which is not to be trusted.
struct Ground {
    /// Undone before the folders that they are on are removed.
    mounts: RefCell<Vec<Mounted>>,
    bench: Bench,
}

impl Ground {
    fn new() -> Self {
        Self {
            mounts: RefCell::default(),
            bench: Bench::new(""),
        }
    }

    /// A path beside the root.
    fn path(&self, name: &str) -> PathBuf {
        self.bench.scratch.path(name)
    }

    /// Puts a module called `watched` there, which lists `word`: a library, or for another suffix a script.
    fn put(&self, path: &Path, word: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.extension().is_some_and(|suffix| suffix == "so") {
            let mut command = cc("says.c");
            command.args(["-shared", "-fPIC", "-D", "NAME=watched", "-D"]);
            compile_to(command.arg(format!("WORD={word}")), path);
        } else {
            let field =
                serde_json::json!({"name": "value", "type": "text", "meaning": "m", "compared": true});
            let kind = serde_json::json!({"name": "thing", "summary": "s", "technique": "T1546", "severity": "low", "fields": [field]});
            let manifest = serde_json::json!({"name": "watched", "version": "1", "summary": "s", "platforms": ["linux"], "kinds": [kind]});
            let lines = [
                serde_json::json!({"record": "hello", "v": 1, "manifest": manifest}),
                serde_json::json!({"record": "entry", "kind": "thing", "key": "word", "source": "/etc/os-release", "fields": {"value": word}}),
                serde_json::json!({"record": "done", "entries": 1}),
            ];
            let said = lines.map(|line| format!("echo '{line}'\n")).concat();
            fs::write(path, format!("#!/bin/sh\n{said}")).unwrap();
        }
        mode(path, 0o755);
    }

    /// The word that a module lists, which was opened before.
    fn word(&self, module: &Candidate) -> Result<String, String> {
        let asked = self.bench.ask(module, &toml::Table::new());
        let scan = asked
            .and_then(|output| parse(&output, "watched"))
            .map_err(|failure| failure.to_string())?;
        Ok(scan.entries[0].fields["value"].to_string())
    }

    /// What comes of checking a file and running it.
    fn tried(&self, path: &Path) -> Result<String, String> {
        let module = open_module(path).map_err(|refused| refused.to_string())?;
        self.word(&module)
    }
}

fn compile_to(command: &mut std::process::Command, path: &Path) {
    let mut moved = std::process::Command::new(command.get_program());
    moved.args(command.get_args()).arg("-o").arg(path);
    compile(moved);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The user `nobody`, whom no file of a module belongs to.
const NOBODY: u32 = 65534;

fn give_away(path: &Path) {
    std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
