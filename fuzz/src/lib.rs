//! What is fuzzed: everything that reads bytes which somebody else wrote, and what those bytes become in a log.
//!
//! Each target is a function of any bytes at all, and asserts what must hold for them. libFuzzer calls it with bytes
//! that it makes up (`./run`), and `tests/fuzz` with what libFuzzer found worth keeping (`corpus/`).
#![forbid(unsafe_code)]

mod archive;
mod bookmark;
mod config;
mod ini;
mod json;
mod line;
mod lines;
pub mod modules;
pub mod places;
mod plist;
mod records;
mod sqlite;
pub mod tree;
mod watch;

pub use archive::archive;
pub use bookmark::bookmark;
pub use config::config;
pub use ini::ini;
pub use json::json;
pub use line::line;
pub use lines::lines;
pub use plist::plist;
pub use records::records;
pub use sqlite::sqlite;
pub use watch::watch;
