//! Files of git's settings, with those that they include.

use crate::parse::git::{self as parse, Role};
use crate::parse::secrets;
use assay_sdk::{Entry, Keys, PRIVATE, Result, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const CONFIG_LIMIT: u64 = 1 << 20;
/// Files that one file may lead to.
const MAX_INCLUDED: usize = 100;

/// What was read, and which folders it names.
#[derive(Default)]
pub(crate) struct Config {
    read: HashSet<PathBuf>,
    keys: Keys,
    /// What is being read, after what includes it.
    by: Vec<PathBuf>,
    /// Folders of hooks.
    pub(crate) hooks: Vec<Named>,
    /// Folders that new repositories are made from.
    pub(crate) templates: Vec<Named>,
}

/// A folder, with the file that names it, after those that include that.
pub(crate) struct Named {
    pub(crate) folder: PathBuf,
    pub(crate) by: Vec<PathBuf>,
}

impl Config {
    /// Lists a file and what it includes. `home` is what `~` stands for, `work` the folder of a repository.
    pub(crate) fn file(
        &mut self,
        scan: &mut Scan<'_>,
        path: &Path,
        home: Option<&Path>,
        work: Option<&Path>,
    ) -> Result<()> {
        self.included(scan, path, &Base { home, work }, &mut 0)
    }

    fn included(
        &mut self,
        scan: &mut Scan<'_>,
        path: &Path,
        base: &Base<'_>,
        count: &mut usize,
    ) -> Result<()> {
        let real = scan.root().canonical(path);
        let Some(real) = scan.or_gap(real) else {
            return Ok(());
        };
        if !self.read.insert(real.clone()) {
            return Ok(());
        }
        *count += 1;
        if *count > MAX_INCLUDED {
            return Ok(());
        }
        let text = match scan.content(path, CONFIG_LIMIT) {
            None => return Ok(()),
            Some(Ok(text)) => text,
            Some(Err(why)) => {
                if why == PRIVATE {
                    // Whoever may read it has its turn.
                    self.read.remove(&real);
                }
                let key = self.keys.unique(path.into());
                return scan.entry(Entry::new("git_setting", key, path).unparsable(why));
            }
        };
        scan.begin_named_by(path);
        self.by.push(path.to_owned());
        for setting in parse::settings(&text) {
            let mut programs = Vec::new();
            match setting.role {
                Role::Include => {
                    if let Some(path) = base.place(&setting.value, path.parent()) {
                        self.included(scan, &path, base, count)?;
                    }
                }
                Role::Hooks => self
                    .hooks
                    .extend(self.named(base.place(&setting.value, base.work))),
                Role::Template => self
                    .templates
                    .extend(self.named(base.place(&setting.value, None))),
                Role::Command => programs = base.run_by(scan, &setting.value),
                Role::Other => {}
            }
            let name = match setting.role {
                // There may be many, and what is put in before moves none of them.
                Role::Include => format!("{} {}", setting.name, setting.value),
                _ => setting.name,
            };
            let name = secrets::text(&name);
            let key = [path.as_os_str().as_bytes(), b": ", name.as_bytes()].concat();
            let value = setting.value.as_str().map(secrets::text);
            let entry = Entry::new("git_setting", self.keys.unique(key.into()), path);
            let entry = match value {
                Some(value) => entry.field("value", value),
                None => entry.field("value", setting.value),
            };
            scan.entry(entry.programs(programs))?;
        }
        self.by.pop();
        scan.end_named_by();
        Ok(())
    }

    fn named(&self, folder: Option<PathBuf>) -> Option<Named> {
        let by = self.by.clone();
        folder.map(|folder| Named { folder, by })
    }
}

/// What the paths in a file of settings begin at.
struct Base<'a> {
    home: Option<&'a Path>,
    work: Option<&'a Path>,
}

impl Base<'_> {
    /// The programs of a command: `~/` is the home, as git and the shell have it.
    fn run_by(&self, scan: &mut Scan<'_>, value: &Text) -> Vec<Text> {
        let command = parse::command(value);
        let expanded = match (command.strip_prefix(b"~/"), self.home) {
            (Some(rest), Some(home)) => [home.as_os_str().as_bytes(), b"/", rest].concat(),
            _ => command.to_vec(),
        };
        let finder = scan.programs();
        let finder = match self.work {
            Some(work) => finder.folder(work),
            None => finder,
        };
        finder.shell(&expanded)
    }

    /// The path that a value names: absolute, in the home, or below `folder`.
    fn place(&self, value: &Text, folder: Option<&Path>) -> Option<PathBuf> {
        let path = value.as_path();
        match path.strip_prefix("~") {
            Ok(rest) => Some(self.home?.join(rest)),
            Err(_) if path.is_absolute() => Some(path.to_owned()),
            Err(_) if path.as_os_str().is_empty() => None,
            Err(_) => Some(folder?.join(path)),
        }
    }
}
