//! How bad is it? Pure: no clock, no I/O.

use assay_model::{Severity, What};

/// The severity of an alert, from that of the kind it is about.
#[must_use]
pub(crate) fn severity(what: What, kind: Severity) -> Severity {
    match what {
        // Taking away what starts by itself can be the attack (a security agent), so a removal weighs the same.
        What::Added | What::Changed | What::Removed => kind,
        What::Reverted => Severity::Low,
        What::BaselineCreated | What::Accepted | What::ModuleRecovered | What::GapClosed => Severity::Info,
        What::Heartbeat | What::Test => Severity::Info,
        What::GapOpened | What::SinkFailed | What::ModuleChanged | What::ConfigRefused => Severity::Medium,
        What::ModuleFailed | What::ModuleMissing | What::ModuleRefused => Severity::High,
        What::HistoryBroken => Severity::Critical,
    }
}
