use super::*;
use assay_model::{FieldKind, GapReason};
use proptest::prelude::*;
use std::path::Path;

mod replay;

fn manifest() -> Manifest {
    let kind = Kind::new("job", "T1053", "a job")
        .compared("command", FieldKind::Text, "what runs")
        .shown("note", FieldKind::Text, "prose");
    Manifest::new("test", "1", "jobs").kind(kind)
}

fn entry(key: &str, command: &str) -> Entry {
    Entry::new("job", key, Path::new("/etc/jobs").join(key).as_path()).field("command", command)
}

fn gap(path: &str) -> Gap {
    Gap {
        path: path.into(),
        reason: GapReason::Io,
        text: String::new(),
        hides: Vec::new(),
    }
}

/// Applies deltas to rows, as the store does.
fn apply(rows: &mut BTreeMap<Identity, Row>, deltas: &[Delta]) {
    for delta in deltas {
        if let Some(old) = &delta.renamed {
            rows.remove(old);
        }
        if delta.after.is_empty() {
            rows.remove(&delta.identity);
        } else {
            rows.insert(delta.identity.clone(), delta.after.clone());
        }
    }
}

/// Runs scans one after the other and gives what was said of each.
fn story(scans: &[&[Entry]]) -> Vec<Vec<&'static str>> {
    let manifest = manifest();
    let mut rows = BTreeMap::new();
    let mut learned = None;
    let mut said = Vec::new();
    for scan in scans {
        let deltas = compare(learned, &manifest, rows.clone(), scan.to_vec(), &[]);
        said.push(deltas.iter().filter_map(|d| d.what).map(What::as_str).collect());
        apply(&mut rows, &deltas);
        learned = Some(&manifest);
    }
    said
}

#[test]
fn each_change_is_said_once() {
    let (a, b, c) = (entry("x", "a"), entry("x", "b"), entry("x", "c"));
    let (a, b, c) = (&[a][..], &[b][..], &[c][..]);
    assert_eq!(
        story(&[a, a, a]),
        [vec![""; 0], vec![], vec![]],
        "learned, then nothing"
    );
    assert_eq!(
        story(&[a, b, b, a, a]),
        [vec![], vec!["changed"], vec![], vec!["reverted"], vec![]]
    );
    assert_eq!(
        story(&[a, b, c, a]),
        [vec![], vec!["changed"], vec!["changed"], vec!["reverted"]]
    );
    assert_eq!(
        story(&[a, &[], &[], a]),
        [vec![], vec!["removed"], vec![], vec!["reverted"]]
    );
    assert_eq!(
        story(&[a, &[], b, a]),
        [vec![], vec!["removed"], vec!["changed"], vec!["reverted"]]
    );
    assert_eq!(
        story(&[&[], a, a, &[], a]),
        [vec![], vec!["added"], vec![], vec!["reverted"], vec!["added"]]
    );
    assert_eq!(
        story(&[&[], a, b, &[]]),
        [vec![], vec!["added"], vec!["changed"], vec!["reverted"]]
    );
}

#[test]
fn a_change_has_old_and_new_of_every_field_that_differs() {
    let manifest = manifest();
    let before = entry("x", "a")
        .programs(vec!["/bin/a".into()])
        .field("note", "one");
    let after = entry("x", "b")
        .programs(vec!["/bin/b".into()])
        .field("note", "two");
    let rows = BTreeMap::from([(("job".to_owned(), "x".into()), Row::known(before))]);
    let deltas = compare(Some(&manifest), &manifest, rows, vec![after], &[]);
    let changed: Vec<_> = deltas[0]
        .changed
        .iter()
        .map(|c| format!("{} {:?} {:?}", c.field, c.old, c.new))
        .collect();
    assert_eq!(
        changed,
        [
            "command Some(a) Some(b)",
            "programs Some([/bin/a]) Some([/bin/b])"
        ]
    );
}

/// A line known by its text, as in a crontab.
fn line(schedule: &str, command: &str) -> Entry {
    let key = format!("{schedule} {command}");
    Entry::new("line", key, Path::new("/etc/lines"))
        .field("schedule", schedule)
        .field("command", command)
}

#[test]
fn an_edited_line_is_one_change() {
    let kind = Kind::new("line", "T1053", "a line")
        .compared("schedule", FieldKind::Text, "when")
        .compared("command", FieldKind::Text, "what");
    let manifest = Manifest::new("test", "1", "lines").kind(kind);
    let mut rows = BTreeMap::new();
    apply(
        &mut rows,
        &compare(
            None,
            &manifest,
            BTreeMap::new(),
            vec![line("1", "a"), line("1", "b")],
            &[],
        ),
    );
    let mut next = |scan: &[Entry]| {
        let deltas = compare(Some(&manifest), &manifest, rows.clone(), scan.to_vec(), &[]);
        apply(&mut rows, &deltas);
        let said = |d: &Delta| {
            let fields: Vec<String> = d.changed.iter().map(|c| c.field.to_string()).collect();
            format!(
                "{} {} {}",
                d.what.map_or("", What::as_str),
                d.identity.1,
                fields.join(",")
            )
        };
        let mut said: Vec<String> = deltas.iter().map(said).collect();
        said.sort();
        said
    };
    assert_eq!(
        next(&[line("2", "a"), line("1", "b")]),
        ["changed 2 a key,schedule"]
    );
    assert_eq!(next(&[line("2", "a"), line("1", "b")]), [""; 0]);
    assert_eq!(
        next(&[line("2", "c"), line("1", "b")]),
        ["changed 2 c command,key"]
    );
    assert_eq!(
        next(&[line("1", "a"), line("1", "b")]),
        ["reverted 1 a command,key,schedule"]
    );
    assert_eq!(
        next(&[line("9", "z"), line("1", "b")]).len(),
        2,
        "two fields: another line"
    );
    assert_eq!(
        next(&[line("3", "z"), line("2", "b")]).len(),
        4,
        "two edits in one file are not told apart"
    );
}

#[test]
fn an_edit_that_is_undone_is_reverted() {
    let kind = Kind::new("line", "T1053", "a line")
        .compared("schedule", FieldKind::Text, "when")
        .compared("command", FieldKind::Text, "what");
    let manifest = Manifest::new("test", "1", "lines").kind(kind);
    let mut rows = BTreeMap::new();
    apply(
        &mut rows,
        &compare(None, &manifest, BTreeMap::new(), vec![line("1", "a")], &[]),
    );
    for (scan, what) in [(line("2", "a"), What::Changed), (line("1", "a"), What::Reverted)] {
        let deltas = compare(Some(&manifest), &manifest, rows.clone(), vec![scan], &[]);
        assert_eq!(deltas.iter().map(|d| d.what).collect::<Vec<_>>(), [Some(what)]);
        apply(&mut rows, &deltas);
    }
    assert_eq!(
        rows,
        BTreeMap::from([(("line".to_owned(), "1 a".into()), Row::known(line("1", "a")))])
    );
}

/// Found by the story of alerts in `replay`: it was said to be added, and the removal stayed open for ever.
#[test]
fn an_edited_line_that_goes_is_reverted_when_it_is_back() {
    let kind = Kind::new("line", "T1053", "a line")
        .compared("schedule", FieldKind::Text, "when")
        .compared("command", FieldKind::Text, "what");
    let manifest = Manifest::new("test", "1", "lines").kind(kind);
    let (accepted, other) = (line("1", "a"), line("7", "z"));
    let learned = vec![accepted.clone(), other.clone()];
    let mut rows = BTreeMap::new();
    apply(
        &mut rows,
        &compare(None, &manifest, BTreeMap::new(), learned.clone(), &[]),
    );
    for (scan, expected) in [
        (vec![line("2", "a"), other], vec!["changed"]),
        (vec![], vec!["removed", "removed"]),
        (learned.clone(), vec!["reverted", "reverted"]),
        (vec![line("2", "a"), learned[1].clone()], vec!["changed"]),
        // All at once: nothing tells which line became which, but for what was accepted.
        (vec![accepted], vec!["reverted", "removed"]),
    ] {
        let deltas = compare(Some(&manifest), &manifest, rows.clone(), scan, &[]);
        let said: Vec<_> = deltas.iter().filter_map(|d| d.what).map(What::as_str).collect();
        assert_eq!(said, expected);
        apply(&mut rows, &deltas);
    }
}

#[test]
fn what_is_only_shown_is_never_an_alert() {
    let manifest = manifest();
    let rows = BTreeMap::from([(
        ("job".to_owned(), "x".into()),
        Row::known(entry("x", "a").field("note", "one")),
    )]);
    let deltas = compare(
        Some(&manifest),
        &manifest,
        rows,
        vec![entry("x", "a").field("note", "two")],
        &[],
    );
    assert_eq!(deltas.iter().map(|d| d.what).collect::<Vec<_>>(), [None]);
    assert_eq!(deltas[0].after, Row::known(entry("x", "a").field("note", "two")));
}

#[test]
fn what_a_gap_hides_is_not_removed() {
    let manifest = manifest();
    let identity = |key: &str| ("job".to_owned(), Text::from(key));
    let rows = BTreeMap::from([
        (identity("x"), Row::known(entry("x", "a"))),
        (identity("xy"), Row::known(entry("xy", "a"))),
    ]);
    let said = |gaps: &[Gap]| {
        let deltas = compare(Some(&manifest), &manifest, rows.clone(), Vec::new(), gaps);
        deltas
            .iter()
            .map(|d| d.identity.1.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&[]), ["x", "xy"]);
    assert_eq!(
        said(&[gap("/etc/jobs/x")]),
        ["xy"],
        "a path hides itself and what is below, no longer name"
    );
    assert_eq!(said(&[gap("/etc/jobs")]), [""; 0]);
    let wide = Gap {
        hides: vec!["/".into()],
        ..gap("/etc/passwd")
    };
    assert_eq!(said(&[wide]), [""; 0]);
}

#[test]
fn new_kinds_and_new_fields_are_learned() {
    let old = manifest();
    let mut new = manifest().kind(Kind::new("timer", "T1053", "a timer"));
    new.kinds[0] = new.kinds[0].clone().compared("user", FieldKind::Text, "who");
    let rows = BTreeMap::from([
        (("job".to_owned(), "same".into()), Row::known(entry("same", "a"))),
        (
            ("job".to_owned(), "other".into()),
            Row::known(entry("other", "a")),
        ),
    ]);
    let scan = vec![
        entry("same", "a").field("user", "root"),
        entry("other", "b").field("user", "root"),
        Entry::new("timer", "t", Path::new("/t")),
    ];
    let deltas = compare(Some(&old), &new, rows, scan, &[]);
    let said: Vec<_> = deltas
        .iter()
        .map(|d| (d.identity.1.to_string(), d.what, d.changed.len()))
        .collect();
    assert_eq!(
        said,
        [
            ("same".into(), None, 0),
            ("other".into(), Some(What::Changed), 1),
            ("t".into(), None, 0)
        ]
    );
    assert!(
        deltas
            .iter()
            .all(|d| d.what.is_some() || d.after.state == d.after.baseline),
        "learned means accepted"
    );
}

proptest! {
    /// Whatever happens, with places hidden now and then: the rows end as what was last seen of each entry, a scan
    /// that is repeated says nothing, and nothing is ever said of what a gap hides.
    #[test]
    fn any_story_ends_in_the_last_state(
        scans in prop::collection::vec((prop::collection::btree_map(0u8..6, 0u8..3, 0..6), prop::option::of(0u8..6)), 1..12)
    ) {
        let manifest = manifest();
        let mut rows: BTreeMap<Identity, Row> = BTreeMap::new();
        let mut expected: BTreeMap<u8, u8> = BTreeMap::new();
        let mut learned = None;
        for (seen, hidden) in scans {
            let gaps: Vec<Gap> = hidden.iter().map(|key| gap(&format!("/etc/jobs/{key}"))).collect();
            let visible: BTreeMap<u8, u8> = seen.into_iter().filter(|(key, _)| Some(*key) != hidden).collect();
            let kept = hidden.and_then(|key| expected.get(&key).map(|value| (key, *value)));
            expected = visible.clone().into_iter().chain(kept).collect();
            let scan: Vec<Entry> = visible.iter().map(|(k, v)| entry(&k.to_string(), &v.to_string())).collect();
            let deltas = compare(learned, &manifest, rows.clone(), scan.clone(), &gaps);
            for delta in &deltas {
                prop_assert_ne!(delta.identity.1.as_str().and_then(|k| k.parse().ok()), hidden);
                if delta.what == Some(What::Reverted) {
                    prop_assert_eq!(&delta.after.state, &delta.after.baseline);
                }
            }
            apply(&mut rows, &deltas);
            learned = Some(&manifest);
            prop_assert!(compare(learned, &manifest, rows.clone(), scan, &gaps).is_empty());
            let state = rows.iter().filter_map(|((_, key), row)| {
                let command = row.state.as_ref()?.fields["command"].to_string();
                Some((key.as_str()?.parse().ok()?, command.parse().ok()?))
            });
            prop_assert_eq!(state.collect::<BTreeMap<u8, u8>>(), expected.clone());
        }
    }
}

/// A watch list that looks elsewhere, or at other parts of a file: nothing on the system came, went or changed.
#[test]
fn a_kind_that_is_found_in_another_way_is_learned_anew() {
    let defined = |definition: &str| {
        let mut manifest = manifest();
        manifest.kinds[0].definition = definition.to_owned();
        manifest
    };
    let (one, two) = (defined("1"), defined("2"));
    let mut rows = BTreeMap::new();
    let before = [entry("x", "a"), entry("gone", "b"), entry("y", "c")];
    apply(
        &mut rows,
        &compare(None, &one, BTreeMap::new(), before.to_vec(), &[]),
    );
    let after = [entry("x", "z"), entry("y", "c"), entry("new", "d")];
    let deltas = compare(Some(&one), &two, rows.clone(), after.to_vec(), &[]);
    assert!(deltas.iter().all(|delta| delta.what.is_none()), "{deltas:?}");
    apply(&mut rows, &deltas);
    let known: Vec<_> = rows
        .iter()
        .map(|((_, key), row)| (key.to_string(), row == &Row::known(row.state.clone().unwrap())))
        .collect();
    assert_eq!(
        known,
        [
            ("new".to_owned(), true),
            ("x".to_owned(), true),
            ("y".to_owned(), true)
        ]
    );
    let next = compare(
        Some(&two),
        &two,
        rows,
        vec![entry("x", "z"), entry("y", "e")],
        &[],
    );
    let said: Vec<_> = next
        .iter()
        .filter_map(|delta| delta.what)
        .map(What::as_str)
        .collect();
    assert_eq!(said, ["changed", "removed"], "from then on as ever");
}

#[test]
fn what_a_file_that_makes_no_sense_held_is_not_removed() {
    let in_file = |key: &str| Entry::new("job", key, Path::new("/etc/jobs/f"));
    let mut rows = BTreeMap::new();
    let before = [
        in_file("/etc/jobs/f: a"),
        in_file("/etc/jobs/f: b"),
        entry("x", "c"),
    ];
    apply(
        &mut rows,
        &compare(None, &manifest(), BTreeMap::new(), before.to_vec(), &[]),
    );
    let broken = in_file("/etc/jobs/f").unparsable("nonsense");
    let said = |rows: &mut BTreeMap<Identity, Row>, now: &[Entry]| {
        let deltas = compare(Some(&manifest()), &manifest(), rows.clone(), now.to_vec(), &[]);
        apply(rows, &deltas);
        let told = deltas
            .iter()
            .filter_map(|d| Some(format!("{} {}", d.what?.as_str(), d.identity.1)));
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        said(&mut rows, std::slice::from_ref(&broken)),
        ["added /etc/jobs/f", "removed x"]
    );
    assert!(said(&mut rows, &[broken]).is_empty());
    let mended = said(&mut rows, &[in_file("/etc/jobs/f: a")]);
    assert_eq!(mended, ["reverted /etc/jobs/f", "removed /etc/jobs/f: b"]);
}
