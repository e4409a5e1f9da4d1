//! Modules, which read files that any user may have written.

use crate::places::{LISTED, PASSWD, Place, System, split, split_list};
use crate::records::written;
use crate::tree::{plant, split_tree};
use assay_engine::run::{Output, Scan, parse};
use assay_engine::watch;
use assay_model::watch::{FilesConfig, WatchList, Watched};
use assay_model::{Manifest, Os, Sandbox};
use assay_sdk::Module;
use assay_sdk::testkit::{Fixture, Seen};
use std::fs;
use std::path::Path;

/// Puts a file with any content (all but the first byte) in one of the places (which the first byte names), and lists
/// what a module sees in a root where that is about all there is.
///
/// Two modules cannot be linked into one program, so each target names its own.
///
/// # Panics
/// When the module does; when it lists what its manifest does not have or a key twice, lists something else the second
/// time, or what the core would not take.
pub fn any_file<M: Module>(bytes: &[u8], places: &[Place]) {
    thread_local! {
        static LINUX: Fixture = small(Fixture::new()).file("/etc/debian_version", "12.7\n").folder("/home/mia");
        static MAC: Fixture = small(Fixture::macos()).folder("/Users/mia").folder("/private/var/db");
    }
    let Some((Place(system, path), content)) = split(bytes, places) else {
        return;
    };
    let look = |fixture: &Fixture| {
        let file = fixture.host(path);
        let before = fs::read(&file).ok();
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, content).expect("a file");
        let (seen, again) = (fixture.collect::<M>(), fixture.collect::<M>());
        match before {
            Some(before) => fs::write(&file, before).expect("a file"),
            None => fs::remove_file(&file).expect("a file"),
        }
        is_kept(M::manifest(), seen, &again);
    };
    match system {
        System::Linux => LINUX.with(look),
        System::Mac => MAC.with(look),
    }
}

fn small(fixture: Fixture) -> Fixture {
    fixture
        .file("/etc/passwd", PASSWD)
        .script("/bin/sh", "")
        .script("/opt/x", "")
}

fn is_kept(manifest: Manifest, seen: Seen, again: &Seen) {
    assert_eq!(seen.entries, again.entries);
    assert_eq!(seen.gaps, again.gaps);
    let scan = Scan {
        manifest,
        entries: seen.entries,
        gaps: seen.gaps,
        inputs: Vec::new(),
        complete: false,
        sandbox: Sandbox::default(),
        log: Vec::new(),
    };
    let read = parse(&Output::recorded(written(&scan)), &scan.manifest.name);
    assert_eq!(read.expect("what the core takes"), scan);
}

/// A module that looks at names, modes and links, over a tree of files that the bytes tell.
///
/// # Panics
/// As [`any_file`].
pub fn any_tree<M: Module>(bytes: &[u8]) {
    let Some((system, lines)) = split_tree(bytes) else {
        return;
    };
    let fixture = small(match system {
        System::Linux => Fixture::new(),
        System::Mac => Fixture::macos(),
    });
    plant(&fixture.host("/"), lines);
    is_kept(M::manifest(), fixture.collect::<M>(), &fixture.collect::<M>());
}

/// The module that walks what watch lists name: a list, and a file of any content under a few names.
///
/// # Panics
/// As [`any_file`]; and when a list that the core takes is none for the module.
pub fn any_list<M: Module>(bytes: &[u8]) {
    let Some((text, content)) = split_list(bytes) else {
        return;
    };
    let Ok((list, _)) = watch::parse(Path::new("/x.toml"), text) else {
        return;
    };
    let fixture = LISTED
        .iter()
        .fold(small(Fixture::new()), |fixture, path| fixture.file(path, content));
    let fixture = fixture.link("/etc/d/loop", "..").config("watches", config(&list));
    let manifest = of_this_system(&list).fold(M::manifest(), |manifest, watched| {
        manifest.kind(watched.watch.declares(&watched.definition))
    });
    is_kept(manifest, fixture.collect::<M>(), &fixture.collect::<M>());
}

fn config(list: &WatchList) -> serde_json::Value {
    let config = FilesConfig {
        watches: watched(list).collect(),
    };
    serde_json::to_value(config).expect("a configuration")["watches"].take()
}

fn watched(list: &WatchList) -> impl Iterator<Item = Watched> {
    list.watch.iter().map(|watch| Watched {
        watch: watch.clone(),
        definition: "one".to_owned(),
    })
}

fn of_this_system(list: &WatchList) -> impl Iterator<Item = Watched> {
    watched(list).filter(|watched| watched.watch.platforms.contains(&Os::Linux))
}
