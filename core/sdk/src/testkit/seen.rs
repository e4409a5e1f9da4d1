//! What a module listed, and how a test asks about it.

use assay_model::{Entry, Gap, Manifest, Record, Value};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// What a module listed.
///
/// ```
/// use assay_sdk::{Entry, GapReason, LogLevel, testkit::Fixture};
/// use std::path::Path;
/// let seen = Fixture::new().scan(|scan| {
///     scan.entry(Entry::new("script", "a", Path::new("/etc/x")))?;
///     scan.gap(Path::new("/etc/y"), GapReason::TooBig, "it has no end")?;
///     scan.log(LogLevel::Warning, "y is odd");
///     Ok(())
/// });
/// assert_eq!((seen.entries.len(), seen.gaps.len(), &seen.log[..]), (1, 1, &["y is odd".to_owned()][..]));
/// ```
pub struct Seen {
    /// Its entries, in the order they came.
    pub entries: Vec<Entry>,
    /// Its gaps.
    pub gaps: Vec<Gap>,
    /// Its messages.
    pub log: Vec<String>,
    manifest: Option<Manifest>,
}

impl Seen {
    /// Nothing yet; with a manifest, whatever it does not declare fails the test.
    pub(super) fn of(manifest: Option<Manifest>) -> Self {
        Self {
            entries: Vec::new(),
            gaps: Vec::new(),
            log: Vec::new(),
            manifest,
        }
    }

    pub(super) fn take(&mut self, record: Record) {
        match record {
            Record::Kinds { kinds } => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.kinds.extend(kinds);
                }
            }
            Record::Entry(entry) => {
                self.check(&entry);
                self.entries.push(entry);
            }
            Record::Gap(gap) => self.gaps.push(gap),
            Record::Log { text, .. } => self.log.push(text),
            other => panic!("a module does not send {other:?}"),
        }
    }

    /// The entry of that kind and key.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// # let seen = Fixture::new().scan(|scan| scan.entry(Entry::new("script", "a", Path::new("/etc/x"))));
    /// assert_eq!(seen.entry("script", "a").source, "/etc/x");
    /// ```
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn entry(&self, kind: &str, key: &str) -> &Entry {
        let found = self.entries.iter().find(|e| e.kind == kind && e.key == key);
        found.unwrap_or_else(|| panic!("no {kind} `{key}` among {:#?}", self.entries))
    }
    /// The gap at a path.
    ///
    /// ```
    /// # use assay_sdk::{GapReason, testkit::Fixture};
    /// # use std::path::Path;
    /// let fixture = Fixture::new().fifo("/etc/shells");
    /// let seen = fixture.scan(|scan| {
    ///     assert!(scan.read(Path::new("/etc/shells"), 100).is_none());
    ///     Ok(())
    /// });
    /// assert_eq!(seen.gap("/etc/shells").reason, GapReason::Unparsable);
    /// ```
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn gap(&self, path: &str) -> &Gap {
        let found = self.gaps.iter().find(|gap| gap.path == path);
        found.unwrap_or_else(|| panic!("no gap at `{path}` among {:#?}", self.gaps))
    }
    /// The keys of a kind, in the order they came.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// # let seen = Fixture::new().scan(|scan| scan.entry(Entry::new("script", "a", Path::new("/etc/x"))));
    /// assert_eq!(seen.keys("script"), ["a"]);
    /// ```
    #[must_use]
    pub fn keys(&self, kind: &str) -> Vec<String> {
        let entries = self.entries.iter().filter(|e| e.kind == kind);
        entries.map(|e| e.key.to_string()).collect()
    }
    /// A field as text, empty when the entry does not have it.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// # let entry = Entry::new("script", "a", Path::new("/etc/x")).field("line", 3);
    /// # let seen = Fixture::new().scan(|scan| scan.entry(entry));
    /// assert_eq!(seen.field("script", "a", "line"), "3");
    /// assert_eq!(seen.field("script", "a", "user"), "");
    /// ```
    #[must_use]
    pub fn field(&self, kind: &str, key: &str, field: &str) -> String {
        let value = self.entry(kind, key).fields.get(field);
        value.map(ToString::to_string).unwrap_or_default()
    }
    /// The programs of an entry.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// # let entry = Entry::new("script", "a", Path::new("/etc/x")).programs(vec!["/bin/sh".into()]);
    /// # let seen = Fixture::new().scan(|scan| scan.entry(entry));
    /// assert_eq!(seen.programs("script", "a"), ["/bin/sh"]);
    /// ```
    #[must_use]
    pub fn programs(&self, kind: &str, key: &str) -> Vec<String> {
        let programs = self.entry(kind, key).programs.iter();
        programs.map(ToString::to_string).collect()
    }

    /// Fails when there is any entry, gap or message.
    ///
    /// ```
    /// # use assay_sdk::testkit::Fixture;
    /// Fixture::new().scan(|_| Ok(())).assert_silent();
    /// ```
    ///
    /// # Panics
    /// See above.
    pub fn assert_silent(&self) {
        assert!(
            self.entries.is_empty() && self.gaps.is_empty() && self.log.is_empty(),
            "{self:?}"
        );
    }

    /// All of it as text, one entry a paragraph, sorted: for `insta::assert_snapshot!`, or to be compared with a string
    /// in the test.
    ///
    /// ```
    /// # use assay_sdk::{Entry, GapReason, testkit::Fixture};
    /// # use std::path::Path;
    /// let entry = Entry::new("script", "a", Path::new("/etc/x")).field("user", "ana").programs(vec!["/bin/sh".into()]);
    /// let seen = Fixture::new().scan(|scan| {
    ///     scan.gap(Path::new("/etc/y"), GapReason::Io, "a loop")?;
    ///     scan.entry(entry)
    /// });
    /// assert_eq!(seen.snapshot(), "\
    /// script a  (/etc/x)
    ///     user = ana
    ///     runs /bin/sh
    /// gap /etc/y (io)");
    /// ```
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
            let fields = entry.fields.iter();
            lines.extend(fields.map(|(name, value)| format!("    {name} = {value}")));
            lines.extend(entry.programs.iter().map(|program| format!("    runs {program}")));
        }
        let mut gaps: Vec<&Gap> = self.gaps.iter().collect();
        gaps.sort_by(|a, b| (&a.path, a.reason).cmp(&(&b.path, b.reason)));
        lines.extend(
            gaps.iter()
                .map(|gap| format!("gap {} ({})", gap.path, gap.reason.as_str())),
        );
        lines.join("\n")
    }

    /// What the core would alert when this comes after `before`, a line each: `removed KIND KEY`,
    /// `changed KIND KEY: WHAT`, then `added KIND KEY`. `WHAT` are compared fields, `source`, `programs` and
    /// `unparsable`, sorted; a field that is only shown is no change.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// let look = |entries: &[Entry]| Fixture::new().scan(|scan| entries.iter().try_for_each(|e| scan.entry(e.clone())));
    /// let job = Entry::new("job", "a", Path::new("/etc/x")).field("user", "ana");
    /// let [root, more] = [job.clone().field("user", "root"), Entry::new("job", "b", Path::new("/etc/x"))];
    /// assert_eq!(look(&[root, more]).changes_since(&look(&[job])), ["changed job a: user", "added job b"]);
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Seen) -> Vec<String> {
        let (before, after) = (before.by_name(), self.by_name());
        let mut changes = Vec::new();
        for (name, old) in &before {
            match after.get(name) {
                None => changes.push(format!("removed {name}")),
                Some(new) => {
                    let what = self.differing(old, new);
                    if !what.is_empty() {
                        changes.push(format!("changed {name}: {}", what.join(" ")));
                    }
                }
            }
        }
        let added = after.keys().filter(|name| !before.contains_key(*name));
        changes.extend(added.map(|name| format!("added {name}")));
        changes
    }

    /// Fails unless all that changed since `before` is one entry, which still is what it was: the same key, understood,
    /// and another `field`.
    ///
    /// ```
    /// # use assay_sdk::{Entry, testkit::Fixture};
    /// # use std::path::Path;
    /// let look = |user: &str| Fixture::new().scan(|scan| scan.entry(Entry::new("job", "a", Path::new("/etc/x")).field("user", user)));
    /// look("root").assert_changed("user", &look("ana"));
    /// ```
    ///
    /// # Panics
    /// See above.
    pub fn assert_changed(&self, field: &str, before: &Seen) {
        let changes = self.changes_since(before);
        let what = match &changes[..] {
            [one] => one
                .strip_prefix("changed ")
                .and_then(|change| change.rsplit_once(": ")),
            _ => None,
        };
        let what: Vec<&str> = what.into_iter().flat_map(|(_, what)| what.split(' ')).collect();
        assert!(
            what.contains(&field) && !what.contains(&"unparsable"),
            "{field}: {changes:#?}"
        );
    }

    fn by_name(&self) -> BTreeMap<String, &Entry> {
        let named = self
            .entries
            .iter()
            .map(|entry| (format!("{} {}", entry.kind, entry.key), entry));
        named.collect()
    }

    fn differing<'a>(&self, old: &'a Entry, new: &'a Entry) -> Vec<&'a str> {
        let names = old.fields.keys().chain(new.fields.keys());
        let names = names.filter(|name| self.is_compared(&old.kind, name));
        let mut what: Vec<&str> = names
            .filter(|name| old.fields.get(*name) != new.fields.get(*name))
            .map(String::as_str)
            .collect();
        for (name, differs) in [
            ("source", old.source != new.source),
            ("programs", old.programs != new.programs),
            ("unparsable", old.unparsable != new.unparsable),
        ] {
            if differs {
                what.push(name);
            }
        }
        what.sort_unstable();
        what.dedup();
        what
    }

    fn is_compared(&self, kind: &str, field: &str) -> bool {
        let kind = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.kind_named(kind));
        let field = kind.and_then(|kind| kind.fields.iter().find(|meaning| meaning.name == field));
        field.is_none_or(|field| field.compared)
    }

    /// Fails unless the manifest declares the entry, and every path in it is absolute.
    fn check(&self, entry: &Entry) {
        for path in entry.programs.iter().chain([&entry.source]) {
            let absolute = path.as_bytes().starts_with(b"/");
            assert!(
                absolute,
                "{} `{}`: `{path}` is not absolute",
                entry.kind, entry.key
            );
        }
        let Some(manifest) = &self.manifest else { return };
        let kind = manifest.kind_named(&entry.kind);
        let kind = kind.unwrap_or_else(|| panic!("{} is not declared", entry.kind));
        for (field, value) in &entry.fields {
            let meaning = kind.fields.iter().find(|f| f.name == *field);
            let meaning = meaning.unwrap_or_else(|| panic!("{} declares no field {field}", entry.kind));
            let holds = |value: &Value| meaning.kind.holds(value);
            assert!(
                holds(value),
                "{}.{field} is declared {:?}: {value}",
                entry.kind,
                meaning.kind
            );
        }
    }

    /// Fails when a key came twice in a kind.
    pub(super) fn check_keys(&self) {
        let mut keys = HashSet::new();
        for entry in &self.entries {
            let new = keys.insert((&entry.kind, &entry.key));
            assert!(new, "{} `{}` came twice", entry.kind, entry.key);
        }
    }
}

/// Without the manifest: a test may ask that a word stands nowhere in what was listed.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = f.debug_struct("Seen");
        seen.field("entries", &self.entries);
        seen.field("gaps", &self.gaps);
        seen.field("log", &self.log);
        seen.finish()
    }
}
