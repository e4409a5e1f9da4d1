//! The conformance suite: does a module, in whatever language, keep what docs/modules.md asks of it?
//!
//! The module is asked through the same host as in a run, about the root that the author names and about scratch roots
//! with every hostile thing at the places that its manifest says it watches. Each check gives a line that says what was
//! seen and what to do.

mod advice;
mod copies;
mod hostile;
mod listing;
mod manifest;
mod places;
mod report;
mod suite;
mod tree;

use crate::engine::{Engine, EngineError};
use crate::watch::Unsound;
use serde::Serialize;
use std::path::Path;

/// What makes a file one that Assay loads.
const OWNERS: &str =
    "it, and every folder above it, belongs to you or to root, and nobody else may write there";

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// It may be as it must; somebody has to look.
    Warning,
    /// It is not; the module breaks a promise that Assay makes.
    Failed,
    /// Here is nothing that it could be tried on.
    Skipped,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A word or two: what was tried.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What the author does now; empty when there is nothing to do.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub fix: String,
}

impl Engine {
    /// Tries the module at `path`, and tells of each check as it is done.
    ///
    /// # Errors
    /// When the module could not be tried at all: the host is not there, or no scratch root could be made. That the
    /// module itself may not be loaded is a check.
    pub fn check(&self, path: &Path, tell: &mut dyn FnMut(&Check)) -> Result<Vec<Check>, EngineError> {
        let mut told = report::Report::new(tell);
        let refused = match self.single(path) {
            Ok(single) => {
                told.add(
                    "trust",
                    report::ok(format!("`{}` may be loaded", single.path().display())),
                );
                return suite::Suite::new(self, &single, told)
                    .run()
                    .map_err(EngineError::Scratch);
            }
            Err(EngineError::Module(refused)) => report::failed(refused.to_string(), OWNERS),
            Err(EngineError::List(unsound @ Unsound::Refused(_))) => {
                report::failed(unsound.to_string(), OWNERS)
            }
            Err(EngineError::List(unsound)) => report::failed(unsound.to_string(), "see docs/watch.md"),
            Err(other) => return Err(other),
        };
        told.add("trust", refused);
        Ok(told.checks)
    }
}
