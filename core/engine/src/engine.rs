//! The stages in their order.

use crate::alert::{Draft, Stored};
use crate::config::Config;
use crate::deliver::{self, SinkReport, deliver};
use crate::discover::{Found, Pins};
use crate::facts::Measure;
use crate::scope::{Places, Scope};
use crate::settle::{Seen, Settler};
use crate::store::{self, Lock, Runs, Store, StoreError};
use crate::watch;
use crate::{hang, heartbeat, places, trust};
use assay_model::{Os, Text};
use assay_root::{Root, RootError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

mod ask;

use ask::Asked;

/// How long alerts wait for those that tell the same story, as a rule to the end of the run.
const WHOLE_STORIES: Duration = Duration::from_secs(2);

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
    /// For whoever watches: where the next change may be.
    pub places: Places,
}

/// Assay's own folders and files, by their paths on this machine.
pub(crate) struct OwnPlaces {
    /// Of modules and of watch lists.
    pub(crate) folders: Vec<PathBuf>,
    /// This one, and the host.
    pub(crate) programs: Vec<PathBuf>,
    /// The database.
    pub(crate) database: PathBuf,
}

/// The stages, ready to run.
pub struct Engine {
    pub(crate) options: Options,
    root: Arc<Root>,
    os: Os,
    /// What the last run over everything asked; a change to the watch lists is followed by another.
    asked: Mutex<Option<Arc<Asked>>>,
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
            asked: Mutex::default(),
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

    /// What a watch of Assay itself is to look at.
    pub(crate) fn own_places(&self) -> OwnPlaces {
        let options = &self.options;
        OwnPlaces {
            folders: options.folders.iter().chain(&options.watch).cloned().collect(),
            programs: std::env::current_exe()
                .into_iter()
                .chain([options.host.clone()])
                .collect(),
            database: store::database(&options.state),
        }
    }

    /// Whether nobody else could change the program that loads modules.
    ///
    /// # Errors
    /// Who could, and where.
    pub fn host_is_trusted(&self) -> Result<(), trust::Refused> {
        self.trusted_host().map(drop)
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
        scope: &Scope,
        progress: &mut dyn FnMut(&str, usize, usize),
    ) -> Result<Report, EngineError> {
        let lock = store::lock(&self.options.state)?;
        match self.run_locked(&lock, scope, progress) {
            // A bit that flipped inside a stored value: SQLite cannot see it, and no later run would get past it.
            Err(EngineError::Store(error)) if error.is_damage() => {
                store::put_aside(&self.options.state)?;
                self.run_locked(
                    &lock,
                    &Scope {
                        touched: None,
                        ..scope.clone()
                    },
                    progress,
                )
            }
            other => other,
        }
    }

    fn run_locked(
        &self,
        _: &Lock,
        scope: &Scope,
        progress: &mut dyn FnMut(&str, usize, usize),
    ) -> Result<Report, EngineError> {
        let (started, begun) = (now(), Instant::now());
        let config = &self.options.config;
        let host_name = host_name();
        let whole = scope.touched.is_none();
        let full = whole && (scope.full || self.full_is_due(store::runs(&self.options.state)));
        let (mut store, before) = Store::open(&self.options.state, &host_name, &started, full)?;
        // Something is wrong with the history: nothing that it says of modules and files is relied on.
        let broken = store.runs().last_full.is_none();
        let (full, touched) = (full || broken, scope.touched.as_ref().filter(|_| !broken));
        let known = store.modules()?;
        let known_files = known.values().filter(|_| !full);
        let known_files = known_files.map(|m| (m.path.as_path().to_owned(), (m.stamp, m.sha256.clone())));
        let mut found = self.discover(&config.modules.disabled, &known_files.collect());
        if found.candidates.is_empty() && found.refused.is_empty() {
            return Err(EngineError::NoModules(self.options.folders.clone()));
        }
        self.trusted_host()?;
        let mut sinks = deliver::open(config, &mut store, scope.spare_sinks)?;
        if !scope.about.is_empty() {
            store.transaction(|store| {
                let drafts = scope.about.iter().map(|(what, text)| Draft::about(*what, text));
                drafts
                    .into_iter()
                    .try_for_each(|draft| store.append(draft, &started).map(drop))
            })?;
        }
        let failed_before: Vec<bool> = sinks.iter().map(deliver::Delivery::failed).collect();
        let how = Measure {
            max_size: config.verify.max_size.0,
            timeout: config.verify.file_timeout.0,
            full,
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
            known,
            Seen {
                touched,
                writers: &scope.writers,
            },
        )?;
        let refused = found
            .refused
            .iter()
            .map(|(path, why)| (Text::from(path.as_path()), why.clone()));
        let mut refused: BTreeMap<Text, String> = refused.collect();
        let asked = self.asked(&found, touched.is_some());
        if let Some(lists) = &asked.lists {
            refused.extend(settler.refused_lists(lists)?);
            settler.lists(lists)?;
        }
        settler.refused(&refused)?;
        settler.missing(
            &found
                .candidates
                .iter()
                .map(|c| c.name.clone())
                .collect::<BTreeSet<_>>(),
        )?;
        let modules = found.candidates.len();
        let mut done = 0;
        let mut resting = self.unchanged(&root, settler.modules(), &found, &asked, touched, full);
        if full {
            resting.same = settler.same_contents(resting.contents);
        } else {
            settler.looked(resting.looked);
        }
        for module in found
            .candidates
            .extract_if(.., |module| resting.same.contains(&module.name))
        {
            settler.unchanged(&module.name, module.stamp)?;
            done += 1;
        }
        self.scan(&found, &asked, avoid, |outcome| {
            done += 1;
            progress(&outcome.name, done, modules);
            settler.module(outcome)?;
            settler.store.witness()?;
            if begun.elapsed() < WHOLE_STORIES {
                return Ok(());
            }
            deliver(settler.store, &mut sinks, &started)
        })?;
        if full {
            let asked = found.candidates.iter().map(|module| module.name.clone());
            let inputs = settler.inputs_of(&asked.collect());
            settler.keep_contents(self.look(&root, inputs, full).contents)?;
        }
        settler.sweep()?;
        if let Some(unwatched) = &scope.unwatched {
            settler.unwatched(unwatched)?;
        }
        let places = if scope.places {
            settler.places()
        } else {
            Places::default()
        };
        settler.announce()?;
        let failed = settler.failed();

        let names: Vec<String> = sinks.iter().map(|sink| sink.name().to_owned()).collect();
        let stuck = self.stuck(&store)?;
        store.transaction(|store| {
            store.set_meta("root", &self.options.root.to_string_lossy())?;
            store.set_meta("os", self.os.as_str())?;
            store.set_meta("sinks", &serde_json::to_string(&names)?)?;
            store.set_meta("stuck", &serde_json::to_string(&stuck)?)?;
            heartbeat::beat(store, config.alerts.heartbeat, &started, modules)
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
            places,
        };
        if touched.is_none() {
            store.end_run(&started, full)?;
        } else {
            store.close()?;
        }
        Ok(report)
    }

    /// What modules are asked: as the last run over everything did, if that `is_known` to be the same still.
    fn asked(&self, found: &Found, is_known: bool) -> Arc<Asked> {
        let mut last = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(asked) if is_known => Arc::clone(asked),
            _ => Arc::clone(last.insert(Arc::new(Asked::new(self, self.lists(found))))),
        }
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
}
