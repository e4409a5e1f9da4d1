//! What a sink is: a place that takes stored alerts, in order.

use super::{file, stdout, syslog};
use crate::config::{Config, SinkConfig};
use assay_model::{Alert, Severity, What};
use std::collections::BTreeMap;

/// An alert as it stands in the database.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The alert.
    pub alert: Alert,
    /// Its JSON, byte for byte.
    pub body: String,
    /// The digest of that.
    pub digest: String,
    /// The alerts that tell the same story, this one among them, as far as they are stored; none when it is alone.
    pub group: Option<Group>,
}

impl Stored {
    /// How loud it is: of alerts that tell one story the first of the worst speaks for all, and the others are details.
    #[must_use]
    pub fn loudness(&self) -> Severity {
        match &self.group {
            Some(group) if group.first != self.alert.seq => Severity::Info,
            _ => self.alert.severity,
        }
    }
}

/// Alerts that tell one story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Number of the first of the worst of them, which speaks for all.
    pub first: u64,
    /// How many there are, by what happened and kind.
    pub members: BTreeMap<(What, String), usize>,
}

impl Group {
    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.members.values().sum()
    }
}

/// Why a sink did not take an alert.
pub type SinkError = std::io::Error;

/// A place that alerts go to.
pub trait Sink {
    /// Sends alerts in their order, and answers how many of them, from the first, have certainly been taken. With an
    /// error the sink is left alone until the next run.
    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>);

    /// Whether it could be sent to now, without sending anything.
    ///
    /// # Errors
    /// Why it could not.
    fn reach(&self) -> Result<(), SinkError> {
        Ok(())
    }

    /// How many alerts it wants at once, because only then does it know what was taken. A crash in between sends as
    /// many again.
    fn batch(&self) -> usize {
        1
    }
}

/// Bytes that a message has room for whatever is configured: its header, and all that identifies an alert.
const LEAST_LINE: usize = 1024;

/// Makes ready to send to a sink; a sink that is down is told by the first alert that it does not take.
#[must_use]
pub fn open_sink(sink: &SinkConfig, config: &Config) -> Box<dyn Sink> {
    let limit = usize::try_from(config.alerts.max_line.0)
        .unwrap_or(usize::MAX)
        .max(LEAST_LINE);
    match sink {
        SinkConfig::Syslog {
            address, facility, ..
        } => syslog::open(address, *facility, limit),
        SinkConfig::File { path, .. } => Box::new(file::JsonLines::new(path.clone())),
        SinkConfig::Stdout { format, .. } => Box::new(stdout::Stdout {
            format: *format,
            limit,
        }),
    }
}
