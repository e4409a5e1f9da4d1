//! `assay show`: one entry, or one file that entries name.

use crate::args::Common;
use crate::context::{self, say};
use crate::table;
use anyhow::{Result, bail};
use assay_engine::alert::{Stored, json};
use assay_engine::store::{EntryRow, FileRow};
use assay_model::{Entry, Facts, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn show(common: &Common, key: &str) -> Result<()> {
    let store = context::store(common)?;
    let files = store.files()?;
    let entries = store.entries()?;
    // What a table shows of a key that is no UTF-8 is its escaped form; that finds it too.
    let is_meant = |text: &Text| *text == key || text.to_string() == key;
    let found: Vec<&EntryRow> = entries
        .iter()
        .filter(|entry| is_meant(&entry.identity.1))
        .collect();
    let file = files.iter().find(|(path, _)| is_meant(path));
    if found.is_empty() && file.is_none() {
        bail!("nothing has the key `{key}`; `assay list` shows what there is");
    }
    let history: Vec<Stored> = store.alerts_after(0, usize::MAX)?;
    let of = |matches: &dyn Fn(&Stored) -> bool| {
        history.iter().filter(|s| matches(s)).cloned().collect::<Vec<_>>()
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

fn names(entry: &EntryRow, path: &Text) -> bool {
    let now: Option<&Entry> = entry.row.state.as_ref();
    now.is_some_and(|e| e.source == *path || e.programs.contains(path))
}

fn facts_json(path: &Text, file: Option<&FileRow>) -> Value {
    let mut value = file
        .and_then(|f| serde_json::to_value(&f.known.facts).ok())
        .unwrap_or_else(|| json!({}));
    value["path"] = json!(path);
    value
}

fn facts_line(path: &Text, facts: Option<&Facts>) -> String {
    let Some(facts) = facts else {
        return format!("{path}  (not measured)");
    };
    let digest = facts
        .sha256
        .clone()
        .unwrap_or_else(|| facts.file_type.as_str().to_owned());
    let owner = if facts.file_type == assay_model::FileType::Missing {
        String::new()
    } else {
        format!(
            "  {:04o} {}:{}  {} bytes",
            facts.mode, facts.uid, facts.gid, facts.size
        )
    };
    format!("{path}{owner}  {digest}")
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
        (Some(now), Some(accepted)) if now == accepted => "known",
        _ => "changed, and not accepted",
    };
    let Some(shown) = now.or(entry.row.baseline.as_ref()) else {
        return Ok(());
    };
    if common.json {
        let programs: Vec<Value> = shown
            .programs
            .iter()
            .map(|p| facts_json(p, files.get(p)))
            .collect();
        let value = json!({
            "module": entry.module, "kind": kind, "key": key, "state": state, "first_seen": entry.first_seen,
            "last_changed": entry.changed, "now": now, "baseline": entry.row.baseline, "programs": programs,
            "source": facts_json(&shown.source, files.get(&shown.source)), "open": entry.alert,
            "history": alerts.iter().filter_map(|s| serde_json::from_str(&json(&s.body, &s.digest)).ok()).collect::<Vec<Value>>(),
        });
        return Ok(say!("{value}")?);
    }
    let bold = anstyle::Style::new().bold();
    say!("{bold}{kind} `{key}`{bold:#} ({})", entry.module)?;
    say!(
        "  state       {state}; first seen {}, changed {}",
        table::local(&entry.first_seen),
        table::local(&entry.changed)
    )?;
    say!(
        "  source      {}",
        facts_line(&shown.source, files.get(&shown.source).map(|f| &f.known.facts))
    )?;
    if let Some(why) = &shown.unparsable {
        say!("  unparsable  {why}")?;
    }
    for (name, value) in &shown.fields {
        let accepted = entry.row.baseline.as_ref().and_then(|b| b.fields.get(name));
        let was = match accepted {
            Some(accepted) if accepted != value => format!("   (accepted: {accepted})"),
            _ => String::new(),
        };
        say!("  {name:<10}  {value}{was}")?;
    }
    for program in &shown.programs {
        say!(
            "  runs        {}",
            facts_line(program, files.get(program).map(|f| &f.known.facts))
        )?;
    }
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
        let named: Vec<Value> = named_by
            .iter()
            .map(|e| json!({"module": e.module, "kind": e.identity.0, "key": e.identity.1}))
            .collect();
        let value = json!({
            "module": assay_engine::facts::MODULE, "kind": file.role.as_str(), "key": path, "now": facts_json(path, Some(file)),
            "baseline": file.baseline, "named_by": named, "open": file.alert,
            "history": alerts.iter().filter_map(|s| serde_json::from_str(&json(&s.body, &s.digest)).ok()).collect::<Vec<Value>>(),
        });
        return Ok(say!("{value}")?);
    }
    let bold = anstyle::Style::new().bold();
    say!("{bold}{} `{path}`{bold:#}", file.role.as_str())?;
    say!("  now         {}", facts_line(path, Some(&file.known.facts)))?;
    if let Some(accepted) = &file.baseline {
        say!("  accepted    {}", facts_line(path, Some(accepted)))?;
    }
    for entry in named_by {
        say!(
            "  named by    {} `{}` ({})",
            entry.identity.0,
            entry.identity.1,
            entry.module
        )?;
    }
    tell_history(alerts)
}

fn tell_history(alerts: &[Stored]) -> Result<()> {
    if alerts.is_empty() {
        say!("  history     no alert yet")?;
    }
    for stored in alerts {
        say!("{}", table::alert(stored))?;
    }
    Ok(())
}
