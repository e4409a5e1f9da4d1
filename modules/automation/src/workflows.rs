//! Automator workflows, and plug-ins of Automator and of the Services menu.

use crate::parse::workflow::{self, Step};
use assay_sdk::{Entry, FileType, GapReason, Result, Scan, Text, Value};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/Library/{Services,Workflows,PDF Services,Automator}/**",
    "~/Library/{Services,Workflows,PDF Services,Automator}/**",
];

/// Folders below `Library`, and how many folders deep things lie there.
const PLACES: &[(&str, usize)] = &[
    ("Services", 0),
    ("PDF Services", 0),
    ("Automator", 0),
    ("Workflows", 4),
];
/// Where a workflow has its steps; old ones are one file.
const STEPS: &[&str] = &["Contents/document.wflow", "Contents/Resources/document.wflow", ""];
const LIMIT: u64 = 16 << 20;
const MAX_NAMES: usize = 10_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut libraries = vec![PathBuf::from("/Library")];
    let homes = scan.homes().into_iter();
    libraries.extend(homes.map(|home| home.path.join("Library")));
    let mut seen = HashSet::new();
    for library in libraries {
        // A home may be `/`, or lead to another.
        let real = scan.root().canonical(&library);
        if scan.or_gap(real).is_some_and(|real| seen.insert(real)) {
            for (folder, depth) in PLACES {
                list(scan, &library.join(folder), *depth)?;
            }
        }
    }
    Ok(())
}

fn list(scan: &mut Scan<'_>, folder: &Path, depth: usize) -> Result<()> {
    let mut names = 0;
    let mut todo = vec![(folder.to_owned(), depth)];
    while let Some((folder, depth)) = todo.pop() {
        for listed in scan.list(&folder) {
            names += 1;
            if names > MAX_NAMES {
                return scan.gap(
                    &folder,
                    GapReason::TooBig,
                    &format!("more than {MAX_NAMES} names"),
                );
            }
            let path = folder.join(&listed.name);
            let name = listed.name.as_bytes().to_ascii_lowercase();
            let entry = if name.ends_with(b".workflow") || name.ends_with(b".wflow") {
                workflow(scan, &path)
            } else if [&b".service"[..], b".action", b".app", b".caction"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                plugin(scan, &path)
            } else {
                if depth > 0 && listed.file_type == FileType::Directory {
                    todo.push((path, depth - 1));
                }
                None
            };
            if let Some(entry) = entry {
                scan.entry(entry)?;
            }
        }
    }
    Ok(())
}

fn workflow(scan: &mut Scan<'_>, path: &Path) -> Option<Entry> {
    let target = scan.root().read_link(path).ok();
    let entry = |source: &Path| Entry::new("workflow", path, source).maybe("link_target", target.as_deref());
    let found = STEPS.iter().find_map(|inner| {
        let source = if inner.is_empty() {
            path.to_owned()
        } else {
            path.join(inner)
        };
        Some((scan.content(&source, LIMIT)?, source))
    });
    let (content, source) = found?;
    let steps = match content.and_then(|bytes| workflow::steps(&bytes)) {
        Ok(steps) => steps,
        Err(why) => return Some(entry(&source).unparsable(why)),
    };
    let menu = scan
        .bundle(path)
        .map(|bundle| workflow::menu(&bundle.info))
        .unwrap_or_default();
    let mut programs: Vec<Text> = Vec::new();
    for step in &steps {
        for program in commands(scan, step) {
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
    }
    let list = |items: Vec<String>| (!items.is_empty()).then(|| Value::from_iter(items));
    let steps = steps.iter().map(Step::shown).collect();
    Some(
        entry(&source)
            .maybe("steps", list(steps))
            .maybe("menu", list(menu))
            .programs(programs),
    )
}

/// What a step runs, as far as that is written in the language of a shell.
fn commands(scan: &mut Scan<'_>, step: &Step) -> Vec<Text> {
    let mut programs = Vec::new();
    if let Some(shell) = &step.shell {
        programs.extend(scan.programs().argv(&[shell.as_str().into()]));
    }
    for command in step.shell_commands() {
        programs.extend(scan.programs().shell(command.as_bytes()));
    }
    programs
}

fn plugin(scan: &mut Scan<'_>, path: &Path) -> Option<Entry> {
    let bundle = scan.bundle(path)?;
    let target = scan.root().read_link(path).ok();
    let entry = Entry {
        unparsable: bundle.broken.clone(),
        ..Entry::new("automator_plugin", path, &bundle.source)
    };
    let entry = entry
        .maybe("identifier", bundle.text("CFBundleIdentifier"))
        .maybe("executable", bundle.text("CFBundleExecutable"))
        .maybe("link_target", target.as_deref())
        .programs(bundle.program.into_iter().collect());
    Some(entry)
}
