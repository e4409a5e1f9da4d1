//! What shells run when they start and end, and the folders in which they look for commands.
//!
//! Sees the start-up files of bash, sh, zsh, ksh, csh, fish, PowerShell, xonsh, elvish, nushell and oil, of the system and of
//! every home and of the skeleton of new ones; what those load with `source`, `ENV`, `BASH_ENV` and `ZDOTDIR`; on macOS also the scripts of XQuartz and
//! Xsan, and the folders of path_helper. An entry is a *statement*: a line, with the indented ones below it and with what
//! only ends it (`fi`, `}`). So a block that an installer puts there is one entry, and a line in it changes that one.
//!
//! Comments and blanks count for nothing. The programs of a statement are the files that it names by their paths, after
//! variables whose value is known here; those it names by name alone are in the hands of `PATH`. A file that is loaded and
//! large, or that is compiled (`.zwc`, which zsh prefers to the text beside it), is an entry of its own, as bytes.
//!
//! **Privacy.** Whoever owns a home could make root tell what is in another's file, by a link or a `source`. So a file that
//! neither the owner of the home nor everybody may read is compared as bytes.
//!
//! Cannot see: the order of statements; what is put together at run time (`. "$(find …)"`, `eval`); files loaded
//! relative to wherever the shell runs; shells that are told to read another file (`bash --rcfile`); changes of a
//! password or token in a statement, which are hidden.
//!
//! References: bash(1), zsh(1) "STARTUP/SHUTDOWN FILES", ksh(1), tcsh(1), fish(1), about_Profiles of PowerShell, the
//! manuals of xonsh, elvish and nushell; path_helper(8) and `/etc/zprofile` of macOS; Xsession of XQuartz.

mod effects;
mod kinds;
mod lister;
mod parse;
mod paths;
mod places;
mod variables;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};
use lister::Lister;

/// The module.
pub struct Shellrc;

impl Module for Shellrc {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "shellrc",
            env!("CARGO_PKG_VERSION"),
            "what shells run when they start and end",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(places::WATCH)
            .watch(paths::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() == Os::Macos {
            paths::collect(scan)?;
        }
        Lister::new(scan).collect()
    }
}

export_module!(Shellrc);
