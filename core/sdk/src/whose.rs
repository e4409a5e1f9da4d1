//! Files that a home leads to, told only where whoever has the home may read them.

use crate::homes::Home;
use crate::scan::Scan;
use assay_root::{Last, RootError, Stat, Why};
use std::io::Read as _;
use std::path::Path;

/// Why [`Scan::content_for`] does not tell what a file holds.
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::new().file("/etc/passwd", "ana:x:4242:1::/home/ana:\n").folder("/home/ana");
/// # let fixture = fixture.file("/etc/shadow", "").link("/home/ana/.tmux.conf", "/etc/shadow");
/// # use std::os::unix::fs::PermissionsExt as _;
/// # std::fs::set_permissions(fixture.host("/etc/shadow"), std::fs::Permissions::from_mode(0o600)).unwrap();
/// # fixture.scan(|scan| {
/// # let home = scan.homes().remove(0);
/// let read = scan.content_for(&home, &home.path.join(".tmux.conf"), 1 << 20);
/// assert_eq!(read, Some(Err(assay_sdk::PRIVATE.to_owned())));
/// # Ok(())
/// # });
/// ```
pub const PRIVATE: &str = "not readable by whoever has this home";

impl Scan<'_> {
    /// As [`Scan::content`], for a path in somebody's home: it is [`PRIVATE`] unless the file that was opened is
    /// theirs, or everybody may read it. A link, a hard link or an `include` there would else make root write what is
    /// another's into a log. Such a file is compared by its bytes: it is an entry that is unparsable, or an
    /// [`own_program`](Scan::own_program).
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
        match self.read_for(home, path, limit) {
            Ok(bytes) => Some(bytes.ok_or_else(|| PRIVATE.to_owned())),
            // A gap is where the entry would be, not where a link leads.
            Err(why) => {
                let error = RootError {
                    path: path.to_owned(),
                    why,
                };
                self.odd(path, error).map(Err)
            }
        }
    }

    /// What a file holds, unless it is private.
    fn read_for(&self, home: &Home, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Why> {
        let real = self.root().canonical(path).map_err(|error| error.why)?;
        let (file, stat) = self
            .root()
            .open_file(&real, Last::Keep)
            .map_err(|error| error.why)?;
        if !self.may_read(home, &real, &stat) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(Why::Io)?;
        if bytes.len() as u64 > limit {
            return Err(Why::TooBig { limit });
        }
        Ok(Some(bytes))
    }

    /// Whether whoever has a home may read the file that is open.
    fn may_read(&self, home: &Home, real: &Path, opened: &Stat) -> bool {
        let stat = |path: &Path| self.root().stat(path, Last::Keep).ok().flatten();
        // An account that no database names has the home that it owns. Root's would be anybody's.
        let owner_of_home = || stat(&home.path).map(|home| home.st_uid).filter(|uid| *uid != 0);
        let uid = home.uid.or_else(owner_of_home);
        if uid == Some(0) || uid == Some(opened.st_uid) {
            return true;
        }
        // Whoever may change folders on the way could have had another file opened.
        let still_there = || self.root().canonical(real).is_ok_and(|now| now == real);
        let is_it = || stat(real).is_some_and(|it| (it.st_dev, it.st_ino) == (opened.st_dev, opened.st_ino));
        // Their own folders they may enter, whatever the mode.
        let enters = |folder: &Stat| uid == Some(folder.st_uid) || folder.st_mode & 0o001 != 0;
        let above = real.ancestors().skip(1);
        let mut above = above.filter(|folder| !home.path.starts_with(folder));
        opened.st_mode & 0o004 != 0
            && still_there()
            && is_it()
            && above.all(|folder| stat(folder).as_ref().is_some_and(enters))
    }
}

#[cfg(test)]
mod tests {
    use super::PRIVATE;
    use crate::testkit::Fixture;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    /// What Ana is told of each path; she owns no file of the fixture.
    fn told(fixture: &Fixture, paths: &[&str]) -> Vec<Option<Result<String, String>>> {
        let mut told = Vec::new();
        fixture.scan(|scan| {
            let homes = scan.homes();
            let ana = homes.iter().find(|home| home.uid == Some(4242)).expect("Ana");
            for path in paths {
                let text = scan.content_for(ana, path.as_ref(), 8);
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
}
