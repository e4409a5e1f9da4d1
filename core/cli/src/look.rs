//! Commands that only look: `status`, `list`, `alerts`, `kinds`, `module list`, `config`.

use crate::args::{Alerts, Common};
use crate::context::{self, complain, say};
use crate::table::{self, local, table};
use anyhow::{Context as _, Result, bail};
use assay_engine::alert::{Stored, json};
use assay_engine::discover::KnownFiles;
use assay_engine::store::{ModuleRow, Store};
use assay_model::Sandbox;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

/// Numbers of the alerts that something open refers to.
fn open(store: &Store) -> Result<BTreeSet<u64>> {
    let entries = store.entries()?.into_iter().filter_map(|entry| entry.alert);
    Ok(entries
        .chain(store.files()?.into_values().filter_map(|file| file.alert))
        .collect())
}

/// `assay status`
pub(crate) fn status(common: &Common) -> Result<()> {
    let store = context::store(common)?;
    let open = open(&store)?;
    let deviations: Vec<Stored> = store
        .alerts_after(0, usize::MAX)?
        .into_iter()
        .filter(|s| open.contains(&s.alert.seq))
        .collect();
    let gaps = store.gaps()?;
    let modules = store.modules()?;
    let last_run = store.meta("last_run")?;
    let last_seq = store.last_seq()?;
    let names: Vec<String> = store
        .meta("sinks")?
        .map(|json| serde_json::from_str(&json))
        .transpose()?
        .unwrap_or_default();
    let mut sinks = Vec::new();
    for name in names {
        let sink = store.sink(&name)?.unwrap_or_default();
        sinks.push((name, last_seq.saturating_sub(sink.cursor), sink));
    }
    let sandbox = sandbox(&modules);
    if common.json {
        let sinks = sinks.iter().map(
            |(name, queued, s)| json!({"name": name, "queued": queued, "error": s.error, "since": s.since}),
        );
        let status = json!({
            "last_run": last_run, "last_full": store.meta("last_full")?, "root": store.meta("root")?, "os": store.meta("os")?,
            "last_alert": last_seq, "open": deviations.iter().map(body).collect::<Vec<_>>(), "gaps": gaps,
            "modules": modules.values().map(module_json).collect::<Vec<_>>(),
            "sinks": sinks.collect::<Vec<_>>(), "sandbox": sandbox,
        });
        return Ok(say!("{status}")?);
    }
    let time = |name: &str| {
        Ok::<_, anyhow::Error>(
            store
                .meta(name)?
                .map_or_else(|| "never".to_owned(), |t| local(&t)),
        )
    };
    say!(
        "last run   {} of `{}`, read in full {}",
        time("last_run")?,
        store.meta("root")?.unwrap_or_default(),
        time("last_full")?
    )?;
    say!("alerts     {last_seq} so far")?;
    say!("\nopen deviations: {}", count(deviations.len()))?;
    for stored in &deviations {
        say!("{}", table::alert(stored))?;
    }
    if !deviations.is_empty() {
        say!("accept what is known with `assay accept ID --reason TEXT`")?;
    }
    say!("\nplaces that could not be read: {}", count(gaps.len()))?;
    if !gaps.is_empty() {
        let rows = gaps.iter().map(|g| {
            vec![
                g.path.to_string(),
                g.reason.as_str().to_owned(),
                g.text.clone(),
                g.module.clone(),
                local(&g.since),
            ]
        });
        say!("{}", table(&["path", "reason", "", "module", "since"], rows))?;
    }
    say!("\nmodules")?;
    let rows = modules.values().map(|m| {
        let state = match (&m.failure, m.missing) {
            (_, true) => "not there any more".to_owned(),
            (Some(failure), _) => format!("fails: {failure}"),
            (None, _) => "works".to_owned(),
        };
        vec![
            m.name.clone(),
            m.manifest.as_ref().map(|m| m.version.clone()).unwrap_or_default(),
            state,
        ]
    });
    say!("{}", table(&["name", "version", "state"], rows))?;
    say!("\nsinks")?;
    let rows = sinks.iter().map(|(name, queued, sink)| {
        let since = sink.since.as_deref().map(local).unwrap_or_default();
        let state = sink.error.as_ref().map_or_else(
            || "works".to_owned(),
            |error| format!("down since {since}: {error}"),
        );
        vec![name.clone(), format!("{queued} queued"), state]
    });
    say!("{}", table(&["name", "queue", "state"], rows))?;
    say!(
        "\nmodules are confined by: {}",
        if sandbox.active.is_empty() {
            "nothing".to_owned()
        } else {
            sandbox.active.join(", ")
        }
    )?;
    for missing in &sandbox.missing {
        say!("  not in force: {missing}")?;
    }
    Ok(())
}

fn count(number: usize) -> String {
    if number == 0 {
        "none".to_owned()
    } else {
        number.to_string()
    }
}

/// What confines every module: a wall that one of them lacks is missing.
fn sandbox(modules: &BTreeMap<String, ModuleRow>) -> Sandbox {
    let parsed = modules
        .values()
        .filter_map(|m| serde_json::from_str::<Sandbox>(m.sandbox.as_deref()?).ok());
    let mut all = Sandbox::default();
    for (index, sandbox) in parsed.enumerate() {
        if index == 0 {
            all.active = sandbox.active;
        } else {
            all.active.retain(|layer| sandbox.active.contains(layer));
        }
        for missing in sandbox.missing {
            if !all.missing.contains(&missing) {
                all.missing.push(missing);
            }
        }
    }
    all
}

fn body(stored: &Stored) -> Value {
    serde_json::from_str(&json(&stored.body, &stored.digest)).unwrap_or(Value::Null)
}

fn module_json(module: &ModuleRow) -> Value {
    json!({
        "name": module.name, "path": module.path, "sha256": module.sha256, "failure": module.failure,
        "missing": module.missing, "version": module.manifest.as_ref().map(|m| &m.version),
    })
}

/// `assay list`
pub(crate) fn list(common: &Common, kind: Option<&str>) -> Result<()> {
    let store = context::store(common)?;
    if let Some(kind) = kind {
        let manifests: Vec<_> = store
            .modules()?
            .into_values()
            .filter_map(|m| m.manifest)
            .collect();
        if !manifests.iter().any(|m| m.kind_named(kind).is_some()) {
            bail!("no module lists the kind `{kind}`; `assay kinds` shows those there are");
        }
    }
    let entries = store
        .entries()?
        .into_iter()
        .filter(|e| kind.is_none_or(|kind| e.identity.0 == kind));
    let entries =
        entries.filter_map(|e| Some((e.module.clone(), e.row.state.clone()?, e.alert, e.first_seen)));
    if common.json {
        for (module, entry, alert, first_seen) in entries {
            let mut line = serde_json::to_value(&entry)?;
            line["module"] = json!(module);
            line["first_seen"] = json!(first_seen);
            line["open"] = json!(alert);
            say!("{line}")?;
        }
        return Ok(());
    }
    let rows = entries.map(|(_, entry, alert, _)| {
        let mark = if alert.is_some() { "*" } else { "" };
        let runs = entry.programs.last().map(ToString::to_string).unwrap_or_default();
        vec![
            format!("{mark}{}", entry.kind),
            entry.key.to_string(),
            entry.source.to_string(),
            runs,
        ]
    });
    Ok(say!("{}", table(&["kind", "key", "source", "runs"], rows))?)
}

/// `assay alerts`
pub(crate) fn alerts(common: &Common, args: &Alerts) -> Result<()> {
    let since = args.since.as_deref().map(since).transpose()?;
    let store = context::store(common)?;
    let wanted = if args.open { Some(open(&store)?) } else { None };
    let mut last = 0;
    let mut print = |store: &Store| -> Result<()> {
        loop {
            let page = store.alerts_after(last, 500)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = end.alert.seq;
            for stored in page {
                let early = since.as_ref().is_some_and(|since| stored.alert.time < *since);
                if early
                    || wanted
                        .as_ref()
                        .is_some_and(|open| !open.contains(&stored.alert.seq))
                {
                    continue;
                }
                if common.json {
                    say!("{}", json(&stored.body, &stored.digest))?;
                } else {
                    say!("{}", table::alert(&stored))?;
                }
            }
        }
    };
    print(&store)?;
    while args.follow {
        std::thread::sleep(Duration::from_millis(500));
        print(&store)?;
    }
    Ok(())
}

/// A time, or a while before now, as alerts write times.
fn since(text: &str) -> Result<String> {
    let time = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time,
        Err(_) => {
            let quoted = toml::Value::String(text.to_owned());
            let ago: assay_engine::config::Time = quoted.try_into().with_context(|| {
                format!("`{text}` is neither a time like `2026-11-24T10:00:00Z` nor a while like `24h`")
            })?;
            jiff::Timestamp::now()
                .checked_sub(ago.0)
                .context("that is before all time")?
        }
    };
    Ok(format!("{time:.3}"))
}

/// `assay kinds`
pub(crate) fn kinds(common: &Common) -> Result<ExitCode> {
    let described = context::engine(common)?.describe()?;
    let mut code = ExitCode::SUCCESS;
    for (name, manifest) in described {
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(failure) => {
                complain(&format!("module `{name}` failed: {failure}"));
                code = ExitCode::FAILURE;
                continue;
            }
        };
        if common.json {
            say!("{}", serde_json::to_string(&manifest)?)?;
            continue;
        }
        let bold = anstyle::Style::new().bold();
        let platforms: Vec<&str> = manifest.platforms.iter().map(|os| os.as_str()).collect();
        say!(
            "{bold}{name}{bold:#} {} ({}): {}",
            manifest.version,
            platforms.join(", "),
            manifest.summary
        )?;
        for kind in &manifest.kinds {
            let style = table::colour(kind.severity);
            say!(
                "  {bold}{}{bold:#}  {}  {style}{}{style:#}  {}",
                kind.name,
                kind.technique,
                kind.severity.as_str(),
                kind.summary
            )?;
            let rows = kind.fields.iter().map(|f| {
                vec![
                    format!("    {}", f.name),
                    if f.compared {
                        String::new()
                    } else {
                        "shown".to_owned()
                    },
                    f.meaning.clone(),
                ]
            });
            if !kind.fields.is_empty() {
                let mut fields = table(&[], rows);
                fields.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
                say!("{fields}")?;
            }
        }
        say!("")?;
    }
    Ok(code)
}

/// `assay module list`
pub(crate) fn modules(common: &Common) -> Result<()> {
    let found = context::engine(common)?.discover(&[], &KnownFiles::new());
    let (config, _) = context::config(common)?;
    let disabled = |name: &str| config.modules.disabled.iter().any(|d| d == name);
    if common.json {
        for module in &found.candidates {
            let state = if disabled(&module.name) {
                "disabled"
            } else {
                "trusted"
            };
            say!(
                "{}",
                json!({"name": module.name, "path": module.path, "sha256": module.sha256, "state": state})
            )?;
        }
        for (path, why) in &found.refused {
            say!("{}", json!({"path": path, "state": "refused", "reason": why}))?;
        }
        return Ok(());
    }
    let trusted = found.candidates.iter().map(|m| {
        let state = if disabled(&m.name) { "disabled" } else { "trusted" };
        vec![
            m.name.clone(),
            state.to_owned(),
            m.path.display().to_string(),
            m.sha256.clone(),
        ]
    });
    let refused = found.refused.iter().map(|(path, why)| {
        vec![
            String::new(),
            "refused".to_owned(),
            path.display().to_string(),
            why.clone(),
        ]
    });
    Ok(say!(
        "{}",
        table(&["name", "state", "file", ""], trusted.chain(refused))
    )?)
}

/// `assay config check`
pub(crate) fn config_check(common: &Common) -> Result<()> {
    let (config, used) = context::config(common)?;
    if used.is_empty() {
        say!("there is no configuration; the defaults are in force")?;
    }
    for path in used {
        say!("`{}` is sound", path.display())?;
    }
    if let Ok(described) = context::engine(common).and_then(|engine| Ok(engine.describe()?)) {
        for name in config
            .module
            .keys()
            .chain(&config.modules.disabled)
            .filter(|name| !described.contains_key(*name))
        {
            complain(&format!("there is no module `{name}`"));
        }
    }
    Ok(())
}

/// `assay config show`
pub(crate) fn config_show(common: &Common) -> Result<()> {
    let (config, _) = context::config(common)?;
    let config = assay_engine::config::Config {
        sink: config.sinks(),
        ..config
    };
    if common.json {
        return Ok(say!("{}", serde_json::to_string(&config)?)?);
    }
    Ok(say!("{}", toml::to_string(&config)?.trim_end())?)
}
