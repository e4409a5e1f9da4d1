//! What a module lists: entries, and the gaps where it could not look.

use crate::Text;
use crate::text::TextVisitor;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Fields by name. A field that an entry does not have is absent, never empty.
///
/// ```
/// let entry = assay_sdk::Entry::new("job", "a", std::path::Path::new("/etc/x")).field("user", "ana");
/// let fields: assay_sdk::Fields = entry.fields;
/// assert_eq!(fields["user"], assay_sdk::Value::from("ana"));
/// ```
pub type Fields = BTreeMap<String, Value>;

/// One persistence item that a module saw.
///
/// ```
/// use assay_sdk::Entry;
/// use std::path::Path;
/// let table = Path::new("/etc/crontab");
/// let job = Entry::new("cron_job", "@daily root /opt/x", table)
///     .field("user", "root")
///     .maybe("input", None::<&str>)
///     .programs(vec!["/opt/x".into()]);
/// assert_eq!(job.fields.keys().collect::<Vec<_>>(), ["user"]);
///
/// let broken = Entry::new("cron_table", table, table).unparsable("is a FIFO");
/// assert_eq!(broken.unparsable.as_deref(), Some("is a FIFO"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// A kind that the module's manifest declares.
    pub kind: String,
    /// What makes it the same entry tomorrow; unique within its kind.
    pub key: Text,
    /// The file it was read from, as an absolute path below the root.
    pub source: Text,
    /// What the kind's manifest describes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: Fields,
    /// The files it makes run, through interpreters and links, in the order they run; absolute paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<Text>,
    /// Set when the source is there and could not be understood: why. The core then watches its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unparsable: Option<String>,
}

impl Entry {
    /// An entry without fields and programs.
    #[must_use]
    pub fn new(kind: &str, key: impl Into<Text>, source: &Path) -> Self {
        Self {
            kind: kind.to_owned(),
            key: key.into(),
            source: source.into(),
            fields: Fields::new(),
            programs: Vec::new(),
            unparsable: None,
        }
    }
    /// Sets a field.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
    /// Sets a field when there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }
    /// Sets the programs that it runs.
    #[must_use]
    pub fn programs(mut self, programs: Vec<Text>) -> Self {
        self.programs = programs;
        self
    }
    /// Marks it as there but not understood, and says why.
    #[must_use]
    pub fn unparsable(mut self, why: impl Into<String>) -> Self {
        self.unparsable = Some(why.into());
        self
    }
}

/// The value of a field.
///
/// ```
/// use assay_sdk::Value;
/// assert_eq!(Value::from(true), Value::Bool(true));
/// assert_eq!(Value::from(7), Value::Int(7));
/// assert_eq!(Value::from("root"), Value::Text("root".into()));
/// let users: Value = ["ana", "root"].into_iter().collect();
/// assert_eq!(users, Value::List(vec!["ana".into(), "root".into()]));
/// assert_eq!(users.to_string(), "[ana, root]");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string.
    Text(Text),
    /// Strings in an order that means something; a module sorts a list whose order does not.
    List(Vec<Text>),
}

impl Value {
    /// Its texts, in their order: one, those of a list, or none.
    ///
    /// ```
    /// # use assay_model::{Text, Value};
    /// let names = Value::List(vec!["a".into(), "b".into()]);
    /// assert_eq!((names.texts().len(), Value::Int(1).texts()), (2, &[][..]));
    /// ```
    #[must_use]
    pub fn texts(&self) -> &[Text] {
        match self {
            Value::Text(text) => std::slice::from_ref(text),
            Value::List(texts) => texts,
            Value::Bool(_) | Value::Int(_) => &[],
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Text(value) => write!(f, "{value}"),
            Value::List(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl<T: Into<Text>> From<T> for Value {
    fn from(value: T) -> Self {
        Value::Text(value.into())
    }
}
impl<T: Into<Text>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number, a bool or a list of strings")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Int(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
                i64::try_from(value)
                    .map(Value::Int)
                    .map_err(|_| E::custom("whole number above 2^63"))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                TextVisitor.visit_map(map).map(Value::Text)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(text) = seq.next_element()? {
                    list.push(text);
                }
                Ok(Value::List(list))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// A place that a module was to read and could not.
///
/// ```
/// use assay_sdk::{Gap, GapReason};
/// let accounts = Gap {
///     path: "/etc/passwd".into(),
///     reason: GapReason::Permission,
///     text: "permission denied".to_owned(),
///     hides: vec!["/home".into()],
/// };
/// assert!(accounts.hides(&"/home/ana/.profile".into()));
/// assert!(!accounts.hides(&"/etc/passwd-".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The file or folder, as an absolute path below the root.
    pub path: Text,
    /// What kept it from being read.
    pub reason: GapReason,
    /// The same for people, with what the system said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Where entries may be hidden by it, when that is more than `path` and what lies below: a list of homes
    /// that cannot be read hides every home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hides: Vec<Text>,
}

impl Gap {
    /// Whether an entry read from `source` may be missing only because of this gap.
    #[must_use]
    pub fn hides(&self, source: &Text) -> bool {
        let below = |place: &Text| source.as_path().starts_with(place.as_path());
        below(&self.path) || self.hides.iter().any(below)
    }
}

/// What kept a place from being read.
///
/// ```
/// assert_eq!(assay_sdk::GapReason::TooBig.as_str(), "too_big");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The system refused: rights, or privacy protection of macOS.
    Permission,
    /// Larger than the limit for its format.
    TooBig,
    /// There, and not what it should be (a folder where a file belongs, a broken database).
    Unparsable,
    /// It took too long.
    Timeout,
    /// The system failed to read it, or it was not a thing that may be read (a FIFO, a link loop).
    Io,
    /// It is looked at by sweeps only, not when it changes. Only the core says so.
    Unwatched,
}

impl GapReason {
    /// The word used in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::TooBig => "too_big",
            Self::Unparsable => "unparsable",
            Self::Timeout => "timeout",
            Self::Io => "io",
            Self::Unwatched => "unwatched",
        }
    }
}
