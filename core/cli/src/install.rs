//! `assay install` and `assay uninstall`: what has Assay run again and again.

use crate::args::{Common, Install, Way};
use crate::context::{self, complain, say};
use crate::table::{BOLD, clean};
use anyhow::{Context as _, Result, bail};
use assay_engine::config::{Config, SinkConfig, Time};
use assay_engine::schedule::{Done, Kind, Place, Step, Wish};
use assay_engine::{SinkReport, trust};
use assay_model::Os;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How often, when nobody says.
const EVERY: Duration = Duration::from_secs(600);
/// Where file sinks may write without being named: the unit's own folder of logs.
const LOGS: &str = "/var/log/assay";

pub(crate) fn install(common: &Common, args: &Install) -> Result<ExitCode> {
    let engine = context::engine(common)?;
    let root = context::root(common);
    let place = Place {
        root: &root,
        dry: args.dry_run,
    };
    let kind = kind(args, &root, engine.os())?;
    only_root(place)?;
    place.check(kind)?;
    let program = program()?;
    engine
        .host_is_trusted()
        .and_then(|()| trust::open(&program).map(drop))
        .context("others could change what would be run as root")?;
    let (config, _) = context::config(common)?;
    let wish = Wish {
        kind,
        every: args.every.as_deref().map_or(Ok(EVERY), every)?,
        resident: args.resident || kind == Kind::SystemdService,
        command: command(common, &program)?,
        writes: writes(common, &config)?,
        network: config.sinks().iter().any(is_remote),
    };
    let mut done = place.write(kind, &wish.files()?)?;
    // Before anything is started that might hold the lock for good.
    let tried = (done.changed() && !args.dry_run).then(|| engine.send_test());
    let started = place.start(kind, &mut done);
    if !common.json {
        tell(place, &done)?;
    }
    started?;
    let sinks = tried.transpose().context("try the sinks")?;
    tell_install(common, kind, place, &done, sinks.as_deref())?;
    if sinks.is_none_or(|sinks| sinks.iter().any(|(_, taken)| *taken)) {
        return Ok(ExitCode::SUCCESS);
    }
    complain("no sink took it, so nobody would hear of anything; configure one that works");
    Ok(ExitCode::FAILURE)
}

pub(crate) fn uninstall(common: &Common, dry: bool) -> Result<()> {
    let root = context::root(common);
    let place = Place { root: &root, dry };
    only_root(place)?;
    let done = place.remove()?;
    if common.json {
        return Ok(say!(
            "{}",
            json!({"changed": done.changed(), "steps": done.steps, "left": done.left})
        )?);
    }
    tell(place, &done)?;
    if !done.changed() {
        return Ok(say!("nothing was installed")?);
    }
    let verdict = if dry { "nothing was done" } else { "uninstalled" };
    Ok(say!(
        "{BOLD}{verdict}{BOLD:#}; the state stays in `{}`",
        context::state(common).display()
    )?)
}

/// What the system has, or what was asked for.
fn kind(args: &Install, root: &Path, os: Os) -> Result<Kind> {
    let own = Kind::of_system(root, os == Os::Macos);
    let kind = match args.way {
        None if args.resident && own == Kind::SystemdTimer => Kind::SystemdService,
        None => own,
        Some(Way::SystemdTimer) => Kind::SystemdTimer,
        Some(Way::SystemdService) => Kind::SystemdService,
        Some(Way::Launchd) => Kind::Launchd,
        Some(Way::Cron) => Kind::Cron,
    };
    if args.resident && matches!(kind, Kind::SystemdTimer | Kind::Cron) {
        bail!(
            "`--resident` needs what starts it again when it ends: systemd-service or launchd, and not {}",
            kind.as_str()
        );
    }
    if args.every.is_some() && kind == Kind::SystemdService {
        bail!("`--every` means nothing to a service that stays");
    }
    Ok(kind)
}

fn every(text: &str) -> Result<Duration> {
    let time: Time = toml::Value::String(text.to_owned())
        .try_into()
        .with_context(|| format!("`--every {text}`"))?;
    Ok(time.0)
}

/// Files of the system are root's. What would be written anybody may see.
fn only_root(place: Place<'_>) -> Result<()> {
    if place.root == Path::new("/") && !place.dry && !rustix::process::geteuid().is_root() {
        bail!(
            "this needs root, whose files say what is run again and again; `--dry-run` shows them to anybody"
        );
    }
    Ok(())
}

fn program() -> Result<PathBuf> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize());
    program.context("find this program")
}

/// This program with the flags that it was given, as they are to be given each time.
fn command(common: &Common, program: &Path) -> Result<Vec<String>> {
    let mut command = vec![text(program)?];
    let one = |path: &Option<PathBuf>| path.iter().cloned().collect::<Vec<_>>();
    for (flag, paths) in [
        ("--config", one(&common.config)),
        ("--state", one(&common.state)),
        ("--modules", common.modules.clone()),
        ("--watch", common.watch.clone()),
    ] {
        for path in paths {
            command.extend([flag.to_owned(), text(&path)?]);
        }
    }
    if let Some(config) = &common.config {
        let config = config
            .canonicalize()
            .with_context(|| format!("`{}`", config.display()))?;
        trust::open(&config).context("others could change the configuration")?;
    }
    Ok(command)
}

/// An absolute path as text.
fn text(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).with_context(|| format!("`{}`", path.display()))?;
    let text = path
        .to_str()
        .with_context(|| format!("`{}` is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

/// Folders that are written to, but for those that are Assay's anyway.
fn writes(common: &Common, config: &Config) -> Result<Vec<String>> {
    let mut folders: Vec<String> = common
        .state
        .iter()
        .map(|state| text(state))
        .collect::<Result<_>>()?;
    for sink in config.sinks() {
        let SinkConfig::File { path, .. } = sink else {
            continue;
        };
        let folder = text(path.parent().unwrap_or(Path::new("/")))?;
        if !Path::new(&folder).starts_with(LOGS) && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    Ok(folders)
}

fn is_remote(sink: &SinkConfig) -> bool {
    matches!(sink, SinkConfig::Syslog { address, .. } if address != "local" && !address.starts_with("unix:"))
}

/// What was done, or would be.
fn tell(place: Place<'_>, done: &Done) -> Result<()> {
    for step in &done.steps {
        match (step, place.dry) {
            (Step::Write(file), true) => say!("{BOLD}would write `{}`{BOLD:#}\n{}", file.path, file.text)?,
            (Step::Write(file), false) => say!("wrote `{}`", file.path)?,
            (Step::Remove(path), true) => say!("would remove `{path}`")?,
            (Step::Remove(path), false) => say!("removed `{path}`")?,
            (Step::Run(command), false) if place.root == Path::new("/") => say!("ran `{command}`")?,
            (Step::Run(command), _) => say!("would run `{command}`")?,
        }
    }
    for path in &done.left {
        complain(&format!(
            "`{path}` was not written by `assay install`, and was left"
        ));
    }
    Ok(())
}

fn tell_install(
    common: &Common,
    kind: Kind,
    place: Place<'_>,
    done: &Done,
    sinks: Option<&[(SinkReport, bool)]>,
) -> Result<()> {
    if common.json {
        let sink = |(sink, taken): &(SinkReport, bool)| json!({"name": sink.name, "taken": taken, "error": sink.error});
        let sinks = sinks.map(|sinks| sinks.iter().map(sink).collect::<Vec<_>>());
        let (changed, steps, left) = (done.changed(), &done.steps, &done.left);
        return Ok(say!(
            "{}",
            json!({"way": kind, "changed": changed, "steps": steps, "left": left, "sinks": sinks})
        )?);
    }
    for (sink, taken) in sinks.unwrap_or_default() {
        match &sink.error {
            _ if *taken => say!("sink `{}` took the test alert", clean(&sink.name))?,
            error => {
                let why = error.as_deref().unwrap_or("it did not say why");
                complain(&format!(
                    "sink `{}` did not take the test alert: {}",
                    clean(&sink.name),
                    clean(why)
                ));
            }
        }
    }
    if kind == Kind::Launchd {
        say!("give `assay` and `assay-host` Full Disk Access, or they see less than root does")?;
    }
    let verdict = match (done.changed(), place.dry) {
        (false, _) => "nothing changed: it was installed so already",
        (true, true) => "nothing was done",
        (true, false) => "installed",
    };
    Ok(say!("{BOLD}{verdict}{BOLD:#}")?)
}
