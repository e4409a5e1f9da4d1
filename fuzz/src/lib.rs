//! What is fuzzed: everything that reads bytes which somebody else wrote, and what those bytes become in a log.
//!
//! Each target is a function of any bytes at all, and asserts what must hold for them. libFuzzer calls it with bytes
//! that it makes up (`./run`), and `tests/fuzz` with what libFuzzer found worth keeping (`corpus/`).
#![forbid(unsafe_code)]

mod config;
mod formats;
mod line;
pub mod modules;
pub mod places;
mod plist;
mod records;
mod watch;

pub use config::config;
pub use formats::formats;
pub use line::line;
pub use plist::plist;
pub use records::records;
pub use watch::watch;
