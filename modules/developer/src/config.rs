//! Files of git's settings, with those that they include.

use crate::parse::git::{self as parse, Role};
use crate::parse::secrets;
use assay_sdk::{Entry, Keys, Result, Scan, Text};
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
    /// Folders of hooks.
    pub(crate) hooks: Vec<PathBuf>,
    /// Folders that new repositories are made from.
    pub(crate) templates: Vec<PathBuf>,
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
        let mut todo = vec![path.to_owned()];
        let mut count = 0;
        while let Some(path) = todo.pop() {
            let real = scan.root().canonical(&path);
            let Some(real) = scan.or_gap(real) else { continue };
            if !self.read.insert(real) {
                continue;
            }
            count += 1;
            if count > MAX_INCLUDED {
                break;
            }
            let text = match scan.content(&path, CONFIG_LIMIT) {
                None => continue,
                Some(Ok(text)) => text,
                Some(Err(why)) => {
                    scan.entry(Entry::new("git_setting", path.as_path(), &path).unparsable(why))?;
                    continue;
                }
            };
            let folder = path.parent().unwrap_or(Path::new("/"));
            for setting in parse::settings(&text) {
                let place = |base: Option<&Path>| place(&setting.value, home, base);
                let mut programs = Vec::new();
                match setting.role {
                    Role::Include => todo.extend(place(Some(folder))),
                    Role::Hooks => self.hooks.extend(place(work)),
                    Role::Template => self.templates.extend(place(None)),
                    Role::Command => programs = run_by(scan, &setting.value, home, work),
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
                let entry = Entry::new("git_setting", self.keys.unique(key.into()), &path);
                let entry = match value {
                    Some(value) => entry.field("value", value),
                    None => entry.field("value", setting.value),
                };
                scan.entry(entry.programs(programs))?;
            }
        }
        Ok(())
    }
}

/// The programs of a command: `~/` is the home, as git and the shell have it.
fn run_by(scan: &mut Scan<'_>, value: &Text, home: Option<&Path>, work: Option<&Path>) -> Vec<Text> {
    let command = parse::command(value);
    let expanded = match (command.strip_prefix(b"~/"), home) {
        (Some(rest), Some(home)) => [home.as_os_str().as_bytes(), b"/", rest].concat(),
        _ => command.to_vec(),
    };
    let finder = scan.programs();
    let finder = match work {
        Some(work) => finder.folder(work),
        None => finder,
    };
    finder.shell(&expanded)
}

/// The path that a value names: absolute, in the home, or below `base`.
fn place(value: &Text, home: Option<&Path>, base: Option<&Path>) -> Option<PathBuf> {
    let path = value.as_path();
    match path.strip_prefix("~") {
        Ok(rest) => Some(home?.join(rest)),
        Err(_) if path.is_absolute() => Some(path.to_owned()),
        Err(_) if path.as_os_str().is_empty() => None,
        Err(_) => Some(base?.join(path)),
    }
}
