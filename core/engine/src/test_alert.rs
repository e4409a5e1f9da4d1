//! An alert that says nothing happened, by which somebody sees whether alerts arrive.

use crate::alert::Draft;
use crate::deliver::{self, SinkReport, deliver};
use crate::engine::{Engine, host_name, now};
use crate::store::{self, Lock, Store, StoreError};
use assay_model::What;
use std::time::{Duration, Instant};

/// How long a run that is going on may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

impl Engine {
    /// Stores an alert, sends it everywhere, and answers for each sink whether it was taken.
    ///
    /// # Errors
    /// When the state cannot be used.
    pub fn send_test(&self) -> Result<Vec<(SinkReport, bool)>, StoreError> {
        let _lock = self.lock_soon()?;
        let now = now();
        let (mut store, _) = Store::open(&self.options.state, &host_name(), &now, false)?;
        let draft = Draft::about(What::Test, "sent to see whether alerts arrive");
        let seq = store.transaction(|store| store.append(draft, &now))?;
        store.witness()?;
        let mut sinks = deliver::open(&self.options.config, &mut store, false)?;
        deliver(&mut store, &mut sinks, &now)?;
        let last = store.last_seq()?;
        let reports = sinks.iter().map(|sink| {
            let report = sink.report(last, sink.failed());
            let taken = last.saturating_sub(report.queued) >= seq;
            (report, taken)
        });
        let reports = reports.collect();
        store.close()?;
        Ok(reports)
    }

    fn lock_soon(&self) -> Result<Lock, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match store::lock(&self.options.state) {
                Err(StoreError::Busy(_)) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => return other,
            }
        }
    }
}
