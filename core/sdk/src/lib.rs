//! Everything a detection module of Assay needs.
//!
//! A module lists the entries of one family of persistence points and nothing else: it never hashes,
//! compares, stores or alerts; the core does that with what a module lists. It sees the system only through
//! [`Scan::root`], so that it reads a mounted Mac disk on Linux as it reads `/`.
//!
//! A whole module, which lists the lines of `/etc/shells`:
//!
//! ```
//! use assay_sdk::{Entry, FieldKind, Kind, Manifest, Module, Result, Scan, export_module, lines};
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
//!         for line in lines::read(&text).comments(b"#") {
//!             let shell = &*line.text;
//!             let programs = scan.programs().argv(&[shell.into()]);
//!             let entry = Entry::new("login_shell", shell, path).field("line", line.number).programs(programs);
//!             scan.entry(entry)?;
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
//!
//! # What to take for what
//!
//! Whoever plants an entry writes the files that a module reads. So everything here has a bound, takes any bytes, and
//! never follows a link out of the root, waits for a FIFO or opens a device.
//!
//! | for | take |
//! |---|---|
//! | a file, a folder, a link | [`Scan::read`], [`Scan::content`], [`Scan::files`], [`Scan::list`], [`Scan::behind`], [`Scan::stat`], [`Scan::attribute`]; what is finer, from [`Scan::root`] |
//! | what a file names, as an `include` does | the same between [`Scan::begin_named_by`] and [`Scan::end_named_by`]; what was come to from a home, [`Scan::content_for`] |
//! | a file that is itself what runs | [`Scan::own_program`] |
//! | the homes and their accounts | [`Scan::homes`] |
//! | what a command runs | [`Scan::programs`]; its words, [`split_words`] and [`split_commands`] |
//! | lines, sections and settings | [`lines`], [`ini`] |
//! | JSON, also with comments | [`json`] |
//! | property lists of every form | [`plist`] |
//! | archives of objects, such as background items | [`archive`] |
//! | bookmarks, alias records and URLs of files | [`bookmark`] |
//! | applications, plug-ins and other bundles of macOS | [`Scan::bundle`] |
//! | SQLite, with what its log adds | `sqlite`, behind the feature of that name |
//! | values that are passwords and tokens | [`secrets`] |
//! | equal lines that need different keys | [`Keys`] |
//! | tests | `testkit`, behind the feature of that name |

pub mod archive;
pub mod bookmark;
mod bounds;
mod bundle;
mod export;
mod files;
mod homes;
pub mod ini;
pub mod json;
pub mod lines;
pub mod plist;
mod programs;
mod scan;
pub mod secrets;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "testkit")]
pub mod testkit;
mod whose;
mod words;

#[doc(inline)]
pub use assay_model::{
    Entry, FieldKind, FieldMeaning, Fields, Gap, GapReason, Kind, LogLevel, Manifest, Os, Severity,
    SourceCheck, Text, Value,
};
#[doc(inline)]
pub use assay_root::{FileType, Last, Listed, Root, RootError, Stat, Why};
pub use bundle::Bundle;
pub use files::{Keys, OwnProgram};
pub use homes::Home;
pub use programs::Finder;
pub use scan::{Error, Module, Result, Scan};
pub use whose::PRIVATE;
pub use words::{Command, Word, split_commands, split_words};

/// Not for other modules: what the core tells the module `files` about watch lists.
#[doc(hidden)]
pub use assay_model::watch;

/// Not for modules: what [`export_module!`] expands to.
#[doc(hidden)]
pub mod private {
    pub use crate::export::{collect, module};
    pub use assay_abi as abi;
}
