//! What links of others lead to, told only where they may read it: nobody has root write into a log what is another's.
//!
//! Every read and every list of a [`Scan`] keeps to it, so that no module can forget. Whoever owns a folder or a link on
//! the way could have led elsewhere, and so could whoever has the home that it is in. What a file names is another way to
//! be led, of which a module must tell: [`Scan::begin_named_by`].

use crate::homes::Home;
use crate::scan::Scan;
use assay_root::{FileType, Last, Stat, Way};
use std::path::{Path, PathBuf};

/// Why [`Scan::content`] does not tell what a file holds. Such a file is compared by its bytes: it is an entry that is
/// unparsable, or an [`own_program`](Scan::own_program).
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::new().file("/etc/passwd", "ana:x:4242:1::/home/ana:\n").folder("/home/ana");
/// # let fixture = fixture.file("/etc/shadow", "").link("/home/ana/.tmux.conf", "/etc/shadow");
/// # use std::os::unix::fs::PermissionsExt as _;
/// # std::fs::set_permissions(fixture.host("/etc/shadow"), std::fs::Permissions::from_mode(0o600)).unwrap();
/// # fixture.scan(|scan| {
/// # let home = scan.homes().remove(0);
/// let read = scan.content(&home.path.join(".tmux.conf"), 1 << 20);
/// assert_eq!(read, Some(Err(assay_sdk::PRIVATE.to_owned())));
/// # Ok(())
/// # });
/// ```
pub const PRIVATE: &str = "not readable by whoever could have led here";

/// How often something is opened that is replaced meanwhile.
const REPLACED: usize = 64;

/// Somebody other than root who could have led a reader elsewhere, and the folder by which: what is above that, they
/// may enter. Of one whose id nothing tells only what everybody may read is told.
pub(crate) struct Leader {
    uid: Option<u32>,
    folder: PathBuf,
}

impl Leader {
    /// Whether they may read what is at the end of a way: a file, or the names in a folder.
    fn may_read(&self, way: &Way) -> bool {
        let enters = |folder: &Stat| self.uid == Some(folder.st_uid) || folder.st_mode & 0o001 != 0;
        let is_folder = FileType::from_raw_mode(way.stat.st_mode) == FileType::Directory;
        let mut above = way
            .passed
            .iter()
            .filter(|(path, _)| way.real.starts_with(path) && !self.folder.starts_with(path));
        self.uid == Some(way.stat.st_uid)
            || way.stat.st_mode & 0o004 != 0
                && (!is_folder || enters(&way.stat))
                && above.all(|(_, folder)| enters(folder))
    }
}

impl Scan<'_> {
    /// As [`Scan::content`], for a path that was come to from somebody's home: [`PRIVATE`] unless they may read it,
    /// wherever it is.
    ///
    /// ```
    /// use assay_sdk::{Entry, testkit::Fixture};
    /// let fixture = Fixture::new()
    ///     .file("/etc/passwd", "ana:x:4242:1::/home/ana:/bin/sh\n")
    ///     .file("/home/ana/.tmux.conf", "run /opt/x\n");
    /// let seen = fixture.scan(|scan| {
    ///     for home in scan.homes() {
    ///         let path = home.path.join(".tmux.conf");
    ///         let entry = Entry::new("tmux_config", path.as_path(), &path);
    ///         match scan.content_for(&home, &path, 1 << 20) {
    ///             Some(Ok(text)) => scan.entry(entry.field("text", text))?,
    ///             Some(Err(why)) => scan.entry(entry.unparsable(why))?,
    ///             None => {}
    ///         }
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(seen.entry("tmux_config", "/home/ana/.tmux.conf").fields["text"], "run /opt/x\n".into());
    /// ```
    pub fn content_for(&mut self, home: &Home, path: &Path, limit: u64) -> Option<Result<Vec<u8>, String>> {
        self.begin_named_by(&home.path);
        let content = self.content(path, limit);
        self.end_named_by();
        content
    }

    /// From here to [`Scan::end_named_by`], whatever is read or listed is what the file at `path` names, as an `include`
    /// does: it is told only where everybody who could have written that file may read it, too. In what it names there may
    /// be names again.
    ///
    /// ```
    /// use assay_sdk::{PRIVATE, testkit::Fixture};
    /// # use std::os::unix::fs::PermissionsExt as _;
    /// let fixture = Fixture::new()
    ///     .file("/etc/passwd", "ana:x:4242:1::/home/ana:/bin/sh\n")
    ///     .file("/home/ana/.gitconfig", "[include]\npath = /etc/secret\n")
    ///     .file("/etc/secret", "");
    /// # std::fs::set_permissions(fixture.host("/etc/secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    /// fixture.scan(|scan| {
    ///     let ana = scan.homes().remove(0);
    ///     scan.begin_named_by(&ana.path.join(".gitconfig"));
    ///     assert_eq!(scan.content("/etc/secret".as_ref(), 1 << 20), Some(Err(PRIVATE.to_owned())));
    ///     scan.end_named_by();
    ///     assert_eq!(scan.content("/etc/secret".as_ref(), 1 << 20), Some(Ok(Vec::new())));
    ///     Ok(())
    /// });
    /// ```
    pub fn begin_named_by(&mut self, path: &Path) {
        let writers = match self.root().way(path) {
            Ok(way) => way
                .passed
                .iter()
                .map(|(path, stat)| (path.as_path(), stat))
                .chain([(way.real.as_path(), &way.stat)])
                .flat_map(|(path, stat)| self.leaders(path, stat))
                .collect(),
            // It was there when it was read.
            Err(_) => vec![Leader {
                uid: None,
                folder: PathBuf::from("/"),
            }],
        };
        self.named_by.push((path.to_owned(), writers));
    }

    /// Ends what the last [`Scan::begin_named_by`] began.
    ///
    /// ```
    /// # use assay_sdk::testkit::Fixture;
    /// # use std::path::Path;
    /// let fixture = Fixture::new().file("/etc/x.conf", "include x.d\n").file("/etc/x.d/a", "");
    /// fixture.scan(|scan| {
    ///     scan.begin_named_by(Path::new("/etc/x.conf"));
    ///     let included = scan.files(Path::new("/etc/x.d"), |_| true);
    ///     scan.end_named_by();
    ///     assert_eq!(included, [Path::new("/etc/x.d/a")]);
    ///     Ok(())
    /// });
    /// ```
    pub fn end_named_by(&mut self) {
        self.named_by.pop();
    }

    /// What a file holds; `None` when it is private.
    pub(crate) fn read_for_all(&self, path: &Path, limit: u64) -> assay_root::Result<Option<Vec<u8>>> {
        let open = || self.root().open_file(path, Last::Follow);
        let Some((file, opened)) = self.told(path, open, |(_, opened)| opened)? else {
            return Ok(None);
        };
        self.root().read_opened(path, file, &opened, limit).map(Some)
    }

    /// What is opened at a path, unless it is somebody's secret. When another thing is there by the time that the way
    /// to it is known, it was just replaced, and is opened again; whoever does so all the time is told nothing.
    pub(crate) fn told<T>(
        &self,
        path: &Path,
        open: impl Fn() -> assay_root::Result<T>,
        stat: impl Fn(&T) -> &Stat,
    ) -> assay_root::Result<Option<T>> {
        for _ in 0..REPLACED {
            let opened = open()?;
            let is = stat(&opened);
            let same = |way: &Way| (way.stat.st_dev, way.stat.st_ino) == (is.st_dev, is.st_ino);
            if let Some(way) = self.root().way(path).ok().filter(same) {
                return Ok(self.may_be_told(&way).then_some(opened));
            }
        }
        Ok(None)
    }

    /// Whether everybody who could have led along a way may read what is there. A folder that nobody led to is what it
    /// seems, and so is a file that is not root's: a spool of jobs has those of others.
    fn may_be_told(&self, way: &Way) -> bool {
        let (mut leaders, mut led) = (Vec::new(), !self.named_by.is_empty());
        for (path, stat) in &way.passed {
            leaders.extend(self.leaders(path, stat));
            // A link of root's in folders of root's is how the system is laid out.
            led |= is_link(stat) && !leaders.is_empty();
        }
        let is_file = FileType::from_raw_mode(way.stat.st_mode) == FileType::RegularFile;
        led |= is_file && way.stat.st_nlink > 1;
        if !led && (!is_file || way.stat.st_uid != 0) {
            return true;
        }
        let writers = self.named_by.iter().flat_map(|(_, writers)| writers);
        leaders.iter().chain(writers).all(|leader| leader.may_read(way))
    }

    /// Who could have put in the place of a folder, a link or a file what is there.
    fn leaders(&self, path: &Path, stat: &Stat) -> Vec<Leader> {
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let folder = path.parent().filter(|_| !is_folder).unwrap_or(path);
        let by = |uid| Leader {
            uid,
            folder: folder.to_owned(),
        };
        let home = self.known_homes().iter().find(|home| home.path == *path);
        let mut leaders: Vec<Leader> = home.and_then(|home| self.leader(home)).into_iter().collect();
        if stat.st_uid != 0 {
            leaders.push(by(Some(stat.st_uid)));
        } else if !is_link(stat) && stat.st_mode & 0o002 != 0 {
            leaders.push(by(None));
        }
        leaders
    }

    /// Whoever has a home, unless it is root.
    fn leader(&self, home: &Home) -> Option<Leader> {
        // An account that no database names has the home that it owns. Root's would be anybody's.
        let owner = || Some(self.root().stat(&home.path, Last::Keep).ok()??.st_uid);
        let uid = home.uid.or_else(|| owner().filter(|uid| *uid != 0));
        (uid != Some(0)).then(|| Leader {
            uid,
            folder: home.path.clone(),
        })
    }
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

#[cfg(test)]
mod tests {
    use super::PRIVATE;
    use crate::testkit::Fixture;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    /// What Ana is told of each path; she owns no file of the fixture.
    fn told(fixture: &Fixture, paths: &[&str]) -> Vec<Option<Result<String, String>>> {
        let mut told = Vec::new();
        fixture.scan(|scan| {
            let homes = scan.homes();
            let ana = homes.iter().find(|home| home.uid == Some(4242)).expect("Ana");
            for path in paths {
                let text = scan.content_for(ana, path.as_ref(), 8);
                assert_eq!(scan.content(path.as_ref(), 8), text, "{path}");
                told.push(text.map(|text| text.map(|text| String::from_utf8_lossy(&text).into_owned())));
            }
            Ok(())
        });
        told
    }

    #[test]
    fn what_is_open_counts_and_not_where_it_is() {
        let fixture = Fixture::new()
            .file("/etc/passwd", "ana:x:4242:1::/home/ana:\n")
            .file("/etc/shadow", "SECRET")
            .file("/etc/open", "open")
            .file("/root/notes", "SECRET")
            .link("/home/ana/link", "/etc/shadow")
            .link("/home/ana/etc", "/etc")
            .link("/home/ana/notes", "/root/notes")
            .link("/home/ana/gone", "/etc/gone")
            .file("/home/ana/large", "123456789")
            .fifo("/home/ana/fifo");
        fs::hard_link(fixture.host("/etc/shadow"), fixture.host("/home/ana/hard")).expect("a link");
        for (path, mode) in [("/etc/shadow", 0o640), ("/root", 0o700), ("/home/ana", 0o700)] {
            fs::set_permissions(fixture.host(path), fs::Permissions::from_mode(mode)).expect(path);
        }
        let private = || Some(Err(PRIVATE.to_owned()));
        let paths = [
            "link",
            "hard",
            "etc/shadow",
            "notes",
            "etc/open",
            "large",
            "fifo",
            "gone",
            "absent",
        ];
        let paths = paths.map(|path| format!("/home/ana/{path}"));
        let wrong = |why: &str| Some(Err(why.to_owned()));
        assert_eq!(
            told(&fixture, &paths.each_ref().map(String::as_str)),
            [
                private(),
                private(),
                private(),
                private(),
                Some(Ok("open".to_owned())),
                wrong("larger than 8 bytes"),
                wrong("is a FIFO"),
                wrong("link leads nowhere"),
                None,
            ]
        );
    }

    #[test]
    fn root_reads_everything_in_its_home() {
        let fixture = Fixture::new().file("/root/.x", "x");
        fs::set_permissions(fixture.host("/root/.x"), fs::Permissions::from_mode(0o600)).expect("mode");
        fixture.scan(|scan| {
            let root = scan.homes().remove(0);
            assert_eq!(
                scan.content_for(&root, "/root/.x".as_ref(), 8),
                Some(Ok(b"x".to_vec()))
            );
            Ok(())
        });
    }

    #[test]
    fn what_a_file_names_is_for_all_who_could_have_written_it() {
        let fixture = Fixture::new()
            .file("/etc/passwd", "ana:x:4242:1::/home/ana:\n")
            .file("/home/ana/.gitconfig", "")
            .file("/srv/site/config", "")
            .file("/etc/team", "")
            .file("/etc/secret", "")
            .file("/root/SECRET", "")
            .link("/etc/site", "/srv/site/config");
        for (path, mode) in [
            ("/etc/secret", 0o600),
            ("/root", 0o700),
            ("/srv/site/config", 0o666),
        ] {
            fs::set_permissions(fixture.host(path), fs::Permissions::from_mode(mode)).expect(path);
        }
        let seen = fixture.scan(|scan| {
            let _ = scan.homes();
            let secret = Path::new("/etc/secret");
            let mut told = |by: &[&str]| {
                by.iter().for_each(|by| scan.begin_named_by(by.as_ref()));
                let content = scan.content(secret, 8);
                let names = scan.list("/root".as_ref()).len();
                by.iter().for_each(|_| scan.end_named_by());
                assert_eq!(content == Some(Ok(Vec::new())), names == 1, "{by:?}");
                names == 1
            };
            assert!(told(&[]) && told(&["/etc/team"]));
            for by in [
                "/home/ana/.gitconfig",
                "/srv/site/config",
                "/etc/site",
                "/etc/gone",
            ] {
                assert!(
                    !told(&[by]) && !told(&[by, "/etc/team"]) && !told(&["/etc/team", by]),
                    "{by}"
                );
            }
            Ok(())
        });
        let at = |path: &str| seen.gaps.iter().filter(|gap| gap.path == path).count();
        assert_eq!(
            (at("/home/ana/.gitconfig"), at("/etc/team"), at("/root")),
            (2, 4, 0)
        );
    }

    #[test]
    fn names_are_told_as_far_as_whoever_led_there_may_list_them() {
        let fixture = Fixture::new()
            .file("/etc/passwd", "ana:x:4242:1::/home/ana:\n")
            .file("/root/SECRET", "")
            .file("/srv/open/x", "")
            .link("/home/ana/closed", "/root")
            .link("/home/ana/open", "/srv/open")
            .link("/etc/closed", "/root");
        fs::set_permissions(fixture.host("/root"), fs::Permissions::from_mode(0o700)).expect("mode");
        let seen = fixture.scan(|scan| {
            let _ = scan.homes();
            let names = ["/home/ana/closed", "/home/ana/open", "/etc/closed"]
                .map(|folder| scan.list(folder.as_ref()).len());
            assert_eq!(names, [0, 1, 1], "a link of the system's is its own");
            assert_eq!(scan.behind("/home/ana/closed".as_ref()), None);
            assert_eq!(scan.behind("/home/ana/open".as_ref()), Some("/srv/open".into()));
            assert_eq!(
                scan.read("/home/ana/closed/SECRET".as_ref(), 8),
                None,
                "its folder is closed"
            );
            Ok(())
        });
        assert_eq!(
            seen.snapshot(),
            "gap /home/ana/closed (permission)\ngap /home/ana/closed (permission)\n\
             gap /home/ana/closed/SECRET (permission)"
        );
    }
}
