//! What the parts of the module share in the course of a scan.

use crate::names;
use assay_sdk::{Keys, Last, Scan};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A scan, and what is remembered in the course of it.
pub(crate) struct Lister<'s, 'a> {
    pub(crate) scan: &'s mut Scan<'a>,
    pub(crate) keys: Keys,
    /// Places already listed and as what, links resolved: one spool has several names.
    listed: HashSet<(&'static str, PathBuf)>,
    family: Family,
}

/// Distributions that differ in which names they leave out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Debian,
    Alpine,
    Other,
}

impl<'s, 'a> Lister<'s, 'a> {
    pub(crate) fn new(scan: &'s mut Scan<'a>) -> Self {
        let has = |path: &str| matches!(scan.root().stat(Path::new(path), Last::Keep), Ok(Some(_)));
        let family = if has("/etc/debian_version") {
            Family::Debian
        } else if has("/etc/alpine-release") {
            Family::Alpine
        } else {
            Family::Other
        };
        Self {
            scan,
            keys: Keys::default(),
            listed: HashSet::new(),
            family,
        }
    }

    /// Whether a place was not listed as the same thing under another name. One that leads nowhere is new: it
    /// may be news.
    pub(crate) fn is_new(&mut self, what: &'static str, place: &Path) -> bool {
        let canonical = self.scan.root().canonical(place);
        let place = canonical.unwrap_or_else(|_| place.to_owned());
        self.listed.insert((what, place))
    }

    pub(crate) fn cron_ignores(&self, name: &[u8]) -> bool {
        match self.family {
            Family::Debian => !names::is_plain(name),
            Family::Alpine | Family::Other => names::is_leftover(name),
        }
    }

    pub(crate) fn run_parts_ignores(&self, name: &[u8]) -> bool {
        match self.family {
            Family::Debian | Family::Alpine => !names::is_plain(name),
            Family::Other => names::is_leftover(name),
        }
    }
}
