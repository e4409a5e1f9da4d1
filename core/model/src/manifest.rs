//! What a module says of itself.

use crate::{Severity, Value};
use serde::{Deserialize, Serialize};

/// A module's description of itself: printed by `assay kinds`, used by compare and judge.
///
/// ```
/// use assay_sdk::{Kind, Manifest, Os};
/// let manifest = Manifest::new("shells", "1.0.0", "programs that count as login shells")
///     .platforms(&[Os::Linux])
///     .kind(Kind::new("login_shell", "T1546.004", "a line of /etc/shells"))
///     .watch(&["/etc/shells"]);
/// assert_eq!(manifest.kind_named("login_shell").unwrap().technique, "T1546.004");
/// assert!(manifest.kind_named("login").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// One word, the same for ever.
    pub name: String,
    /// Version of the module.
    pub version: String,
    /// One line: what it watches.
    pub summary: String,
    /// Systems whose roots it can read.
    pub platforms: Vec<Os>,
    /// What it lists.
    pub kinds: Vec<Kind>,
    /// Places it reads, as globs with `*`, `**`, `{a,b}` and `~` for every home.
    #[serde(default)]
    pub watch: Vec<String>,
    /// A JSON schema of the `[module.NAME]` table, when it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<serde_json::Value>,
}

impl Manifest {
    /// A manifest without kinds yet.
    #[must_use]
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            platforms: vec![Os::Linux, Os::Macos],
            kinds: Vec::new(),
            watch: Vec::new(),
            config: None,
        }
    }
    /// Restricts it to roots of some systems; all by default.
    #[must_use]
    pub fn platforms(mut self, platforms: &[Os]) -> Self {
        self.platforms = platforms.to_vec();
        self
    }
    /// Adds a kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kinds.push(kind);
        self
    }
    /// Names the places it reads.
    #[must_use]
    pub fn watch(mut self, globs: &[&str]) -> Self {
        self.watch.extend(globs.iter().map(ToString::to_string));
        self
    }
    /// The kind of that name.
    #[must_use]
    pub fn kind_named(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }
}

/// One table of a module.
///
/// ```
/// use assay_sdk::{FieldKind, Kind, Severity, SourceCheck};
/// let kind = Kind::new("cron_job", "T1053.003", "a job line of a crontab")
///     .severity(Severity::Medium)
///     .source(SourceCheck::Content)
///     .compared("user", FieldKind::Text, "whom it runs as")
///     .shown("line", FieldKind::Int, "where it stands");
/// assert_eq!(kind.fields.iter().map(|field| field.compared).collect::<Vec<_>>(), [true, false]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Lower-case words joined by `_`, singular.
    pub name: String,
    /// One line: what one entry is.
    pub summary: String,
    /// ATT&CK technique, such as `T1543.004`.
    pub technique: String,
    /// How bad a change is when nothing else is known.
    pub severity: Severity,
    /// How much of the source file the core watches besides the entry itself.
    #[serde(default)]
    pub source: SourceCheck,
    /// Its fields.
    pub fields: Vec<FieldMeaning>,
    /// Of a kind that a configuration makes: a digest of how its entries are found. Where it is another than before,
    /// what the kind lists is learned anew, because then it is not the system that changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
}

impl Kind {
    /// A kind without fields yet, of [`Severity::High`].
    #[must_use]
    pub fn new(name: &str, technique: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            technique: technique.to_owned(),
            severity: Severity::High,
            source: SourceCheck::Owner,
            fields: Vec::new(),
            definition: String::new(),
        }
    }
    /// Sets the default severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
    /// Sets how much of the source file is watched.
    #[must_use]
    pub fn source(mut self, source: SourceCheck) -> Self {
        self.source = source;
        self
    }
    /// Adds a field whose change is a change of the entry.
    #[must_use]
    pub fn compared(self, name: &str, kind: FieldKind, meaning: &str) -> Self {
        self.field(name, kind, meaning, true)
    }
    /// Adds a field that is shown and never alerted.
    #[must_use]
    pub fn shown(self, name: &str, kind: FieldKind, meaning: &str) -> Self {
        self.field(name, kind, meaning, false)
    }
    fn field(mut self, name: &str, kind: FieldKind, meaning: &str, compared: bool) -> Self {
        self.fields.push(FieldMeaning {
            name: name.to_owned(),
            kind,
            meaning: meaning.to_owned(),
            compared,
        });
        self
    }
}

/// How much of an entry's source file the core compares by itself.
///
/// ```
/// // A list of modules whose own bytes matter: whoever edits it hides what it lists.
/// use assay_sdk::{Kind, SourceCheck};
/// let kind = Kind::new("kernel_module_index", "T1547.006", "the modules that the kernel brings");
/// assert_eq!(kind.source, SourceCheck::Owner);
/// assert_eq!(kind.source(SourceCheck::Content).source, SourceCheck::Content);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceCheck {
    /// Nothing: the source is no file of its own (a line of `/proc`, a folder).
    None,
    /// Its type, mode and owner; its meaning is in the entries.
    #[default]
    Owner,
    /// Every byte too.
    Content,
}

/// A field of a kind.
///
/// ```
/// use assay_sdk::{FieldKind, FieldMeaning, Kind};
/// let kind = Kind::new("cron_job", "T1053.003", "a job").compared("user", FieldKind::Text, "whom it runs as");
/// let user: &FieldMeaning = &kind.fields[0];
/// assert_eq!((user.name.as_str(), user.kind, user.compared), ("user", FieldKind::Text, true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMeaning {
    /// Lower-case words joined by `_`.
    pub name: String,
    /// What values it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// One line of prose.
    pub meaning: String,
    /// Whether a difference is a change; otherwise it is only shown.
    pub compared: bool,
}

/// What values a field holds.
///
/// ```
/// use assay_sdk::FieldKind;
/// assert!(FieldKind::Int.holds(&7.into()));
/// assert!(!FieldKind::Int.holds(&"7".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A string.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// Strings.
    List,
}

impl FieldKind {
    /// Whether `value` is of this kind.
    #[must_use]
    pub fn holds(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Text, Value::Text(_))
                | (Self::Int, Value::Int(_))
                | (Self::Bool, Value::Bool(_))
                | (Self::List, Value::List(_))
        )
    }
}

/// An operating system that a root may hold.
///
/// ```
/// assert_eq!(assay_sdk::Os::Macos.as_str(), "macos");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Os {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
}

impl Os {
    /// The word used in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
        }
    }
}
