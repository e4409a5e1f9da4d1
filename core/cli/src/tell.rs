//! Alerts as a person reads them. `--json` has every byte; here what is long is shortened.

use crate::table::{clean, colour, local};
use assay_engine::alert::Stored;
use assay_model::{Alert, Facts, FieldChange, FileType, What};

/// Digits of a digest that tell it from others at a glance.
const DIGEST: usize = 16;
/// Names of those that share a file.
const NAMES: usize = 5;

/// An alert: a head line, then what changed, what it is and what runs.
pub(crate) fn alert(stored: &Stored) -> String {
    let alert = &stored.alert;
    let mut lines = vec![head(stored)];
    lines.extend(alert.changed.iter().map(changed));
    if matches!(alert.change, What::Added | What::Removed) {
        lines.extend(
            alert
                .fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
    }
    // Of a file, what changed says it already.
    if alert.module.as_deref() != Some(assay_engine::facts::MODULE) {
        let verb = if alert.change == What::Removed {
            "ran"
        } else {
            "runs"
        };
        let programs = alert.programs.iter();
        lines.extend(
            programs.map(|program| format!("{verb} {}  {}", program.path, brief(program.facts.as_ref()))),
        );
    }
    lines.extend(
        alert
            .named_by
            .iter()
            .take(NAMES)
            .map(|name| format!("named by {name}")),
    );
    if let more @ 1.. = alert.named_by.len().saturating_sub(NAMES) {
        lines.push(format!("and by {more} more"));
    }
    lines.join("\n         ")
}

/// The first line of an alert.
pub(crate) fn head(stored: &Stored) -> String {
    let alert = &stored.alert;
    let style = colour(alert.severity);
    format!(
        "{:>6}  {}  {style}{:<8}{style:#}  {}",
        alert.seq,
        local(&alert.time),
        alert.severity.as_str(),
        headline(alert)
    )
}

fn headline(alert: &Alert) -> String {
    let mut words = vec![alert.change.as_str().replace('_', " ")];
    words.extend(alert.kind.clone().or_else(|| alert.module.clone()));
    let key = alert.key.as_ref().map(ToString::to_string);
    words.extend(key.as_ref().map(|key| format!("`{key}`")));
    let source = alert.source.as_ref().map(ToString::to_string);
    // Most keys name their file.
    let is_named = |source: &String| key.as_ref().is_some_and(|key| key.contains(source));
    words.extend(
        source
            .filter(|source| !is_named(source))
            .map(|source| format!("in {source}")),
    );
    let mut line = words.join(" ");
    if !alert.text.is_empty() {
        line = format!("{line}: {}", clean(&alert.text));
    }
    line
}

/// `field: old -> new`, with words for what is absent.
fn changed(change: &FieldChange) -> String {
    let is_digest = change.field.as_bytes().ends_with(b"sha256");
    let side = |value: &Option<assay_model::Value>| match value {
        None => "(none)".to_owned(),
        Some(value) if is_digest => short(&value.to_string()),
        Some(value) => value.to_string(),
    };
    format!("{}: {} -> {}", change.field, side(&change.old), side(&change.new))
}

/// What a file is, in a word or the beginning of its digest.
fn brief(facts: Option<&Facts>) -> String {
    match facts {
        None => "(not measured)".to_owned(),
        Some(Facts {
            sha256: Some(digest), ..
        }) => short(digest),
        Some(facts) if facts.file_type == FileType::File => "(not read)".to_owned(),
        Some(facts) => format!("({})", facts.file_type.as_str()),
    }
}

/// The beginning of a digest.
pub(crate) fn short(digest: &str) -> String {
    match digest.get(..DIGEST) {
        Some(begin) if digest.len() > DIGEST => format!("{begin}…"),
        _ => digest.to_owned(),
    }
}
