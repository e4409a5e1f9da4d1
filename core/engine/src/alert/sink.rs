//! What a sink is: a place that takes stored alerts, in order.

use super::{file, stdout, syslog};
use crate::config::{Config, SinkConfig};
use assay_model::Alert;

/// An alert as it stands in the database.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The alert.
    pub alert: Alert,
    /// Its JSON, byte for byte.
    pub body: String,
    /// The digest of that.
    pub digest: String,
}

/// Why a sink did not take an alert.
pub type SinkError = std::io::Error;

/// A place that alerts go to.
pub trait Sink {
    /// Sends alerts in their order, and answers how many of them, from the first, have certainly been taken. With an
    /// error the sink is left alone until the next run.
    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>);

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
