//! `assay module run`

use crate::args::Common;
use crate::context::{self, complain, say};
use crate::table::{clean, count, table};
use anyhow::{Result, bail};
use assay_engine::run::Scan;
use assay_model::{Entry, Gap, LogLevel, Operation, Record};
use std::path::Path;

/// Runs one module once, and prints what it lists.
pub(crate) fn run(common: &Common, path: &Path) -> Result<()> {
    let engine = context::engine(common)?;
    let single = engine.single(path)?;
    let answer = engine.ask(&single, Operation::Collect);
    let scan = match answer.scan {
        Ok(scan) => scan,
        Err(failure) => bail!(
            "module `{}` failed: {}",
            single.name(),
            clean(&failure.to_string())
        ),
    };
    if common.json {
        return records(scan);
    }
    for kind in &scan.manifest.kinds {
        let entries: Vec<&Entry> = scan
            .entries
            .iter()
            .filter(|entry| entry.kind == kind.name)
            .collect();
        if !entries.is_empty() {
            let fields: Vec<&str> = kind.fields.iter().map(|field| field.name.as_str()).collect();
            say!("{}\n", of_kind(&kind.name, &fields, &entries))?;
        }
    }
    for gap in &scan.gaps {
        say!("gap ({}) {}{}", gap.reason.as_str(), gap.path, why(gap))?;
    }
    for (level, text) in &scan.log {
        complain(&format!("{}: {}", word(*level), clean(text)));
    }
    let (entries, gaps) = (scan.entries.len() as u64, scan.gaps.len() as u64);
    Ok(say!(
        "{}, {} in {} ms",
        if entries == 1 {
            "1 entry".to_owned()
        } else {
            format!("{entries} entries")
        },
        count(gaps, "gap"),
        answer.took.as_millis()
    )?)
}

/// Key, fields, programs and source of every entry of one kind; columns that nobody fills are left out.
fn of_kind(kind: &str, fields: &[&str], entries: &[&Entry]) -> String {
    let cells = |entry: &Entry| {
        let value = |name: &&str| {
            entry
                .fields
                .get(*name)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let programs: Vec<String> = entry.programs.iter().map(ToString::to_string).collect();
        let mut cells = vec![entry.key.to_string()];
        cells.extend(fields.iter().map(value));
        cells.push(programs.join(" "));
        cells.push(entry.source.to_string());
        cells.push(entry.unparsable.as_deref().map(clean).unwrap_or_default());
        cells
    };
    let heads = [&[kind][..], fields, &["runs", "in", "unparsable"]].concat();
    let rows: Vec<Vec<String>> = entries.iter().map(|entry| cells(entry)).collect();
    let used = |column: usize| {
        rows.iter()
            .any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
    };
    let kept: Vec<usize> = (0..heads.len()).filter(|column| used(*column)).collect();
    let heads: Vec<&str> = kept
        .iter()
        .filter_map(|column| heads.get(*column).copied())
        .collect();
    let rows = rows.iter().map(|row| {
        kept.iter()
            .filter_map(|column| row.get(*column).cloned())
            .collect()
    });
    table(&heads, rows)
}

fn why(gap: &Gap) -> String {
    if gap.text.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(&gap.text))
    }
}

fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warning => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}

/// The records as the module's process wrote them, but for what only the core needs.
fn records(scan: Scan) -> Result<()> {
    let hello = Record::Hello {
        v: assay_model::PROTOCOL_VERSION,
        manifest: scan.manifest,
    };
    let done = Record::Done {
        entries: scan.entries.len() as u64,
    };
    let log = scan
        .log
        .into_iter()
        .map(|(level, text)| Record::Log { level, text });
    let records = [Record::Sandbox(scan.sandbox), hello]
        .into_iter()
        .chain(scan.entries.into_iter().map(Record::Entry))
        .chain(scan.gaps.into_iter().map(Record::Gap))
        .chain(log)
        .chain([done]);
    for record in records {
        say!("{}", serde_json::to_string(&record)?)?;
    }
    Ok(())
}
