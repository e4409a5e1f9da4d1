//! What users of macOS set up to run by itself: folder actions, mail rules, alarms, workflows.
//!
//! Sees scripts that are attached to folders; rules of Mail that run a script; calendar alarms that open a file; the
//! steps of Automator workflows in the menus and folders that offer or run them, with their commands; and the
//! plug-ins of Automator and of the Services menu.
//!
//! Cannot see: what a compiled script does (its file is the program, and watched); alarms in the database that newer
//! systems keep instead of files, whose columns nobody has described; what Shortcuts runs; and rules of Mail without
//! a script, which only move messages about.
//!
//! References: Apple's "Mac Automation Scripting Guide", on folder actions; RFC 5545 for calendars; Apple's "Automator
//! Programming Guide". The layouts of folder actions and rules are those of files that macOS wrote.

mod alarms;
mod folders;
mod kinds;
mod mail;
mod parse;
mod workflows;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Automation;

impl Module for Automation {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "automation",
            env!("CARGO_PKG_VERSION"),
            "folder actions, mail rules, calendar alarms, workflows",
        );
        kinds::all()
            .into_iter()
            .fold(manifest.platforms(&[Os::Macos]), Manifest::kind)
            .watch(alarms::WATCH)
            .watch(folders::WATCH)
            .watch(mail::WATCH)
            .watch(workflows::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Macos {
            return Ok(());
        }
        alarms::collect(scan)?;
        folders::collect(scan)?;
        mail::collect(scan)?;
        workflows::collect(scan)
    }
}

export_module!(Automation);
