//! Commands that change something: `run`, `accept`, `module trust`.

use crate::args::{Accept, Common, Run};
use crate::context::{self, complain, say};
use crate::progress::Progress;
use crate::table::{clean, count};
use crate::tell;
use anyhow::{Context as _, Result};
use assay_engine::alert::json;
use assay_engine::config::Trust;
use assay_engine::discover::Candidate;
use assay_engine::signature::{Key, signer};
use assay_engine::store::StoreError;
use assay_engine::{EngineError, Report, Scope, Selection, discover};
use assay_model::What;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

/// `assay run`
pub(crate) fn run(common: &Common, run: &Run) -> Result<ExitCode> {
    let engine = context::engine(common)?;
    let progress = Progress::start();
    let report = engine.run(&Scope::everything(run.full), &mut |module, done, of| {
        progress.say(format!("{done} of {of} modules done, last {module}"));
    });
    drop(progress);
    let report = match report {
        Ok(report) => report,
        // From cron the next run comes soon enough, and two mails a minute help nobody.
        Err(EngineError::Store(busy @ StoreError::Busy(_))) if !context::interactive() => {
            complain(&format!("{busy}; left to it"));
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    };
    if common.json {
        for stored in &report.alerts {
            say!("{}", json(&stored.body, &stored.digest))?;
        }
    } else if context::interactive() {
        tell(&report)?;
    }
    warn(&report, context::interactive());
    let changes = report.alerts.iter().any(|s| {
        matches!(
            s.alert.change,
            What::Added | What::Changed | What::Removed | What::Reverted
        )
    });
    Ok(if !report.failed.is_empty() {
        ExitCode::FAILURE
    } else if changes && run.exit_code {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

/// What a person at a terminal wants to see of a run.
fn tell(report: &Report) -> Result<()> {
    for stored in &report.alerts {
        say!("{}", tell::alert(stored))?;
    }
    let changes = report.alerts.iter().filter(|s| s.alert.kind.is_some()).count();
    let gaps = match report.gaps as u64 {
        0 => String::new(),
        gaps => format!(", {} could not be read (`assay status`)", count(gaps, "place")),
    };
    let first = report
        .alerts
        .iter()
        .any(|s| s.alert.change == What::BaselineCreated);
    let verdict = match (first, changes) {
        (true, 0) => "the baseline is made; from now on changes are alerted".to_owned(),
        (_, 0) => "nothing changed".to_owned(),
        (_, changes) => count(changes as u64, "change"),
    };
    Ok(say!(
        "{}, {verdict}{gaps}",
        count(report.modules as u64, "module")
    )?)
}

/// What must be said even from cron: each thing once, when it begins; to a person, as long as it lasts.
pub(crate) fn warn(report: &Report, always: bool) {
    for alert in report
        .alerts
        .iter()
        .map(|stored| &stored.alert)
        .filter(|_| !always)
    {
        let module = alert.module.as_deref().unwrap_or_default();
        let text = clean(&alert.text);
        match alert.change {
            What::ModuleFailed => complain(&format!("module `{module}` failed: {text}")),
            What::ModuleMissing => complain(&format!("module `{module}` is not there any more: {text}")),
            What::ModuleRefused => complain(&format!("a module is not loaded: {text}")),
            What::HistoryBroken => complain(&format!("the history is broken: {text}")),
            _ => {}
        }
    }
    if always {
        for (module, why) in &report.failed {
            complain(&format!("module `{module}` failed: {}", clean(why)));
        }
    }
    for sink in &report.sinks {
        if let Some(error) = sink.error.as_ref().filter(|_| always || sink.newly_down) {
            let waiting = count(sink.queued, "alert");
            complain(&format!(
                "sink `{}` is down ({}); {waiting} queued",
                sink.name,
                clean(error)
            ));
        }
    }
}

/// `assay accept`
pub(crate) fn accept(common: &Common, accept: &Accept) -> Result<()> {
    let selection = match &accept.module {
        _ if accept.all => Selection::All,
        Some(module) => Selection::Module(module.clone()),
        None => Selection::Alerts(accept.id.clone()),
    };
    let accepted = context::engine(common)?.accept(&selection, &who(), &accept.reason)?;
    if common.json {
        say!("{}", serde_json::json!({ "accepted": accepted }))?;
    } else if accepted == 0 {
        say!("nothing is open")?;
    } else {
        say!("{} accepted as known", count(accepted as u64, "deviation"))?;
    }
    Ok(())
}

/// Who sits at the keyboard, as far as the environment tells, and with which rights.
fn who() -> String {
    let name = ["SUDO_USER", "DOAS_USER", "LOGNAME", "USER"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    format!(
        "{} (uid {})",
        name.unwrap_or_else(|| "somebody".to_owned()),
        rustix::process::geteuid().as_raw()
    )
}

/// `assay module trust`
pub(crate) fn trust(common: &Common, path: &Path) -> Result<()> {
    let path = path
        .canonicalize()
        .with_context(|| format!("`{}`", path.display()))?;
    let module = discover::open_module(&path)?;
    let (config, _) = context::config(common)?;
    if config.modules.trust == Trust::Signed {
        return signed(common, &module, &config.modules.keys);
    }
    let lock = context::pins_path(common);
    let mut pins = context::pins(&lock)?;
    pins.modules.insert(module.name.clone(), module.sha256.clone());
    let new = lock.with_extension("lock.new");
    let text = format!(
        "# Digests of module files that may be loaded, written by `assay module trust`.\n{}",
        toml::to_string(&pins)?
    );
    let write = || {
        use std::io::Write as _;
        if let Some(folder) = lock.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &lock)
    };
    write().with_context(|| format!("write `{}`", lock.display()))?;
    if common.json {
        let pinned = serde_json::json!({"name": module.name, "sha256": module.sha256, "lock": lock});
        return Ok(say!("{pinned}")?);
    }
    say!(
        "{} is pinned to {} in `{}`",
        module.name,
        module.sha256,
        lock.display()
    )?;
    if config.modules.trust != Trust::Pinned {
        say!("it takes effect with `modules.trust = \"pinned\"` in the configuration")?;
    }
    Ok(())
}

/// `assay module trust` where signatures count: a pin would change nothing, so it says whether the file is signed.
fn signed(common: &Common, module: &Candidate, keys: &[Key]) -> Result<()> {
    let key = signer(&module.path, &module.file, keys).with_context(|| {
        format!(
            "`{}` is not loaded with `modules.trust = \"signed\"`",
            module.path.display()
        )
    })?;
    if common.json {
        let signed = serde_json::json!({"name": module.name, "sha256": module.sha256, "key": key});
        return Ok(say!("{signed}")?);
    }
    Ok(say!(
        "{} is signed with {key}; nothing is pinned where signatures count",
        module.name
    )?)
}
