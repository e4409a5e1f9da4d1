//! What is said when something changed.

use crate::{Facts, Fields, Text, Value};
use serde::{Deserialize, Serialize};

/// An alert as it is stored and sent in JSON. Built once, in the transaction that stores the state it speaks
/// of; afterwards no byte of it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Version of this form.
    pub v: u32,
    /// Position in the history of one database: 1, 2, 3, … without holes.
    pub seq: u64,
    /// The same for ever, and different for every alert (UUID version 7).
    pub id: String,
    /// When it was found, RFC 3339 in UTC.
    pub time: String,
    /// Name of the machine.
    pub host: String,
    /// Which database's history this is.
    pub history: String,
    /// What happened.
    pub change: What,
    /// How bad it is.
    pub severity: Severity,
    /// ATT&CK technique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// Module that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Kind of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Key of the entry, or path of the gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Text>,
    /// File that the entry was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
    /// What it now runs (of a removed entry: what it ran).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<ProgramFacts>,
    /// Every field that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<FieldChange>,
    /// All fields as they are now (of a removed entry: as they were).
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// For a file that entries share: which ones, as `module/kind/key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_by: Vec<Text>,
    /// Who wrote there last, when somebody watched. Only a hint: others may have written since, and before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_hint: Option<Writer>,
    /// Alerts with the same one tell one story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The reason, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Digest of the alert before this one.
    pub previous: String,
}

/// A program of an entry with its facts at the time of the alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFacts {
    /// Absolute path below the root.
    pub path: Text,
    /// What the core measured; absent when it could not.
    #[serde(flatten)]
    pub facts: Option<Facts>,
}

/// A process that wrote, as it was at that moment; one that had ended by then has a number only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// Its number.
    pub pid: i32,
    /// What it executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Text>,
    /// Its real user: who used `sudo` is root here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name; facts of a file that the entry names are `file:PATH:FACT`.
    pub field: Text,
    /// The value before; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The value now; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// What an alert says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An entry that was not there before.
    Added,
    /// An entry, or a file that entries name, that differs.
    Changed,
    /// An entry that is gone, from a place that was read whole.
    Removed,
    /// An entry or file that is as the baseline has it again.
    Reverted,
    /// A new database, module or kind was learned.
    BaselineCreated,
    /// Somebody accepted deviations as known.
    Accepted,
    /// A module's scan failed; its entries stay as they were.
    ModuleFailed,
    /// A module that had failed works again.
    ModuleRecovered,
    /// The file of a known module is another one now.
    ModuleChanged,
    /// A known module is not there any more.
    ModuleMissing,
    /// A file in a module folder was not loaded, because others could have written it.
    ModuleRefused,
    /// A place can not be looked at.
    GapOpened,
    /// A place can be looked at again.
    GapClosed,
    /// A sink does not take alerts; they are queued.
    SinkFailed,
    /// The database vanished, was rolled back or is damaged.
    HistoryBroken,
    /// The configuration was read again and cannot be used; the one before stays in force.
    ConfigRefused,
    /// Nothing: the alert says that runs go on and that alerts arrive.
    Heartbeat,
    /// Somebody tried whether alerts arrive.
    Test,
}

impl What {
    /// The word used in JSON, syslog and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Reverted => "reverted",
            Self::BaselineCreated => "baseline_created",
            Self::Accepted => "accepted",
            Self::ModuleFailed => "module_failed",
            Self::ModuleRecovered => "module_recovered",
            Self::ModuleChanged => "module_changed",
            Self::ModuleMissing => "module_missing",
            Self::ModuleRefused => "module_refused",
            Self::GapOpened => "gap_opened",
            Self::GapClosed => "gap_closed",
            Self::SinkFailed => "sink_failed",
            Self::HistoryBroken => "history_broken",
            Self::ConfigRefused => "config_refused",
            Self::Heartbeat => "heartbeat",
            Self::Test => "test",
        }
    }
}

/// How bad it is.
///
/// ```
/// use assay_sdk::Severity;
/// assert!(Severity::Critical > Severity::High);
/// assert_eq!(Severity::Medium.as_str(), "medium");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Worth a look some day.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Get up.
    Critical,
}

impl Severity {
    /// The word used in JSON, syslog and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
