//! One pass of one module.

use crate::bounds;
use crate::homes::{self, Home};
use crate::programs::Programs;
use crate::whose::{Leader, PRIVATE};
use assay_model::{Entry, Gap, GapReason, Kind, LogLevel, Look, Manifest, Os, Record, Request};
use assay_root::{FileType, Last, Listed, Root, RootError, Stat, Why};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A detection module: what it is, and how it lists its entries.
///
/// ```
/// use assay_sdk::{Entry, Kind, Manifest, Module, Result, Scan};
/// use std::path::Path;
///
/// struct Dispatcher;
///
/// impl Module for Dispatcher {
///     fn manifest() -> Manifest {
///         Manifest::new("dispatcher", "1.0.0", "scripts that NetworkManager runs")
///             .kind(Kind::new("dispatcher_script", "T1546", "a script that runs when a network comes or goes"))
///             .watch(&["/etc/NetworkManager/dispatcher.d/*"])
///     }
///     fn collect(scan: &mut Scan) -> Result<()> {
///         for path in scan.files(Path::new("/etc/NetworkManager/dispatcher.d"), |_| true) {
///             if let Some(script) = scan.own_program("dispatcher_script", &path) {
///                 scan.entry(script.entry)?;
///             }
///         }
///         Ok(())
///     }
/// }
/// # use assay_sdk::testkit::Fixture;
/// let fixture = Fixture::new().script("/etc/NetworkManager/dispatcher.d/90-x", "#!/bin/sh\n");
/// let seen = fixture.collect::<Dispatcher>();
/// assert_eq!(seen.programs("dispatcher_script", "/etc/NetworkManager/dispatcher.d/90-x").len(), 1);
/// ```
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
///
/// ```
/// let error = assay_sdk::Error::Other("the database of accounts is of an unknown version".to_owned());
/// assert_eq!(error.to_string(), "the database of accounts is of an unknown version");
/// ```
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

/// Kinds on one `kinds` line.
const KINDS_OF_LINE: usize = 16;

/// What [`Module::collect`] answers.
///
/// ```
/// use assay_sdk::{Entry, Result, Scan};
/// /// Parts of a module answer the same, so that `?` ends the scan when the host wants no more.
/// fn list_shells(scan: &mut Scan) -> Result<()> {
///     scan.entry(Entry::new("login_shell", "/bin/sh", "/etc/shells".as_ref()))
/// }
/// # assert_eq!(assay_sdk::testkit::Fixture::new().scan(list_shells).entries.len(), 1);
/// ```
pub type Result<T> = std::result::Result<T, Error>;

/// One pass of one module over one root.
///
/// ```
/// use assay_sdk::{Entry, GapReason, LogLevel, Os, testkit::Fixture};
/// use std::path::Path;
///
/// let fixture = Fixture::new().file("/etc/profile.d/a.sh", "x\n").config("folder", "/etc/profile.d");
/// fixture.scan(|scan| {
///     assert_eq!(scan.os(), Os::Linux);
///     assert_eq!(scan.config()["folder"], "/etc/profile.d");
///     for listed in scan.list(Path::new("/etc/profile.d")) {
///         let path = Path::new("/etc/profile.d").join(&listed.name);
///         // All three are silent when nothing is there, and make a gap when it cannot be read.
///         let (Some(stat), Some(text)) = (scan.stat(&path), scan.read(&path, 1 << 20)) else { continue };
///         let entry = Entry::new("profile_script", path.as_path(), &path).field("size", stat.st_size);
///         scan.entry(entry.field("text", text))?;
///     }
///     if scan.root().is_live() {
///         scan.log(LogLevel::Info, "this is the running system");
///     }
///     scan.gap(Path::new("/etc/profile"), GapReason::Unparsable, "it is in another language")
/// });
/// ```
pub struct Scan<'a> {
    root: Root,
    os: Os,
    config: serde_json::Map<String, serde_json::Value>,
    sink: &'a mut dyn FnMut(&Record) -> bool,
    programs: Programs,
    homes: Option<Vec<Home>>,
    /// The files that name what is being looked at, and who could have written each.
    pub(crate) named_by: Vec<(PathBuf, Vec<Leader>)>,
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
            named_by: Vec::new(),
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

    /// Declares kinds besides those of the manifest: for a module that learns what it lists from its configuration, or
    /// from what it reads. They must be declared before their first entry, and at every scan, also when they have no
    /// entry: a kind that is not declared is not watched any more.
    ///
    /// ```
    /// use assay_sdk::{Entry, Kind, testkit::Fixture};
    /// let fixture = Fixture::new().config("kinds", vec!["firewall_rule"]);
    /// let seen = fixture.scan(|scan| {
    ///     let names: Vec<String> = scan.config()["kinds"].as_array().into_iter().flatten()
    ///         .filter_map(|name| name.as_str().map(str::to_owned))
    ///         .collect();
    ///     let kinds: Vec<Kind> = names.iter().map(|name| Kind::new(name, "T1562.004", "from the configuration")).collect();
    ///     scan.kinds(&kinds)?;
    ///     scan.entry(Entry::new(&names[0], "allow all", "/etc/pf.conf".as_ref()))
    /// });
    /// assert_eq!(seen.keys("firewall_rule"), ["allow all"]);
    /// ```
    ///
    /// # Errors
    /// When the host wants no more.
    pub fn kinds(&mut self, kinds: &[Kind]) -> Result<()> {
        // A kind has some fields of a line of prose each; so many of them stay well below a mebibyte.
        for kinds in kinds.chunks(KINDS_OF_LINE) {
            self.send(&Record::Kinds {
                kinds: kinds.to_vec(),
            })?;
        }
        Ok(())
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

    /// Says what all of this was read from, so that the core need not ask again while nothing of it changes, and knows
    /// what to watch. Where the answer depends on anything else too (files of the kernel, what was changed just now), it
    /// is said not to be complete, and the core asks again.
    pub(crate) fn send_inputs(&mut self) -> Result<()> {
        let (inputs, complete) = self.root.inputs();
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
        self.send(&Record::Inputs { seen, complete })
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
        let read = self.read_for_all(path, limit);
        match self.or_gap(read)? {
            None => self.private(path),
            bytes => bytes,
        }
    }

    /// The names in a folder, sorted; none when it is not there, and also when it cannot be read, after a gap.
    pub fn list(&mut self, folder: &Path) -> Vec<Listed> {
        let list = || self.root.list_opened(folder);
        let told = self.told(folder, list, |(opened, _)| opened);
        match self.or_gap(told) {
            Some(Some((_, listed))) => listed,
            Some(None) => self.private(folder).unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Where a path leads, links resolved: for whoever goes on from there. `None` when nothing is there and, after a gap,
    /// when that cannot be known, or when what is there is [`PRIVATE`].
    ///
    /// ```
    /// use assay_sdk::testkit::Fixture;
    /// let fixture = Fixture::new().folder("/opt/x").link("/etc/x", "/opt/x");
    /// fixture.scan(|scan| {
    ///     assert_eq!(scan.behind("/etc/x".as_ref()), Some("/opt/x".into()));
    ///     assert_eq!(scan.behind("/etc/z".as_ref()), None);
    ///     Ok(())
    /// });
    /// ```
    pub fn behind(&mut self, path: &Path) -> Option<PathBuf> {
        let look = || {
            let real = self.root.canonical(path)?;
            match self.root.stat(&real, Last::Keep)? {
                Some(stat) => Ok((real, stat)),
                None => Err(RootError {
                    path: real,
                    why: Why::NotFound,
                }),
            }
        };
        let told = self.told(path, look, |(_, stat)| stat);
        match self.or_gap(told)? {
            Some((real, _)) => Some(real),
            None => self.private(path),
        }
    }

    /// The gap of a place that is not told: see [`PRIVATE`]. One that a file names is a gap of that file, lest whoever
    /// wrote it makes gaps where others have theirs.
    fn private<T>(&mut self, path: &Path) -> Option<T> {
        let (path, text) = match self.named_by.first() {
            Some((by, _)) => (by.as_path(), format!("`{}` is {PRIVATE}", path.display())),
            None => (path, PRIVATE.to_owned()),
        };
        (self.sink)(&Record::Gap(Gap {
            path: path.into(),
            reason: GapReason::Permission,
            text,
            hides: Vec::new(),
        }));
        None
    }

    /// The homes, when they were asked for: whoever reads in one did.
    pub(crate) fn known_homes(&self) -> &[Home] {
        self.homes.as_deref().unwrap_or_default()
    }

    /// The paths of the files (and links, and whatever else is no folder) in a folder whose name `wanted`
    /// accepts, sorted; a folder that cannot be read is a gap.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().file("/etc/cron.d/a", "").file("/etc/cron.d/b.rpmsave", "").folder("/etc/cron.d/c");
    /// fixture.scan(|scan| {
    ///     let files = scan.files("/etc/cron.d".as_ref(), |name| !name.ends_with(b".rpmsave"));
    ///     assert_eq!(files, [std::path::Path::new("/etc/cron.d/a")]);
    ///     Ok(())
    /// });
    /// ```
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
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new()
    ///     .file("/etc/passwd", "backup:x:34:34::/var/backups:/usr/sbin/nologin\n")
    ///     .file("/var/backups/.ssh/authorized_keys", "ssh-ed25519 AAAA\n");
    /// let seen = fixture.scan(|scan| {
    ///     for home in scan.homes() {
    ///         let keys = home.path.join(".ssh/authorized_keys");
    ///         assert!(scan.read(&keys, 1 << 20).is_some());
    ///         assert_eq!((&home.users[..], home.uid), (&["backup".to_owned()][..], Some(34)));
    ///     }
    ///     Ok(())
    /// });
    /// assert!(seen.gaps.is_empty());
    /// ```
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
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().script("/usr/bin/dash", "").link("/bin/sh", "/usr/bin/dash");
    /// fixture.scan(|scan| {
    ///     let programs = scan.programs().shell(b"nohup sh -c 'exec /opt/x' >/dev/null &");
    ///     assert_eq!(programs, ["/usr/bin/dash", "/opt/x"]);
    ///     Ok(())
    /// });
    /// ```
    #[must_use]
    pub fn programs(&mut self) -> crate::programs::Finder<'_> {
        self.programs.finder(&self.root)
    }

    /// Unwraps what a read of the root gave; an error that is not simply absence becomes a gap.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().link("/etc/x", "x");
    /// let seen = fixture.scan(|scan| {
    ///     for path in ["/etc/x", "/etc/absent"] {
    ///         let real = scan.root().canonical(path.as_ref());
    ///         assert!(scan.or_gap(real).is_none());
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(seen.snapshot(), "gap /etc/x (io)");
    /// ```
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
