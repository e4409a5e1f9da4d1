//! Handing stored alerts to sinks, each at its own pace.

use crate::alert::{Draft, Sink, open_sink};
use crate::config::Config;
use crate::store::{Result, SinkRow, Store};
use assay_model::What;
use std::time::{Duration, Instant};

/// How long one sink may hold up a run. What it did not take by then waits for the next.
const PATIENCE: Duration = Duration::from_secs(30);
/// Alerts that are read from the database at once.
const PAGE: usize = 64;

/// A sink, and how it fares.
pub(crate) struct Delivery {
    name: String,
    sink: Box<dyn Sink>,
    row: SinkRow,
    /// Failed in this run: left alone until the next.
    down: bool,
    /// What it took of the run's time.
    spent: Duration,
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

/// The sinks of the configuration with their places in the history. With `spare` those that were down are left alone.
pub(crate) fn open(config: &Config, store: &mut Store, spare: bool) -> Result<Vec<Delivery>> {
    let sinks = config.sinks();
    let mut deliveries = Vec::new();
    for sink in &sinks {
        let name = sink.name();
        let row = store.sink(&name)?.unwrap_or_default();
        deliveries.push(Delivery {
            sink: open_sink(sink, config),
            name,
            down: spare && row.error.is_some(),
            row,
            spent: Duration::ZERO,
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
                return self.caught_up(store).map(|()| false);
            }
            while !waiting.is_empty() && !self.down {
                let batch = &waiting[..self.sink.batch().min(waiting.len())];
                let started = Instant::now();
                let (taken, error) = self.sink.send(batch);
                self.spent += started.elapsed();
                let taken = taken.min(batch.len());
                if let Some(last) = taken.checked_sub(1).and_then(|last| batch.get(last)) {
                    self.row.cursor = last.alert.seq;
                }
                waiting = &waiting[taken..];
                let slow = self.spent > PATIENCE && !waiting.is_empty();
                let error = error.map(|error| error.to_string());
                let error = error.or_else(|| slow.then(|| "takes alerts too slowly".to_owned()));
                match error {
                    Some(error) => return self.failed_now(store, error, now),
                    None => store.put_sink(&self.name, &self.row)?,
                }
            }
        }
        Ok(false)
    }

    /// An outage ends when nothing waits any more: a sink that takes a little now and then has one, not many.
    fn caught_up(&mut self, store: &mut Store) -> Result<()> {
        if self.row.error.take().is_some() {
            self.row.since = None;
            store.put_sink(&self.name, &self.row)?;
        }
        Ok(())
    }

    /// Leaves the sink alone for this run; answers whether an outage began, which is an alert.
    fn failed_now(&mut self, store: &mut Store, error: String, now: &str) -> Result<bool> {
        self.down = true;
        let began = self.row.error.is_none();
        self.row.since.get_or_insert_with(|| now.to_owned());
        let text = format!("{}: {error}; alerts are queued", self.name);
        self.row.error = Some(error);
        // In one transaction, or a kill in between would take the alert and leave the outage.
        store.wait_for_disk(true)?;
        store.transaction(|store| {
            store.put_sink(&self.name, &self.row)?;
            if began {
                store.append(Draft::about(What::SinkFailed, text), now)?;
            }
            Ok(())
        })?;
        store.wait_for_disk(false)?;
        Ok(began)
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
