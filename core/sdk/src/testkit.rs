//! Fixture trees, and a runner for a module in the test's own process.

use crate::scan::{Module, Scan};
use assay_model::{Entry, Gap, HostInfo, Operation, Os, PROTOCOL_VERSION, Record, Request};
use assay_root::Root;
use std::collections::HashSet;
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
    #[must_use]
    pub fn root(&self) -> Root {
        Root::open(self.folder.path()).expect("the fixture")
    }
    /// A folder, with those above it.
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
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// Runs a module over the fixture.
    ///
    /// # Panics
    /// When the scan fails, or breaks what its manifest promises: an undeclared kind or field, a key twice in a
    /// kind, a source or program that is no absolute path.
    #[must_use]
    pub fn collect<M: Module>(&self) -> Seen {
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
        let mut seen = Seen {
            entries: Vec::new(),
            gaps: Vec::new(),
            log: Vec::new(),
        };
        let mut sink = |record: &Record| {
            match record.clone() {
                Record::Entry(entry) => seen.entries.push(entry),
                Record::Gap(gap) => seen.gaps.push(gap),
                Record::Log { text, .. } => seen.log.push(text),
                other => panic!("a module does not send {other:?}"),
            }
            true
        };
        let mut scan = Scan::new(&request, &mut sink).expect("the fixture");
        M::collect(&mut scan).expect("a scan that succeeds");
        seen.check(&M::manifest());
        seen
    }
}

/// What a module listed.
#[derive(Debug)]
pub struct Seen {
    /// Its entries, in the order they came.
    pub entries: Vec<Entry>,
    /// Its gaps.
    pub gaps: Vec<Gap>,
    /// Its messages.
    pub log: Vec<String>,
}

#[expect(clippy::expect_used, reason = "a missing entry is a failed test")]
impl Seen {
    /// The entry of that kind and key.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn entry(&self, kind: &str, key: &str) -> &Entry {
        let found = self.entries.iter().find(|e| e.kind == kind && e.key == key);
        found.unwrap_or_else(|| panic!("no {kind} `{key}` among {:#?}", self.entries))
    }
    /// The keys of a kind, in the order they came.
    #[must_use]
    pub fn keys(&self, kind: &str) -> Vec<String> {
        self.entries
            .iter()
            .filter(|e| e.kind == kind)
            .map(|e| e.key.to_string())
            .collect()
    }
    /// A field as text, empty when the entry does not have it.
    #[must_use]
    pub fn field(&self, kind: &str, key: &str, field: &str) -> String {
        self.entry(kind, key)
            .fields
            .get(field)
            .map(ToString::to_string)
            .unwrap_or_default()
    }
    /// The programs of an entry.
    #[must_use]
    pub fn programs(&self, kind: &str, key: &str) -> Vec<String> {
        self.entry(kind, key)
            .programs
            .iter()
            .map(ToString::to_string)
            .collect()
    }
    /// All of it as text, one entry a paragraph, sorted: for a snapshot.
    #[must_use]
    pub fn snapshot(&self) -> String {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
        let mut lines = Vec::new();
        for entry in entries {
            lines.push(format!("{} {}  ({})", entry.kind, entry.key, entry.source));
            lines.extend(
                entry
                    .unparsable
                    .iter()
                    .map(|why| format!("    unparsable: {why}")),
            );
            lines.extend(
                entry
                    .fields
                    .iter()
                    .map(|(name, value)| format!("    {name} = {value}")),
            );
            lines.extend(entry.programs.iter().map(|program| format!("    runs {program}")));
        }
        lines.extend(
            self.gaps
                .iter()
                .map(|gap| format!("gap {} ({})", gap.path, gap.reason.as_str())),
        );
        lines.join("\n")
    }

    fn check(&self, manifest: &assay_model::Manifest) {
        let mut keys = HashSet::new();
        for entry in &self.entries {
            let kind = manifest.kind_named(&entry.kind).expect(&entry.kind);
            assert!(
                keys.insert((&entry.kind, &entry.key)),
                "{} `{}` came twice",
                entry.kind,
                entry.key
            );
            for (field, value) in &entry.fields {
                let meaning = kind.fields.iter().find(|f| f.name == *field);
                let meaning = meaning.unwrap_or_else(|| panic!("{} declares no field {field}", entry.kind));
                assert!(
                    meaning.kind.holds(value),
                    "{}.{field} is declared {:?}: {value}",
                    entry.kind,
                    meaning.kind
                );
            }
            for path in entry.programs.iter().chain([&entry.source]) {
                assert!(
                    path.as_bytes().starts_with(b"/"),
                    "{} `{}`: `{path}`",
                    entry.kind,
                    entry.key
                );
            }
        }
    }
}
