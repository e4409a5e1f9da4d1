//! Asking a module that was opened before, as attacks and races do, which are those of Linux.

use super::Bench;
use assay_engine::discover::Candidate;
use assay_engine::run::{Failure, Limits, Output, Target, collect};
use assay_model::{Operation, Os};
use assay_tests::built;
use std::time::Duration;

impl Bench {
    /// What a module writes about the root, asked as a run asks it.
    pub(crate) fn ask(&self, module: &Candidate, config: &toml::Table) -> Result<Output, Failure> {
        let target = Target {
            root: self.scratch.path("root").to_str().unwrap().to_owned(),
            os: Os::Linux,
            avoid: Vec::new(),
        };
        let limits = Limits {
            deadline: Duration::from_secs(20),
            cpu: Duration::from_secs(10),
            memory: 1 << 30,
            user: None,
        };
        let host = built().join("assay-host");
        collect(&host, module, &target, config, Operation::Collect, &limits)
    }
}
