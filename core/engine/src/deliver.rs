//! Handing stored alerts to sinks, each at its own pace.

use crate::alert::{Draft, Sink, open_sink};
use crate::config::Config;
use crate::store::{Result, SinkRow, Store};
use assay_model::What;

/// Alerts that are read from the database at once.
const PAGE: usize = 64;

/// A sink, and how it fares.
pub(crate) struct Delivery {
    name: String,
    sink: Box<dyn Sink>,
    row: SinkRow,
    /// Failed in this run: left alone until the next.
    down: bool,
}

/// How a sink fared in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReport {
    /// Its name.
    pub name: String,
    /// Alerts that wait for it.
    pub queued: u64,
    /// Why, if it is down.
    pub error: Option<String>,
    /// It went down in this run.
    pub newly_down: bool,
}

/// The sinks of the configuration with their places in the history.
pub(crate) fn open(config: &Config, store: &mut Store) -> Result<Vec<Delivery>> {
    let sinks = config.sinks();
    let mut deliveries = Vec::new();
    for sink in &sinks {
        let name = sink.name();
        let row = store.sink(&name)?.unwrap_or_default();
        deliveries.push(Delivery {
            sink: open_sink(sink, config),
            name,
            row,
            down: false,
        });
    }
    Ok(deliveries)
}

/// Sends every sink what it has not had yet, in order. A sink that fails costs one alert, which the others get.
pub(crate) fn deliver(store: &mut Store, deliveries: &mut [Delivery], now: &str) -> Result<()> {
    store.wait_for_disk(false)?;
    let delivered = deliver_all(store, deliveries, now);
    store.wait_for_disk(true)?;
    delivered
}

fn deliver_all(store: &mut Store, deliveries: &mut [Delivery], now: &str) -> Result<()> {
    loop {
        let mut said = false;
        for delivery in deliveries.iter_mut() {
            said |= delivery.send_all(store, now)?;
        }
        // An alert about a sink that went down is for the sinks before it in the list too.
        if !said {
            return Ok(());
        }
    }
}

impl Delivery {
    /// Sends until nothing waits or the sink fails; answers whether that made a new alert.
    fn send_all(&mut self, store: &mut Store, now: &str) -> Result<bool> {
        while !self.down {
            let alerts = store.alerts_after(self.row.cursor, PAGE)?;
            let mut waiting = &alerts[..];
            if waiting.is_empty() {
                break;
            }
            while !waiting.is_empty() && !self.down {
                let batch = &waiting[..self.sink.batch().min(waiting.len())];
                let (taken, error) = self.sink.send(batch);
                if let Some(last) = taken.checked_sub(1).and_then(|last| batch.get(last)) {
                    self.row.cursor = last.alert.seq;
                }
                let was_down = self.row.error.is_some();
                self.row.error = error.map(|error| error.to_string());
                self.row.since = self
                    .row
                    .error
                    .as_ref()
                    .map(|_| self.row.since.clone().unwrap_or_else(|| now.to_owned()));
                store.put_sink(&self.name, &self.row)?;
                if let Some(error) = &self.row.error {
                    self.down = true;
                    if !was_down {
                        let text = format!("{}: {error}; alerts are queued", self.name);
                        // On the disk, and witnessed, before another sink can have it.
                        store.wait_for_disk(true)?;
                        store.append(Draft::about(What::SinkFailed, text), now)?;
                        store.witness()?;
                        store.wait_for_disk(false)?;
                        return Ok(true);
                    }
                }
                waiting = &waiting[taken.min(waiting.len())..];
            }
        }
        Ok(false)
    }

    pub(crate) fn report(&self, last: u64, failed_before: bool) -> SinkReport {
        SinkReport {
            name: self.name.clone(),
            queued: last.saturating_sub(self.row.cursor),
            error: self.row.error.clone(),
            newly_down: self.down && !failed_before,
        }
    }
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
    pub(crate) fn failed(&self) -> bool {
        self.row.error.is_some()
    }
}
