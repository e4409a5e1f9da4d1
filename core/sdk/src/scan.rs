//! One pass of one module.

use crate::bounds;
use crate::homes::{self, Home};
use crate::programs::Programs;
use assay_model::{Entry, Gap, GapReason, LogLevel, Look, Manifest, Os, Record, Request};
use assay_root::{FileType, Last, Listed, Root, RootError, Stat, Why};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A detection module: what it is, and how it lists its entries.
pub trait Module {
    /// What the module says of itself; the same at every call.
    fn manifest() -> Manifest;

    /// Lists every entry below [`Scan::root`], and a gap for every place that it was to read and could not.
    ///
    /// # Errors
    /// Only when the scan as a whole is worthless: the core then keeps what it knew and says so. A place that
    /// cannot be read is a gap, and the scan goes on.
    fn collect(scan: &mut Scan<'_>) -> Result<()>;
}

/// Why a scan as a whole failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host wants no more entries.
    #[error("cancelled by the host")]
    Cancelled,
    /// The root folder itself cannot be used.
    #[error("root {0}")]
    Root(#[from] RootError),
    /// Whatever else a module cannot go on after.
    #[error("{0}")]
    Other(String),
}

/// Bytes of one `inputs` line, below the mebibyte that a line may have.
const INPUTS_LINE: usize = 512 << 10;

/// What [`Module::collect`] answers.
pub type Result<T> = std::result::Result<T, Error>;

/// One pass of one module over one root.
pub struct Scan<'a> {
    root: Root,
    os: Os,
    config: serde_json::Map<String, serde_json::Value>,
    sink: &'a mut dyn FnMut(&Record) -> bool,
    programs: Programs,
    homes: Option<Vec<Home>>,
}

impl<'a> Scan<'a> {
    /// A scan that hands its records to `sink`, which answers `false` when it wants no more.
    ///
    /// # Errors
    /// When the root cannot be opened.
    pub(crate) fn new(request: &Request, sink: &'a mut dyn FnMut(&Record) -> bool) -> Result<Self> {
        let root = Root::open(Path::new(&request.root))?.traced();
        let avoided: Vec<PathBuf> = request
            .avoid
            .iter()
            .map(|path| path.as_path().to_owned())
            .collect();
        let root = root.avoiding(&avoided);
        let programs = Programs::default();
        Ok(Self {
            root,
            os: request.host.os,
            config: request.config.clone(),
            sink,
            programs,
            homes: None,
        })
    }

    /// The root folder: use it where the methods here are too coarse.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }
    /// The system of the root, which need not be the one this runs on.
    #[must_use]
    pub fn os(&self) -> Os {
        self.os
    }
    /// The module's own table of the configuration, `[module.NAME]`.
    #[must_use]
    pub fn config(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.config
    }

    /// Says that an entry is there. One that holds more text than a line to the host may is told without its
    /// fields, and marked unparsable.
    ///
    /// # Errors
    /// When the host wants no more.
    pub fn entry(&mut self, entry: Entry) -> Result<()> {
        self.send(&Record::Entry(bounds::within(entry)))
    }

    /// Says that a place could not be read; see [`Gap`].
    ///
    /// # Errors
    /// When the host wants no more.
    pub fn gap(&mut self, path: &Path, reason: GapReason, text: &str) -> Result<()> {
        self.send(&Record::Gap(Gap {
            path: path.into(),
            reason,
            text: text.to_owned(),
            hides: Vec::new(),
        }))
    }

    /// Says to the operator what is neither an entry nor a gap.
    pub fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        (self.sink)(&Record::Log {
            level,
            text: text.into(),
        });
    }

    /// Says what all of this was read from, so that the core need not ask again while nothing of it changes. A module
    /// whose answer depends on anything but files below the root (the time, say) cannot use it.
    pub(crate) fn send_inputs(&mut self) -> Result<()> {
        let (inputs, complete) = self.root.inputs();
        if !complete {
            return Ok(());
        }
        let mut seen = Vec::new();
        let mut room = INPUTS_LINE;
        for input in inputs {
            let target = if let Look::Leads(Some(target)) = &input.1 {
                target.as_bytes().len()
            } else {
                0
            };
            // Six bytes for each byte of a name is the worst that JSON makes of it.
            let size = (input.0.as_bytes().len() + target) * 6 + 160;
            if size > room {
                self.send(&Record::Inputs {
                    seen: std::mem::take(&mut seen),
                    complete: false,
                })?;
                room = INPUTS_LINE;
            }
            room = room.saturating_sub(size);
            seen.push(input);
        }
        self.send(&Record::Inputs { seen, complete: true })
    }

    fn send(&mut self, record: &Record) -> Result<()> {
        if (self.sink)(record) {
            Ok(())
        } else {
            Err(Error::Cancelled)
        }
    }

    /// The whole of a regular file of at most `limit` bytes, links followed inside the root. `None` when nothing
    /// is there, and also when it cannot be read, after a gap was sent for it.
    pub fn read(&mut self, path: &Path, limit: u64) -> Option<Vec<u8>> {
        let read = self.root.read(path, limit);
        self.or_gap(read)
    }

    /// The names in a folder, sorted; none when it is not there, and also when it cannot be read, after a gap.
    pub fn list(&mut self, folder: &Path) -> Vec<Listed> {
        let listed = self.root.list(folder);
        self.or_gap(listed).unwrap_or_default()
    }

    /// The paths of the files (and links, and whatever else is no folder) in a folder whose name `wanted`
    /// accepts, sorted; a folder that cannot be read is a gap.
    pub fn files(&mut self, folder: &Path, wanted: impl Fn(&[u8]) -> bool) -> Vec<PathBuf> {
        let listed = self.list(folder).into_iter();
        let files = listed.filter(|l| l.file_type != FileType::Directory && wanted(l.name.as_bytes()));
        files.map(|l| folder.join(l.name)).collect()
    }

    /// What a path is, a link being a link; `None` when nothing is there or, after a gap, when that cannot be
    /// known.
    pub fn stat(&mut self, path: &Path) -> Option<Stat> {
        let stat = self.root.stat(path, Last::Keep);
        self.or_gap(stat).flatten()
    }

    /// Every home folder of the root's accounts, once each; see [`Home`].
    pub fn homes(&mut self) -> Vec<Home> {
        if self.homes.is_none() {
            let (homes, gaps) = homes::find(&self.root, self.os);
            for gap in gaps {
                (self.sink)(&Record::Gap(gap));
            }
            self.homes = Some(homes);
        }
        self.homes.clone().unwrap_or_default()
    }

    /// Finds the programs that a command runs.
    #[must_use]
    pub fn programs(&mut self) -> crate::programs::Finder<'_> {
        self.programs.finder(&self.root)
    }

    /// Unwraps what a read of the root gave; an error that is not simply absence becomes a gap.
    pub fn or_gap<T>(&mut self, result: assay_root::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) if error.is_not_found() => None,
            Err(error) => {
                let gap = gap_of(&error);
                (self.sink)(&Record::Gap(gap));
                None
            }
        }
    }
}

/// The gap that a failed read makes.
pub(crate) fn gap_of(error: &RootError) -> Gap {
    let reason = match &error.why {
        Why::Permission => GapReason::Permission,
        Why::TooBig { .. } => GapReason::TooBig,
        Why::WrongType(_) => GapReason::Unparsable,
        Why::NoAnswer => GapReason::Timeout,
        Why::NotFound | Why::Loop | Why::Io(_) => GapReason::Io,
    };
    Gap {
        path: error.path.as_path().into(),
        reason,
        text: error.why.to_string(),
        hides: Vec::new(),
    }
}
