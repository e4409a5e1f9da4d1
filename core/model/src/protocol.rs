//! The lines between the core and a module's process.

use crate::{Entry, Gap, Input, Kind, Manifest, Os, Text};
use serde::{Deserialize, Serialize};

/// Version of the line protocol.
pub const PROTOCOL_VERSION: u32 = 1;
/// How deep a record may nest objects and arrays.
pub const MAX_NESTING: usize = 8;

/// The one line that a module gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`PROTOCOL_VERSION`].
    pub v: u32,
    /// What is asked for.
    pub op: Operation,
    /// The root folder to read.
    pub root: String,
    /// The module's own table of the configuration.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Milliseconds from now until the process is killed.
    pub deadline_ms: u64,
    /// What the core understands beyond version 1's first release.
    #[serde(default)]
    pub features: Vec<String>,
    /// The system of the root, not of this machine.
    pub host: HostInfo,
    /// Mount points on this machine, below the root, that may never answer: whatever is there is a gap with the
    /// reason `timeout`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avoid: Vec<Text>,
}

/// What a module is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Say `hello` and `done`.
    Describe,
    /// List every entry.
    Collect,
}

/// The system of the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostInfo {
    /// Operating system found in the root.
    pub os: Os,
    /// Processor of this machine, as Rust names it.
    pub arch: String,
}

/// One line from a module's process. Fields that a reader does not know are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// Written by `assay-host` before it loads anything: what confines the module.
    Sandbox(Sandbox),
    /// Who the module is.
    Hello {
        /// [`PROTOCOL_VERSION`].
        v: u32,
        /// The module's description of itself.
        manifest: Manifest,
    },
    /// Kinds besides those of the manifest, of a module that learns them from its configuration or from what it reads.
    /// They come after `hello` and before their first entry.
    Kinds {
        /// As in the manifest.
        kinds: Vec<Kind>,
    },
    /// One entry.
    Entry(Entry),
    /// A place that could not be read.
    Gap(Gap),
    /// What the scan looked at so far. When the last of these says that they are complete, and all of it is as it
    /// was, the scan need not be run again. A module that sends none is run every time.
    Inputs {
        /// Things looked at.
        seen: Vec<Input>,
        /// Whether these, with all before them, are everything that what was listed depends on.
        complete: bool,
    },
    /// A message for the operator.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The message.
        text: String,
    },
    /// The end: without it, or with a wrong count, the scan failed.
    Done {
        /// Number of `entry` records sent.
        entries: u64,
    },
}

/// Gravity of a module's message.
///
/// ```
/// // The last error is the reason that an alert `module_failed` gives.
/// use assay_sdk::{LogLevel, testkit::Fixture};
/// let seen = Fixture::new().scan(|scan| Ok(scan.log(LogLevel::Error, "no such database")));
/// assert_eq!(seen.log, ["no such database"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something that must be mended.
    Error,
    /// Something that should be looked at.
    Warning,
    /// Something worth knowing.
    Info,
    /// For the module's author.
    Debug,
}

/// Which walls stand around a module's process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Layers in force, such as `landlock` or `seccomp`.
    pub active: Vec<String>,
    /// Layers that are not, each with the reason.
    pub missing: Vec<String>,
}

/// What the core tells `assay-host` on its command line: how to confine itself, and what to load or execute then.
/// Standard input holds the [`Request`] alone, as a script reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confine {
    /// The module file, for messages and for systems that load by path; what is loaded is descriptor 3.
    pub module: Text,
    /// How to execute the module; absent for a shared library, which the host loads itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// The root folder, which may be read.
    pub root: String,
    /// Milliseconds until the core kills the process.
    pub deadline_ms: u64,
    /// Process id of the core, which the host does not outlive.
    pub core: u32,
    /// Bytes of address space.
    pub memory: u64,
    /// Seconds of processor time.
    pub cpu_seconds: u64,
}

/// How a script module is executed, in the environment that the host was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What runs it, with every link resolved; what is executed is descriptor 4. Absent for an executable, which
    /// runs by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Text>,
    /// The words of the command before the script: what the first line calls the interpreter, and its one argument.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Text>,
    /// Folder of modules for Python, which may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Text>,
}
