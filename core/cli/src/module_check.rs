//! `assay module check`

use crate::args::Common;
use crate::context::{self, say};
use crate::table::{BOLD, clean, count};
use anstyle::{AnsiColor, Style};
use anyhow::Result;
use assay_engine::conform::{Check, Verdict};
use std::path::Path;
use std::process::ExitCode;

/// Width of the longest name of a check.
const NAME: usize = 18;

/// Tries a module, one line a check as it is done.
pub(crate) fn check(common: &Common, path: &Path) -> Result<ExitCode> {
    let engine = context::engine(common)?;
    let mut printed = Ok(());
    let checks = engine.check(path, &mut |check| {
        if printed.is_ok() {
            printed = print(common, check);
        }
    })?;
    printed?;
    let of = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count() as u64;
    let (failed, warnings) = (of(Verdict::Failed), of(Verdict::Warning));
    if !common.json {
        let (passed, warned) = (count(of(Verdict::Ok), "check"), count(warnings, "warning"));
        let verdict = match failed {
            0 => "it keeps what a module must keep".to_owned(),
            failed => format!("{} FAILED", count(failed, "check")),
        };
        say!("{BOLD}{verdict}{BOLD:#} ({passed} ok, {warned})")?;
    }
    Ok(if failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(common: &Common, check: &Check) -> Result<()> {
    if common.json {
        return Ok(say!("{}", serde_json::to_string(check)?)?);
    }
    let (word, style) = match check.verdict {
        Verdict::Ok => ("ok", AnsiColor::Green.on_default()),
        Verdict::Warning => ("warning", AnsiColor::Yellow.on_default()),
        Verdict::Failed => ("FAILED", AnsiColor::Red.on_default().bold()),
        Verdict::Skipped => ("-", Style::new().dimmed()),
    };
    say!(
        "{style}{word:<8}{style:#} {:<NAME$} {}",
        check.name,
        clean(&check.seen)
    )?;
    if !check.fix.is_empty() {
        say!("{:9}{:<NAME$} -> {}", "", "", clean(&check.fix))?;
    }
    Ok(())
}
