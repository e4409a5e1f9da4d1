//! Alerts on standard output, for pipes and for containers.

use super::{Sink, SinkError, Stored, json, line};
use crate::config::Format;
use std::io::Write as _;

pub(super) struct Stdout {
    pub(super) format: Format,
    pub(super) limit: usize,
}

impl Sink for Stdout {
    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        let mut out = std::io::stdout().lock();
        for (sent, stored) in alerts.iter().enumerate() {
            let text = match self.format {
                Format::Line => line(stored, self.limit),
                Format::Json => json(&stored.body, &stored.digest),
            };
            if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
                return (sent, Some(error));
            }
        }
        (alerts.len(), None)
    }
}
