//! Syslog daemons: what they run, and where messages go.

use crate::parse::syslog::{self, Statement};
use crate::{bounded, content, files, key};
use assay_sdk::{Entry, Keys, Os, Result, Scan, Text};

pub(crate) const WATCH: &[&str] = &[
    "/etc/rsyslog.conf",
    "/etc/rsyslog.d/*.conf",
    "/etc/syslog.conf",
    "/etc/syslog.d/*",
    "/etc/syslog-ng/syslog-ng.conf",
    "/etc/syslog-ng/conf.d/*.conf",
];
const LEGACY: usize = 4;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    if scan.os() != Os::Linux {
        return Ok(());
    }
    of(scan, &WATCH[..LEGACY], syslog::rsyslog)?;
    of(scan, &WATCH[LEGACY..], syslog::syslog_ng)
}

fn of(scan: &mut Scan<'_>, places: &[&str], read: fn(&[u8]) -> Vec<Statement>) -> Result<()> {
    for path in files(scan, places) {
        let Some(text) = content(scan, "syslog_program", &path)? else {
            continue;
        };
        let mut keys = Keys::default();
        for statement in bounded(scan, "syslog_program", &path, read(&text))? {
            let programs = statement.runs.as_deref().map(|runs| programs(scan, runs));
            // Modules that the daemon came with are in every file; a bare name of one says no more than other settings.
            let kind = match (&statement.runs, &programs) {
                (Some(runs), Some(found)) if !found.is_empty() || runs.is_empty() => "syslog_program",
                _ => "syslog_rule",
            };
            let name = keys.unique(key(&path, &statement.text));
            scan.entry(Entry::new(kind, name, &path).programs(programs.unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// A bare name is a module beside the daemon's own, and no program.
fn programs(scan: &mut Scan<'_>, runs: &[u8]) -> Vec<Text> {
    if syslog::is_file(runs) {
        scan.programs().shell(runs)
    } else {
        Vec::new()
    }
}
