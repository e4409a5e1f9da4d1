//! The core of Assay. Data moves one way:
//!
//! ```text
//! config -> discover -> trust -> run -> facts -> compare -> judge -> store -> deliver
//! ```
//!
//! A stage knows the types of the stage before it, never its insides. Only [`store`] touches SQLite, only [`run`]
//! starts processes, only the sinks of [`alert`] talk to the outside, and only [`compare`](mod@compare) knows what
//! "changed" means. [`Engine`] walks the stages.

mod accept;
pub mod alert;
pub mod compare;
pub mod config;
pub mod conform;
mod contents;
pub mod copy;
mod deliver;
pub mod discover;
mod engine;
pub mod facts;
pub mod hang;
mod heartbeat;
mod judge;
pub mod places;
pub mod resident;
pub mod run;
pub mod schedule;
pub mod scope;
pub mod script;
mod settle;
pub mod signature;
pub mod single;
pub mod store;
mod sys;
mod test_alert;
pub mod trust;
pub mod watch;

pub use accept::{AcceptError, Selection};
pub use deliver::SinkReport;
pub use engine::{Engine, EngineError, Options, Report};
pub use scope::Scope;
