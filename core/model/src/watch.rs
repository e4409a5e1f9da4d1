//! Watch lists: what to look at, written in TOML instead of code.
//!
//! A list is read and checked by the core, and handed to the module `files`, which does the looking. Whatever can be
//! wrong with one value is found when it is deserialised, so that an error knows where the value stands.

mod path;
mod words;

pub use path::{Part, PathGlob};
pub use words::{Comment, Member, NameGlob, Pointer, Technique, Word};

use crate::{FieldKind, Kind, Os, Severity, SourceCheck};
use serde::{Deserialize, Serialize};

/// A file of `watch.d`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchList {
    /// One line: what it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it watches.
    pub watch: Vec<Watch>,
}

/// One kind of a list: which files, what in them is an entry, and how bad a change of one is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Name of the kind.
    pub kind: Word,
    /// One line: what one entry is.
    pub summary: String,
    /// ATT&CK technique.
    pub technique: Technique,
    /// How bad a change is when nothing else is known.
    #[serde(default = "high")]
    pub severity: Severity,
    /// Systems on which there are such files.
    #[serde(default = "everywhere")]
    pub platforms: Vec<Os>,
    /// Which files.
    pub paths: Vec<PathGlob>,
    /// Which of them not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<PathGlob>,
    /// How a file is understood.
    pub format: Format,
    /// Signs that begin a line that says nothing.
    #[serde(default = "hash")]
    pub comment: Comment,
    /// What stands between the fields of a line; blanks when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Whether a line that ends in a backslash goes on in the next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continued: bool,
    /// Where in a structured file the entries are: `/extensions/*`; every value is one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Pointer>,
    /// Fields of an entry: the parts of a line in their order, or members of an item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Member>,
    /// Which of the fields tell one entry from another in its file; see [`Watch::keys`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Word>,
    /// Which of the fields are compared; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Vec<Word>>,
    /// Globs over what an entry is called in its file; only those are entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<NameGlob>,
    /// The same; those are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<NameGlob>,
    /// The field that holds the path of what is run, or `file`, when the file itself is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Word>,
    /// The field that holds a command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Word>,
    /// Whether a value is hidden whose name says that it is a secret; not where `passwd` is the name of a database.
    #[serde(default = "yes")]
    pub hide_secrets: bool,
    /// Files that are looked into; of more there is a gap.
    #[serde(default = "ten_thousand")]
    pub max_files: u32,
    /// Bytes of a file that is understood; of a larger one only the bytes are compared.
    #[serde(default = "mebibyte")]
    pub max_bytes: u32,
    /// Folders that `**` goes down; of deeper ones there is a gap.
    #[serde(default = "sixteen")]
    pub max_depth: u8,
}

/// A watch of a list as the module `files` gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// What it watches.
    pub watch: Watch,
    /// See [`Kind::definition`].
    pub definition: String,
}

/// The configuration that the core gives the module `files`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesConfig {
    /// Every watch of every list that is sound.
    #[serde(default)]
    pub watches: Vec<Watched>,
}

/// How a file is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// It is not: every byte is compared.
    Opaque,
    /// Only that it is there counts, folders too.
    Exists,
    /// Each line is an entry, whatever their order.
    Lines,
    /// `[section]` and `name = value`; a comment begins with `#` or `;`.
    Ini,
    /// The same, or blocks such as `<Location />`, and each section or block is one entry.
    Sections,
    /// The same as `ini`, as git reads it: `[section "subsection"]`, quotes, escapes.
    Git,
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// A property list of any form.
    Plist,
}

impl Format {
    /// Whether it holds values in values.
    #[must_use]
    pub fn is_tree(self) -> bool {
        matches!(self, Self::Json | Self::Toml | Self::Plist)
    }
}

/// The value of `program` for a file that is run itself.
pub const FILE: &str = "file";

/// The field of a section: what it sets.
pub const SETTINGS: &str = "settings";

fn high() -> Severity {
    Severity::High
}
fn everywhere() -> Vec<Os> {
    vec![Os::Linux, Os::Macos]
}
fn hash() -> Comment {
    Comment::hash()
}
fn yes() -> bool {
    true
}
fn ten_thousand() -> u32 {
    10_000
}
fn mebibyte() -> u32 {
    1 << 20
}
fn sixteen() -> u8 {
    16
}

impl Watch {
    /// The fields that tell one entry from another in its file: the first part of a line, when nothing else is said.
    /// None stands for the whole line, for the name of a setting, and for the name of a member.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        match (self.key.as_slice(), self.format, self.fields.first()) {
            ([], Format::Lines, Some(first)) => vec![first.field()],
            (key, ..) => key.iter().map(Word::as_str).collect(),
        }
    }

    /// Names of the fields of its entries, each with a line of prose.
    #[must_use]
    pub fn declared(&self) -> Vec<(&str, String)> {
        let hidden = match self.hide_secrets {
            true => "; hidden where its name says that it is a secret",
            false => "",
        };
        let link = (
            "link_target",
            "where the file leads, when it is a link".to_owned(),
        );
        match self.format {
            Format::Opaque => vec![link],
            Format::Exists => vec![("type", "what it is: file, folder, link, …".to_owned()), link],
            Format::Lines if self.fields.is_empty() => vec![("line", format!("the line{hidden}"))],
            Format::Sections => vec![(SETTINGS, format!("its settings, sorted{hidden}"))],
            _ if self.fields.is_empty() => vec![("value", format!("its value{hidden}"))],
            format => {
                let place = if format == Format::Lines {
                    "part of the line"
                } else {
                    "member"
                };
                let meaning = |member: &Member| format!("the {place} called `{}`", member.as_str());
                self.fields.iter().map(|m| (m.field(), meaning(m))).collect()
            }
        }
    }

    /// The kind that this declares.
    #[must_use]
    pub fn declares(&self, definition: &str) -> Kind {
        let source = match self.format {
            Format::Opaque => SourceCheck::Content,
            Format::Exists => SourceCheck::None,
            _ => SourceCheck::Owner,
        };
        let kind = Kind::new(self.kind.as_str(), self.technique.as_str(), &self.summary)
            .severity(self.severity)
            .source(source);
        let is_compared = |name: &str| {
            let named = |names: &Vec<Word>| names.iter().any(|word| word.as_str() == name);
            self.compare.as_ref().is_none_or(named)
        };
        let field_kind = match self.format {
            Format::Sections => FieldKind::List,
            _ => FieldKind::Text,
        };
        let kind = self.declared().into_iter().fold(kind, |kind, (name, meaning)| {
            if is_compared(name) {
                kind.compared(name, field_kind, &meaning)
            } else {
                kind.shown(name, field_kind, &meaning)
            }
        });
        Kind {
            definition: definition.to_owned(),
            ..kind
        }
    }

    /// What is wrong with its parts taken together: the key that does not fit, and why.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let format = self.format;
        let misplaced = |key, fits| Err((key, format!("`{key}` goes with {fits} only")));
        if self.paths.is_empty() {
            return Err(("paths", "name at least one path".to_owned()));
        }
        if self.summary.trim().is_empty() {
            return Err(("summary", "say in one line what an entry is".to_owned()));
        }
        match format {
            Format::Lines => {}
            _ if self.separator.is_some() => return misplaced("separator", "format = \"lines\""),
            Format::Sections if self.continued => {}
            _ if self.continued => return misplaced("continued", "the formats `lines` and `sections`"),
            _ if self.comment != hash() => return misplaced("comment", "format = \"lines\""),
            _ => {}
        }
        if self.items.is_some() && !format.is_tree() {
            return misplaced("items", "the formats `json`, `toml` and `plist`");
        }
        if matches!(format, Format::Opaque | Format::Exists)
            && !(self.only.is_empty() && self.ignore.is_empty())
        {
            let key = if self.only.is_empty() { "ignore" } else { "only" };
            return Err((
                key,
                format!("`{key}` is about what stands in a file; leave files out with `exclude`"),
            ));
        }
        let runs_a_field = self
            .command
            .iter()
            .chain(&self.program)
            .any(|word| word.as_str() == SETTINGS);
        if format == Format::Sections && runs_a_field {
            let key = if self.command.is_some() {
                "command"
            } else {
                "program"
            };
            return Err((
                key,
                "a list of settings is no command; watch the one that is with format = \"ini\"".to_owned(),
            ));
        }
        let has_fields = format == Format::Lines || self.items.is_some();
        if !self.fields.is_empty() && !has_fields {
            return misplaced("fields", "format = \"lines\" and with `items`");
        }
        self.check_names()
    }

    fn check_names(&self) -> Result<(), (&'static str, String)> {
        let declared = self.declared();
        let mut names: Vec<&str> = declared.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(("fields", format!("`{}` stands there twice", pair[0])));
        }
        let known = || {
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let unknown =
            |key, word: &Word| Err((key, format!("there is no field `{word}`; there is {}", known())));
        if !self.key.is_empty() && self.fields.is_empty() {
            return Err((
                "key",
                "`key` names some of `fields`, and there are none".to_owned(),
            ));
        }
        let is_unknown = |word: &&Word| !names.contains(&word.as_str());
        if let Some(word) = self.key.iter().find(is_unknown) {
            return unknown("key", word);
        }
        if let Some(word) = self.compare.iter().flatten().find(is_unknown) {
            return unknown("compare", word);
        }
        if let Some(word) = self.command.iter().find(is_unknown) {
            return unknown("command", word);
        }
        let is_file = |word: &&Word| word.as_str() == FILE;
        match self
            .program
            .as_ref()
            .filter(|word| !is_file(word) && is_unknown(word))
        {
            Some(word) => Err((
                "program",
                format!(
                    "there is no field `{word}`; there is {}, and `file` for the file itself",
                    known()
                ),
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
