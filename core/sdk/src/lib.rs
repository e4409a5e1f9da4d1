//! Everything a detection module of Assay needs.
//!
//! A module lists the entries of one family of persistence points and nothing else: it never hashes,
//! compares, stores or alerts; the core does that with what a module lists. It sees the system only through
//! [`Scan::root`], so that it reads a mounted Mac disk on Linux as it reads `/`.
//!
//! A whole module, which lists the lines of `/etc/shells`:
//!
//! ```
//! use assay_sdk::{Entry, FieldKind, Kind, Manifest, Module, Result, Scan, export_module};
//! use std::path::Path;
//!
//! struct Shells;
//!
//! impl Module for Shells {
//!     fn manifest() -> Manifest {
//!         Manifest::new("shells", "1.0.0", "programs that count as login shells")
//!             .kind(
//!                 Kind::new("login_shell", "T1546.004", "a line of /etc/shells")
//!                     .shown("line", FieldKind::Int, "where it stands"),
//!             )
//!             .watch(&["/etc/shells"])
//!     }
//!
//!     fn collect(scan: &mut Scan) -> Result<()> {
//!         let path = Path::new("/etc/shells");
//!         let Some(text) = scan.read(path, 1 << 20) else { return Ok(()) };
//!         for (number, line) in (1i64..).zip(text.split(|b| *b == b'\n')) {
//!             if line.starts_with(b"/") {
//!                 let programs = scan.programs().argv(&[line.into()]);
//!                 let entry = Entry::new("login_shell", line, path).field("line", number).programs(programs);
//!                 scan.entry(entry)?;
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! export_module!(Shells);
//!
//! # use assay_sdk::testkit::Fixture;
//! let fixture = Fixture::new().file("/etc/shells", "/bin/sh\n# comment\n/bin/zsh\n");
//! let seen = fixture.collect::<Shells>();
//! assert_eq!(seen.keys("login_shell"), ["/bin/sh", "/bin/zsh"]);
//! ```

mod bounds;
mod export;
mod files;
mod homes;
pub mod plist;
mod programs;
mod scan;
#[cfg(feature = "testkit")]
pub mod testkit;
mod words;

pub use assay_model::{
    Entry, FieldKind, Fields, Gap, GapReason, Kind, LogLevel, Manifest, Os, Severity, SourceCheck, Text,
    Value,
};
pub use assay_root::{FileType, Last, Listed, Root, RootError, Stat, Why};
pub use files::{Keys, OwnProgram};
pub use homes::Home;
pub use programs::Programs;
pub use scan::{Error, Module, Result, Scan};
pub use words::{Command, Word, split_commands, split_words};

/// Not for modules: what [`export_module!`] expands to.
#[doc(hidden)]
pub mod private {
    pub use crate::export::{collect, module};
    pub use assay_abi as abi;
}
