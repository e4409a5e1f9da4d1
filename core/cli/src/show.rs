//! `assay show`: one entry, or one file that entries name.

use crate::args::Common;
use crate::context::{self, say};
use crate::look::body;
use crate::table::{self, BOLD, clean, table};
use crate::tell;
use anyhow::{Result, bail};
use assay_engine::alert::Stored;
use assay_engine::store::{EntryRow, FileRow};
use assay_model::{Entry, Facts, FileType, Text, Value, escape_terminal};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn show(common: &Common, key: &str) -> Result<()> {
    let store = context::store(common)?;
    let files = store.files()?;
    let entries = store.entries()?;
    // What a table shows of a key that is no UTF-8 is its escaped form; that finds it too.
    let is_meant = |text: &Text| *text == key || escape_terminal(text.as_bytes()) == key;
    let found: Vec<&EntryRow> = entries
        .iter()
        .filter(|entry| is_meant(&entry.identity.1))
        .collect();
    let file = files.iter().find(|(path, _)| is_meant(path));
    if found.is_empty() && file.is_none() {
        bail!("nothing has the key `{key}`; {}", alike(&entries, key));
    }
    let history: Vec<Stored> = store.alerts_after(0, usize::MAX)?;
    let of = |matches: &dyn Fn(&Stored) -> bool| {
        let about: BTreeSet<String> = history
            .iter()
            .filter(|s| matches(s))
            .map(|s| s.alert.seq.to_string())
            .collect();
        let accepts = |stored: &&Stored| match stored.alert.fields.get("alerts") {
            Some(Value::List(numbers)) => numbers.iter().any(|number| about.contains(&number.to_string())),
            _ => false,
        };
        let is_told = |stored: &&Stored| about.contains(&stored.alert.seq.to_string());
        history
            .iter()
            .filter(|s| is_told(s) || accepts(s))
            .cloned()
            .collect::<Vec<_>>()
    };
    for entry in found {
        let (kind, key) = &entry.identity;
        let alerts = of(&|s| {
            s.alert.module.as_ref() == Some(&entry.module)
                && s.alert.kind.as_ref() == Some(kind)
                && s.alert.key.as_ref() == Some(key)
        });
        show_entry(common, entry, &files, &alerts)?;
    }
    if let Some((path, file)) = file {
        let alerts = of(&|s| {
            s.alert.module.as_deref() == Some(assay_engine::facts::MODULE)
                && s.alert.key.as_ref() == Some(path)
        });
        let named_by: Vec<&EntryRow> = entries.iter().filter(|e| names(e, path)).collect();
        show_file(common, path, file, &named_by, &alerts)?;
    }
    Ok(())
}

/// Keys that hold what was asked for.
fn alike(entries: &[EntryRow], text: &str) -> String {
    let text = text.to_lowercase();
    let keys = entries.iter().map(|entry| entry.identity.1.to_string());
    let mut keys = keys.filter(|key| !text.is_empty() && key.to_lowercase().contains(&text));
    let shown: Vec<_> = keys.by_ref().take(5).map(|key| format!("`{key}`")).collect();
    match (shown.as_slice(), keys.count()) {
        ([], _) => "`assay list` shows what there is".to_owned(),
        (shown, 0) => format!("did you mean {}?", shown.join(" or ")),
        (shown, more) => format!("did you mean {} or one of {more} more?", shown.join(", ")),
    }
}

fn names(entry: &EntryRow, path: &Text) -> bool {
    let now: Option<&Entry> = entry.row.state.as_ref();
    now.is_some_and(|e| e.source == *path || e.programs.contains(path))
}

fn facts_json(path: &Text, file: Option<&FileRow>) -> serde_json::Value {
    let mut value = file
        .and_then(|f| serde_json::to_value(&f.known.facts).ok())
        .unwrap_or_else(|| json!({}));
    value["path"] = json!(path);
    value
}

/// Who may write to a file and how large it is, then what it holds.
fn facts_lines(facts: Option<&Facts>) -> Vec<String> {
    let Some(facts) = facts else {
        return vec!["not measured".to_owned()];
    };
    let kind = facts.file_type.as_str();
    if facts.file_type == FileType::Missing {
        return vec!["not there".to_owned()];
    }
    let mut lines = vec![format!(
        "{kind} of {} bytes, mode {:04o}, owner {}:{}",
        facts.size, facts.mode, facts.uid, facts.gid
    )];
    match (&facts.sha256, &facts.target) {
        _ if facts.changing => lines.push("changed each time it was read".to_owned()),
        (Some(digest), _) => lines.push(format!("sha256 {digest}")),
        (_, Some(target)) => lines.push(format!("leads to {target}")),
        _ if facts.file_type == FileType::File => lines.push("could not be read".to_owned()),
        _ => {}
    }
    lines
}

/// Names and what they are, the name only before the first of several lines.
#[derive(Default)]
struct Sheet(Vec<Vec<String>>);

impl Sheet {
    fn add(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        let names = [name].into_iter().chain(std::iter::repeat(""));
        let rows = names
            .zip(lines)
            .map(|(name, line)| vec![format!("  {name}"), line]);
        self.0.extend(rows);
    }
    fn add_file(&mut self, name: &str, path: &Text, file: Option<&FileRow>) {
        let open = file.and_then(|file| file.alert);
        let open = open.map(|alert| format!("not accepted: alert {alert}"));
        let facts = facts_lines(file.map(|file| &file.known.facts));
        self.add(name, [path.to_string()].into_iter().chain(facts).chain(open));
    }
    fn print(self) -> Result<()> {
        Ok(say!("{}", table(&[], self.0))?)
    }
}

fn show_entry(
    common: &Common,
    entry: &EntryRow,
    files: &BTreeMap<Text, FileRow>,
    alerts: &[Stored],
) -> Result<()> {
    let (kind, key) = &entry.identity;
    let now = entry.row.state.as_ref();
    let state = match (now, &entry.row.baseline) {
        (None, _) => "gone, which is not accepted",
        (_, None) => "new, and not accepted",
        _ if entry.alert.is_some() => "changed, and not accepted",
        _ => "known",
    };
    let Some(shown) = now.or(entry.row.baseline.as_ref()) else {
        return Ok(());
    };
    if common.json {
        let programs: Vec<_> = shown
            .programs
            .iter()
            .map(|p| facts_json(p, files.get(p)))
            .collect();
        let value = json!({
            "module": entry.module, "kind": kind, "key": key, "state": state, "first_seen": entry.first_seen,
            "last_changed": entry.changed, "now": now, "baseline": entry.row.baseline, "programs": programs,
            "source": facts_json(&shown.source, files.get(&shown.source)), "open": entry.alert,
            "history": alerts.iter().map(body).collect::<Vec<_>>(),
        });
        return Ok(say!("{value}")?);
    }
    say!("{BOLD}{kind} `{key}`{BOLD:#} of module {}", entry.module)?;
    let mut sheet = Sheet::default();
    sheet.add("state", [state.to_owned()]);
    sheet.add("first seen", [table::local(&entry.first_seen)]);
    if entry.changed != entry.first_seen {
        sheet.add("changed", [table::local(&entry.changed)]);
    }
    if let Some(why) = &shown.unparsable {
        sheet.add("unparsable", [clean(why)]);
    }
    let accepted = entry
        .row
        .baseline
        .as_ref()
        .filter(|_| now.is_some())
        .map(|b| &b.fields);
    let lost = accepted
        .into_iter()
        .flatten()
        .filter(|(name, _)| !shown.fields.contains_key(*name));
    let lost = lost.map(|(name, was)| (name, vec!["(none)".to_owned(), format!("(accepted: {was})")]));
    let fields = shown.fields.iter().map(|(name, value)| {
        let was = accepted
            .map(|fields| fields.get(name))
            .filter(|was| *was != Some(value));
        let was = was.map(|was| was.map_or_else(|| "(none)".to_owned(), ToString::to_string));
        let was = was.map(|was| format!("(accepted: {was})"));
        (name, [value.to_string()].into_iter().chain(was).collect())
    });
    for (name, lines) in fields.chain(lost) {
        sheet.add(name, lines);
    }
    for program in &shown.programs {
        sheet.add_file("runs", program, files.get(program));
    }
    if !shown.programs.contains(&shown.source) {
        sheet.add_file("read from", &shown.source, files.get(&shown.source));
    }
    sheet.print()?;
    tell_history(alerts)
}

fn show_file(
    common: &Common,
    path: &Text,
    file: &FileRow,
    named_by: &[&EntryRow],
    alerts: &[Stored],
) -> Result<()> {
    if common.json {
        let named: Vec<_> = named_by
            .iter()
            .map(|e| json!({"module": e.module, "kind": e.identity.0, "key": e.identity.1}))
            .collect();
        let value = json!({
            "module": assay_engine::facts::MODULE, "kind": file.role.as_str(), "key": path, "now": facts_json(path, Some(file)),
            "baseline": file.baseline, "named_by": named, "open": file.alert,
            "history": alerts.iter().map(body).collect::<Vec<_>>(),
        });
        return Ok(say!("{value}")?);
    }
    say!("{BOLD}{} `{path}`{BOLD:#}", file.role.as_str())?;
    let mut sheet = Sheet::default();
    sheet.add("now", facts_lines(Some(&file.known.facts)));
    if let Some(accepted) = &file.baseline {
        sheet.add("accepted", facts_lines(Some(accepted)));
    }
    let names = named_by.iter().map(|entry| {
        let (kind, key) = &entry.identity;
        format!("{kind} `{key}`")
    });
    sheet.add("named by", names);
    sheet.print()?;
    tell_history(alerts)
}

fn tell_history(alerts: &[Stored]) -> Result<()> {
    if alerts.is_empty() {
        return Ok(say!("  no alert yet")?);
    }
    for stored in alerts {
        say!("{}", tell::alert(stored))?;
    }
    Ok(())
}
