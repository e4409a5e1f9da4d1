//! What stands in the files of `tests/techniques`.

use assay_sdk::Os;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `tests/techniques`.
pub(super) const SYSTEMS: [Os; 2] = [Os::Linux, Os::Macos];

/// A path of the repository.
pub(super) fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// One file: techniques that a defender would name in one breath.
pub(super) struct Family {
    pub(super) system: Os,
    /// Its name without the ending.
    pub(super) name: String,
    /// Where it is in the repository.
    pub(super) file: String,
    pub(super) techniques: Vec<Technique>,
}

impl Family {
    pub(super) fn each(&self) -> impl Iterator<Item = (&Family, &Technique)> {
        self.techniques.iter().map(move |technique| (self, technique))
    }
}

/// All files of both systems, by system and name.
pub(super) fn families() -> Vec<Family> {
    let mut families = Vec::new();
    for system in SYSTEMS {
        let folder = format!("tests/techniques/{}", system.as_str());
        for found in fs::read_dir(repo(&folder)).unwrap() {
            let name = found.unwrap().file_name().into_string().unwrap();
            let file = format!("{folder}/{name}");
            let Some(name) = name.strip_suffix(".toml") else {
                continue;
            };
            let text = fs::read_to_string(repo(&file)).unwrap();
            let listed: Listed = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            families.push(Family {
                system,
                name: name.to_owned(),
                file,
                techniques: listed.technique,
            });
        }
    }
    families.sort_by(|a, b| a.file.cmp(&b.file));
    families
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    technique: Vec<Technique>,
}

/// One way to make code run again, and how it is tried.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Technique {
    pub(super) id: String,
    pub(super) name: String,
    /// Techniques of ATT&CK; the first is the one that alerts bear.
    pub(super) attack: Vec<String>,
    /// Kinds of entries that show it.
    #[serde(default)]
    pub(super) kinds: Vec<String>,
    /// Where it lives, for people.
    #[serde(rename = "where")]
    pub(super) place: String,
    /// What of it is not seen.
    pub(super) note: Option<String>,
    /// Whether there is a file to look at.
    #[serde(default = "yes")]
    pub(super) file: bool,
    /// What the root holds, besides what every root does.
    #[serde(default)]
    pub(super) before: Things,
    /// What the intruder does.
    #[serde(default)]
    pub(super) act: Things,
    #[serde(default)]
    pub(super) alert: Vec<Expected>,
    /// Changes of what was there that mean nothing.
    #[serde(default)]
    pub(super) silent: Vec<Things>,
}

fn yes() -> bool {
    true
}

impl Technique {
    /// What its author forgot.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let tried = !self.act.is_empty() && !self.alert.is_empty();
        let shown = |alert: &Expected| self.kinds.contains(&alert.kind) || alert.is_of_file();
        let rules = [
            (self.attack.is_empty(), "`attack` names none"),
            (
                self.file && self.kinds.is_empty(),
                "`kinds` names none; if it has no file, `file = false`",
            ),
            (self.file && !tried, "has no `act`, or no `alert`"),
            (
                self.file && !self.alert.iter().any(shown),
                "no `alert` is of one of its `kinds`",
            ),
            (
                !self.file && (tried || !self.silent.is_empty()),
                "has no file, and yet is tried",
            ),
            (
                !self.file && self.note.is_none(),
                "`note` must say why it has no file",
            ),
        ];
        let mut mistakes: Vec<_> = rules
            .iter()
            .filter(|rule| rule.0)
            .map(|rule| rule.1.to_owned())
            .collect();
        let relative = self.things().filter(|(path, _)| !path.starts_with('/'));
        mistakes.extend(relative.map(|(path, _)| format!("`{path}` must begin with `/`")));
        mistakes
    }

    fn things(&self) -> impl Iterator<Item = (&String, &Thing)> {
        let all = [&self.before, &self.act].into_iter().chain(&self.silent);
        all.flatten()
    }
    /// Whether files get another owner, which only root may do.
    pub(super) fn gives_away(&self) -> bool {
        self.things()
            .any(|(_, thing)| thing.owner.is_some() || thing.group.is_some())
    }
}

/// An alert that must come.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) change: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) key: String,
    /// Of `changed`, new values of fields that differ; else fields.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, serde_json::Value>,
    /// One of the programs that it names.
    pub(super) program: Option<String>,
}

impl Expected {
    /// Whether it is the alert of a file that an entry comes from, or runs.
    fn is_of_file(&self) -> bool {
        matches!(self.kind.as_str(), "program" | "opaque" | "source")
    }
}

/// Paths, and what is put there, in the order of the paths: a folder before what is in it.
pub(super) type Things = BTreeMap<String, Thing>;

/// What is put at a path. Text alone is a file of mode 0644.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Thing {
    /// `None` leaves what is there, and changes its mode or owner.
    pub(super) what: Option<What>,
    pub(super) mode: Option<u32>,
    pub(super) owner: Option<u32>,
    pub(super) group: Option<u32>,
}

pub(super) enum What {
    File(Vec<u8>),
    /// A file of mode 0755.
    Script(Vec<u8>),
    Link(String),
    /// A property list in XML, which is written in binary.
    Plist(String),
    /// Statements that make a database, or change the one that is there.
    Sqlite(String),
    Folder,
    Gone,
}

impl TryFrom<toml::Value> for Thing {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        if let toml::Value::String(text) = value {
            return Ok(Thing {
                what: Some(What::File(text.into_bytes())),
                mode: None,
                owner: None,
                group: None,
            });
        }
        let table: Table = value
            .try_into()
            .map_err(|error: toml::de::Error| error.to_string())?;
        let mut whats = table.whats()?;
        let what = whats.pop();
        if !whats.is_empty() {
            return Err(
                "can be only one of text, script, link, plist, sqlite, base64, folder, gone".to_owned(),
            );
        }
        Ok(Thing {
            what,
            mode: table.mode,
            owner: table.owner,
            group: table.group,
        })
    }
}

/// A [`Thing`] as it is written, when it is more than text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    text: Option<String>,
    script: Option<String>,
    link: Option<String>,
    plist: Option<String>,
    sqlite: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    folder: bool,
    #[serde(default)]
    gone: bool,
    mode: Option<u32>,
    owner: Option<u32>,
    group: Option<u32>,
}

impl Table {
    fn whats(&self) -> Result<Vec<What>, String> {
        use base64::Engine as _;
        let text = self.text.clone().map(|text| What::File(text.into_bytes()));
        let script = self.script.clone().map(|text| What::Script(text.into_bytes()));
        let decode = |text: &String| {
            let bytes: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(bytes);
            bytes.map(What::File).map_err(|error| error.to_string())
        };
        let whats = [
            text,
            script,
            self.link.clone().map(What::Link),
            self.plist.clone().map(What::Plist),
            self.sqlite.clone().map(What::Sqlite),
            self.base64.as_ref().map(decode).transpose()?,
            self.folder.then_some(What::Folder),
            self.gone.then_some(What::Gone),
        ];
        Ok(whats.into_iter().flatten().collect())
    }
}
