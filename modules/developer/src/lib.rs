//! What developers' tools run by themselves: git, editors, coding agents, Xcode, and Python's environments.
//!
//! Sees, in every account and in the repositories below its home: hooks of git, and settings of git that name a command
//! or say where to look for one, through their includes; extensions of editors of the VS Code family; tasks that such an
//! editor runs when a folder is opened, and settings that name programs; servers, hooks and permissions of coding agents;
//! scripts in Xcode projects; and the `.pth` files of Python environments.
//!
//! Repositories are searched for in homes, and in `/srv`, `/opt` and `/var/www`, down to six folders deep and two
//! folders deep in a repository. Hidden folders, but for those right in a home, and folders of packages are not entered.
//! Of more than 10,000 folders below one home there is a gap.
//!
//! Cannot see: repositories that lie deeper or elsewhere, the code of an extension that came from an editor's gallery
//! (updates would be news every day), settings of a window that were never written, and values that look like secrets,
//! which are hidden and not compared. Files that a whole machine shares and that need no thought are in the watch lists
//! `developer_tools`, `editors` and `language_startup`.
//!
//! References: git-config(1), githooks(5); "Tasks" and "Settings" of the VS Code documentation, its
//! `extensionsScannerService.ts`; the Model Context Protocol's and Claude Code's pages on settings and hooks; Python's
//! `site` module.

mod agents;
mod config;
mod editors;
mod extensions;
mod git;
mod kinds;
pub mod parse;
mod search;
mod venv;
mod xcode;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Developer;

impl Module for Developer {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "developer",
            env!("CARGO_PKG_VERSION"),
            "git, editors, coding agents, Xcode projects, Python environments",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(git::WATCH)
            .watch(extensions::WATCH)
            .watch(editors::WATCH)
            .watch(agents::WATCH)
            .watch(xcode::WATCH)
            .watch(venv::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let found = search::search(scan)?;
        git::collect(scan, &found)?;
        extensions::collect(scan)?;
        editors::collect(scan, &found)?;
        agents::collect(scan, &found)?;
        venv::collect(scan, &found)?;
        match scan.os() {
            Os::Linux => Ok(()),
            Os::Macos => xcode::collect(scan, &found),
        }
    }
}

export_module!(Developer);
