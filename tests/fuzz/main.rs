//! What fuzzing found worth keeping, again: every file of `fuzz/corpus`, without libFuzzer, in some seconds.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails"
)]
#![expect(
    unreachable_pub,
    reason = "the targets are public in the package that fuzzes them"
)]

#[path = "../../fuzz/src/archive.rs"]
mod archive;
#[path = "../../fuzz/src/bookmark.rs"]
mod bookmark;
#[path = "../../fuzz/src/config.rs"]
mod config;
#[path = "../../fuzz/src/ini.rs"]
mod ini;
#[path = "../../fuzz/src/json.rs"]
mod json;
#[path = "../../fuzz/src/line.rs"]
mod line;
#[path = "../../fuzz/src/lines.rs"]
mod lines;
mod modules;
#[path = "../../fuzz/src/modules.rs"]
#[expect(dead_code, reason = "two modules cannot be linked into one test")]
mod one;
#[path = "../../fuzz/src/places.rs"]
mod places;
#[path = "../../fuzz/src/plist.rs"]
mod plist;
#[path = "../../fuzz/src/records.rs"]
mod records;
#[path = "../../fuzz/src/sqlite.rs"]
mod sqlite;
#[path = "../../fuzz/src/tree.rs"]
mod tree;
#[path = "../../fuzz/src/watch.rs"]
mod watch;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A target: it panics where bytes break a promise.
type Body = fn(&[u8]);
/// A file of a corpus: its name, and what is in it.
type Input = (String, Vec<u8>);

/// Of a running kernel no root that is planted tells anything.
fn running(bytes: &[u8]) {
    one::any_file::<assay_module_running::Copied>(bytes, places::RUNNING);
}

/// Targets whose body is called here; those of other modules are replayed in [`modules`].
const BODIES: &[(&str, Body)] = &[
    ("archive", archive::archive),
    ("bookmark", bookmark::bookmark),
    ("config", config::config),
    ("ini", ini::ini),
    ("json", json::json),
    ("line", line::line),
    ("lines", lines::lines),
    ("plist", plist::plist),
    ("records", records::records),
    ("running", running),
    ("sqlite", sqlite::sqlite),
    ("watch", watch::watch),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The corpus of a target.
fn corpus(target: &str) -> Vec<Input> {
    let folder = fuzz().join("corpus").join(target);
    let files = names(&folder).into_iter().map(|name| {
        let bytes = fs::read(folder.join(&name)).unwrap();
        (format!("{target}/{name}"), bytes)
    });
    files.collect()
}

#[test]
fn corpora_break_no_promise() {
    for (target, body) in BODIES {
        let corpus = corpus(target);
        assert!(corpus.len() > 5, "{target} has no corpus");
        for (name, bytes) in corpus {
            let kept = catch_unwind(AssertUnwindSafe(|| body(&bytes)));
            assert!(kept.is_ok(), "fuzz/corpus/{name}");
        }
    }
}

/// A target that is fuzzed and never replayed would be a promise that nobody keeps.
#[test]
fn every_target_is_replayed() {
    let replayed = BODIES.iter().map(|(name, _)| *name).chain(modules::replayed());
    let replayed: BTreeSet<String> = replayed.map(str::to_owned).collect();
    let targets = names(&fuzz().join("fuzz_targets"));
    let targets: BTreeSet<String> = targets.iter().map(|name| name.replace(".rs", "")).collect();
    let corpora: BTreeSet<String> = names(&fuzz().join("corpus")).into_iter().collect();
    assert_eq!(targets, replayed);
    assert_eq!(corpora, replayed);
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(fuzz().join("Cargo.toml")).unwrap()).unwrap();
    let built = manifest["bin"].as_array().unwrap().iter();
    let built: BTreeSet<String> = built
        .map(|bin| bin["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(built, replayed);
}
