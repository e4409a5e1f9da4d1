//! What is not looked at twice.

use super::{list, write};
use crate::scenarios::{File, Link, put, told};
use assay_tests::{Scratch, built, needs};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// On this machine's own root: stamps are relied on only when they are some time old.
#[test]
fn what_is_unchanged_is_not_looked_at_and_another_list_is() {
    if !needs(has_strace(), "strace") {
        return;
    }
    let scratch = Scratch::new();
    let text = list("paths = ['/usr/lib/os-release']\nformat = 'lines'");
    write(&scratch, "things.toml", &text);
    let alone = only_files(&scratch);
    let hosts_started = || {
        let trace = traced(&scratch, "execve", &live(&scratch, &alone, &scratch.watch));
        trace
            .lines()
            .filter(|line| line.contains("assay-host") && line.ends_with("= 0"))
            .count()
    };
    assert_eq!(hosts_started(), 1);
    assert_eq!(hosts_started(), 0, "everything is as it was");
    write(
        &scratch,
        "things.toml",
        &text.replace("os-release", "{os-release,none}"),
    );
    assert_eq!(hosts_started(), 1, "another question");
    assert_eq!(hosts_started(), 0);
    let said: Vec<_> = scratch.delivered().iter().map(told).collect();
    assert_eq!(said, ["baseline_created", "module_changed [sha256]"]);
}

/// What strace tells of these system calls of a command.
fn traced(scratch: &Scratch, calls: &str, command: &Command) -> String {
    let trace = scratch.path("trace");
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-y", "-s", "256", "-e", &format!("trace={calls}"), "-o"])
        .arg(&trace)
        .arg(command.get_program())
        .args(command.get_args());
    let ran = traced.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    fs::read_to_string(&trace).unwrap()
}

/// A run over this machine's own root.
fn live(scratch: &Scratch, modules: &Path, lists: &Path) -> Command {
    let mut command = Command::new(built().join("assay"));
    command
        .args(["run", "--root", "/", "--modules"])
        .arg(modules)
        .arg("--watch")
        .arg(lists)
        .arg("--state")
        .arg(scratch.path("state"))
        .arg("--config")
        .arg(scratch.path("assay.toml"));
    command
}

fn has_strace() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// A folder of modules that holds only the one that reads lists.
fn only_files(scratch: &Scratch) -> PathBuf {
    let alone = scratch.path("modules");
    fs::create_dir(&alone).unwrap();
    let file = format!("libassay_module_files{}", std::env::consts::DLL_SUFFIX);
    fs::copy(built().join(&file), alone.join(&file)).unwrap();
    alone
}

/// However many globs lead into a folder, one run lists it once.
#[test]
fn no_folder_is_listed_twice() {
    if !needs(has_strace(), "strace") {
        return;
    }
    let mut scratch = Scratch::new();
    let more = "paths = ['/opt/*/a', '/opt/**/b', '/opt/{x,y}/*', '/link/*/a', '~/*', '/home/*/c']\nformat = 'exists'";
    write(&scratch, "things.toml", &list(more));
    write(&scratch, "other.toml", &list(more).replace("'thing'", "'other'"));
    put(
        &scratch,
        &[
            File("/opt/x/a", ""),
            File("/opt/y/z/b", ""),
            Link("/link", "/opt"),
            File("/home/ana/c", ""),
        ],
    );
    scratch.modules = vec![only_files(&scratch)];
    let text = traced(&scratch, "getdents64", &scratch.command(&["run"]));
    let root = scratch.path("root");
    let mut listed: Vec<&str> = listings(&text).map(|(_, folder)| folder).collect();
    listed.retain(|folder| Path::new(folder).starts_with(&root));
    listed.sort_unstable();
    let mut once = listed.clone();
    once.dedup();
    assert_eq!(listed, once, "{text}");
    let below = |path: &str| root.join(path).display().to_string();
    assert_eq!(
        listed,
        ["home", "home/ana", "opt", "opt/x", "opt/y", "opt/y/z"].map(below)
    );
    assert_eq!(scratch.json(&["list", "thing"]).len(), 4);
}

/// Process and folder of each listing in a trace of `getdents64`: it ends with a call that gives nothing.
fn listings(trace: &str) -> impl Iterator<Item = (&str, &str)> {
    let ended = trace
        .lines()
        .filter(|line| line.contains("getdents64(") && line.ends_with("= 0"));
    ended.filter_map(|line| Some((line.split(' ').next()?, line.split(['<', '>']).nth(1)?)))
}

/// On this machine, where there is most to list.
#[test]
fn no_module_lists_a_folder_twice() {
    if !needs(has_strace(), "strace") {
        return;
    }
    let scratch = Scratch::new();
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
    let text = traced(&scratch, "getdents64,execve", &live(&scratch, built(), &lists));
    let is_module = |line: &&str| line.contains("execve(") && line.contains("libassay_module_");
    let modules: HashMap<&str, &str> = text
        .lines()
        .filter(is_module)
        .filter_map(|line| {
            let module = line.split("libassay_module_").nth(1)?.split('.').next()?;
            Some((line.split(' ').next()?, module))
        })
        .collect();
    assert!(modules.len() > 20, "{modules:?}");
    let mut listed = HashSet::new();
    let of_modules = listings(&text).filter_map(|(process, folder)| Some((*modules.get(process)?, folder)));
    let twice: Vec<_> = of_modules.filter(|listing| !listed.insert(*listing)).collect();
    assert!(listed.len() > 100, "{listed:?}");
    assert!(twice.is_empty(), "{twice:?}");
}
