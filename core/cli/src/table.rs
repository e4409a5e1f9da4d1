//! Tables and alerts as a person reads them.

use anstyle::{AnsiColor, Style};
use assay_engine::alert::Stored;
use assay_model::{Alert, FieldChange, Severity, What, escape_terminal};
use comfy_table::presets;
use comfy_table::{ContentArrangement, Table};
use std::fmt::Write as _;

/// A table with a head, as wide as the terminal, or as wide as it wants where there is none.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(head.iter().copied());
    table.set_content_arrangement(if crate::context::interactive() {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    });
    for row in rows {
        table.add_row(row);
    }
    table
}

/// The colour of a severity.
pub(crate) fn colour(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Magenta.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => Style::new().dimmed(),
    }
}

/// A stored time in the reader's own zone, to the second.
pub(crate) fn local(time: &str) -> String {
    let Ok(time) = time.parse::<jiff::Timestamp>() else {
        return time.to_owned();
    };
    time.to_zoned_datetime(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// An alert as a person reads it: a head line, then what changed and what runs.
pub(crate) fn alert(stored: &Stored) -> String {
    let alert = &stored.alert;
    let style = colour(alert.severity);
    let mut text = format!(
        "{:>5}  {}  {style}{:<8}{style:#}  {}",
        alert.seq,
        local(&alert.time),
        alert.severity.as_str(),
        headline(alert)
    );
    for change in &alert.changed {
        _ = write!(text, "\n         {}", changed(change));
    }
    if matches!(alert.change, What::Added | What::Removed) {
        for (name, value) in &alert.fields {
            _ = write!(text, "\n         {name}: {value}");
        }
    }
    for program in alert
        .programs
        .iter()
        .filter(|_| alert.kind.as_deref() != Some("program"))
    {
        let facts = program.facts.as_ref();
        let what = facts.map(|f| {
            f.sha256
                .clone()
                .unwrap_or_else(|| f.file_type.as_str().to_owned())
        });
        _ = write!(
            text,
            "\n         runs {}  {}",
            program.path,
            what.unwrap_or_default()
        );
    }
    for name in alert.named_by.iter().take(5) {
        _ = write!(text, "\n         named by {name}");
    }
    if alert.named_by.len() > 5 {
        _ = write!(text, "\n         and by {} more", alert.named_by.len() - 5);
    }
    text
}

fn headline(alert: &Alert) -> String {
    let mut words = vec![alert.change.as_str().replace('_', " ")];
    words.extend(alert.kind.clone().or_else(|| alert.module.clone()));
    words.extend(alert.key.as_ref().map(|key| format!("`{key}`")));
    if let Some(source) = alert
        .source
        .as_ref()
        .filter(|source| Some(*source) != alert.key.as_ref())
    {
        words.push(format!("in {source}"));
    }
    if !alert.text.is_empty() {
        words.push(format!("— {}", escape_terminal(alert.text.as_bytes())));
    }
    words.join(" ")
}

/// `field: old -> new`, with words for what is absent.
fn changed(change: &FieldChange) -> String {
    let side = |value: &Option<assay_model::Value>| {
        value
            .as_ref()
            .map_or_else(|| "(none)".to_owned(), ToString::to_string)
    };
    format!("{}: {} -> {}", change.field, side(&change.old), side(&change.new))
}
