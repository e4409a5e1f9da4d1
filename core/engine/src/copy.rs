//! A log server's copy of the alerts, held against the history that they are of.
//!
//! A line is known by its id: rsyslog may put any header before it, and the lines of many machines may stand in one
//! file. What it says is then made anew from the stored alert, and compared.

use crate::alert::{Line, Stored, digest};
use crate::engine::host_name;
use crate::store::{Chain, Fault, Store, StoreError, Wrong, range};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

mod read;

/// Bytes of the longest line that is looked at. The JSON of an alert is never as long.
const LONGEST: usize = 16 << 20;
/// Faults that are kept; more are counted.
const FAULTS: usize = 1000;
/// Histories of others that are told apart, and bytes of the name of one.
const HISTORIES: usize = 100;
const UUID: usize = 36;

/// Why a copy could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("line {line}: {why}")]
    Read {
        /// Which line was to be read.
        line: u64,
        /// What the system said.
        why: io::Error,
    },
}

/// What a copy came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Lines of the file.
    pub lines: u64,
    /// Lines of alerts that are stored here, the first of each.
    pub found: u64,
    /// Lines that came once more.
    pub repeated: u64,
    /// Lines of this machine's alerts that left because of their age, or were lost with a database.
    pub gone: u64,
    /// Lines of alerts of other machines.
    pub foreign: u64,
    /// Lines that begin as an alert of this machine and do not end as one. A full disk makes such, and the alert comes
    /// again: where it did not, it is missing.
    pub cut: u64,
    /// Lines of alerts of other databases, by history.
    pub histories: BTreeMap<String, u64>,
    /// Numbers, from and to, of alerts at the end that wait to be sent.
    pub waiting: Option<(u64, u64)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Faults that were found besides.
    pub more: u64,
}

/// An alert in JSON, as far as it says which it is.
#[derive(Deserialize)]
struct Json {
    seq: u64,
    history: String,
    digest: String,
}

struct Comparison<'a> {
    store: &'a Store,
    chain: &'a Chain,
    /// Names that this machine has, or had.
    hosts: Vec<String>,
    seen: BTreeSet<u64>,
    compared: Compared,
}

/// Holds `copy` against the history. Alerts after `taken` have not been sent to where it is from.
///
/// # Errors
/// When it cannot be read, or the state cannot.
pub fn compare(
    store: &Store,
    chain: &Chain,
    taken: u64,
    mut copy: impl BufRead,
) -> Result<Compared, CopyError> {
    let mut hosts = vec![host_name()];
    hosts.extend(store.alert(chain.last)?.map(|last| last.alert.host));
    let mut comparison = Comparison {
        store,
        chain,
        hosts,
        seen: BTreeSet::new(),
        compared: Compared::default(),
    };
    let mut line = Vec::new();
    while let Some(whole) = read::line(&mut copy, &mut line, LONGEST).map_err(|why| CopyError::Read {
        line: comparison.compared.lines + 1,
        why,
    })? {
        comparison.compared.lines += 1;
        if whole {
            comparison.line(&String::from_utf8_lossy(&line))?;
        } else {
            comparison.compared.cut += 1;
        }
    }
    comparison.missing(taken)?;
    Ok(comparison.compared)
}

impl Comparison<'_> {
    fn line(&mut self, line: &str) -> Result<(), StoreError> {
        let line = line.trim_end();
        if line.starts_with('{') {
            return self.json(line);
        }
        let begins =
            |at: &usize| matches!(line.as_bytes().get(at.wrapping_sub(1)), None | Some(b' ' | b'\t'));
        let Some(start) = line.match_indices("change=").map(|(at, _)| at).find(begins) else {
            return Ok(());
        };
        let (header, text) = line.split_at(start);
        match Line::read(text) {
            Some(line) => self.alert(header, &line),
            None if self.is_from_here(header) => {
                self.compared.cut += 1;
                Ok(())
            }
            None => {
                self.compared.foreign += 1;
                Ok(())
            }
        }
    }

    /// A line that syslog got.
    fn alert(&mut self, header: &str, line: &Line<'_>) -> Result<(), StoreError> {
        if let Some(stored) = self.store.alert_with_id(line.id)? {
            if line.seq != stored.alert.seq {
                self.altered(&stored, &format!("it is given the number {}", line.seq));
            } else if let Some(what) = line.differs_from(&stored) {
                self.altered(&stored, &what);
            }
            self.found(stored.alert.seq);
            return Ok(());
        }
        match self.store.alert(line.seq)? {
            Some(stored) if stored.digest.starts_with(line.chain) && line.chain.len() == 32 => {
                self.altered(&stored, "`id` is not as it was sent");
                self.found(stored.alert.seq);
            }
            _ if !self.is_from_here(header) => self.compared.foreign += 1,
            None if self.is_gone(line.seq) => self.compared.gone += 1,
            _ => self.fault(Wrong::Unknown, Some(line.seq), "this database made no such alert"),
        }
        Ok(())
    }

    /// A line that a file sink got.
    fn json(&mut self, line: &str) -> Result<(), StoreError> {
        let Ok(said) = serde_json::from_str::<Json>(line) else {
            self.compared.cut += u64::from(line.starts_with("{\"v\":1,\"seq\":"));
            return Ok(());
        };
        if said.history != self.chain.history {
            let others = &mut self.compared.histories;
            let room = others.len() < HISTORIES && said.history.len() <= UUID;
            match others.get_mut(&said.history) {
                Some(lines) => *lines += 1,
                None if room => _ = others.insert(said.history, 1),
                None => self.compared.foreign += 1,
            }
            return Ok(());
        }
        let end = format!(",\"digest\":\"{}\"}}", said.digest);
        let body = line.strip_suffix(&end).map(|body| format!("{body}}}"));
        let is_whole = body.is_some_and(|body| digest(&body) == said.digest);
        match self.store.alert(said.seq)? {
            Some(stored) => {
                if !is_whole {
                    self.altered(&stored, "it does not hold what its digest says");
                } else if stored.digest != said.digest {
                    self.altered(&stored, "it is another alert than the one that is stored");
                }
                self.found(said.seq);
            }
            None if self.is_gone(said.seq) && is_whole => self.compared.gone += 1,
            None if self.is_gone(said.seq) => {
                let text = "it does not hold what its digest says";
                self.fault(Wrong::Altered, Some(said.seq), text);
            }
            None => self.fault(Wrong::Unknown, Some(said.seq), "this database made no such alert"),
        }
        Ok(())
    }

    /// Whether a header names this machine, or none at all.
    fn is_from_here(&self, header: &str) -> bool {
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_named = |word: &str| self.hosts.iter().any(|host| first(host) == first(word));
        header.trim().is_empty() || header.split_whitespace().any(is_named)
    }

    /// Whether there was an alert of that number that is no longer stored.
    fn is_gone(&self, seq: u64) -> bool {
        let lost = |(from, to): &(u64, u64)| (*from..=*to).contains(&seq);
        (1..=self.chain.aged).contains(&seq) || self.chain.lost.iter().any(lost)
    }

    fn found(&mut self, seq: u64) {
        let highest = self.seen.last().copied().unwrap_or(0);
        if !self.seen.insert(seq) {
            self.compared.repeated += 1;
            return;
        }
        self.compared.found += 1;
        if seq < highest {
            self.fault(
                Wrong::Reordered,
                Some(seq),
                &format!("it comes after alert {highest}"),
            );
        }
    }

    fn altered(&mut self, stored: &Stored, text: &str) {
        self.fault(Wrong::Altered, Some(stored.alert.seq), text);
    }

    fn fault(&mut self, what: Wrong, alert: Option<u64>, text: &str) {
        let line = Some(self.compared.lines);
        let text = text.to_owned();
        self.keep(Fault {
            line,
            alert,
            what,
            text,
        });
    }

    fn keep(&mut self, fault: Fault) {
        if self.compared.faults.len() < FAULTS {
            self.compared.faults.push(fault);
        } else {
            self.compared.more += 1;
        }
    }

    /// What is stored and has no line.
    fn missing(&mut self, taken: u64) -> Result<(), StoreError> {
        let mut holes: Vec<(u64, u64)> = Vec::new();
        self.store.each_number(|seq| {
            // Those of a run that began after this are no concern of it.
            if self.seen.contains(&seq) || seq > self.chain.last {
                return;
            }
            match holes.last_mut() {
                Some((_, to)) if *to + 1 == seq && seq != taken + 1 => *to = seq,
                _ => holes.push((seq, seq)),
            }
        })?;
        for hole in holes {
            if hole.0 > taken {
                let from = self.compared.waiting.map_or(hole.0, |(from, _)| from);
                self.compared.waiting = Some((from, hole.1));
                continue;
            }
            let verb = if hole.0 == hole.1 { "has" } else { "have" };
            self.keep(Fault {
                line: None,
                alert: Some(hole.0),
                what: Wrong::Missing,
                text: format!("{} {verb} no line", range(hole)),
            });
        }
        Ok(())
    }
}
