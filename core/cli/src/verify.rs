//! `assay verify`: are the alerts those that were made, here and at the log server?

use crate::args::{Common, Verify};
use crate::context::{self, complain, say};
use crate::table::{BOLD, clean, count};
use anstyle::AnsiColor;
use anyhow::{Context as _, Result, bail};
use assay_engine::copy::{self, Compared};
use assay_engine::store::{Chain, Fault, Store, range};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;
use std::process::ExitCode;

/// Faults of a copy that are shown to a person.
const SHOWN: usize = 100;

pub(crate) fn verify(common: &Common, args: &Verify) -> Result<ExitCode> {
    let store = context::store(common)?;
    // What cannot be done is said before anything else is.
    let copy = match &args.against {
        None => None,
        Some(path) => Some((path, open(path)?, taken(&store, args.sink.as_deref())?)),
    };
    let chain = store.check_chain()?;
    if !common.json {
        tell_chain(&chain)?;
    }
    let compared = match copy {
        None => None,
        Some((path, copy, taken)) => {
            let compared = copy::compare(&store, &chain, taken, copy);
            Some(compared.with_context(|| format!("check `{}`", path.display()))?)
        }
    };
    let sound = chain.fault.is_none() && compared.as_ref().is_none_or(|copy| copy.faults.is_empty());
    if common.json {
        say!("{}", json!({"sound": sound, "chain": chain, "copy": compared}))?;
    } else if let Some(compared) = &compared {
        tell_copy(compared, args.against.as_deref().unwrap_or(Path::new("-")))?;
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("open `{}`", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Number of the last alert that the sink has, or of the last that any sink has.
fn taken(store: &Store, sink: Option<&str>) -> Result<u64> {
    let names = store.meta("sinks")?;
    let names: Vec<String> = names.map_or(Ok(Vec::new()), |json| serde_json::from_str(&json))?;
    if let Some(sink) = sink.filter(|sink| !names.iter().any(|name| name == sink)) {
        let known: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        bail!("there is no sink `{sink}`; there is {}", known.join(" and "));
    }
    let mut taken = 0;
    for name in names.iter().filter(|name| sink.is_none_or(|sink| sink == *name)) {
        taken = taken.max(store.sink(name)?.unwrap_or_default().cursor);
    }
    Ok(taken)
}

fn tell_chain(chain: &Chain) -> Result<()> {
    if chain.aged > 0 {
        say!("{} gone because of their age", range((1, chain.aged)))?;
    }
    for lost in &chain.lost {
        say!(
            "{} lost with a database, as the `history_broken` that follows says",
            range(*lost)
        )?;
    }
    match &chain.fault {
        None if chain.stored == 0 => say!("no alert is stored")?,
        None => say!(
            "{BOLD}{} sound{BOLD:#}, the last is alert {}",
            count(chain.stored, "alert"),
            chain.last
        )?,
        Some(fault) => tell_fault(fault)?,
    }
    Ok(())
}

fn tell_fault(fault: &Fault) -> Result<()> {
    let style = AnsiColor::Red.on_default().bold();
    let line = fault.line.map(|line| format!("line {line}: "));
    let alert = fault.alert.map(|alert| format!("alert {alert} "));
    let (line, alert) = (line.unwrap_or_default(), alert.unwrap_or_default());
    say!(
        "{line}{alert}{style}{}{style:#}: {}",
        fault.what.as_str(),
        clean(&fault.text)
    )?;
    Ok(())
}

fn tell_copy(compared: &Compared, path: &Path) -> Result<()> {
    let path = clean(&path.to_string_lossy());
    for fault in compared.faults.iter().take(SHOWN) {
        tell_fault(fault)?;
    }
    let hidden = compared.faults.len().saturating_sub(SHOWN) as u64 + compared.more;
    if hidden > 0 {
        complain(&format!("and {} more", count(hidden, "fault")));
    }
    for (lines, what) in [
        (compared.repeated, "of alerts that came before, sent again"),
        (compared.gone, "of alerts that are no longer here, not compared"),
        (compared.foreign, "of other machines, skipped"),
        (compared.cut, "cut short or torn, not compared"),
    ] {
        if lines > 0 {
            say!("{} {what}", count(lines, "line"))?;
        }
    }
    for (history, lines) in &compared.histories {
        say!(
            "{} of another database, {}, skipped",
            count(*lines, "line"),
            clean(history)
        )?;
    }
    if let Some(waiting) = compared.waiting {
        say!("{} wait to be sent", range(waiting))?;
    }
    let (found, lines) = (count(compared.found, "alert"), count(compared.lines, "line"));
    if compared.faults.is_empty() {
        say!("{BOLD}{found} found as sent{BOLD:#} in {lines} of `{path}`")?;
    } else {
        let faults = count(compared.faults.len() as u64 + compared.more, "fault");
        say!("{BOLD}{faults}{BOLD:#} in {lines} of `{path}`, {found} found")?;
    }
    Ok(())
}
