//! One module by itself, for the person who writes it: the trust, the host, the walls and the limits of a run, and no
//! state at all.

use crate::discover::{Candidate, KnownFiles, open_module};
use crate::engine::{Engine, EngineError};
use crate::run::{Failure, Limits, Scan, Target, collect, parse};
use crate::trust;
use crate::watch::{self, List};
use assay_model::{Manifest, Operation, Os};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A module that may be loaded, or a watch list with the module that reads it; ready to be asked.
pub struct Single {
    /// What it may use.
    pub limits: Limits,
    module: Candidate,
    list: Option<List>,
    config: toml::Table,
    host: PathBuf,
}

/// One answer of a module.
pub struct Answer {
    /// What it said, or why that is no scan.
    pub scan: Result<Scan, Failure>,
    /// From the start of its process to its end.
    pub took: Duration,
}

impl Single {
    /// What the module, or the list, is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.list.as_ref().map_or(&self.module.name, |list| &list.name)
    }

    /// The file that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.list.as_ref().map_or(&self.module.path, |list| &list.path)
    }

    /// Asks once about `root`, which holds the system `os`.
    #[must_use]
    pub fn ask(&self, op: Operation, root: &Path, os: Os) -> Answer {
        self.ask_as(None, self.limits.deadline, op, root, os)
    }

    /// The same with a deadline of its own, and as another user; see [`Limits::user`].
    pub(crate) fn ask_as(
        &self,
        user: Option<u32>,
        deadline: Duration,
        op: Operation,
        root: &Path,
        os: Os,
    ) -> Answer {
        let started = Instant::now();
        let target = Target {
            root: root.to_string_lossy().into_owned(),
            os,
            avoid: Vec::new(),
        };
        let limits = Limits {
            deadline,
            user,
            ..self.limits.clone()
        };
        let output = collect(&self.host, &self.module, &target, &self.config, op, &limits);
        let mut scan = output.and_then(|output| parse(&output, &self.module.name));
        if let (Ok(scan), Some(list)) = (&mut scan, &self.list) {
            list.describe(&mut scan.manifest);
        }
        Answer {
            scan,
            took: started.elapsed(),
        }
    }
}

impl Engine {
    /// Asks a module about the root.
    #[must_use]
    pub fn ask(&self, single: &Single, op: Operation) -> Answer {
        single.ask(op, self.root().path(), self.os())
    }

    /// Opens one module or watch list, wherever it is, as a run would open it from its folder. Links on the way to it
    /// are followed once.
    ///
    /// # Errors
    /// When it, or the host, may not be loaded.
    pub fn single(&self, path: &Path) -> Result<Single, EngineError> {
        let real = path.canonicalize().map_err(|why| {
            EngineError::Module(trust::Refused::Open {
                path: path.to_owned(),
                why,
            })
        })?;
        let limits = Limits::from(&self.options.config.modules);
        let host = self.trusted_host()?.to_owned();
        if watch::name_of(&real).is_some() {
            let list = watch::read(&real).map_err(EngineError::List)?;
            let mut found = self.discover(&[], &KnownFiles::new()).candidates.into_iter();
            return Ok(Single {
                limits,
                module: found
                    .find(|module| module.name == watch::MODULE)
                    .ok_or(EngineError::NoFiles)?,
                config: watch::config(std::slice::from_ref(&list)),
                list: Some(list),
                host,
            });
        }
        let module = open_module(&real).map_err(EngineError::Module)?;
        let config = self.options.config.module.get(&module.name);
        Ok(Single {
            limits,
            config: config.cloned().unwrap_or_default(),
            module,
            list: None,
            host,
        })
    }
}

impl List {
    /// Makes the manifest of the module that reads it the list's own.
    fn describe(&self, manifest: &mut Manifest) {
        if !self.list.summary.is_empty() {
            manifest.summary.clone_from(&self.list.summary);
        }
        manifest.kinds = self.kinds();
        manifest.watch = self.paths().collect();
        let watched = |os: &Os| self.list.watch.iter().any(|watch| watch.platforms.contains(os));
        manifest.platforms.retain(watched);
    }
}
