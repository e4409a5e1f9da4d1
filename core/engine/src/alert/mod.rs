//! Alerts: drafting them, chaining them, and the sinks that send them.
//!
//! A draft becomes an [`Alert`] in the transaction that stores the state it speaks of: only there is it known which
//! number it has and which alert came before it.

mod file;
mod line;
mod read;
mod sink;
mod stdout;
mod syslog;

pub use line::line;
pub use read::Line;
pub use sink::{Group, Sink, SinkError, Stored, open_sink};

use crate::compare::Delta;
use crate::discover::hex;
use crate::judge;
use assay_model::{Alert, Facts, FieldChange, Fields, Gap, Kind, ProgramFacts, Severity, Text, What, Writer};
use sha2::{Digest as _, Sha256};

/// Version of the alert's form.
pub const ALERT_VERSION: u32 = 1;
/// What the first alert of a history names as the digest before it.
pub const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An alert that has no place in the history yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Alert")]
pub struct Draft {
    pub change: What,
    pub severity: Severity,
    pub technique: Option<String>,
    pub module: Option<String>,
    pub kind: Option<String>,
    pub key: Option<Text>,
    pub source: Option<Text>,
    pub programs: Vec<ProgramFacts>,
    pub changed: Vec<FieldChange>,
    pub fields: Fields,
    pub named_by: Vec<Text>,
    pub writer_hint: Option<Writer>,
    pub group: Option<String>,
    pub text: String,
}

impl Draft {
    /// A fact about Assay itself.
    #[must_use]
    pub fn about(change: What, text: impl Into<String>) -> Self {
        Self {
            change,
            severity: judge::severity(change, Severity::Medium),
            technique: None,
            module: None,
            kind: None,
            key: None,
            source: None,
            programs: Vec::new(),
            changed: Vec::new(),
            fields: Fields::new(),
            named_by: Vec::new(),
            writer_hint: None,
            group: None,
            text: text.into(),
        }
    }

    /// The same, of one module.
    #[must_use]
    pub fn of_module(change: What, module: &str, text: impl Into<String>) -> Self {
        Self {
            module: Some(module.to_owned()),
            ..Self::about(change, text)
        }
    }

    /// A gap that opened or closed.
    #[must_use]
    pub fn of_gap(change: What, module: &str, gap: &Gap) -> Self {
        let text = if gap.text.is_empty() {
            gap.reason.as_str().to_owned()
        } else {
            format!("{}: {}", gap.reason.as_str(), gap.text)
        };
        Self {
            key: Some(gap.path.clone()),
            ..Self::of_module(change, module, text)
        }
    }

    /// A change of an entry; `facts` gives what was measured of a program, and `files` are the changes of files that
    /// this entry names and this alert speaks for.
    #[must_use]
    pub fn of_entry(
        module: &str,
        kind: &Kind,
        delta: &Delta,
        what: What,
        facts: impl Fn(&Text) -> Option<Facts>,
        files: Vec<FieldChange>,
    ) -> Self {
        let entry = delta
            .after
            .state
            .as_ref()
            .or(delta.before.state.as_ref())
            .or(delta.after.baseline.as_ref());
        let program = |path: &Text| ProgramFacts {
            path: path.clone(),
            facts: facts(path),
        };
        // All fields of an entry that went are in `fields`; as changes they would only say the same twice.
        let gone = delta.after.state.is_none();
        let changed = if gone { Vec::new() } else { delta.changed.clone() };
        let text = match (what, gone) {
            (What::Reverted, true) => "what was added is gone again".to_owned(),
            (What::Reverted, false) => "as in the baseline again".to_owned(),
            _ => entry.and_then(|e| e.unparsable.clone()).unwrap_or_default(),
        };
        Self {
            technique: Some(kind.technique.clone()),
            severity: judge::severity(what, kind.severity),
            kind: Some(kind.name.clone()),
            key: Some(delta.identity.1.clone()),
            source: entry.map(|e| e.source.clone()),
            programs: entry.iter().flat_map(|e| &e.programs).map(program).collect(),
            changed: changed.into_iter().chain(files).collect(),
            fields: entry.map(|e| e.fields.clone()).unwrap_or_default(),
            ..Self::of_module(what, module, text)
        }
    }

    /// Gives the draft its place in the history.
    #[must_use]
    pub fn place(self, place: Place) -> Alert {
        Alert {
            v: ALERT_VERSION,
            seq: place.seq,
            id: place.id,
            time: place.time,
            host: place.host,
            history: place.history,
            change: self.change,
            severity: self.severity,
            technique: self.technique,
            module: self.module,
            kind: self.kind,
            key: self.key,
            source: self.source,
            programs: self.programs,
            changed: self.changed,
            fields: self.fields,
            named_by: self.named_by,
            writer_hint: self.writer_hint,
            group: self.group,
            text: self.text,
            previous: place.previous,
        }
    }
}

/// A place in the history.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of Alert")]
pub struct Place {
    pub seq: u64,
    pub id: String,
    pub time: String,
    pub host: String,
    pub history: String,
    pub previous: String,
}

/// The digest that the next alert names as the one before it: SHA-256 over the stored JSON.
#[must_use]
pub fn digest(body: &str) -> String {
    hex(&Sha256::digest(body.as_bytes()))
}

/// The JSON that is sent: the stored body with its digest as the last member.
#[must_use]
pub fn json(body: &str, digest: &str) -> String {
    let open = body.strip_suffix('}').unwrap_or(body);
    format!("{open},\"digest\":\"{digest}\"}}")
}
