//! What a hostile module can do, measured: each attack once where nothing stops it, once behind each wall alone, and
//! once behind all of them.
//!
//! An attack that does not work without walls proves nothing, so that is checked first. A wall is taken away by having
//! the kernel refuse the system calls that build it, as a kernel without it does.

mod arena;
mod layers;
mod list;
mod scans;
mod unprivileged;

use crate::bench::{has, here};
use crate::page;
use arena::{Arena, Outcome};
use assay_tests::needs;
use layers::Walls;
use list::{Alone, Attack, CHAPTERS, Chapter, PYTHON};
use std::collections::BTreeSet;
use std::fs;

/// Whether every wall stands here, so that what each of them stops can be told.
fn has_every_wall(arena: &Arena) -> bool {
    let missing = arena.missing();
    let all = missing.is_empty();
    needs(all, &format!("every wall, and these are missing: {missing:?}"))
}

#[test]
fn every_attack_is_in_the_table() {
    let listed: BTreeSet<&str> = CHAPTERS.iter().flat_map(|c| c.attacks).map(|a| a.name).collect();
    let sources = ["files", "talk", "processes", "rights"]
        .map(|name| fs::read_to_string(here().join(format!("abi/modules/attacks_{name}.c"))).unwrap());
    let compiled: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("NAMED(").skip(1))
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .collect();
    assert_eq!(compiled, listed);
}

/// The heart of it. It also holds for whoever is not root, without the wall that only root can build.
#[test]
fn a_native_module_gets_nothing() {
    assert_gets_nothing(|arena, attack| arena.native(attack, Walls::All));
}

#[test]
fn a_script_module_gets_nothing() {
    assert_gets_nothing(Arena::script);
}

fn assert_gets_nothing(confined: impl Fn(&Arena, &Attack) -> Outcome) {
    if !has("cc") {
        return;
    }
    let arena = Arena::new();
    let mut wrong = Vec::new();
    for (chapter, attack) in attacks() {
        if works(&arena, attack) {
            let outcome = confined(&arena, attack);
            if (outcome == Outcome::Done) != chapter.by_design {
                wrong.push((attack.name, outcome));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether an attack does what it says where nothing stops it; else it proves nothing.
fn works(arena: &Arena, attack: &Attack) -> bool {
    let outcome = arena.control(attack);
    needs(
        outcome == Outcome::Done,
        &format!(
            "a system where `{}` works without walls, not {outcome}",
            attack.name
        ),
    )
}

/// Which wall stops what, for the page.
#[test]
fn the_page_says_what_each_wall_stops() {
    if !has("cc") {
        return;
    }
    let arena = Arena::new();
    if !has_every_wall(&arena) {
        return;
    }
    for chapter in CHAPTERS {
        let head = [
            "| attack | limits | Landlock | nobody | seccomp | all: native module | all: script |",
            "|---|---|---|---|---|---|---|",
        ];
        let rows = chapter.attacks.iter().map(|attack| row(&arena, attack));
        let rows: Vec<_> = head
            .map(|line| Some(line.to_owned()))
            .into_iter()
            .chain(rows)
            .collect();
        page::assert_table(chapter.name, &rows);
    }
}

/// One line of the table; nothing where the attack does not even work without walls.
fn row(arena: &Arena, attack: &Attack) -> Option<String> {
    if !works(arena, attack) {
        return None;
    }
    let alone = Walls::ALONE.map(|walls| match attack.alone {
        Alone::NotTried => "not tried".to_owned(),
        Alone::BySettings if walls == Walls::Nobody => "by settings".to_owned(),
        _ => arena.native(attack, walls).to_string(),
    });
    let native = arena.native(attack, Walls::All);
    let script = arena.script(attack);
    Some(format!(
        "| {} | {} | {native} | {script} |",
        attack.what,
        alone.join(" | ")
    ))
}

/// As one would write them in Python, whose interpreter is behind the same walls.
#[test]
fn a_python_module_gets_nothing() {
    if !has("cc") || !has("python3") {
        return;
    }
    let arena = Arena::new();
    let rows = PYTHON.iter().map(|attack| {
        let free = arena.python_control(attack);
        assert_eq!(free, Outcome::Done, "{}", attack.name);
        let outcome = arena.python(attack);
        assert_ne!(outcome, Outcome::Done, "{}", attack.name);
        Some(format!("| {} | {outcome} |", attack.what))
    });
    let head = ["| attack in Python | outcome |", "|---|---|"].map(|line| Some(line.to_owned()));
    page::assert_table("python", &head.into_iter().chain(rows).collect::<Vec<_>>());
}

/// A container may refuse to set limits, and answers as the kernel does when they are lower already.
#[test]
fn limits_that_cannot_be_set_are_a_failure() {
    if !has("cc") {
        return;
    }
    let attack = &CHAPTERS[0].attacks[0];
    let said = Arena::new().without_limits(attack).to_string();
    assert!(said.contains("set a resource limit"), "{said}");
}

fn attacks() -> impl Iterator<Item = (&'static Chapter, &'static Attack)> {
    CHAPTERS
        .iter()
        .flat_map(|chapter| chapter.attacks.iter().map(move |attack| (chapter, attack)))
}
