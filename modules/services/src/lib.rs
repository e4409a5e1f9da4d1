//! Servers: what they run for whoever writes to a log, asks for a page or sends a mail, and containers that start by
//! themselves.
//!
//! Sees: the scripts and settings of logrotate; rules of rsyslog, syslogd and syslog-ng; directives of Apache and nginx;
//! where mail goes, from aliases, `.forward`, procmail and Postfix' services; containers of Docker and Podman, quadlets and
//! static pods of Kubernetes.
//!
//! Cannot see: what an `Include` names elsewhere than in the usual folders, and sites that are there but not enabled; what
//! a variable of these formats stands for; commands of Podman's containers, which are in its database; what the
//! templates of a pod make of YAML's finer points, though every byte of its file counts. What is made of lines is in the
//! watch lists `services`, `web` and `containers`.
//!
//! References: logrotate.conf(5), rsyslog.conf(5) and RainerScript, syslog-ng.conf(5), Apache's "Configuration Sections",
//! nginx's "Configuration File's Structure", aliases(5), master(5), procmailrc(5), dot-qmail(5), podman-systemd.unit(5),
//! and Docker's `container.Config` and `HostConfig`.

mod containers;
mod kinds;
mod logrotate;
mod mail;
mod parse;
mod pods;
mod syslog;
mod web;

use assay_sdk::{Entry, Manifest, Module, Result, Scan, Text, Value, export_module};
use std::path::{Path, PathBuf};

/// The module.
pub struct Services;

impl Module for Services {
    fn manifest() -> Manifest {
        let manifest = Manifest::new(
            "services",
            env!("CARGO_PKG_VERSION"),
            "what servers run, and containers that start by themselves",
        );
        kinds::all()
            .into_iter()
            .fold(manifest, Manifest::kind)
            .watch(logrotate::WATCH)
            .watch(syslog::WATCH)
            .watch(web::WATCH)
            .watch(mail::WATCH)
            .watch(containers::WATCH)
            .watch(pods::WATCH)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        logrotate::collect(scan)?;
        syslog::collect(scan)?;
        web::collect(scan)?;
        mail::collect(scan)?;
        containers::collect(scan)?;
        pods::collect(scan)
    }
}

/// No file of these is larger.
const MAX_FILE: u64 = 1 << 20;

/// What a file holds; one that makes no sense is an entry that stands for all that it held.
fn content(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Result<Option<Vec<u8>>> {
    match scan.content(path, MAX_FILE) {
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(why)) => unparsable(scan, kind, path, &why).map(|()| None),
        None => Ok(None),
    }
}

fn unparsable(scan: &mut Scan<'_>, kind: &str, path: &Path, why: &str) -> Result<()> {
    scan.entry(Entry::new(kind, path, path).unparsable(why))
}

/// Entries of one file, which anybody may have written.
const MAX_ENTRIES: usize = 5_000;

/// What stands in a file; one that holds too much is one entry, and its bytes are compared.
fn bounded<T>(scan: &mut Scan<'_>, kind: &str, path: &Path, found: Vec<T>) -> Result<Vec<T>> {
    if found.len() <= MAX_ENTRIES {
        return Ok(found);
    }
    unparsable(
        scan,
        kind,
        path,
        &format!("holds more than {MAX_ENTRIES} entries"),
    )
    .map(|()| Vec::new())
}

/// Files by their paths; of `folder/*.conf`, those of that ending.
fn files(scan: &mut Scan<'_>, places: &[&str]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for place in places {
        match place.rsplit_once("/*") {
            Some((folder, ending)) => {
                paths.extend(scan.files(Path::new(folder), |name| name.ends_with(ending.as_bytes())));
            }
            None => paths.push(PathBuf::from(place)),
        }
    }
    paths
}

/// What an entry is called in its file, after the file.
fn key(path: &Path, name: &[u8]) -> Text {
    [Text::from(path).as_bytes(), b": ", name].concat().into()
}

/// A field that is left out when there is nothing in it.
fn list<T: Into<Text>>(words: Vec<T>) -> Option<Value> {
    (!words.is_empty()).then(|| words.into_iter().collect())
}

export_module!(Services);
