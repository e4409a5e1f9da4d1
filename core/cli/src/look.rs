//! Commands that only look: `list`, `alerts`, `kinds`, `module list`, `config`.

use crate::args::{Alerts, Common};
use crate::context::{self, complain, say};
use crate::table::{self, BOLD, clean, table};
use crate::tell;
use anyhow::{Context as _, Result, bail};
use assay_engine::alert::{Stored, json};
use assay_engine::discover::KnownFiles;
use assay_engine::store::Store;
use assay_model::Text;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

/// Numbers of the alerts that something open refers to.
pub(crate) fn open(store: &Store) -> Result<BTreeSet<u64>> {
    let entries = store.entries()?.into_iter().filter_map(|entry| entry.alert);
    Ok(entries
        .chain(store.files()?.into_values().filter_map(|file| file.alert))
        .collect())
}

/// An alert as it is sent.
pub(crate) fn body(stored: &Stored) -> Value {
    serde_json::from_str(&json(&stored.body, &stored.digest)).unwrap_or(Value::Null)
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
    let files = store.files()?;
    let is_open = |path: &Text| files.get(path).is_some_and(|file| file.alert.is_some());
    let mut marked = false;
    let rows: Vec<_> = entries
        .map(|(_, entry, alert, _)| {
            let open = alert.is_some() || is_open(&entry.source) || entry.programs.iter().any(is_open);
            marked |= open;
            let key = entry.key.to_string();
            let mark = if open { "*" } else { "" };
            // Most keys name their file, and a script is what it runs.
            let source = Some(entry.source.to_string()).filter(|source| !key.contains(source));
            let programs = entry.programs.iter().map(ToString::to_string);
            let programs: Vec<_> = programs.filter(|program| *program != key).collect();
            let (source, programs) = (source.unwrap_or_default(), programs.join(" "));
            vec![mark.to_owned(), entry.kind, key, programs, source]
        })
        .collect();
    if rows.is_empty() {
        return Ok(say!("nothing")?);
    }
    say!("{}", table(&["", "kind", "key", "runs", "in"], rows))?;
    if marked && context::interactive() {
        say!("* is not accepted: `assay alerts --open`")?;
    }
    Ok(())
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
                    say!("{}", tell::alert(&stored))?;
                }
            }
        }
    };
    print(&store)?;
    if !args.follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(Duration::from_millis(500));
        print(&store)?;
    }
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
                complain(&format!(
                    "module `{name}` failed: {}",
                    clean(&failure.to_string())
                ));
                code = ExitCode::FAILURE;
                continue;
            }
        };
        if common.json {
            say!("{}", serde_json::to_string(&manifest)?)?;
            continue;
        }
        let platforms: Vec<&str> = manifest.platforms.iter().map(|os| os.as_str()).collect();
        let (version, summary) = (clean(&manifest.version), clean(&manifest.summary));
        say!(
            "{BOLD}{name}{BOLD:#} {version} ({}): {summary}",
            platforms.join(", ")
        )?;
        for kind in &manifest.kinds {
            let style = table::colour(kind.severity);
            let (severity, technique) = (kind.severity.as_str(), clean(&kind.technique));
            say!(
                "  {BOLD}{}{BOLD:#}  {style}{severity}{style:#}, {technique}: {}",
                kind.name,
                clean(&kind.summary)
            )?;
            let alike = manifest.kinds.iter().take_while(|other| other.name != kind.name);
            if let Some(alike) = alike
                .filter(|other| !kind.fields.is_empty() && other.fields == kind.fields)
                .last()
            {
                say!("    the fields of {}", alike.name)?;
                continue;
            }
            let rows = kind.fields.iter().map(|field| {
                let meaning = clean(&field.meaning);
                let meaning = if field.compared {
                    meaning
                } else {
                    format!("{meaning} (only shown)")
                };
                vec![format!("    {}", field.name), meaning]
            });
            if !kind.fields.is_empty() {
                say!("{}", table(&[], rows))?;
            }
        }
        say!("")?;
    }
    Ok(code)
}

/// `assay module list`
pub(crate) fn modules(common: &Common) -> Result<()> {
    let engine = context::engine(common)?;
    let found = engine.discover(&[], &KnownFiles::new());
    let lists = engine.watch_lists();
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
        for list in &lists.sound {
            let kinds = list.kind_names();
            say!(
                "{}",
                json!({"list": list.name, "path": list.path, "sha256": list.sha256, "state": "trusted", "kinds": kinds})
            )?;
        }
        for (path, why) in found.refused.iter().chain(&lists.refused) {
            say!("{}", json!({"path": path, "state": "refused", "reason": why}))?;
        }
        return Ok(());
    }
    let trusted = found.candidates.iter().map(|m| {
        let state = if disabled(&m.name) { "disabled" } else { "trusted" };
        let path = clean(&m.path.to_string_lossy());
        vec![m.name.clone(), state.to_owned(), tell::short(&m.sha256), path]
    });
    let refused = found.refused.iter().map(|(path, why)| {
        let why = format!("{}: {why}", path.display());
        vec![String::new(), "refused".to_owned(), String::new(), clean(&why)]
    });
    let watched = lists.sound.iter().map(|list| {
        let path = clean(&list.path.to_string_lossy());
        vec![
            list.name.clone(),
            "watch list".to_owned(),
            tell::short(&list.sha256),
            path,
        ]
    });
    // What is wrong in a list begins with its place.
    let unsound = lists
        .refused
        .iter()
        .map(|(_, why)| vec![String::new(), "refused".to_owned(), String::new(), clean(why)]);
    let rows = trusted.chain(refused).chain(watched).chain(unsound);
    Ok(say!("{}", table(&["name", "state", "sha256", "file"], rows))?)
}

/// `assay config check`
pub(crate) fn config_check(common: &Common) -> Result<ExitCode> {
    let (config, used) = context::config(common)?;
    let engine = context::engine(common);
    let lists = engine
        .as_ref()
        .map(assay_engine::Engine::watch_lists)
        .unwrap_or_default();
    let refused: Vec<_> = lists
        .refused
        .iter()
        .map(|(path, why)| json!({"path": path, "reason": why}))
        .collect();
    if common.json {
        let paths: Vec<_> = lists.sound.iter().map(|list| &list.path).collect();
        say!(
            "{}",
            json!({ "sound": refused.is_empty(), "files": used, "lists": paths, "refused": refused })
        )?;
    } else if used.is_empty() {
        say!("there is no configuration; the defaults are in force")?;
    } else {
        for path in used {
            say!("`{}` is sound", path.display())?;
        }
    }
    if !common.json && !lists.sound.is_empty() {
        let kinds = lists
            .sound
            .iter()
            .map(|list| list.kind_names().len())
            .sum::<usize>();
        let lists = table::count(lists.sound.len() as u64, "watch list");
        say!("{lists} with {} can be used", table::count(kinds as u64, "kind"))?;
    }
    for (_, why) in &lists.refused {
        complain(&clean(why));
    }
    if let Ok(described) = engine.and_then(|engine| Ok(engine.describe()?)) {
        for name in config
            .module
            .keys()
            .chain(&config.modules.disabled)
            .filter(|name| !described.contains_key(*name))
        {
            complain(&format!("there is no module `{name}`"));
        }
    }
    Ok(if lists.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
