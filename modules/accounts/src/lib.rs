//! Accounts, groups and login shells: who may log in, as whom, with which rights.
//!
//! Sees, on Linux: every line of `passwd`, `shadow`, `group` and `gshadow`, those of tcb, of Ubuntu's `extrausers` and of
//! `/usr/lib`; the JSON records of systemd's userdb and homed; the lines of `shells`. On macOS: the records of users
//! and groups in the local directory node. An account's shell is its program, so that a swapped one is seen.
//!
//! **Secrets.** Of a password an entry tells only whether there is one, how it is hashed, and the day of its last change.
//! A hash that somebody replaces by one of the same kind, the day kept, is not told.
//!
//! **Order.** The first of two lines with one name counts, and so does the first name of a user id: the second line is
//! `name #2`, and `same_uid_as` says whose rights an account shares. Nothing is taken off a line, as `/usr/sbin/nologin `
//! with a blank at its end is another program.
//!
//! Cannot see: accounts that a directory server has; `perMachine` settings of userdb records; old passwords in
//! `opasswd`; who may log in by keys (module `ssh`); what PAM makes of all that.
//!
//! References: passwd(5), shadow(5), group(5), gshadow(5), tcb(5), shells(5); systemd's `USER_RECORD.md`,
//! `GROUP_RECORD.md` and nss-systemd(8); opendirectoryd's local node, as `dscl . -read` shows it.

mod databases;
mod kinds;
mod macos;
mod parse;
mod shells;
mod userdb;

use assay_sdk::{Manifest, Module, Os, Result, Scan, export_module};

/// The module.
pub struct Accounts;

impl Module for Accounts {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "accounts",
            env!("CARGO_PKG_VERSION"),
            "accounts, groups and login shells",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(databases::WATCH)
            .watch(userdb::WATCH)
            .watch(macos::WATCH)
            .watch(shells::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        shells::collect(scan)?;
        match scan.os() {
            Os::Linux => {
                databases::collect(scan)?;
                userdb::collect(scan)
            }
            Os::Macos => macos::collect(scan),
        }
    }
}

export_module!(Accounts);
