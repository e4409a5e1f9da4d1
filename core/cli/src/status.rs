//! `assay status`: the last run, what is open, what could not be read, what waits to be sent.

use crate::args::Common;
use crate::context::{self, say};
use crate::look::{body, open};
use crate::table::{BOLD, clean, count, local, table};
use crate::tell;
use anyhow::Result;
use assay_engine::alert::Stored;
use assay_engine::store::{ListRow, ListState, ModuleRow, OpenGap, SinkRow, Store};
use assay_model::{Sandbox, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Open deviations that are shown; `assay alerts --open` has all.
const SHOWN: usize = 20;

struct Status {
    root: String,
    os: String,
    last_run: Option<String>,
    last_full: Option<String>,
    last_alert: u64,
    open: Vec<Stored>,
    gaps: Vec<OpenGap>,
    modules: BTreeMap<String, ModuleRow>,
    lists: BTreeMap<String, ListRow>,
    /// Files that are not loaded, and why.
    refused: BTreeMap<Text, String>,
    /// Name, alerts that wait, and how it fares.
    sinks: Vec<(String, u64, SinkRow)>,
    sandbox: Sandbox,
}

pub(crate) fn status(common: &Common) -> Result<()> {
    let status = Status::of(&context::store(common)?)?;
    if common.json {
        return Ok(say!("{}", status.json())?);
    }
    status.tell()
}

impl Status {
    fn of(store: &Store) -> Result<Self> {
        let numbers = open(store)?;
        let alerts = store.alerts_after(0, usize::MAX)?.into_iter();
        let last_alert = store.last_seq()?;
        let names = store
            .meta("sinks")?
            .map(|json| serde_json::from_str::<Vec<String>>(&json));
        let mut sinks = Vec::new();
        for name in names.transpose()?.unwrap_or_default() {
            let sink = store.sink(&name)?.unwrap_or_default();
            sinks.push((name, last_alert.saturating_sub(sink.cursor), sink));
        }
        let modules = store.modules()?;
        Ok(Self {
            root: store.meta("root")?.unwrap_or_default(),
            os: store.meta("os")?.unwrap_or_default(),
            last_run: store.runs().last.clone(),
            last_full: store.runs().last_full.clone(),
            last_alert,
            open: alerts
                .filter(|stored| numbers.contains(&stored.alert.seq))
                .collect(),
            gaps: store.gaps()?,
            sandbox: sandbox(&modules),
            modules,
            lists: store.lists()?,
            refused: store.refused()?,
            sinks,
        })
    }

    fn json(&self) -> Value {
        let sink = |(name, queued, sink): &(String, u64, SinkRow)| json!({"name": name, "queued": queued, "error": sink.error, "since": sink.since});
        let module = |module: &ModuleRow| {
            json!({
                "name": module.name, "path": module.path, "sha256": module.sha256, "failure": module.failure,
                "missing": module.missing, "version": module.manifest.as_ref().map(|m| &m.version),
            })
        };
        let list = |list: &ListRow| json!({"name": list.name, "path": list.path, "sha256": list.sha256, "state": list.state, "kinds": list.kinds});
        let refused = |(path, why): (&Text, &String)| json!({"path": path, "reason": why});
        json!({
            "lists": self.lists.values().map(list).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(refused).collect::<Vec<_>>(),
            "last_run": self.last_run, "last_full": self.last_full, "root": self.root, "os": self.os,
            "last_alert": self.last_alert, "open": self.open.iter().map(body).collect::<Vec<_>>(), "gaps": self.gaps,
            "modules": self.modules.values().map(module).collect::<Vec<_>>(),
            "sinks": self.sinks.iter().map(sink).collect::<Vec<_>>(), "sandbox": self.sandbox,
        })
    }

    fn tell(&self) -> Result<()> {
        let time = |time: &Option<String>| time.as_deref().map_or_else(|| "never".to_owned(), local);
        let mut facts = vec![
            [
                "root".to_owned(),
                format!("`{}` ({})", clean(&self.root), self.os),
            ],
            ["last run".to_owned(), time(&self.last_run)],
            ["read in full".to_owned(), time(&self.last_full)],
            [
                "alerts".to_owned(),
                format!("{} so far, {} open", self.last_alert, self.open.len()),
            ],
        ];
        let mut add = |name: &str, lines: Vec<String>| {
            let names = [name].into_iter().chain(std::iter::repeat(""));
            facts.extend(names.zip(lines).map(|(name, line)| [name.to_owned(), line]));
        };
        add("modules", self.module_lines());
        add("watch lists", self.list_lines());
        add(
            "refused",
            self.refused
                .iter()
                .map(|(path, why)| refused_line(path, why))
                .collect(),
        );
        add("sandbox", self.sandbox_lines());
        add("sinks", self.sinks.iter().map(sink_line).collect());
        say!("{}", table(&[], facts.into_iter().map(Vec::from)))?;

        if !self.open.is_empty() {
            say!("\n{BOLD}open{BOLD:#}")?;
            for stored in self.open.iter().take(SHOWN) {
                say!("{}", tell::head(stored))?;
            }
            match self.open.len().saturating_sub(SHOWN) {
                0 => {
                    say!("all of them in full: `assay alerts --open`; what is known: `assay accept NUMBER`")?;
                }
                more => say!("and {more} more: `assay alerts --open`")?,
            }
        }
        if !self.gaps.is_empty() {
            say!("\n{BOLD}could not be read{BOLD:#}")?;
            let rows = self.gaps.iter().map(|gap| {
                let reason = gap.reason.as_str().replace('_', " ");
                vec![
                    gap.path.to_string(),
                    gap.module.clone(),
                    local(&gap.since),
                    reason,
                    clean(&gap.text),
                ]
            });
            say!("{}", table(&["path", "module", "since", "reason", ""], rows))?;
        }
        Ok(())
    }

    /// Those that work on one line, and one line for each that does not.
    fn module_lines(&self) -> Vec<String> {
        let works = |module: &&ModuleRow| module.failure.is_none() && !module.missing;
        let version = |module: &ModuleRow| {
            let manifest = module.manifest.as_ref();
            manifest.map_or_else(
                || module.name.clone(),
                |m| format!("{} {}", module.name, clean(&m.version)),
            )
        };
        let working: Vec<_> = self.modules.values().filter(works).map(version).collect();
        let mut lines = Vec::new();
        if !working.is_empty() {
            lines.push(working.join(", "));
        }
        for module in self.modules.values().filter(|module| !works(module)) {
            lines.push(match &module.failure {
                _ if module.missing => format!(
                    "{} is not there any more; nobody watches what it listed",
                    module.name
                ),
                Some(failure) => format!("{} fails: {}", module.name, clean(failure)),
                None => continue,
            });
        }
        lines
    }

    /// Those that are watched on one line, and one line for each that is gone.
    fn list_lines(&self) -> Vec<String> {
        let in_state = |state| self.lists.values().filter(move |list| list.state == state);
        let watched: Vec<_> = in_state(ListState::Watched)
            .map(|list| clean(&list.name))
            .collect();
        let mut lines: Vec<String> = Vec::new();
        if !watched.is_empty() {
            lines.push(watched.join(", "));
        }
        lines.extend(in_state(ListState::Missing).map(|list| {
            let kinds = clean(&list.kinds.join(", "));
            format!(
                "{} is not there any more; nobody watches {kinds}",
                clean(&list.name)
            )
        }));
        lines
    }

    fn sandbox_lines(&self) -> Vec<String> {
        let active = &self.sandbox.active;
        let mut lines = vec![if active.is_empty() {
            "none".to_owned()
        } else {
            active.join(", ")
        }];
        lines.extend(
            self.sandbox
                .missing
                .iter()
                .map(|missing| format!("not in force: {}", clean(missing))),
        );
        lines
    }
}

/// What is wrong in a watch list begins with the place.
fn refused_line(path: &Text, why: &str) -> String {
    if why.contains(&path.to_string()) {
        clean(why)
    } else {
        clean(&format!("{path}: {why}"))
    }
}

fn sink_line((name, queued, sink): &(String, u64, SinkRow)) -> String {
    let name = clean(name);
    match (&sink.error, queued) {
        (Some(error), _) => {
            let since = sink.since.as_deref().map(local).unwrap_or_default();
            let waiting = count(*queued, "alert");
            format!(
                "{name} is down since {since} ({}), {waiting} queued",
                clean(error)
            )
        }
        (None, 0) => format!("{name} has everything"),
        (None, _) => format!("{name} works, {} queued", count(*queued, "alert")),
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
