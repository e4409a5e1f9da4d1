//! Fixture trees, a runner for a module in the test's own process, and writers of binary formats.
//!
//! It is behind the feature `testkit`, for `[dev-dependencies]`:
//!
//! ```
//! use assay_sdk::{Entry, testkit::Fixture};
//! use std::path::Path;
//! let fixture = Fixture::new().file("/etc/shells", "/bin/sh\n").fifo("/etc/profile");
//! let seen = fixture.scan(|scan| {
//!     let text = scan.read(Path::new("/etc/shells"), 1 << 20).unwrap_or_default();
//!     assert!(scan.read(Path::new("/etc/profile"), 1 << 20).is_none());
//!     scan.entry(Entry::new("login_shell", text.trim_ascii(), Path::new("/etc/shells")))
//! });
//! assert_eq!(seen.snapshot(), "login_shell /bin/sh  (/etc/shells)\ngap /etc/profile (unparsable)");
//! ```

mod archive;
mod bookmark;
mod seen;

pub use archive::KeyedArchive;
pub use bookmark::BookmarkData;
pub use seen::Seen;

use crate::scan::{Module, Result, Scan};
use assay_model::{HostInfo, Manifest, Operation, Os, PROTOCOL_VERSION, Record, Request};
use assay_root::Root;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// A root folder made for one test, gone after it.
///
/// ```
/// use assay_sdk::testkit::Fixture;
/// let fixture = Fixture::new().file("/etc/crontab", "").script("/usr/bin/x", "#!/bin/sh\n").link("/bin", "usr/bin");
/// assert!(fixture.host("/usr/bin/x").exists());
/// ```
pub struct Fixture {
    folder: tempfile::TempDir,
    os: Os,
    config: serde_json::Map<String, serde_json::Value>,
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made is a failed test"
)]
impl Fixture {
    /// An empty root of a Linux system.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            os: Os::Linux,
            config: serde_json::Map::new(),
        }
    }
    /// An empty root of a Mac.
    ///
    /// ```
    /// use assay_sdk::{Os, testkit::Fixture};
    /// Fixture::macos().scan(|scan| Ok(assert_eq!(scan.os(), Os::Macos)));
    /// ```
    #[must_use]
    pub fn macos() -> Self {
        Self {
            os: Os::Macos,
            ..Self::new()
        }
    }
    /// Where `path` of the fixture is on this machine.
    #[must_use]
    pub fn host(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }
    /// The fixture as a root.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().file("/etc/x", "text");
    /// assert_eq!(fixture.root().read("/etc/x".as_ref(), 10).unwrap(), b"text");
    /// ```
    #[must_use]
    pub fn root(&self) -> Root {
        Root::open(self.folder.path()).expect("the fixture")
    }
    /// A folder, with those above it.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().folder("/etc/cron.d");
    /// assert!(fixture.host("/etc/cron.d").is_dir());
    /// ```
    #[must_use]
    pub fn folder(self, path: &str) -> Self {
        fs::create_dir_all(self.host(path)).expect(path);
        self
    }
    /// A file of mode 0644.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.with_mode(path, content.as_ref(), 0o644)
    }
    /// A file of mode 0755.
    #[must_use]
    pub fn script(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.with_mode(path, content.as_ref(), 0o755)
    }
    fn with_mode(self, path: &str, content: &[u8], mode: u32) -> Self {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap_or(Path::new("/"))).expect(path);
        fs::write(&host, content).expect(path);
        fs::set_permissions(&host, fs::Permissions::from_mode(mode)).expect(path);
        self
    }
    /// A symbolic link at `path`.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap_or(Path::new("/"))).expect(path);
        symlink(target, host).expect(path);
        self
    }
    /// A FIFO at `path`: whoever opens it for reading hangs.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().fifo("/etc/crontab");
    /// assert!(fixture.root().read("/etc/crontab".as_ref(), 10).is_err());
    /// ```
    #[must_use]
    pub fn fifo(self, path: &str) -> Self {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap_or(Path::new("/"))).expect(path);
        let made = std::process::Command::new("mkfifo")
            .arg(host)
            .status()
            .expect("mkfifo");
        assert!(made.success(), "{path}");
        self
    }
    /// Sets a key of the module's configuration.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().config("folders", vec!["/srv"]);
    /// fixture.scan(|scan| Ok(assert_eq!(scan.config()["folders"][0], "/srv")));
    /// ```
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// Runs a module over the fixture.
    ///
    /// ```
    /// use assay_sdk::{Entry, Kind, Manifest, Module, Result, Scan, testkit::Fixture};
    /// # use std::path::Path;
    /// struct Motd;
    /// impl Module for Motd {
    ///     fn manifest() -> Manifest {
    ///         Manifest::new("motd", "1.0.0", "scripts of the login banner").kind(Kind::new("motd_script", "T1037", "a script"))
    ///     }
    ///     fn collect(scan: &mut Scan) -> Result<()> {
    ///         for path in scan.files(Path::new("/etc/update-motd.d"), |_| true) {
    ///             scan.entry(Entry::new("motd_script", path.as_path(), &path))?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// let fixture = Fixture::new().script("/etc/update-motd.d/10-hello", "#!/bin/sh\n");
    /// assert_eq!(fixture.collect::<Motd>().keys("motd_script"), ["/etc/update-motd.d/10-hello"]);
    /// ```
    ///
    /// # Panics
    /// When the scan fails, or breaks what its manifest promises: an undeclared kind or field, a key twice in a
    /// kind, a source or program that is no absolute path.
    #[must_use]
    pub fn collect<M: Module>(&self) -> Seen {
        let seen = self.run(M::collect, Some(M::manifest()));
        seen.check_keys();
        seen
    }

    /// Runs a part of a module, which is declared by no manifest, over the fixture.
    ///
    /// ```
    /// # use assay_sdk::testkit::Fixture;
    /// # use std::path::Path;
    /// let fixture = Fixture::new().file("/etc/shells", "/bin/sh\n");
    /// let seen = fixture.scan(|scan| {
    ///     assert_eq!(scan.read(Path::new("/etc/shells"), 100).unwrap(), b"/bin/sh\n");
    ///     Ok(())
    /// });
    /// assert!(seen.gaps.is_empty());
    /// ```
    ///
    /// # Panics
    /// When it fails, or an entry has a source or program that is no absolute path.
    pub fn scan(&self, part: impl FnOnce(&mut Scan<'_>) -> Result<()>) -> Seen {
        self.run(part, None)
    }

    fn run(&self, part: impl FnOnce(&mut Scan<'_>) -> Result<()>, manifest: Option<Manifest>) -> Seen {
        let request = Request {
            v: PROTOCOL_VERSION,
            op: Operation::Collect,
            root: self.folder.path().to_str().expect("UTF-8 path").to_owned(),
            config: self.config.clone(),
            deadline_ms: 60_000,
            features: Vec::new(),
            host: HostInfo {
                os: self.os,
                arch: std::env::consts::ARCH.to_owned(),
            },
            avoid: Vec::new(),
        };
        let mut seen = Seen::of(manifest);
        let mut sink = |record: &Record| {
            seen.take(record.clone());
            true
        };
        let mut scan = Scan::new(&request, &mut sink).expect("the fixture");
        part(&mut scan).expect("a scan that succeeds");
        seen
    }
}

/// The binary form of a property list in any other, as `defaults` writes it.
///
/// ```
/// use assay_sdk::{plist, testkit};
/// let binary = testkit::binary_plist("{ Label = x; }");
/// assert!(binary.starts_with(b"bplist00"));
/// assert_eq!(plist::flat(&plist::parse(&binary).unwrap()), "{Label=x}");
/// ```
///
/// # Panics
/// When it is none.
#[expect(clippy::expect_used, reason = "a plist that cannot be made is a failed test")]
#[must_use]
pub fn binary_plist(plist: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let plist = crate::plist::parse(plist.as_ref()).expect("a property list");
    plist.to_writer_binary(&mut bytes).expect("writes");
    bytes
}
