//! Hooks of git, in repositories and in templates.

use crate::config::{Config, Named};
use crate::search::Found;
use assay_sdk::{FileType, Result, Scan};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/{,private/,usr/local/,opt/homebrew/}etc/gitconfig",
    "/usr/{,local/}share/git-core/templates/hooks/*",
    "/{srv,opt,var/www}/**/.git/{config,hooks/*}",
    "~/{.gitconfig,.config/git/config}",
    "~/**/.git/{config,hooks/*}",
    "~/**/.husky/*",
];

const TEMPLATES: &[&str] = &[
    "/usr/share/git-core/templates",
    "/usr/local/share/git-core/templates",
    "/opt/homebrew/share/git-core/templates",
    "/Library/Developer/CommandLineTools/usr/share/git-core/templates",
    "/Applications/Xcode.app/Contents/Developer/usr/share/git-core/templates",
];
const SYSTEM_CONFIG: &[&str] = &[
    "/etc/gitconfig",
    "/private/etc/gitconfig",
    "/usr/local/etc/gitconfig",
    "/opt/homebrew/etc/gitconfig",
    "/Library/Developer/CommandLineTools/usr/share/git-core/gitconfig",
    "/Applications/Xcode.app/Contents/Developer/usr/share/git-core/gitconfig",
];
/// Submodules of one repository.
const MAX_MODULES: usize = 500;
const MODULE_DEPTH: usize = 4;

pub(crate) fn collect(scan: &mut Scan<'_>, found: &Found) -> Result<()> {
    let mut config = Config::default();
    let mut hooks = Hooks::default();
    for path in SYSTEM_CONFIG {
        config.file(scan, Path::new(path), None, None)?;
    }
    for home in scan.homes() {
        for name in [".gitconfig", ".config/git/config"] {
            config.file(scan, &home.path.join(name), Some(&home.path), None)?;
        }
    }
    for place in &found.repositories {
        // A `.git` that is a file names the folder; a bare repository has none.
        let by = place.work.join(".git");
        let is_named = by != place.git && place.work != place.git;
        if is_named {
            scan.begin_named_by(&by);
        }
        for git in std::iter::once(place.git.clone()).chain(submodules(scan, &place.git)) {
            config.file(
                scan,
                &git.join("config"),
                place.home.as_deref(),
                Some(&place.work),
            )?;
            hooks.folder(scan, &git.join("hooks"), true)?;
        }
        if is_named {
            scan.end_named_by();
        }
    }
    for folder in &found.husky {
        // They are run by a shell, whether or not they are executable.
        hooks.folder(scan, folder, false)?;
    }
    for template in TEMPLATES.iter().map(Path::new) {
        hooks.folder(scan, &template.join("hooks"), true)?;
    }
    for mut template in config.templates {
        template.folder.push("hooks");
        hooks.named(scan, &template)?;
    }
    for folder in &config.hooks {
        hooks.named(scan, folder)?;
    }
    Ok(())
}

/// Folders of repositories below `modules`, whose names may have slashes.
fn submodules(scan: &mut Scan<'_>, git: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![(git.join("modules"), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = todo.pop() {
        looked += 1;
        if looked > MAX_MODULES {
            break;
        }
        let listed = scan.list(&folder);
        if listed
            .iter()
            .any(|l| l.name == "HEAD" && l.file_type == FileType::RegularFile)
        {
            todo.push((folder.join("modules"), depth));
            found.push(folder);
        } else if depth < MODULE_DEPTH {
            let folders = listed.iter().filter(|l| l.file_type == FileType::Directory);
            todo.extend(folders.map(|l| (folder.join(&l.name), depth + 1)));
        }
    }
    found.sort();
    found
}

/// Folders of hooks, each once.
#[derive(Default)]
struct Hooks {
    listed: HashSet<PathBuf>,
}

impl Hooks {
    fn named(&mut self, scan: &mut Scan<'_>, named: &Named) -> Result<()> {
        named.by.iter().for_each(|by| scan.begin_named_by(by));
        self.folder(scan, &named.folder, true)?;
        named.by.iter().for_each(|_| scan.end_named_by());
        Ok(())
    }

    fn folder(&mut self, scan: &mut Scan<'_>, folder: &Path, must_be_executable: bool) -> Result<()> {
        if !scan.behind(folder).is_some_and(|real| self.listed.insert(real)) {
            return Ok(());
        }
        // On a Mac, whoever opens the folder in Finder leaves a file.
        let is_ours = |name: &[u8]| {
            !name.ends_with(b".sample") && !matches!(name, b".DS_Store" | b".gitignore" | b"README")
        };
        for path in scan.files(folder, is_ours) {
            if let Some(hook) = scan.own_program("git_hook", &path) {
                let is_inert = must_be_executable && !hook.executable && hook.entry.unparsable.is_none();
                scan.entry(hook.entry.maybe("inert", is_inert.then_some(true)))?;
            }
        }
        Ok(())
    }
}
