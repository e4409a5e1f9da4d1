//! The stages in their order.

use crate::alert::Stored;
use crate::config::Config;
use crate::config::Trust;
use crate::deliver::{self, SinkReport, deliver};
use crate::discover::{Demand, Found, KnownFiles, Pins, discover};
use crate::facts::Measure;
use crate::run::{Failure, Limits, Target, collect};
use crate::settle::{Looked, Outcome, Settler};
use crate::store::{self, Lock, ModuleRow, Runs, Store, StoreError};
use crate::watch::{self, Lists};
use crate::{hang, places, trust};
use assay_model::{Input, Operation, Os, Text};
use assay_root::{Checker, Root, RootError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::time::Duration;

/// What a run needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The root folder to scan.
    pub root: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// Folders with modules.
    pub folders: Vec<PathBuf>,
    /// Folders with watch lists.
    pub watch: Vec<PathBuf>,
    /// The program that loads modules.
    pub host: PathBuf,
    /// The configuration.
    pub config: Config,
    /// What `modules.trust = "pinned"` holds modules to.
    pub pins: Pins,
}

/// Why nothing could be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The root folder cannot be used.
    #[error("cannot use the root")]
    Root(#[from] RootError),
    /// The program that loads modules is not trusted, or not there.
    #[error("cannot use the module host")]
    Host(#[from] trust::Refused),
    /// The one module that was asked for may not be loaded.
    #[error(transparent)]
    Module(trust::Refused),
    /// The one watch list that was asked for cannot be used.
    #[error(transparent)]
    List(watch::Unsound),
    /// There is a watch list, and nothing to read it.
    #[error(
        "the module `files`, which reads watch lists, is not there or not trusted; see `assay module list`"
    )]
    NoFiles,
    /// No folder could be made to try a module in.
    #[error("cannot make a scratch folder")]
    Scratch(#[source] std::io::Error),
    /// There is nothing to run.
    #[error("no modules in {}; build them with `cargo build --release`, or name their folder with --modules", list(.0))]
    NoModules(Vec<PathBuf>),
    /// A path that must be text is not.
    #[error("root `{}` is not UTF-8", .0.display())]
    RootName(PathBuf),
}

fn list(folders: &[PathBuf]) -> String {
    folders
        .iter()
        .map(|f| format!("`{}`", f.display()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// The alerts it made, oldest first.
    pub alerts: Vec<Stored>,
    /// How the sinks fared.
    pub sinks: Vec<SinkReport>,
    /// Modules whose scan failed, with the reason.
    pub failed: BTreeMap<String, String>,
    /// Gaps that are open.
    pub gaps: usize,
    /// Modules that ran.
    pub modules: usize,
}

/// The stages, ready to run.
pub struct Engine {
    pub(crate) options: Options,
    root: Arc<Root>,
    os: Os,
}

/// Name of this machine.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Now, as alerts write it.
pub(crate) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

impl Engine {
    /// Opens the root.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn new(options: Options) -> Result<Self, EngineError> {
        let root = Root::open(&options.root)?;
        let os = places::system_of(&root);
        Ok(Self {
            options,
            root: Arc::new(root),
            os,
        })
    }

    /// The system that the root holds.
    #[must_use]
    pub fn os(&self) -> Os {
        self.os
    }

    /// The root that is looked at.
    pub(crate) fn root(&self) -> &Arc<Root> {
        &self.root
    }

    /// The program that loads modules, if it is what it must be.
    pub(crate) fn trusted_host(&self) -> Result<&Path, trust::Refused> {
        let host = &self.options.host;
        trust::open(&host.canonicalize().unwrap_or_else(|_| host.clone()))?;
        Ok(host)
    }

    /// Scans, compares, stores and delivers once. `progress` is told of each module that is done.
    ///
    /// # Errors
    /// When nothing could be done, [`StoreError::Busy`] among it. A module that fails, a place that cannot be read
    /// and a sink that is down are no errors: the report and the alerts tell of them.
    pub fn run(
        &self,
        full: bool,
        progress: &mut dyn FnMut(&str, usize, usize),
    ) -> Result<Report, EngineError> {
        let lock = store::lock(&self.options.state)?;
        match self.run_locked(&lock, full, progress) {
            // A bit that flipped inside a stored value: SQLite cannot see it, and no later run would get past it.
            Err(EngineError::Store(error)) if error.is_damage() => {
                store::put_aside(&self.options.state)?;
                self.run_locked(&lock, full, progress)
            }
            other => other,
        }
    }

    fn run_locked(
        &self,
        _: &Lock,
        full: bool,
        progress: &mut dyn FnMut(&str, usize, usize),
    ) -> Result<Report, EngineError> {
        let started = now();
        let config = &self.options.config;
        let host_name = host_name();
        let full = full || self.full_is_due(store::runs(&self.options.state));
        let (mut store, before) = Store::open(&self.options.state, &host_name, &started, full)?;
        // Something is wrong with the history: nothing that it says of modules and files is relied on.
        let full = full || store.runs().last_full.is_none();
        let known = store.modules()?;
        let known_files = known.values().filter(|_| !full);
        let known_files = known_files.map(|m| (m.path.as_path().to_owned(), (m.stamp, m.sha256.clone())));
        let mut found = self.discover(&config.modules.disabled, &known_files.collect());
        if found.candidates.is_empty() && found.refused.is_empty() {
            return Err(EngineError::NoModules(self.options.folders.clone()));
        }
        self.trusted_host()?;
        let mut sinks = deliver::open(config, &mut store)?;
        let failed_before: Vec<bool> = sinks.iter().map(deliver::Delivery::failed).collect();
        let how = Measure {
            max_size: config.verify.max_size.0,
            timeout: config.verify.file_timeout.0,
            full,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let avoid = self.avoided(&store)?;
        let root = if avoid.is_empty() {
            Arc::clone(&self.root)
        } else {
            Arc::new(Root::open(&self.options.root)?.avoiding(&avoid))
        };
        let mut settler = Settler::new(
            &mut store,
            &started,
            Arc::clone(&root),
            how,
            config.baseline.accept,
            known.clone(),
        )?;
        let refused = found
            .refused
            .iter()
            .map(|(path, why)| (Text::from(path.as_path()), why.clone()));
        let mut refused: BTreeMap<Text, String> = refused.collect();
        let lists = self.lists(&found);
        if let Some(lists) = &lists {
            refused.extend(settler.refused_lists(lists)?);
            settler.lists(lists)?;
        }
        settler.refused(&refused)?;
        let lists = lists.map(|lists| watch::config(&lists.sound)).unwrap_or_default();
        settler.missing(
            &found
                .candidates
                .iter()
                .map(|c| c.name.clone())
                .collect::<BTreeSet<_>>(),
        )?;
        let modules = found.candidates.len();
        let mut done = 0;
        if !full {
            let (same, looked) = self.unchanged(&root, &known, &found, &lists);
            for module in found
                .candidates
                .extract_if(.., |module| same.contains(&module.name))
            {
                settler.unchanged(&module.name, module.stamp)?;
            }
            done = same.len();
            settler.looked(looked);
        }
        self.scan(&found, &lists, avoid, |outcome| {
            done += 1;
            progress(&outcome.name, done, modules);
            settler.module(outcome)?;
            settler.store.witness()?;
            deliver(settler.store, &mut sinks, &started)
        })?;
        settler.sweep()?;
        settler.announce()?;
        let failed = settler.failed();

        let names: Vec<String> = sinks.iter().map(|sink| sink.name().to_owned()).collect();
        let stuck = self.stuck(&store)?;
        store.transaction(|store| {
            store.set_meta("root", &self.options.root.to_string_lossy())?;
            store.set_meta("os", self.os.as_str())?;
            store.set_meta("sinks", &serde_json::to_string(&names)?)?;
            store.set_meta("stuck", &serde_json::to_string(&stuck)?)
        })?;
        store.witness()?;
        deliver(&mut store, &mut sinks, &started)?;
        if let Ok(oldest) = jiff::Timestamp::now().checked_sub(config.alerts.keep.0) {
            store.retain(&format!("{oldest:.3}"), &names)?;
        }
        let last = store.last_seq()?;
        let report = Report {
            alerts: store.alerts_after(before, usize::MAX)?,
            sinks: sinks
                .iter()
                .zip(failed_before)
                .map(|(sink, before)| sink.report(last, before))
                .collect(),
            failed,
            gaps: store.gaps()?.len(),
            modules,
        };
        store.end_run(&started, full)?;
        Ok(report)
    }

    /// What a module is asked, besides the files that it reads: other answers may follow from another question.
    fn request_of(&self, module: &str, lists: &toml::Table) -> String {
        let config = toml::to_string(&self.config_of(module, lists)).ok();
        let root = self.root.path().display();
        let (os, version) = (self.os.as_str(), env!("CARGO_PKG_VERSION"));
        crate::alert::digest(&format!(
            "{version}\n{os}\n{root}\n{}",
            config.unwrap_or_default()
        ))
    }

    /// The watch lists; `None` when the module that looks at what they name is not there.
    fn lists(&self, found: &Found) -> Option<Lists> {
        let is_watched = found.candidates.iter().any(|module| module.name == watch::MODULE);
        is_watched.then(|| self.watch_lists())
    }

    /// The module's own table of the configuration; for the one that looks at what they name, the watch lists.
    fn config_of(&self, module: &str, lists: &toml::Table) -> toml::Table {
        if module == watch::MODULE {
            return lists.clone();
        }
        self.options
            .config
            .module
            .get(module)
            .cloned()
            .unwrap_or_default()
    }

    /// The modules that would say what they said last time, because everything that they looked at is as it was; and
    /// what was found there. Looking is done by a thread that is left behind when it hangs.
    fn unchanged(
        &self,
        root: &Arc<Root>,
        known: &BTreeMap<String, ModuleRow>,
        found: &Found,
        lists: &toml::Table,
    ) -> (BTreeSet<String>, Looked) {
        let mut questions = Vec::new();
        for module in &found.candidates {
            let Some(row) = known.get(&module.name) else {
                continue;
            };
            let as_before = row.sha256 == module.sha256
                && row.path.as_path() == module.path
                && row.failure.is_none()
                && !row.missing
                && row.request.as_ref() == Some(&self.request_of(&module.name, lists));
            if let Some(inputs) = row.inputs.clone().filter(|_| as_before) {
                questions.push((module.name.clone(), inputs));
            }
        }
        let root = Arc::clone(root);
        let (send, receive) = channel();
        let look = move || {
            let mut checker = Checker::new(&root);
            let mut same = BTreeSet::new();
            for (module, inputs) in questions {
                // A module that has nothing to look at on this system looked at nothing: that is all the same too.
                let inputs = serde_json::from_str::<Vec<Input>>(&inputs);
                if inputs.is_ok_and(|inputs| checker.all_same(&inputs)) {
                    same.insert(module);
                }
            }
            _ = send.send((same, checker.into_kept()));
        };
        let looking = std::thread::Builder::new().name("look".into()).spawn(look);
        let answer = looking.ok().and_then(|looking| {
            let answer = receive
                .recv_timeout(self.options.config.verify.file_timeout.0)
                .ok()?;
            // It is gone before anybody looks for threads that were left behind.
            _ = looking.join();
            Some(answer)
        });
        answer.unwrap_or_default()
    }

    /// Processes of this run and of those before that wait where nothing ends them.
    fn stuck(&self, store: &Store) -> Result<BTreeSet<String>, StoreError> {
        let before = store.meta("stuck")?.unwrap_or_default();
        let before: BTreeSet<String> = serde_json::from_str(&before).unwrap_or_default();
        Ok(before
            .into_iter()
            .filter(|process| hang::is_stuck(process))
            .chain(hang::stuck())
            .collect())
    }

    /// The mounts that this run does not touch: none, but for those that may be what a process still waits for.
    fn avoided(&self, store: &Store) -> Result<Vec<PathBuf>, StoreError> {
        if self.stuck(store)?.is_empty() {
            return Ok(Vec::new());
        }
        Ok(hang::mounts(self.root.path()).unwrap_or_default())
    }

    fn full_is_due(&self, runs: Runs) -> bool {
        let last = runs
            .last_full
            .and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let Some(last) = last else { return true };
        let age = jiff::Timestamp::now().duration_since(last);
        // A clock that was set back makes the age negative: then nobody knows how long it has been.
        age.is_negative() || age.unsigned_abs() >= self.options.config.verify.full_every.0
    }

    /// Runs every module, a few at a time, and gives each outcome as it comes.
    fn scan(
        &self,
        found: &Found,
        lists: &toml::Table,
        avoid: Vec<PathBuf>,
        mut settle: impl FnMut(Outcome) -> Result<(), StoreError>,
    ) -> Result<(), EngineError> {
        let root = self
            .root
            .path()
            .to_str()
            .ok_or_else(|| EngineError::RootName(self.root.path().to_owned()))?;
        let target = Target {
            root: root.to_owned(),
            os: self.os,
            avoid,
        };
        let modules = &self.options.config.modules;
        let limits = Limits {
            deadline: modules.deadline.0,
            cpu: modules.cpu.0,
            memory: modules.memory.0,
        };
        let next = AtomicUsize::new(0);
        let (candidates, next, target, limits) = (&found.candidates, &next, &target, &limits);
        // Of a few at a time: what waits to be settled may be big.
        let (send, receive) = sync_channel(1);
        std::thread::scope(|scope| {
            for _ in 0..modules.parallel.clamp(1, 64).min(candidates.len().max(1)) {
                let send = send.clone();
                scope.spawn(move || {
                    while let Some(module) = candidates.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let config = self.config_of(&module.name, lists);
                        let list = |target| {
                            collect(
                                &self.options.host,
                                module,
                                target,
                                &config,
                                Operation::Collect,
                                limits,
                            )
                        };
                        let mut output = list(target);
                        if output.as_ref().is_err_and(|failure| failure.name == "deadline")
                            && let Some(avoid) = hang::mounts(self.root.path())
                            && avoid != target.avoid
                        {
                            output = list(&Target {
                                avoid,
                                ..target.clone()
                            });
                        }
                        let outcome = Outcome {
                            name: module.name.clone(),
                            path: module.path.as_path().into(),
                            stamp: module.stamp,
                            request: self.request_of(&module.name, lists),
                            sha256: module.sha256.clone(),
                            output,
                        };
                        if send.send(outcome).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(send);
            for outcome in receive {
                settle(outcome)?;
            }
            Ok(())
        })
    }

    /// What each module says of itself, without a scan; failures in the place of manifests.
    ///
    /// # Errors
    /// When there are no modules, or the host cannot be used.
    pub fn describe(&self) -> Result<BTreeMap<String, Result<assay_model::Manifest, Failure>>, EngineError> {
        let found = self.discover(&[], &KnownFiles::new());
        if found.candidates.is_empty() {
            return Err(EngineError::NoModules(self.options.folders.clone()));
        }
        self.trusted_host()?;
        let limits = Limits {
            deadline: Duration::from_secs(10),
            cpu: Duration::from_secs(5),
            memory: 1 << 30,
        };
        let root = self.root.path().to_string_lossy().into_owned();
        let target = Target {
            root,
            os: self.os,
            avoid: Vec::new(),
        };
        let describe = |module: &crate::discover::Candidate| {
            let output = collect(
                &self.options.host,
                module,
                &target,
                &toml::Table::new(),
                Operation::Describe,
                &limits,
            )?;
            let mut manifest = crate::run::parse(&output, &module.name)?.manifest;
            if module.name == watch::MODULE {
                for list in self.lists(&found).map(|lists| lists.sound).unwrap_or_default() {
                    manifest.watch.extend(list.paths());
                    manifest.kinds.extend(list.kinds());
                }
            }
            Ok(manifest)
        };
        Ok(found
            .candidates
            .iter()
            .map(|module| (module.name.clone(), describe(module)))
            .collect())
    }

    /// The watch lists, sound and not, without those that the configuration disables.
    #[must_use]
    pub fn watch_lists(&self) -> Lists {
        watch::load(&self.options.watch, &self.options.config.watch.disabled)
    }

    /// The files in the module folders, trusted and not, without those that are `disabled`.
    #[must_use]
    pub fn discover(&self, disabled: &[String], known: &KnownFiles) -> Found {
        let modules = &self.options.config.modules;
        let demand = match modules.trust {
            Trust::Owner => Demand::None,
            Trust::Pinned => Demand::Pinned(&self.options.pins),
            Trust::Signed => Demand::Signed(&modules.keys),
        };
        discover(&self.options.folders, disabled, demand, known)
    }
}
