//! The words of Assay as types. No I/O and no clock: every stage of the core speaks these, and so does
//! every module, through the JSON lines of the module protocol.
#![forbid(unsafe_code)]

mod alert;
mod entry;
mod facts;
mod input;
mod manifest;
mod protocol;
mod text;
pub mod watch;

pub use alert::{Alert, FieldChange, ProgramFacts, Severity, What, Writer};
pub use entry::{Entry, Fields, Gap, GapReason, Value};
pub use facts::{Facts, FileType};
pub use input::{Input, Look, Stamp};
pub use manifest::{FieldKind, FieldMeaning, Kind, Manifest, Os, SourceCheck};
pub use protocol::{
    Confine, HostInfo, LogLevel, MAX_NESTING, Operation, PROTOCOL_VERSION, Record, Request, Sandbox, Script,
};
pub use text::{Text, escape_bytes, escape_terminal};
