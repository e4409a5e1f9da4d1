//! Assay as it is installed: a build folder holds much that no installation has.

use assay_tests::built;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All the modules that are shipped.
pub(crate) fn every_module() -> Vec<String> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules");
    let folders = fs::read_dir(modules).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.path().join("Cargo.toml").exists());
    folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// The programs, some modules, every watch list, and a configuration with one sink.
pub(crate) struct Installed {
    pub(crate) folder: PathBuf,
}

impl Installed {
    pub(crate) fn new(folder: &Path, names: &[impl AsRef<str>]) -> Self {
        let modules = folder.join("lib/assay/modules");
        fs::create_dir_all(&modules).unwrap();
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::copy(built().join("assay"), folder.join("bin/assay")).unwrap();
        fs::copy(built().join("assay-host"), folder.join("lib/assay/assay-host")).unwrap();
        for name in names {
            let file = format!("libassay_module_{}.so", name.as_ref());
            fs::copy(built().join(&file), modules.join(&file)).unwrap();
        }
        let lists = folder.join("share/assay/watch.d");
        fs::create_dir_all(&lists).unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
        for list in fs::read_dir(sources).unwrap() {
            let list = list.unwrap();
            fs::copy(list.path(), lists.join(list.file_name())).unwrap();
        }
        let sink = folder.join("alerts.jsonl");
        let installed = Self {
            folder: folder.to_owned(),
        };
        installed.sink(&format!("type = 'file'\npath = '{}'", sink.display()));
        installed
    }

    /// The keys of its only sink.
    pub(crate) fn sink(&self, keys: &str) {
        fs::write(self.folder.join("assay.toml"), format!("[[sink]]\n{keys}\n")).unwrap();
    }

    pub(crate) fn command(&self, command: &str, root: &Path, state: &Path) -> Command {
        let mut assay = Command::new(self.folder.join("bin/assay"));
        assay
            .arg(command)
            .arg("--root")
            .arg(root)
            .arg("--state")
            .arg(state);
        assay.arg("--config").arg(self.folder.join("assay.toml"));
        assay
    }
}
