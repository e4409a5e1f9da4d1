//! sudoers, and all that it includes.

use crate::parse::sudoers::{self, Grant, Include, Sudoers};
use assay_sdk::{Entry, GapReason, Os, Result, Scan, Text, Value};
use std::collections::{HashSet, VecDeque};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["{/private,/usr,/usr/local,}/etc/sudoers{,.d/*}"];

/// Folders of settings: the file, and the folder beside it that it usually includes.
const LINUX: &[&str] = &["/etc", "/usr/etc", "/usr/local/etc"];
const MACOS: &[&str] = &["/private/etc", "/usr/local/etc"];
const LIMIT: u64 = 256 << 10;
const MAX_FILES: usize = 1_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let places = if scan.os() == Os::Linux { LINUX } else { MACOS };
    let mut lister = Lister::default();
    for place in places {
        lister.todo.push_back(Path::new(place).join("sudoers"));
    }
    for _ in 0..MAX_FILES {
        let Some(path) = lister.todo.pop_front() else {
            break;
        };
        lister.file(scan, &path)?;
    }
    // Rules where nothing looks for them may be meant for later.
    for place in places {
        let folder = Path::new(place).join("sudoers.d");
        if lister.is_new(scan, &folder) {
            for path in scan.files(&folder, |_| true) {
                inert(scan, &path)?;
            }
        }
    }
    Ok(())
}

fn inert(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    scan.entry(Entry::new("sudo_include", path, path).field("inert", true))
}

#[derive(Default)]
struct Lister {
    done: HashSet<PathBuf>,
    todo: VecDeque<PathBuf>,
}

impl Lister {
    fn is_new(&mut self, scan: &Scan<'_>, path: &Path) -> bool {
        scan.root()
            .canonical(path)
            .map_or(true, |real| self.done.insert(real))
    }

    fn file(&mut self, scan: &mut Scan<'_>, path: &Path) -> Result<()> {
        if !self.is_new(scan, path) {
            return Ok(());
        }
        let said = match scan.content(path, LIMIT) {
            None => return Ok(()),
            Some(Ok(text)) => sudoers::parse(&text),
            Some(Err(why)) => {
                // Of its defaults and aliases, too, nobody knows what became.
                scan.gap(path, GapReason::Unparsable, &why)?;
                return scan.entry(Entry::new("sudo_rule", path, path).unparsable(why));
            }
        };
        for include in &said.includes {
            self.include(scan, path, include)?;
        }
        entries(scan, path, said)
    }

    fn include(&mut self, scan: &mut Scan<'_>, from: &Path, include: &Include) -> Result<()> {
        let written = from.parent().unwrap_or(from).join(include.path.as_path());
        // A disk without its system volume has no `/etc`, which is a link there.
        let private = Path::new("/private").join(written.strip_prefix("/").unwrap_or(&written));
        let target = match scan.root().canonical(&written) {
            Err(_) if scan.os() == Os::Macos && written.starts_with("/etc") => private,
            _ => written,
        };
        if !include.folder {
            self.todo.push_back(target);
            return Ok(());
        }
        if !self.is_new(scan, &target) {
            return Ok(());
        }
        for path in scan.files(&target, |_| true) {
            let name = path.file_name().unwrap_or_default().as_bytes();
            if name.contains(&b'.') || name.ends_with(b"~") {
                inert(scan, &path)?;
            } else {
                self.todo.push_back(path);
            }
        }
        Ok(())
    }
}

fn entries(scan: &mut Scan<'_>, path: &Path, said: Sudoers) -> Result<()> {
    let entry = |kind: &str, name: &[u8]| {
        let key = [path.as_os_str().as_bytes(), b": ", name].concat();
        Entry::new(kind, key, path)
    };
    for (name, grants) in &said.rules {
        let commands = grants.iter().map(|grant| &grant.command);
        let programs = programs(scan, commands);
        let grants: Value = grants.iter().map(|Grant { text, .. }| text.clone()).collect();
        scan.entry(
            entry("sudo_rule", name)
                .field("grants", grants)
                .programs(programs),
        )?;
    }
    for (name, setting) in said.defaults {
        scan.entry(entry("sudo_default", &name).field("setting", setting.into_iter().collect::<Value>()))?;
    }
    for (name, members) in said.aliases {
        let programs = if name.starts_with(b"Cm") {
            programs(scan, &members)
        } else {
            Vec::new()
        };
        let members: Value = members.into_iter().collect();
        scan.entry(
            entry("sudo_alias", &name)
                .field("members", members)
                .programs(programs),
        )?;
    }
    // A line that makes no sense may read like the name of a rule.
    let mut once: HashSet<Vec<u8>> = said.rules.keys().cloned().collect();
    for include in said.includes {
        let word: &[u8] = if include.folder {
            b"@includedir "
        } else {
            b"@include "
        };
        let name = [word, include.path.as_bytes()].concat();
        if once.insert(name.clone()) {
            scan.entry(entry("sudo_include", &name))?;
        }
    }
    for line in said.malformed {
        if once.insert(line.as_bytes().to_vec()) {
            scan.entry(entry("sudo_rule", line.as_bytes()).field("malformed", true))?;
        }
    }
    Ok(())
}

/// The files of commands that are allowed; patterns, folders and what is excluded name none.
fn programs<'a>(scan: &mut Scan<'_>, commands: impl IntoIterator<Item = &'a Text>) -> Vec<Text> {
    let mut programs = Vec::new();
    for command in commands {
        let mut words = command.as_bytes().split(|byte| *byte == b' ');
        // A digest may stand before it; what `sudoedit` is given is not run.
        let path = words.find(|word| word.starts_with(b"/") || *word == b"sudoedit");
        let Some(path) = path.filter(|path| path.starts_with(b"/")) else {
            continue;
        };
        let is_file = !path.ends_with(b"/") && !path.iter().any(|byte| b"*?[\\".contains(byte));
        if !command.as_bytes().starts_with(b"!") && is_file {
            for program in scan.programs().argv(&[path.into()]) {
                if programs.len() < 64 && !programs.contains(&program) {
                    programs.push(program);
                }
            }
        }
    }
    programs
}
