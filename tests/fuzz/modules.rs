//! The corpora of modules, through the programs as they are built: two modules cannot be linked into one test, and so
//! the core's own checks are part of it. Each file is put where it was found to matter.

use crate::places::{self, LISTED, Place, System, split, split_list};
use crate::tree::{plant, split_tree};
use crate::{Input, corpus};
use assay_engine::watch;
use assay_tests::{Scratch, copy_modules, short};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const MODULES: &[(&str, &[Place])] = &[
    ("accounts", places::ACCOUNTS),
    ("apps", places::APPS),
    ("auth", places::AUTH),
    ("automation", places::AUTOMATION),
    ("boot", places::BOOT),
    ("browser", places::BROWSER),
    ("cron", places::CRON),
    ("desktop", places::DESKTOP),
    ("developer", places::DEVELOPER),
    ("kernel", places::KERNEL),
    ("launchd", places::LAUNCHD),
    ("loader", places::LOADER),
    ("login_items", places::LOGIN_ITEMS),
    ("network", places::NETWORK),
    ("packages", places::PACKAGES),
    ("policy", places::POLICY),
    ("profiles", places::PROFILES),
    ("services", places::SERVICES),
    ("shellrc", places::SHELLRC),
    ("ssh", places::SSH),
    ("startup", places::STARTUP),
    ("systemd", places::SYSTEMD),
];

/// The target whose corpus is a watch list and a file.
const LISTS: &str = "files";
/// Targets whose corpora are trees of files.
const TREES: [&str; 2] = ["executables", "hideouts"];

/// Targets that are replayed here.
pub(crate) fn replayed() -> impl Iterator<Item = &'static str> {
    let files = MODULES.iter().map(|(name, _)| *name);
    files.chain([LISTS]).chain(TREES)
}

/// Learns what is there, and looks again: no module fails, and none says something else the second time.
fn is_learned(scratch: &Scratch, of: &str) {
    let learned = scratch.assay(&["run", "--json"]);
    assert_eq!(learned.code, 0, "{of}: {learned:?}");
    let alerts: Vec<serde_json::Value> = learned
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(
        alerts.iter().map(short).collect::<Vec<_>>(),
        ["baseline_created"],
        "{of}"
    );
    let again = scratch.assay(&["run", "--full", "--json"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{of}: {again:?}");
}

#[test]
fn modules_list_what_fuzzing_planted() {
    // By system: for each path, the files that are to be there one after the other.
    let mut planted: BTreeMap<(bool, &str), Vec<Input>> = BTreeMap::new();
    for (module, places) in MODULES {
        let corpus = corpus(module);
        assert!(corpus.len() > 5, "{module} has no corpus");
        for (name, bytes) in corpus {
            let Some((Place(system, path), content)) = split(&bytes, places) else {
                continue;
            };
            let files = planted.entry((system == System::Mac, path)).or_default();
            files.push((name, content.to_vec()));
        }
    }
    let rounds = planted.values().map(Vec::len).max().unwrap();
    let folder = Scratch::new();
    let modules = &folder.path("modules");
    copy_modules(modules, |name| MODULES.iter().any(|(module, _)| *module == name));
    std::thread::scope(|scope| {
        for mac in [false, true] {
            let planted = &planted;
            scope.spawn(move || {
                (0..rounds).for_each(|round| is_learned_in(mac, modules, planted, round));
            });
        }
    });
}

/// One file at each place of one of the systems.
fn is_learned_in(mac: bool, modules: &Path, planted: &BTreeMap<(bool, &str), Vec<Input>>, round: usize) {
    let mut scratch = if mac { Scratch::macos() } else { Scratch::new() };
    scratch.modules = vec![modules.to_owned()];
    if !mac {
        scratch.file("/etc/passwd", places::PASSWD);
    }
    let mut names = Vec::new();
    for ((_, path), files) in planted.iter().filter(|((of_mac, _), _)| *of_mac == mac) {
        if let Some((name, content)) = files.get(round) {
            scratch.file(path, content);
            names.push(name.as_str());
        }
    }
    is_learned(&scratch, &names.join(" "));
}

#[test]
fn lists_find_what_fuzzing_planted() {
    let folder = Scratch::new();
    let modules = folder.path("modules");
    copy_modules(&modules, |name| name == LISTS);
    let mut sound = 0;
    for (name, bytes) in corpus(LISTS) {
        let Some((list, content)) = split_list(&bytes) else {
            continue;
        };
        if watch::parse(Path::new("/x.toml"), list).is_err() {
            continue;
        }
        let mut scratch = Scratch::new();
        scratch.modules = vec![modules.clone()];
        scratch.file("/etc/passwd", places::PASSWD);
        for path in LISTED {
            scratch.file(path, content);
        }
        fs::create_dir(&scratch.watch).unwrap();
        fs::write(scratch.watch.join("fuzz.toml"), list).unwrap();
        is_learned(&scratch, &name);
        sound += 1;
    }
    assert!(sound > 5, "{sound} lists can be read");
}

#[test]
fn trees_hide_what_fuzzing_planted() {
    for module in TREES {
        // Nobody else has anything to say here.
        let folder = Scratch::new();
        let modules = folder.path("modules");
        copy_modules(&modules, |name| name == module);
        let corpus = corpus(module);
        assert!(corpus.len() > 5, "{module} has no corpus");
        for (name, bytes) in corpus {
            let Some((system, lines)) = split_tree(&bytes) else {
                continue;
            };
            let mut scratch = if system == System::Mac {
                Scratch::macos()
            } else {
                Scratch::new()
            };
            scratch.modules = vec![modules.clone()];
            scratch.file("/etc/passwd", places::PASSWD);
            plant(&scratch.path("root"), lines);
            is_learned(&scratch, &name);
        }
    }
}
