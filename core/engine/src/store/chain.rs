//! Whether the alerts are those that were stored, each after the one before it.

use super::witness::{self, Witness};
use super::{Result, Store, optional, unsigned};
use crate::alert::{FIRST_PREVIOUS, Stored, digest};
use assay_model::{Alert, What};
use rusqlite::{Row, ToSql};
use serde::Serialize;

/// What a look at every stored alert came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Which history it is.
    pub history: String,
    /// Alerts that were looked at.
    pub stored: u64,
    /// Number of the last alert.
    pub last: u64,
    /// Alerts up to this number have left because of their age.
    pub aged: u64,
    /// Numbers, from and to, of alerts that were lost with a database. The `history_broken` after them says so.
    pub lost: Vec<(u64, u64)>,
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
}

/// What is wrong with an alert, or with a line that names one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line of the file that was held against the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Number of the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<u64>,
    /// In a word.
    pub what: Wrong,
    /// In many.
    pub text: String,
}

/// What can be wrong with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// It is not as it was made.
    Altered,
    /// It stands in another's place.
    Reordered,
    /// This database never made it.
    Unknown,
}

impl Wrong {
    /// The word used in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::Reordered => "reordered",
            Self::Unknown => "unknown",
        }
    }
}

/// A number or a range of them.
#[must_use]
pub fn range((from, to): (u64, u64)) -> String {
    if from == to {
        format!("alert {from}")
    } else {
        format!("alerts {from} to {to}")
    }
}

/// An alert as it stands in the database, whatever that is.
struct Link {
    seq: u64,
    id: String,
    time: String,
    body: String,
    digest: String,
}

impl Link {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: unsigned(row, 0)?,
            id: row.get(1)?,
            time: row.get(2)?,
            body: row.get(3)?,
            digest: row.get(4)?,
        })
    }

    /// The alert, if it holds what it held when it was stored in this place.
    fn checked(&self, history: &str) -> std::result::Result<Alert, (Wrong, String)> {
        let altered = |why: &str| Err((Wrong::Altered, why.to_owned()));
        if digest(&self.body) != self.digest {
            return altered("it does not hold what its digest says");
        }
        let Ok(alert) = serde_json::from_str::<Alert>(&self.body) else {
            return altered("what is stored is no alert");
        };
        if alert.seq != self.seq {
            let text = format!("alert {} stands in its place", alert.seq);
            return Err((Wrong::Reordered, text));
        }
        if alert.history != history {
            return altered("it is of another history");
        }
        if alert.id != self.id || alert.time != self.time {
            return altered("it is filed under another id or time than its own");
        }
        Ok(alert)
    }
}

/// The alert that was looked at last; its digest is not known of one that is no longer there.
struct Before {
    seq: u64,
    digest: Option<String>,
}

impl Store {
    /// Which history this is.
    #[must_use]
    pub fn history(&self) -> &str {
        &self.history
    }

    /// Looks at every alert up to the first that is not what it must be.
    ///
    /// # Errors
    /// SQLite's.
    pub fn check_chain(&self) -> Result<Chain> {
        // Before the database: that is never behind it.
        let witness = witness::read(&self.folder);
        // One state of it, whatever a run writes meanwhile.
        let _snapshot = self.database.unchecked_transaction()?;
        let aged = self.meta("retained_after")?.unwrap_or_default();
        let mut chain = Chain {
            history: self.history.clone(),
            aged: aged.parse().unwrap_or(0),
            last: self.last_seq()?,
            ..Chain::default()
        };
        chain.fault = match self.walk(&mut chain)? {
            None => self.unlike_witness(&chain, witness.as_ref())?,
            fault => fault,
        };
        Ok(chain)
    }

    fn walk(&self, chain: &mut Chain) -> Result<Option<Fault>> {
        let anchor = self.anchor()?;
        let anchored = |seq| {
            anchor
                .clone()
                .filter(|(at, _)| *at == seq)
                .map(|(_, digest)| digest)
        };
        let mut before = Before {
            seq: chain.aged,
            digest: anchored(chain.aged).or_else(|| (chain.aged == 0).then(|| FIRST_PREVIOUS.to_owned())),
        };
        let mut query = self
            .database
            .prepare("SELECT seq, id, time, body, digest FROM alerts ORDER BY seq")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let link = Link::read(row)?;
            let wrong = |what, text| {
                Ok(Some(Fault {
                    line: None,
                    alert: Some(link.seq),
                    what,
                    text,
                }))
            };
            let alert = link.checked(&self.history);
            if link.seq <= before.seq {
                let text = "it left because of its age, and is here again".to_owned();
                return wrong(Wrong::Reordered, text);
            }
            if link.seq - before.seq > 1 {
                let hole = (before.seq + 1, link.seq - 1);
                // Counting goes on after a database that was lost.
                if !matches!(&alert, Ok(alert) if alert.change == What::HistoryBroken) {
                    return Ok(Some(missing(hole, "no longer there")));
                }
                chain.lost.push(hole);
                before.digest = anchored(link.seq - 1);
            }
            let alert = match alert {
                Ok(alert) => alert,
                Err((what, text)) => return wrong(what, text),
            };
            if before.digest.is_some_and(|digest| digest != alert.previous) {
                let text = format!("it does not follow from alert {}", link.seq - 1);
                return wrong(Wrong::Altered, text);
            }
            chain.stored += 1;
            before = Before {
                seq: link.seq,
                digest: Some(link.digest),
            };
        }
        Ok(None)
    }

    /// What the witness knows and the database does not.
    fn unlike_witness(&self, chain: &Chain, witness: Option<&Witness>) -> Result<Option<Fault>> {
        let Some(witness) = witness else {
            let fault = Fault {
                line: None,
                alert: None,
                what: Wrong::Missing,
                text: "the witness file, which remembers the last alert, is gone or damaged".to_owned(),
            };
            return Ok((chain.last > 0).then_some(fault));
        };
        let altered = |text: &str| Fault {
            line: None,
            alert: Some(witness.seq),
            what: Wrong::Altered,
            text: text.to_owned(),
        };
        if witness.history != self.history {
            return Ok(Some(altered("the witness remembers it of another database")));
        }
        if witness.seq > chain.last {
            let end = (chain.last + 1, witness.seq);
            return Ok(Some(missing(end, "remembered by the witness alone")));
        }
        let (last, last_digest) = self.last_alert()?;
        let stored = if witness.seq == last {
            Some(last_digest)
        } else {
            self.digest_of(witness.seq)?
        };
        let same = stored.is_none_or(|stored| stored == witness.digest);
        Ok((!same).then(|| altered("it is not the one that the witness remembers")))
    }

    /// Numbers of all stored alerts, each given to `each`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn each_number(&self, mut each: impl FnMut(u64)) -> Result<()> {
        let mut query = self.database.prepare("SELECT seq FROM alerts ORDER BY seq")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            each(unsigned(row, 0)?);
        }
        Ok(())
    }

    /// The alert of that number, without its group; `None` when there is none.
    ///
    /// # Errors
    /// SQLite's.
    pub fn alert(&self, seq: u64) -> Result<Option<Stored>> {
        self.one_alert(
            "SELECT body, digest FROM alerts WHERE seq = ?1",
            &super::signed(seq),
        )
    }

    /// The alert of that id, without its group; `None` when there is none.
    ///
    /// # Errors
    /// SQLite's.
    pub fn alert_with_id(&self, id: &str) -> Result<Option<Stored>> {
        self.one_alert("SELECT body, digest FROM alerts WHERE id = ?1", &id)
    }

    fn one_alert(&self, find: &str, which: &dyn ToSql) -> Result<Option<Stored>> {
        let mut query = self.database.prepare_cached(find)?;
        let found = query.query_row([which], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((body, digest)) = optional::<(String, String)>(found)? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            alert: serde_json::from_str(&body)?,
            body,
            digest,
            group: None,
        }))
    }
}

fn missing(numbers: (u64, u64), why: &str) -> Fault {
    let verb = if numbers.0 == numbers.1 { "is" } else { "are" };
    Fault {
        line: None,
        alert: Some(numbers.0),
        what: Wrong::Missing,
        text: format!("{} {verb} {why}", range(numbers)),
    }
}
