//! What the checks came to, told one by one.

use super::{Check, Verdict, advice};
use crate::run::Failure;

/// How a check went, before it has a name.
pub(super) struct Found {
    verdict: Verdict,
    pub(super) seen: String,
    pub(super) fix: String,
}

pub(super) fn ok(seen: impl Into<String>) -> Found {
    found(Verdict::Ok, seen, "")
}
pub(super) fn failed(seen: impl Into<String>, fix: &str) -> Found {
    found(Verdict::Failed, seen, fix)
}
pub(super) fn warning(seen: impl Into<String>, fix: &str) -> Found {
    found(Verdict::Warning, seen, fix)
}
pub(super) fn skipped(why: impl Into<String>, fix: &str) -> Found {
    found(Verdict::Skipped, why, fix)
}
fn found(verdict: Verdict, seen: impl Into<String>, fix: &str) -> Found {
    Found {
        verdict,
        seen: seen.into(),
        fix: fix.to_owned(),
    }
}
pub(super) fn failure(context: &str, failure: &Failure) -> Found {
    failed(format!("{context}{failure}"), advice::on(failure))
}

/// The checks that were done, each told as it is.
pub(super) struct Report<'a> {
    pub(super) checks: Vec<Check>,
    tell: &'a mut dyn FnMut(&Check),
}

impl<'a> Report<'a> {
    pub(super) fn new(tell: &'a mut dyn FnMut(&Check)) -> Self {
        Self {
            checks: Vec::new(),
            tell,
        }
    }
    pub(super) fn add(&mut self, name: &str, found: Found) {
        let check = Check {
            name: name.to_owned(),
            verdict: found.verdict,
            seen: found.seen,
            fix: found.fix,
        };
        (self.tell)(&check);
        self.checks.push(check);
    }
}
