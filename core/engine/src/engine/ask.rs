//! Asking modules: which there are, which need not be asked because nothing that they look at has changed, what each
//! is asked, and the processes that answer.

use super::{Engine, EngineError};
use crate::config::Trust;
use crate::contents::Contents;
use crate::discover::{Candidate, Demand, Found, KnownFiles, discover};
use crate::hang;
use crate::run::{Failure, Limits, Target, collect, parse};
use crate::scope::Touched;
use crate::settle::Outcome;
use crate::store::{ModuleRow, StoreError};
use crate::watch::{self, Lists};
use assay_model::{Input, Manifest, Operation};
use assay_root::{Checker, Kept, Root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::time::Duration;

/// What looking at what modules looked at has found.
#[derive(Default)]
pub(super) struct Resting {
    /// Those of which all stamps are as they were.
    pub(super) same: BTreeSet<String>,
    /// In a full run, what those looked at.
    pub(super) contents: BTreeMap<String, Contents>,
    /// What was found at paths.
    pub(super) looked: Kept,
}

/// What the module that watches lists is asked, besides the files that it reads.
pub(super) struct Asked {
    /// The lists; `None` when the module is not there.
    pub(super) lists: Option<Lists>,
    config: toml::Table,
    request: String,
}

impl Asked {
    pub(super) fn new(engine: &Engine, lists: Option<Lists>) -> Self {
        let sound = lists.as_ref().map(|lists| watch::config(&lists.sound));
        let config = sound.unwrap_or_default();
        Self {
            request: engine.request(&config),
            config,
            lists,
        }
    }
}

impl Engine {
    /// What a module is asked, besides the files that it reads: other answers may follow from another question.
    fn request_of(&self, module: &str, asked: &Asked) -> String {
        if module == watch::MODULE {
            return asked.request.clone();
        }
        self.request(&self.config_of(module, asked))
    }

    fn request(&self, config: &toml::Table) -> String {
        let config = toml::to_string(config).ok();
        let root = self.root.path().display();
        let (os, version) = (self.os.as_str(), env!("CARGO_PKG_VERSION"));
        crate::alert::digest(&format!(
            "{version}\n{os}\n{root}\n{}",
            config.unwrap_or_default()
        ))
    }

    /// The watch lists; `None` when the module that looks at what they name is not there.
    pub(super) fn lists(&self, found: &Found) -> Option<Lists> {
        let is_watched = found.candidates.iter().any(|module| module.name == watch::MODULE);
        is_watched.then(|| self.watch_lists())
    }

    /// The module's own table of the configuration; for the one that looks at what they name, the watch lists.
    fn config_of(&self, module: &str, asked: &Asked) -> toml::Table {
        if module == watch::MODULE {
            return asked.config.clone();
        }
        self.options
            .config
            .module
            .get(module)
            .cloned()
            .unwrap_or_default()
    }

    /// The modules that would say what they said last time, because everything that they looked at is as it was.
    pub(super) fn unchanged(
        &self,
        root: &Arc<Root>,
        known: &BTreeMap<String, ModuleRow>,
        found: &Found,
        asked: &Asked,
        touched: Option<&Touched>,
        full: bool,
    ) -> Resting {
        let mut inputs = Vec::new();
        let mut untouched = BTreeSet::new();
        for module in &found.candidates {
            let Some(row) = known.get(&module.name) else {
                continue;
            };
            let is_same_file =
                row.sha256 == module.sha256 && row.path.as_path() == module.path && !row.missing;
            let is_touched = touched.is_none_or(|touched| touched.modules.contains(&module.name));
            // One that failed was asked something too, and is asked again by the next sweep.
            let is_asked_the_same = || row.request.as_ref() == Some(&self.request_of(&module.name, asked));
            if !is_touched && is_same_file && (row.failure.is_some() || is_asked_the_same()) {
                untouched.insert(module.name.clone());
                continue;
            }
            let as_before = is_same_file && row.failure.is_none() && is_asked_the_same();
            if let Some(looked_at) = row.inputs.clone().filter(|_| as_before) {
                inputs.push((module.name.clone(), looked_at));
            }
        }
        let mut resting = self.look(root, inputs, full);
        resting.same.extend(untouched);
        resting
    }

    /// Looks at what modules looked at, which is given as JSON; in a full run at what folders list and links name too.
    /// It is done by a thread that is left behind when it hangs.
    pub(super) fn look(&self, root: &Arc<Root>, inputs: Vec<(String, String)>, full: bool) -> Resting {
        let root = Arc::clone(root);
        let (send, receive) = channel();
        let look = move || {
            let mut checker = Checker::new(&root);
            let mut resting = Resting::default();
            for (module, inputs) in inputs {
                // A module that has nothing to look at on this system looked at nothing: that is all the same too.
                let inputs = serde_json::from_str::<Vec<Input>>(&inputs);
                let Some(inputs) = inputs.ok().filter(|inputs| checker.all_same(inputs)) else {
                    continue;
                };
                let contents = full.then(|| Contents::look(&mut checker, &root, &inputs));
                if let Some(contents) = contents.flatten() {
                    resting.contents.insert(module.clone(), contents);
                }
                resting.same.insert(module);
            }
            resting.looked = checker.into_kept();
            _ = send.send(resting);
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

    /// Runs every module, a few at a time, and gives each outcome as it comes.
    pub(super) fn scan(
        &self,
        found: &Found,
        asked: &Asked,
        avoid: Vec<PathBuf>,
        mut settle: impl FnMut(Outcome) -> Result<(), StoreError>,
    ) -> Result<(), EngineError> {
        if found.candidates.is_empty() {
            return Ok(());
        }
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
        let limits = Limits::from(modules);
        let next = AtomicUsize::new(0);
        let (candidates, next, target, limits) = (&found.candidates, &next, &target, &limits);
        // Of a few at a time: what waits to be settled may be big.
        let (send, receive) = sync_channel(1);
        std::thread::scope(|scope| {
            for _ in 0..modules.parallel.clamp(1, 64).min(candidates.len()) {
                let send = send.clone();
                scope.spawn(move || {
                    while let Some(module) = candidates.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let config = self.config_of(&module.name, asked);
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
                            request: self.request_of(&module.name, asked),
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
    pub fn describe(&self) -> Result<BTreeMap<String, Result<Manifest, Failure>>, EngineError> {
        let found = self.discover(&[], &KnownFiles::new());
        if found.candidates.is_empty() {
            return Err(EngineError::NoModules(self.options.folders.clone()));
        }
        self.trusted_host()?;
        let limits = Limits {
            deadline: Duration::from_secs(10),
            cpu: Duration::from_secs(5),
            memory: 1 << 30,
            user: None,
        };
        let root = self.root.path().to_string_lossy().into_owned();
        let target = Target {
            root,
            os: self.os,
            avoid: Vec::new(),
        };
        let describe = |module: &Candidate| {
            let output = collect(
                &self.options.host,
                module,
                &target,
                &toml::Table::new(),
                Operation::Describe,
                &limits,
            )?;
            let mut manifest = parse(&output, &module.name)?.manifest;
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
