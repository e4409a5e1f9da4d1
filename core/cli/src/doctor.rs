//! `assay doctor`: what keeps Assay from seeing, from running or from being heard, and what mends each.

use crate::args::Common;
use crate::context::{self, say};
use crate::table::{BOLD, clean, count};
use anstyle::AnsiColor;
use anyhow::Result;
use assay_engine::Engine;
use assay_engine::alert::open_sink;
use assay_engine::config::Config;
use assay_engine::discover::KnownFiles;
use assay_engine::schedule::{Kind, Place};
use assay_engine::store::{Store, runs};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What macOS shows to nobody without Full Disk Access, not even to root.
const PRIVATE: &str = "/Library/Application Support/com.apple.TCC/TCC.db";
/// How many folders the kernel lets one user watch.
const WATCHES: &str = "proc/sys/fs/inotify/max_user_watches";

/// Something that is wrong.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// What it is about, in a word.
    about: &'static str,
    text: String,
    /// What mends it.
    fix: String,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, about: &'static str, text: impl Into<String>, fix: impl Into<String>) {
        let (text, fix) = (text.into(), fix.into());
        self.0.push(Finding { about, text, fix });
    }
}

pub(crate) fn doctor(common: &Common) -> Result<ExitCode> {
    let mut findings = Findings::default();
    let root = context::root(common);
    rights(&root, &mut findings);
    let installed = schedule(&root, &mut findings);
    last_run(common, &installed, &mut findings);
    let config = match context::config(common) {
        Ok((config, _)) => config,
        Err(error) => {
            let fix = "mend that, then `assay config check`";
            findings.add("config", format!("{error:#}"), fix);
            return tell(common, &findings.0);
        }
    };
    sinks(&config, &mut findings);
    match context::engine(common) {
        Ok(engine) => modules(&engine, &mut findings),
        Err(error) => findings.add("modules", format!("{error:#}"), "mend what it says"),
    }
    state(common, &root, &config, &mut findings);
    tell(common, &findings.0)
}

fn rights(root: &Path, findings: &mut Findings) {
    if root == Path::new("/") && !rustix::process::geteuid().is_root() {
        let text = "you are not root: what you may not read is a gap, and no module runs as somebody else";
        findings.add("rights", text, "run it as root: `sudo assay doctor`");
    }
    let private = File::open(root.join(PRIVATE.trim_start_matches('/')));
    if private.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        let text = format!("`{PRIVATE}` cannot be read, and so what else is private cannot");
        let fix = "give `assay` and `assay-host` Full Disk Access: \
                   `open 'x-apple.systempreferences:com.apple.preference.security?Privacy_AllFiles'`";
        findings.add("rights", text, fix);
    }
}

fn schedule(root: &Path, findings: &mut Findings) -> Vec<(Kind, Option<Duration>)> {
    let installed = match (Place { root, dry: true }).installed() {
        Ok(installed) => installed,
        Err(error) => {
            findings.add("schedule", error.to_string(), "look at it: `ls -l`");
            return Vec::new();
        }
    };
    if installed.is_empty() {
        let text = "nothing has Assay run again and again, as far as `assay install` would write it";
        findings.add("schedule", text, "`assay install`");
    }
    installed
}

/// Whether the last run was long ago, for how often there is to be one.
fn last_run(common: &Common, installed: &[(Kind, Option<Duration>)], findings: &mut Findings) {
    let Some(last) = runs(&context::state(common)).last else {
        return findings.add("runs", "Assay has never run here", "`assay run`");
    };
    let Ok(last) = last.parse::<Timestamp>() else {
        return findings.add("runs", "nobody knows when the last run was", "`assay run`");
    };
    let Some((kind, every)) = installed.iter().find_map(|(kind, every)| Some((kind, (*every)?))) else {
        return;
    };
    let age = Timestamp::now().duration_since(last);
    if age.is_negative() {
        let text = format!("the last run was in the future, {last}: the clock was set back");
        findings.add("runs", text, "`assay run`");
    } else if age.unsigned_abs() > every * 2 {
        let text = format!(
            "the last run was {last}, and one is to be every {} seconds",
            every.as_secs()
        );
        let fix = match kind {
            Kind::SystemdTimer | Kind::SystemdService => {
                "`systemctl enable --now assay.timer`, and see `journalctl -u assay`"
            }
            Kind::Cron => "start cron, `service cron start`, and see whether it mailed why",
            Kind::Launchd => "`assay uninstall && assay install`, and see `/var/log/assay.err`",
        };
        findings.add("runs", text, fix);
    }
}

fn sinks(config: &Config, findings: &mut Findings) {
    for sink in config.sinks() {
        if let Err(error) = open_sink(&sink, config).reach() {
            let text = format!("sink `{}` cannot be reached: {error}", sink.name());
            let fix = "start what listens there, or configure another; what waits is sent then";
            findings.add("sinks", text, fix);
        }
    }
}

fn modules(engine: &Engine, findings: &mut Findings) {
    if let Err(error) = engine.host_is_trusted() {
        refused(findings, &error.to_string());
    }
    let found = engine.discover(&[], &KnownFiles::new());
    if found.candidates.is_empty() {
        findings.add(
            "modules",
            "there is no module that may be loaded",
            "`assay module list`",
        );
    }
    for (path, why) in &found.refused {
        let shown = path.display().to_string();
        let place = if why.contains(&shown) {
            String::new()
        } else {
            format!("{shown}: ")
        };
        refused(findings, &format!("{place}{why}"));
    }
    for (_, why) in engine.watch_lists().refused {
        findings.add("watch lists", why, "mend that, then `assay config check`");
    }
}

/// Most refusals say what mends them, after a semicolon.
fn refused(findings: &mut Findings, why: &str) {
    let (text, fix) = why
        .split_once("; ")
        .unwrap_or((why, "put the file right, or remove it"));
    findings.add("modules", text, fix);
}

fn state(common: &Common, root: &Path, config: &Config, findings: &mut Findings) {
    let folder = context::state(common);
    let damaged = "`assay run` puts it aside, learns anew and says so; the log server has the alerts";
    let store = match Store::open_to_read(&folder) {
        Ok(Some(store)) => store,
        // That nothing is known yet has been said.
        Ok(None) => return,
        Err(error) => return findings.add("database", error.to_string(), damaged),
    };
    match store.damage() {
        Ok(None) => {}
        Ok(Some(damage)) => return findings.add("database", damage, damaged),
        Err(error) => return findings.add("database", error.to_string(), damaged),
    }
    let looked = chain(&store, findings)
        .and_then(|()| known(&store, config, findings))
        .and_then(|()| gaps(&store, findings))
        .and_then(|()| watches(&store, root, findings));
    if let Err(error) = looked {
        findings.add("database", format!("{error:#}"), damaged);
    }
}

fn chain(store: &Store, findings: &mut Findings) -> Result<()> {
    if let Some(fault) = store.check_chain()?.fault {
        let number = fault
            .alert
            .map(|alert| format!("alert {alert} is {}: ", fault.what.as_str()));
        let text = format!("{}{}", number.unwrap_or_default(), fault.text);
        findings.add(
            "alerts",
            text,
            "`assay verify`, and hold the log server's copy against it with `--against`",
        );
    }
    Ok(())
}

/// Modules that failed when they last ran, or are gone.
fn known(store: &Store, config: &Config, findings: &mut Findings) -> Result<()> {
    let disabled = |name: &String| config.modules.disabled.contains(name);
    for module in store
        .modules()?
        .into_values()
        .filter(|module| !disabled(&module.name))
    {
        let (name, path) = (&module.name, &module.path);
        if module.missing {
            let text = format!("module `{name}` is not there any more; nobody watches what it listed");
            findings.add(
                "modules",
                text,
                format!("put `{path}` back: `assay module list` shows what is there"),
            );
        } else if let Some(failure) = &module.failure {
            let text = format!("module `{name}` fails: {failure}");
            findings.add("modules", text, format!("`assay module check {path}`"));
        }
    }
    Ok(())
}

fn gaps(store: &Store, findings: &mut Findings) -> Result<()> {
    let gaps = store.gaps()?;
    if let Some(first) = gaps.first() {
        let number = count(gaps.len() as u64, "place");
        let text = format!(
            "{number} cannot be read, such as `{}` ({})",
            first.path,
            first.reason.as_str()
        );
        findings.add("gaps", text, "`assay status` lists them with the reasons");
    }
    Ok(())
}

/// Whether the kernel would let every folder be watched that something is known in.
fn watches(store: &Store, root: &Path, findings: &mut Findings) -> Result<()> {
    let mut said = String::new();
    let file = File::open(root.join(WATCHES));
    if file
        .and_then(|file| file.take(32).read_to_string(&mut said))
        .is_err()
    {
        return Ok(());
    }
    let Ok(most) = said.trim().parse::<usize>() else {
        return Ok(());
    };
    let entries = store.entries()?;
    let states = entries.iter().filter_map(|entry| entry.row.state.as_ref());
    let paths = states.flat_map(|entry| entry.programs.iter().chain([&entry.source]));
    let folders: BTreeSet<PathBuf> = paths
        .filter_map(|path| Some(path.as_path().parent()?.to_owned()))
        .collect();
    if folders.len() > most {
        let text = format!(
            "inotify lets {most} folders be watched, and {} are known",
            folders.len()
        );
        let fix = format!(
            "`sysctl fs.inotify.max_user_watches={}`",
            folders.len().next_power_of_two() * 2
        );
        findings.add("kernel", text, fix);
    }
    Ok(())
}

fn tell(common: &Common, findings: &[Finding]) -> Result<ExitCode> {
    let code = if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    if common.json {
        say!("{}", json!({"sound": findings.is_empty(), "findings": findings}))?;
        return Ok(code);
    }
    let style = AnsiColor::Red.on_default().bold();
    for finding in findings {
        say!("{style}{:<11}{style:#} {}", finding.about, clean(&finding.text))?;
        say!("{:11} -> {}", "", clean(&finding.fix))?;
    }
    match findings.len() {
        0 => say!("{BOLD}nothing is wrong{BOLD:#}")?,
        findings => say!("{BOLD}{}{BOLD:#}", count(findings as u64, "finding"))?,
    }
    Ok(code)
}
