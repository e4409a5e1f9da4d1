//! `assay watch`

use crate::args::Common;
use crate::context::{self, complain, say};
use crate::run::warn;
use crate::table::count;
use crate::tell;
use anyhow::{Result, anyhow};
use assay_engine::Report;
use assay_engine::alert::json;
use assay_engine::resident::{self, Said};

/// Watches until it is told to end.
pub(crate) fn watch(common: &Common) -> Result<()> {
    let engine = context::engine(common)?;
    let mut reload = || context::engine(common).map_err(|error| format!("{error:#}"));
    let mut tell = |said: Said<'_>| match said {
        Said::Watching(folders) if context::interactive() => {
            complain(&format!("watching {}", count(folders as u64, "folder")));
        }
        Said::Watching(_) => {}
        Said::Ran(report) => ran(common, report),
        Said::Failed(error) => {
            complain(&format!("{:#}; tried again soon", anyhow!(error.to_string())));
        }
        Said::Reloaded => complain("the configuration was read again"),
        Said::Refused(why) => complain(&format!("the configuration before stays in force: {why}")),
    };
    Ok(resident::watch(engine, &mut reload, &mut tell)?)
}

/// The sinks have the alerts: when nobody reads standard output any more, that is no reason to end.
fn ran(common: &Common, report: &Report) {
    for stored in &report.alerts {
        _ = if common.json {
            say!("{}", json(&stored.body, &stored.digest))
        } else if context::interactive() {
            say!("{}", tell::alert(stored))
        } else {
            Ok(())
        };
    }
    warn(report, false);
}
