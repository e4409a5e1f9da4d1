//! Files that entries come from, whatever an attacker has put in their place.

use crate::scan::Scan;
use crate::whose::PRIVATE;
use assay_model::{Entry, Text};
use assay_root::{FileType, Last, RootError, Stat, Why};
use rustix::io::Errno;
use std::collections::HashMap;
use std::path::Path;

/// A file that is itself what runs, as [`Scan::own_program`] found it.
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::new().script("/opt/x", "").link("/etc/rc.local", "/opt/x");
/// # fixture.scan(|scan| {
/// let own: assay_sdk::OwnProgram = scan.own_program("rc_script", "/etc/rc.local".as_ref()).unwrap();
/// assert!(own.executable);
/// assert_eq!((&own.entry.key, &own.entry.programs[0]), (&"/etc/rc.local".into(), &"/opt/x".into()));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct OwnProgram {
    /// The path is its key and its source. A link has its text in the field `link_target`; what is no regular
    /// file is marked unparsable, and names no program.
    pub entry: Entry,
    /// Whether what runs has an execute bit.
    pub executable: bool,
}

/// What Linux lets an attribute hold at most.
const ATTRIBUTE_LIMIT: usize = 64 << 10;

impl Scan<'_> {
    /// What a file holds, or why it cannot be understood: it is larger than `limit`, no regular file, or a link
    /// that leads nowhere; or it is [`PRIVATE`]. `None` when nothing is there, and also when it cannot be read, after a gap.
    ///
    /// The second answer is for [`Entry::unparsable`], so that a FIFO put where a file belongs is an entry.
    ///
    /// ```
    /// use assay_sdk::{Entry, testkit::Fixture};
    /// use std::path::Path;
    /// let fixture = Fixture::new().fifo("/etc/crontab");
    /// let seen = fixture.scan(|scan| {
    ///     let path = Path::new("/etc/crontab");
    ///     let entry = Entry::new("cron_table", path, path);
    ///     match scan.content(path, 1 << 20) {
    ///         Some(Ok(text)) => scan.entry(entry.field("text", text)),
    ///         Some(Err(why)) => scan.entry(entry.unparsable(why)),
    ///         None => Ok(()),
    ///     }
    /// });
    /// assert_eq!(seen.entry("cron_table", "/etc/crontab").unparsable.as_deref(), Some("is a FIFO"));
    /// ```
    pub fn content(&mut self, path: &Path, limit: u64) -> Option<Result<Vec<u8>, String>> {
        match self.read_for_all(path, limit) {
            Ok(bytes) => Some(bytes.ok_or_else(|| PRIVATE.to_owned())),
            // A gap is where the entry would be, not where a link leads.
            Err(error) => self.odd(path, error).map(Err),
        }
    }

    /// An extended attribute of a regular file, such as `security.capability` or `com.apple.quarantine`. `None` when it
    /// has none of that name, and also when that cannot be known, after a gap. It changes with the file's ctime, so that a
    /// scan is asked for again.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().script("/usr/bin/x", "").link("/usr/bin/y", "x");
    /// let seen = fixture.scan(|scan| {
    ///     for path in ["/usr/bin/x", "/usr/bin/absent"] {
    ///         assert_eq!(scan.attribute(path.as_ref(), "security.capability"), None);
    ///     }
    ///     Ok(())
    /// });
    /// assert!(seen.gaps.is_empty());
    /// ```
    pub fn attribute(&mut self, path: &Path, name: &str) -> Option<Vec<u8>> {
        let opened = self.root().open_file(path, Last::Keep);
        let (file, _) = self.or_gap(opened)?;
        let mut bytes = vec![0; ATTRIBUTE_LIMIT];
        match rustix::fs::fgetxattr(&file, name, &mut bytes) {
            Ok(length) => {
                bytes.truncate(length);
                Some(bytes)
            }
            Err(Errno::PERM | Errno::ACCESS) => self.or_gap(Err(RootError {
                path: path.to_owned(),
                why: Why::Permission,
            })),
            // There is none, or the file system has no such thing.
            Err(_) => None,
        }
    }

    /// An entry for a file that is itself what runs, such as a start-up script or a kernel module.
    ///
    /// ```
    /// let fixture = assay_sdk::testkit::Fixture::new().script("/opt/x", "").link("/etc/init.d/x", "/opt/x").link("/etc/init.d/y", "gone");
    /// let seen = fixture.scan(|scan| {
    ///     for path in scan.files("/etc/init.d".as_ref(), |_| true) {
    ///         if let Some(script) = scan.own_program("sysv_script", &path) {
    ///             let inert = (!script.executable).then_some("not executable");
    ///             scan.entry(script.entry.maybe("inert", inert))?;
    ///         }
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(seen.programs("sysv_script", "/etc/init.d/x"), ["/opt/x"]);
    /// assert_eq!(seen.entry("sysv_script", "/etc/init.d/y").unparsable.as_deref(), Some("link leads nowhere"));
    /// ```
    pub fn own_program(&mut self, kind: &str, path: &Path) -> Option<OwnProgram> {
        let stat = self.stat(path)?;
        let mut entry = Entry::new(kind, path, path);
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Some(finish(entry, path, &stat));
        }
        let target = self.root().read_link(path);
        entry = entry.maybe("link_target", self.or_gap(target).as_deref());
        let followed = self.root().canonical(path).and_then(|program| {
            let stat = self.root().stat(&program, Last::Keep)?;
            Ok((program, stat))
        });
        match followed {
            Ok((program, Some(stat))) => Some(finish(entry, &program, &stat)),
            Ok((_, None)) => None,
            Err(error) => {
                let why = self.odd(path, error)?;
                let entry = entry.unparsable(why);
                Some(OwnProgram {
                    entry,
                    executable: false,
                })
            }
        }
    }

    /// Why something is there that is no readable file; absence is silent, and a refusal is a gap.
    pub(crate) fn odd(&mut self, path: &Path, error: RootError) -> Option<String> {
        match error.why {
            Why::NotFound => self.stat(path).map(|_| "link leads nowhere".to_owned()),
            Why::WrongType(_) | Why::TooBig { .. } | Why::Loop => Some(error.why.to_string()),
            Why::Permission | Why::NoAnswer | Why::Io(_) => self.or_gap(Err(error)),
        }
    }
}

fn finish(entry: Entry, program: &Path, stat: &Stat) -> OwnProgram {
    let file_type = FileType::from_raw_mode(stat.st_mode);
    let entry = if file_type == FileType::RegularFile {
        entry.programs(vec![program.into()])
    } else {
        entry.unparsable(Why::WrongType(file_type).to_string())
    };
    OwnProgram {
        entry,
        executable: file_type == FileType::RegularFile && stat.st_mode & 0o111 != 0,
    }
}

/// Makes keys unique where a format lets equal lines stand twice: the second becomes `key #2`.
///
/// ```
/// let mut keys = assay_sdk::Keys::default();
/// let all = ["a", "a", "a #2"].map(|key| keys.unique(key.into()).to_string());
/// assert_eq!(all, ["a", "a #2", "a #2 #2"]);
/// ```
#[derive(Debug, Default)]
pub struct Keys {
    times: HashMap<Text, usize>,
}

impl Keys {
    /// The key itself the first time, and with a number from then on.
    pub fn unique(&mut self, key: Text) -> Text {
        let Some(mut times) = self.times.get(&key).copied() else {
            self.times.insert(key.clone(), 1);
            return key;
        };
        let numbered = loop {
            times += 1;
            let numbered = Text::from([key.as_bytes(), format!(" #{times}").as_bytes()].concat());
            if !self.times.contains_key(&numbered) {
                break numbered;
            }
        };
        self.times.insert(key, times);
        self.times.insert(numbered.clone(), 1);
        numbered
    }
}

#[cfg(test)]
mod tests {
    use crate::testkit::Fixture;
    use crate::{Entry, FieldKind, Kind, Manifest, Module, Result, Scan};
    use std::path::Path;

    struct Scripts;

    impl Module for Scripts {
        fn manifest() -> Manifest {
            let kind = Kind::new("script", "T1037", "a file of /s").compared(
                "link_target",
                FieldKind::Text,
                "where it leads",
            );
            let read =
                Kind::new("read", "T1037", "what it holds").shown("text", FieldKind::Text, "its bytes");
            Manifest::new("scripts", "1", "a test").kind(kind).kind(read)
        }
        fn collect(scan: &mut Scan<'_>) -> Result<()> {
            for path in scan.files(Path::new("/s"), |_| true) {
                if let Some(own) = scan.own_program("script", &path) {
                    assert_eq!(own.executable, own.entry.programs == ["/s/run"], "{own:?}");
                    scan.entry(own.entry)?;
                }
                let entry = Entry::new("read", path.as_path(), &path);
                match scan.content(&path, 4) {
                    Some(Ok(bytes)) => scan.entry(entry.field("text", bytes))?,
                    Some(Err(why)) => scan.entry(entry.unparsable(why))?,
                    None => {}
                }
            }
            assert!(scan.own_program("script", Path::new("/absent/x")).is_none());
            assert!(scan.content(Path::new("/absent/x"), 4).is_none());
            Ok(())
        }
    }

    #[test]
    fn whatever_stands_where_a_file_belongs_is_an_entry() {
        let fixture = Fixture::new()
            .script("/s/run", "#!")
            .file("/s/large", "12345")
            .fifo("/s/fifo")
            .folder("/f")
            .link("/s/to-run", "run")
            .link("/s/to-folder", "/f")
            .link("/s/to-fifo", "fifo")
            .link("/s/nowhere", "../gone")
            .link("/s/loop", "loop");
        let seen = fixture.collect::<Scripts>();
        let expected = "\
read /s/fifo  (/s/fifo)
    unparsable: is a FIFO
read /s/large  (/s/large)
    unparsable: larger than 4 bytes
read /s/loop  (/s/loop)
    unparsable: too many links
read /s/nowhere  (/s/nowhere)
    unparsable: link leads nowhere
read /s/run  (/s/run)
    text = #!
read /s/to-fifo  (/s/to-fifo)
    unparsable: is a FIFO
read /s/to-folder  (/s/to-folder)
    unparsable: is a folder
read /s/to-run  (/s/to-run)
    text = #!
script /s/fifo  (/s/fifo)
    unparsable: is a FIFO
script /s/large  (/s/large)
    runs /s/large
script /s/loop  (/s/loop)
    unparsable: too many links
    link_target = loop
script /s/nowhere  (/s/nowhere)
    unparsable: link leads nowhere
    link_target = ../gone
script /s/run  (/s/run)
    runs /s/run
script /s/to-fifo  (/s/to-fifo)
    unparsable: is a FIFO
    link_target = fifo
script /s/to-folder  (/s/to-folder)
    unparsable: is a folder
    link_target = /f
script /s/to-run  (/s/to-run)
    link_target = run
    runs /s/run";
        assert_eq!(seen.snapshot(), expected);
    }
}
