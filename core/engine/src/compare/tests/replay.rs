//! What a log server knows that had nothing but the baseline and the alerts: what is there now.

use super::{apply, gap};
use crate::alert::Draft;
use crate::compare::{Delta, Identity, Row, compare, compare_file};
use assay_model::{
    Entry, Facts, FieldChange, FieldKind, Fields, FileType, Gap, Kind, Manifest, Text, Value, What,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The file that all lines are in.
const LINES: &str = "/etc/lines";

/// What is compared of an entry, by name.
type Seen = BTreeMap<String, Value>;

/// What happens, one after the other.
#[derive(Clone, Debug)]
enum Act {
    /// A scan that sees these jobs (key, command, note) and lines (schedule, command), or what a gap leaves of them.
    Scan(BTreeMap<u8, (u8, u8)>, BTreeSet<(u8, u8)>, Option<Hidden>),
    /// A scan that failed: nobody learns anything.
    Failed,
    /// Somebody accepts every n-th of what is open.
    Accept(usize),
    /// The module lists one more kind from now on.
    Upgrade,
}

#[derive(Clone, Copy, Debug)]
enum Hidden {
    Job(u8),
    Lines,
    All,
    /// The file of the lines makes no sense, and the module says so.
    Broken,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let jobs = prop::collection::btree_map(0u8..5, (0u8..3, 0u8..3), 0..5);
    let lines = prop::collection::btree_set((0u8..3, 0u8..3), 0..4);
    let hidden = prop_oneof![
        6 => Just(None),
        1 => (0u8..5).prop_map(|key| Some(Hidden::Job(key))),
        1 => Just(Some(Hidden::Lines)),
        1 => Just(Some(Hidden::All)),
        1 => Just(Some(Hidden::Broken)),
    ];
    let scan = (jobs, lines, hidden).prop_map(|(jobs, lines, hidden)| Act::Scan(jobs, lines, hidden));
    let act = prop_oneof![
        8 => scan,
        1 => Just(Act::Failed),
        2 => (1usize..4).prop_map(Act::Accept),
        1 => Just(Act::Upgrade),
    ];
    prop::collection::vec(act, 1..20)
}

fn manifest(upgraded: bool) -> Manifest {
    let job = |name| {
        let kind = Kind::new(name, "T1053", "a job");
        kind.compared("command", FieldKind::Text, "what runs")
            .shown("note", FieldKind::Text, "prose")
    };
    let line = Kind::new("line", "T1053", "a line")
        .compared("schedule", FieldKind::Text, "when")
        .compared("command", FieldKind::Text, "what");
    let manifest = Manifest::new("test", "1", "jobs").kind(job("job")).kind(line);
    if upgraded {
        manifest.kind(job("late"))
    } else {
        manifest
    }
}

fn entries(jobs: &BTreeMap<u8, (u8, u8)>, lines: &BTreeSet<(u8, u8)>, upgraded: bool) -> Vec<Entry> {
    let kinds: &[&str] = if upgraded { &["job", "late"] } else { &["job"] };
    let of_kind = |kind: &str| {
        let kind = kind.to_owned();
        let entry = move |(key, (command, note)): (&u8, &(u8, u8))| {
            let entry = Entry::new(&kind, key.to_string(), Path::new(&format!("/etc/jobs/{key}")));
            let entry = entry
                .field("command", command.to_string())
                .field("note", note.to_string());
            entry.programs(vec![format!("/bin/{command}").into()])
        };
        jobs.iter().map(entry).collect::<Vec<_>>()
    };
    let line = |(schedule, command): &(u8, u8)| {
        let entry = Entry::new("line", format!("{schedule} {command}"), Path::new(LINES));
        entry
            .field("schedule", schedule.to_string())
            .field("command", command.to_string())
    };
    kinds
        .iter()
        .flat_map(|kind| of_kind(kind))
        .chain(lines.iter().map(line))
        .collect()
}

fn gaps(hidden: Option<Hidden>) -> Vec<Gap> {
    let path = match hidden {
        None | Some(Hidden::Broken) => return Vec::new(),
        Some(Hidden::Job(key)) => format!("/etc/jobs/{key}"),
        Some(Hidden::Lines) => LINES.to_owned(),
        Some(Hidden::All) => "/etc".to_owned(),
    };
    vec![gap(&path)]
}

/// What the module says of the file of the lines when it makes no sense.
fn broken() -> Entry {
    Entry::new("line", LINES, Path::new(LINES)).unparsable("nonsense")
}

/// What is compared, out of what an alert has, or a state.
fn seen(kind: &str, key: &Text, source: &Text, fields: &Fields, programs: Vec<Text>) -> Seen {
    let of_kind = manifest(true).kind_named(kind).expect("a kind").fields.clone();
    let compared = of_kind.into_iter().filter(|field| field.compared);
    let fields = compared.filter_map(|field| Some((field.name.clone(), fields.get(&field.name)?.clone())));
    let own = [("key", key.clone().into()), ("source", source.clone().into())];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let programs = (!programs.is_empty()).then(|| ("programs".to_owned(), Value::List(programs)));
    fields.chain(own).chain(programs).collect()
}

fn seen_of(entry: &Entry) -> Seen {
    seen(
        &entry.kind,
        &entry.key,
        &entry.source,
        &entry.fields,
        entry.programs.clone(),
    )
}

/// A reader of alerts.
#[derive(Debug, Default)]
struct Reader {
    state: BTreeMap<Identity, Seen>,
    baseline: BTreeMap<Identity, Seen>,
}

impl Reader {
    /// What `baseline_created` counts, and `assay list` shows from then on.
    fn learn(&mut self, identity: &Identity, entry: &Entry) {
        self.state.insert(identity.clone(), seen_of(entry));
        self.baseline.insert(identity.clone(), seen_of(entry));
    }

    fn accept(&mut self, identity: &Identity) {
        match self.state.get(identity) {
            Some(state) => self.baseline.insert(identity.clone(), state.clone()),
            None => self.baseline.remove(identity),
        };
    }

    /// Follows one alert, which must fit what is known.
    fn hear(&mut self, alert: &Draft) {
        let kind = alert.kind.clone().expect("a kind");
        let key = alert.key.clone().expect("a key");
        let identity = (kind.clone(), key.clone());
        self.rename(&identity, &alert.changed);
        let source = alert.source.as_ref().expect("a source");
        let programs = alert
            .programs
            .iter()
            .map(|program| program.path.clone())
            .collect();
        let now = seen(&kind, &key, source, &alert.fields, programs);
        if alert.change == What::Reverted {
            self.find(&identity, &now);
        }
        let (before, accepted) = (self.state.get(&identity), self.baseline.get(&identity));
        let gone = alert.change == What::Removed || (alert.change == What::Reverted && accepted.is_none());
        assert!(gone || before != Some(&now), "said twice");
        match alert.change {
            What::Added => assert!(
                before.is_none() && self.gone(&now).is_none(),
                "added what is known"
            ),
            What::Changed => assert!(accepted != Some(&now), "changed to what is accepted"),
            What::Removed => assert!(
                before.is_some() && accepted.is_some(),
                "removed what was not accepted"
            ),
            What::Reverted if gone => assert!(before.is_some(), "gone twice"),
            What::Reverted => assert_eq!(accepted, Some(&now), "reverted to something else"),
            other => panic!("{other:?} of an entry"),
        }
        if gone {
            self.state.remove(&identity);
        } else {
            let old = before.or(accepted).filter(|_| alert.change != What::Added);
            if let Some(old) = old {
                tells_all(&alert.changed, old, &now);
            }
            self.state.insert(identity, now);
        }
    }

    /// An entry that was accepted just like that, and is gone.
    fn gone(&self, now: &Seen) -> Option<Identity> {
        let gone = self
            .baseline
            .iter()
            .filter(|(identity, _)| !self.state.contains_key(*identity));
        gone.into_iter()
            .find(|(_, accepted)| *accepted == now)
            .map(|(identity, _)| identity.clone())
    }

    /// What was renamed before it went is called as it was when it is back.
    fn find(&mut self, identity: &Identity, now: &Seen) {
        if !self.state.contains_key(identity)
            && let Some(accepted) = self.gone(now).and_then(|old| self.baseline.remove(&old))
        {
            self.baseline.insert(identity.clone(), accepted);
        }
    }

    /// An edit of what the key holds: it is the same entry, called something else.
    fn rename(&mut self, identity: &Identity, changed: &[FieldChange]) {
        let old = changed
            .iter()
            .find(|change| change.field == "key")
            .and_then(|change| change.old.clone());
        let Some(Value::Text(old)) = old else { return };
        let old = (identity.0.clone(), old);
        for known in [&mut self.state, &mut self.baseline] {
            if let Some(entry) = known.remove(&old) {
                known.insert(identity.clone(), entry);
            }
        }
    }
}

/// Old and new value of every field that differs, and of no other.
fn tells_all(told: &[FieldChange], old: &Seen, now: &Seen) {
    let names: BTreeSet<&String> = old.keys().chain(now.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != now.get(*name));
    let differing: Vec<_> = differing
        .map(|name| (name.as_str(), old.get(name), now.get(name)))
        .collect();
    let told = told.iter().map(|change| {
        (
            change.field.as_str().expect("a name"),
            change.old.as_ref(),
            change.new.as_ref(),
        )
    });
    assert_eq!(told.collect::<Vec<_>>(), differing);
}

fn alert(manifest: &Manifest, delta: &Delta) -> Option<Draft> {
    let kind = manifest.kind_named(&delta.identity.0)?;
    Some(Draft::of_entry(
        "test",
        kind,
        delta,
        delta.what?,
        |_| None,
        Vec::new(),
    ))
}

fn states(rows: &BTreeMap<Identity, Row>) -> BTreeMap<Identity, Seen> {
    let there = rows
        .iter()
        .filter_map(|(identity, row)| Some((identity.clone(), seen_of(row.state.as_ref()?))));
    there.collect()
}

fn accept(rows: &mut BTreeMap<Identity, Row>, reader: &mut Reader, every: usize) {
    let open = rows
        .iter()
        .filter(|(_, row)| row.state != row.baseline)
        .map(|(identity, _)| identity.clone());
    for identity in open.step_by(every).collect::<Vec<_>>() {
        let state = rows.remove(&identity).and_then(|row| row.state);
        if let Some(state) = state {
            rows.insert(identity.clone(), Row::known(state));
        }
        reader.accept(&identity);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    /// Any sequence of runs, with scans that fail, places that are hidden, edits, acceptances and a new kind among
    /// them: the baseline, with the alerts played back over it, is what was last seen; and a scan that is repeated
    /// says nothing.
    #[test]
    fn baseline_and_alerts_are_what_is_there(acts in acts()) {
        let (mut rows, mut reader, mut expected) = (BTreeMap::new(), Reader::default(), BTreeMap::new());
        let (mut learned, mut upgraded) = (None, false);
        for act in acts {
            match act {
                Act::Failed => {}
                Act::Upgrade => upgraded = true,
                Act::Accept(every) => accept(&mut rows, &mut reader, every),
                Act::Scan(jobs, lines, hidden) => {
                    let (manifest, gaps) = (manifest(upgraded), gaps(hidden));
                    let is_broken = matches!(hidden, Some(Hidden::Broken));
                    let is_hidden = |key: &Text, source: &Text| {
                        gaps.iter().any(|gap| gap.hides(source)) || (is_broken && *source == LINES && key != source)
                    };
                    let mut scan = entries(&jobs, &lines, upgraded);
                    scan.retain(|entry| !is_hidden(&entry.key, &entry.source));
                    scan.extend(is_broken.then(broken));
                    expected.retain(|(_, key), (source, _): &mut (Text, Seen)| is_hidden(key, source));
                    expected.extend(scan.iter().map(|entry| {
                        ((entry.kind.clone(), entry.key.clone()), (entry.source.clone(), seen_of(entry)))
                    }));
                    let deltas = compare(learned.as_ref(), &manifest, rows.clone(), scan.clone(), &gaps);
                    for delta in &deltas {
                        match (alert(&manifest, delta), &delta.after.state) {
                            (Some(alert), _) => reader.hear(&alert),
                            (None, Some(state)) if delta.before.is_empty() => reader.learn(&delta.identity, state),
                            (None, _) => {}
                        }
                    }
                    apply(&mut rows, &deltas);
                    let again = compare(Some(&manifest), &manifest, rows.clone(), scan, &gaps);
                    prop_assert!(again.is_empty(), "{:?}", again);
                    learned = Some(manifest);
                }
            }
            prop_assert_eq!(&reader.state, &states(&rows));
            let expected: BTreeMap<_, _> = expected.iter().map(|(id, (_, seen))| (id.clone(), seen.clone())).collect();
            prop_assert_eq!(&reader.state, &expected);
        }
    }

    /// The same of a file: what was measured first, with every change that was told, is what was measured last.
    #[test]
    fn facts_and_their_changes_are_the_file(
        measured in prop::collection::vec((0u8..4, 0u8..3, 0u8..2, any::<bool>(), any::<bool>()), 1..15),
        content: bool,
    ) {
        let mut state = facts(0, 0, 0);
        let (mut baseline, mut known) = (None, state.compared(content));
        for (kind, bytes, mode, unread, accepted) in measured {
            let mut now = facts(kind, bytes, mode);
            if unread {
                now.sha256 = None;
            }
            let delta = compare_file(&state, baseline.as_ref(), now.clone(), content, unread);
            prop_assert_eq!(delta.what.is_some(), !delta.changed.is_empty());
            for change in &delta.changed {
                let name = change.field.as_str().expect("a name");
                prop_assert_ne!(&change.old, &change.new);
                // What was never read is learned in silence, and so may have an old value that nobody told.
                if name != "sha256" || known.contains_key(name) {
                    prop_assert_eq!(known.get(name), change.old.as_ref());
                }
                known.remove(name);
                known.extend(change.new.clone().map(|new| (name.to_owned(), new)));
            }
            let there = delta.facts.compared(content);
            let read_at_last = state.file_type == FileType::File && state.sha256.is_none();
            if let Some(digest) = there.get("sha256").filter(|_| read_at_last && !known.contains_key("sha256")) {
                known.remove("size");
                known.insert("sha256".to_owned(), digest.clone());
            }
            prop_assert_eq!(&known, &there);
            if delta.what == Some(What::Reverted) {
                prop_assert_eq!(baseline.map(|baseline: Facts| baseline.compared(content)), Some(there));
            }
            (state, baseline) = (delta.facts, delta.baseline.filter(|_| !accepted));
            let again = compare_file(&state, baseline.as_ref(), now, content, unread);
            prop_assert_eq!((again.what, again.changed), (None, Vec::new()));
        }
    }
}

/// Nothing, a link or a file with one of some contents, the first of them of the same size.
fn facts(kind: u8, bytes: u8, mode: u8) -> Facts {
    let there = Facts {
        mode: u32::from(mode) + 0o644,
        size: u64::from(bytes / 2),
        ..Facts::missing()
    };
    match kind {
        0 => Facts::missing(),
        1 => Facts {
            file_type: FileType::Link,
            target: Some(bytes.to_string().into()),
            ..there
        },
        _ => Facts {
            file_type: FileType::File,
            sha256: Some(bytes.to_string()),
            ..there
        },
    }
}
