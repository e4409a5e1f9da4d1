//! The configuration: `assay.toml` and `conf.d/*.toml` beside it, all of it optional.
//!
//! A file is checked by itself, so that an error names its line; then the tables are laid over each other in the
//! order of their names, and lists of sinks are joined.

use crate::signature::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod units;

pub use units::{Every, Size, Time};

/// Everything that can be configured, with its defaults. `config/assay.toml` comments every key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which modules run, and what they may use.
    pub modules: Modules,
    /// Which watch lists there are.
    pub watch: WatchLists,
    /// How files are measured.
    pub verify: Verify,
    /// What becomes of a change after it was alerted.
    pub baseline: Baseline,
    /// How alerts are kept and written.
    pub alerts: Alerts,
    /// Where alerts go; the local syslog when there is none.
    pub sink: Vec<SinkConfig>,
    /// A table for each module that takes one, by its name.
    pub module: BTreeMap<String, toml::Table>,
}

/// `[modules]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Modules {
    /// Folders that modules are loaded from; empty stands for the folders of the installation.
    pub folders: Vec<PathBuf>,
    /// Modules, by name, that are not run.
    pub disabled: Vec<String>,
    /// What a module file must be to be loaded.
    pub trust: Trust,
    /// Public keys of minisign, one of which signs every module file with `trust = "signed"`.
    pub keys: Vec<Key>,
    /// How many run at the same time.
    pub parallel: usize,
    /// Wall-clock time for one scan.
    pub deadline: Time,
    /// Processor time for one scan.
    pub cpu: Time,
    /// Address space for one scan, in bytes.
    pub memory: Size,
}

impl Default for Modules {
    fn default() -> Self {
        Self {
            folders: Vec::new(),
            disabled: Vec::new(),
            trust: Trust::Owner,
            keys: Vec::new(),
            parallel: 2,
            deadline: Time::seconds(30),
            cpu: Time::seconds(30),
            memory: Size(1 << 30),
        }
    }
}

/// `[watch]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchLists {
    /// Folders that watch lists are read from; empty stands for the folders of the installation.
    pub folders: Vec<PathBuf>,
    /// Lists, by name, that are not watched.
    pub disabled: Vec<String>,
}

/// `modules.trust`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// It and the folders above it belong to root or the user that runs Assay, and nobody else may write to them.
    #[default]
    Owner,
    /// That, and its digest is in `modules.lock`, where `assay module trust` puts it.
    Pinned,
    /// That, and one of `modules.keys` signed it.
    Signed,
}

/// `[verify]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// After this time every file is read again in full, whatever its times say.
    pub full_every: Time,
    /// How often `assay watch` looks at everything, whether or not it was told of a change.
    pub sweep_every: Time,
    /// A larger file is not hashed; it is a gap, and its size is compared.
    pub max_size: Size,
    /// How long one file may take to be read before it is a gap.
    pub file_timeout: Time,
}

impl Default for Verify {
    fn default() -> Self {
        Self {
            full_every: Time::seconds(24 * 3600),
            sweep_every: Time::seconds(600),
            max_size: Size(1 << 30),
            file_timeout: Time::seconds(20),
        }
    }
}

/// `[baseline]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Baseline {
    /// Who accepts a change.
    pub accept: Accept,
}

/// `baseline.accept`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// A person, with `assay accept`; until then it stays open.
    #[default]
    Manual,
    /// Nobody needs to: it is alerted once, then known.
    Auto,
}

/// `[alerts]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// How long delivered alerts are kept.
    pub keep: Time,
    /// Bytes of one syslog message, with its header.
    pub max_line: Size,
    /// How often an alert says that runs go on.
    pub heartbeat: Every,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            keep: Time::seconds(365 * 24 * 3600),
            max_line: Size(8 << 10),
            heartbeat: Every(None),
        }
    }
}

/// `[[sink]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "type", rename_all = "snake_case")]
pub enum SinkConfig {
    /// The system's own log, or a log server.
    Syslog {
        /// What its place in the queue is remembered under; made up from the address when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// `local`, `unix:/path/of/socket`, `udp://host:port` or `tcp://host:port`.
        #[serde(default = "local")]
        address: String,
        /// Facility that messages carry.
        #[serde(default)]
        facility: Facility,
    },
    /// A file of JSON lines, opened again when it was moved away.
    File {
        /// See above.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The file; made with mode 0600 when it is not there.
        path: PathBuf,
    },
    /// Standard output.
    Stdout {
        /// See above.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// How an alert is written there.
        #[serde(default)]
        format: Format,
    },
}

fn local() -> String {
    "local".to_owned()
}

impl SinkConfig {
    /// The name its cursor is stored under.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Syslog { name: Some(name), .. }
            | Self::File { name: Some(name), .. }
            | Self::Stdout { name: Some(name), .. } => name.clone(),
            Self::Syslog { address, .. } if address == "local" => "syslog".to_owned(),
            Self::Syslog { address, .. } => format!("syslog {address}"),
            Self::File { path, .. } => format!("file {}", path.display()),
            Self::Stdout { .. } => "stdout".to_owned(),
        }
    }
}

/// How an alert is written to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The line that syslog gets.
    #[default]
    Line,
    /// One JSON object.
    Json,
}

/// Syslog facilities (RFC 5424, table 1), by the names that `logger` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Facility {
    User = 1,
    Daemon = 3,
    Auth = 4,
    #[default]
    Authpriv = 10,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file says something it may not.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong, with the nearest known key.
        message: String,
    },
    /// Two sinks would share one place in the queue.
    #[error("two sinks are named `{0}`; give one of them a `name` of its own")]
    SameSink(String),
}

impl Config {
    /// Reads `path` and the `conf.d/*.toml` beside it. A file that is not there is no error unless `must_exist`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(path: &Path, must_exist: bool) -> Result<(Self, Vec<PathBuf>), ConfigError> {
        let mut merged = toml::Table::new();
        let mut used = Vec::new();
        let drop_ins = path.with_file_name("conf.d");
        let found = walkdir::WalkDir::new(drop_ins)
            .min_depth(1)
            .max_depth(1)
            .sort_by_file_name();
        let found = found
            .into_iter()
            .filter_map(Result::ok)
            .map(walkdir::DirEntry::into_path);
        let found = found.filter(|path| path.extension().is_some_and(|e| e == "toml"));
        for (file, optional) in
            std::iter::once((path.to_owned(), !must_exist)).chain(found.map(|f| (f, false)))
        {
            match std::fs::read_to_string(&file) {
                Ok(text) => {
                    merge(&mut merged, check(&file, &text)?);
                    used.push(file);
                }
                Err(error) if optional && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Read { path: file, source }),
            }
        }
        let config: Self = merged.try_into().map_err(|e| invalid(path, "", &e))?;
        let mut names: Vec<String> = config.sinks().iter().map(SinkConfig::name).collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(ConfigError::SameSink(pair[0].clone())),
            None => Ok((config, used)),
        }
    }

    /// The sinks that alerts go to.
    #[must_use]
    pub fn sinks(&self) -> Vec<SinkConfig> {
        if self.sink.is_empty() {
            return vec![SinkConfig::Syslog {
                name: None,
                address: local(),
                facility: Facility::default(),
            }];
        }
        self.sink.clone()
    }
}

fn check(path: &Path, text: &str) -> Result<toml::Table, ConfigError> {
    toml::from_str::<Config>(text).map_err(|e| invalid(path, text, &e))?;
    toml::from_str(text).map_err(|e| invalid(path, text, &e))
}

/// What toml found wrong, with its place.
pub(crate) fn invalid(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    invalid_at(path, text, start, with_nearest_key(error.message()))
}

/// Something wrong at a byte of a file.
pub(crate) fn invalid_at(path: &Path, text: &str, start: usize, message: String) -> ConfigError {
    let (line, column) = place(text, start);
    ConfigError::Invalid {
        path: path.to_owned(),
        line,
        column,
        message,
    }
}

/// Line and column of a byte, from 1.
pub(crate) fn place(text: &str, start: usize) -> (usize, usize) {
    let before = text.get(..start.min(text.len())).unwrap_or_default();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Turns serde's list of all expected keys into the one that was probably meant.
fn with_nearest_key(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") {
        return message.to_owned();
    }
    let unknown = quoted.next().unwrap_or_default();
    let nearest = quoted.max_by(|a, b| {
        let likeness = |known| strsim::jaro_winkler(unknown, known);
        likeness(a).total_cmp(&likeness(b))
    });
    nearest.map_or_else(
        || format!("unknown key `{unknown}`"),
        |known| format!("unknown key `{unknown}`; did you mean `{known}`?"),
    )
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (Some(toml::Value::Array(old)), toml::Value::Array(new)) if key == "sink" => old.extend(new),
            (_, value) => _ = into.insert(key, value),
        }
    }
}

#[cfg(test)]
mod tests;
