//! Every technique that Assay watches for, tried: each is data in `tests/techniques`, what was there, what an intruder
//! does, and the alerts that must come of it, no more and no fewer.
//!
//! `TECHNIQUES=NAME,NAME` in the environment tries only the files whose names hold one of these.

mod coverage;
mod data;
mod root;
mod scenario;

use data::{Family, SYSTEMS, families, repo};
use scenario::Stage;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many techniques are tried at a time; most of a run is waiting for processes.
const AT_A_TIME: usize = 4;

#[test]
fn every_technique_makes_its_alerts_and_no_others() {
    let families = chosen();
    let techniques: Vec<_> = families.iter().flat_map(Family::each).collect();
    let stage = Stage::new();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..AT_A_TIME {
            threads.spawn(|| {
                while let Some((family, technique)) = techniques.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for wrong in scenario::check(&stage, family, technique) {
                        let failure = format!("{}, {}: {wrong}", family.file, technique.id);
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    report(failures.into_inner().unwrap());
}

#[test]
fn every_technique_is_whole_and_names_kinds_that_there_are() {
    let there = Stage::new().kinds();
    let families = chosen();
    let mut failures = Vec::new();
    for (family, technique) in families.iter().flat_map(Family::each) {
        let unknown = technique.kinds.iter().filter(|kind| !there.contains(*kind));
        let wrong = technique.mistakes().into_iter();
        let wrong = wrong.chain(unknown.map(|kind| format!("no module lists the kind `{kind}`")));
        failures.extend(wrong.map(|wrong| format!("{}, {}: {wrong}", family.file, technique.id)));
    }
    report(failures);
}

/// The lists of all techniques hold this page to what is known, so that none is forgotten.
#[test]
fn every_known_technique_is_there_once() {
    let families = families();
    let mut failures = Vec::new();
    for system in SYSTEMS {
        let path = format!("tests/techniques/{}/ids.txt", system.as_str());
        let known = fs::read_to_string(repo(&path)).unwrap();
        let mut missing: BTreeSet<&str> = known.lines().collect();
        let mut seen = BTreeSet::new();
        for (family, technique) in families
            .iter()
            .filter(|f| f.system == system)
            .flat_map(Family::each)
        {
            let id = technique.id.as_str();
            if !seen.insert(id) {
                failures.push(format!("{}, {id}: is there twice", family.file));
            } else if !missing.remove(id) {
                failures.push(format!("{}, {id}: is not in {path}", family.file));
            }
        }
        if !missing.is_empty() {
            let missing: Vec<_> = missing.into_iter().collect();
            failures.push(format!("{path}: no file has {}", missing.join(", ")));
        }
    }
    report(failures);
}

/// The files that are to be tried.
fn chosen() -> Vec<Family> {
    let chosen = std::env::var("TECHNIQUES").unwrap_or_default();
    let is_chosen = |family: &Family| chosen.split(',').any(|name| family.name.contains(name));
    let families: Vec<_> = families().into_iter().filter(is_chosen).collect();
    assert!(
        !families.is_empty(),
        "no file in tests/techniques is called {chosen}"
    );
    families
}

/// Fails with all that is wrong, since who mends one file wants to know the whole of it.
fn report(mut failures: Vec<String>) {
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} wrong:\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}
