//! Tries one technique: what was there is learned, what means nothing is silent, the act is told.

use super::data::{Expected, Family, Technique, Things, repo};
use super::root::{Kept, put, write_again};
use assay_sdk::Os;
use assay_tests::{Scratch, built, copy_modules, short, skipped};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// The modules and watch lists that are tried, in a folder of their own: those of the build and the repository may
/// be written to meanwhile, and that would be told in the middle of a scenario.
pub(super) struct Stage(tempfile::TempDir);

impl Stage {
    pub(super) fn new() -> Self {
        let base = built().join("scratch");
        fs::create_dir_all(&base).unwrap();
        let stage = Self(tempfile::Builder::new().prefix("t").tempdir_in(base).unwrap());
        copy_modules(&stage.modules(), |_| true);
        fs::create_dir(stage.watch()).unwrap();
        for found in fs::read_dir(repo("config/watch.d")).unwrap() {
            let found = found.unwrap();
            fs::copy(found.path(), stage.watch().join(found.file_name())).unwrap();
        }
        stage
    }

    fn modules(&self) -> PathBuf {
        self.0.path().join("modules")
    }
    fn watch(&self) -> PathBuf {
        self.0.path().join("watch.d")
    }

    fn scratch(&self, system: Os) -> Scratch {
        let mut scratch = match system {
            Os::Linux => Scratch::new(),
            Os::Macos => Scratch::macos(),
        };
        scratch.modules = vec![self.modules()];
        scratch.watch = self.watch();
        scratch
    }

    /// What each module says of itself.
    pub(super) fn manifests(&self) -> Vec<Value> {
        self.scratch(Os::Linux).json(&["kinds"])
    }

    /// The names of all kinds.
    pub(super) fn kinds(&self) -> BTreeSet<String> {
        let manifests = self.manifests();
        let kinds = manifests.iter().flat_map(|manifest| manifest["kinds"].as_array());
        let names = kinds.flatten().filter_map(|kind| kind["name"].as_str());
        names.map(str::to_owned).collect()
    }
}

/// Tries a technique, and gives what is wrong with it.
pub(super) fn check(stage: &Stage, family: &Family, technique: &Technique) -> Vec<String> {
    let gives_away = technique.gives_away() && !rustix::process::geteuid().is_root();
    if gives_away {
        skipped(&format!("root, who may give files away: {}", technique.id));
    }
    if gives_away || !technique.file {
        return Vec::new();
    }
    match attempt(stage, family, technique) {
        Ok(()) => Vec::new(),
        Err(wrong) => wrong,
    }
}

fn attempt(stage: &Stage, family: &Family, technique: &Technique) -> Result<(), Vec<String>> {
    let scratch = stage.scratch(family.system);
    let place = |things: &Things| put(&scratch, things).map_err(|error| vec![error]);
    place(&technique.before)?;

    let learned: Vec<_> = scratch
        .run()
        .into_iter()
        .filter(|alert| !is_refusal(alert))
        .collect();
    let started = |alert: &Value| alert["change"] == "baseline_created";
    silent(
        "the first run",
        learned.into_iter().filter(|alert| !started(alert)),
    )?;
    silent("a second run", scratch.run())?;
    write_again(&scratch, &technique.before);
    silent("the same bytes in other files", scratch.run())?;

    for (number, things) in technique.silent.iter().enumerate() {
        let kept = Kept::of(&scratch, things);
        place(things)?;
        silent(&format!("silent change {}", number + 1), scratch.run())?;
        kept.restore(&scratch);
    }
    if !technique.silent.is_empty() {
        silent("all as it was before", scratch.run())?;
    }

    place(&technique.act)?;
    let told = scratch.run();
    let wrong = compare(technique, &told);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    silent("a run after the alerts", scratch.run())
}

/// A list that is not loaded fails the tests of what it watches.
fn is_refusal(alert: &Value) -> bool {
    alert["change"] == "module_refused"
}

fn silent(after: &str, told: impl IntoIterator<Item = Value>) -> Result<(), Vec<String>> {
    let told: Vec<_> = told.into_iter().map(|alert| describe(&alert)).collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(vec![format!(
        "after {after}, too much:\n    {}",
        told.join("\n    ")
    )])
}

/// What is wrong with the alerts that an act made.
fn compare(technique: &Technique, told: &[Value]) -> Vec<String> {
    let mut surplus: Vec<&Value> = told.iter().collect();
    let mut wrong = Vec::new();
    let mut untold = Vec::new();
    for due in &technique.alert {
        let words = [&*due.change, &*due.kind, &*due.key].map(str::to_owned);
        let name = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let same = |alert: &Value| short(alert) == name;
        let exact = surplus
            .iter()
            .position(|alert| same(alert) && differs(due, alert).is_none());
        let Some(at) = exact.or_else(|| surplus.iter().position(|alert| same(alert))) else {
            untold.push(name);
            continue;
        };
        let alert = surplus.swap_remove(at);
        wrong.extend(differs(due, alert).map(|what| format!("{what}:\n    {}", describe(alert))));
    }
    if !untold.is_empty() || !surplus.is_empty() {
        let surplus: Vec<_> = surplus.iter().map(|alert| describe(alert)).collect();
        let none = |lines: Vec<String>| {
            if lines.is_empty() {
                "nothing".to_owned()
            } else {
                lines.join("\n    ")
            }
        };
        wrong.push(format!(
            "after the act, untold:\n    {}\n  too much:\n    {}",
            none(untold),
            none(surplus)
        ));
    }
    if !told.iter().any(|alert| shows(alert, technique)) {
        let attack = technique.attack.first().map_or("", String::as_str);
        let kinds = technique.kinds.join(", ");
        wrong.push(format!("no alert says {attack} of {kinds}"));
    }
    wrong
}

/// Whether an alert bears the technique, and is of one of its kinds, or of a file that an entry of them names.
fn shows(alert: &Value, technique: &Technique) -> bool {
    let of_file = alert["named_by"].as_array().into_iter().flatten();
    let of_file = of_file.filter_map(|entry| entry.as_str()?.split('/').nth(1));
    let mut kinds = alert["kind"].as_str().into_iter().chain(of_file);
    alert["technique"].as_str() == technique.attack.first().map(String::as_str)
        && kinds.any(|kind| technique.kinds.iter().any(|known| known == kind))
}

/// What an alert says otherwise than it should.
fn differs(due: &Expected, alert: &Value) -> Option<String> {
    for (field, value) in &due.fields {
        let said = match changed(alert, field) {
            Some(change) => change["new"].clone(),
            None if due.change == "changed" => return Some(format!("`{field}` did not change")),
            None => alert["fields"][field].clone(),
        };
        // What is absent is written as empty.
        let said = if said.is_null() { "".into() } else { said };
        if said != *value {
            return Some(format!("`{field}` is {said}, not {value}"));
        }
    }
    let program = due.program.as_ref()?;
    let programs = alert["programs"].as_array().into_iter().flatten();
    let named = programs.filter_map(|measured| measured["path"].as_str());
    let mut named = named.peekable();
    let missing = !named.any(|path| path == program);
    missing.then(|| format!("it does not run `{program}`"))
}

fn changed<'a>(alert: &'a Value, field: &str) -> Option<&'a Value> {
    let mut all = alert["changed"].as_array()?.iter();
    all.find(|change| change["field"] == *field)
}

/// An alert as one line for people.
fn describe(alert: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut line = format!("{}  ({}", short(alert), text(&alert["technique"]));
    let changes = alert["changed"].as_array().into_iter().flatten();
    for change in changes {
        let (old, new) = (&change["old"], &change["new"]);
        line.push_str(&format!("; {}: {old} -> {new}", text(&change["field"])));
    }
    if alert["change"] != "changed" {
        let fields = alert["fields"].as_object().into_iter().flatten();
        fields.for_each(|(field, value)| line.push_str(&format!("; {field}={value}")));
    }
    let programs = alert["programs"].as_array().into_iter().flatten();
    programs.for_each(|program| line.push_str(&format!("; runs {}", text(&program["path"]))));
    if let Some(why) = alert["text"].as_str() {
        line.push_str(&format!("; {why}"));
    }
    line + ")"
}
