//! Programs that count as login shells: chsh, su and some servers let nobody in with another one.

use assay_sdk::{Entry, Keys, Result, Scan, lines};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/shells",
    "/private/etc/shells",
    "/usr/etc/shells",
    "/usr/share/defaults/etc/shells",
    "/usr/share/debianutils/shells.d/*",
];

/// Where the lines have no need to say which file they are of.
const MAIN: [&str; 2] = ["/etc/shells", "/private/etc/shells"];
const VENDORS: [&str; 2] = ["/usr/etc/shells", "/usr/share/defaults/etc/shells"];
/// What update-shells(8) makes `/etc/shells` of.
const FRAGMENTS: &str = "/usr/share/debianutils/shells.d";
const LIMIT: u64 = 256 << 10;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    // On a Mac the one is a link to the folder of the other.
    let main = match scan.os() {
        assay_sdk::Os::Linux => MAIN[0],
        assay_sdk::Os::Macos => MAIN[1],
    };
    let mut paths: Vec<PathBuf> = [main].iter().chain(&VENDORS).map(PathBuf::from).collect();
    paths.extend(scan.files(Path::new(FRAGMENTS), |_| true));
    for path in paths {
        shells(scan, &path, path == Path::new(main))?;
    }
    Ok(())
}

fn shells(scan: &mut Scan<'_>, path: &Path, is_main: bool) -> Result<()> {
    let text = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => text,
        Some(Err(why)) => return scan.entry(Entry::new("login_shell", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    for line in lines::read(&text).comments(b"#") {
        let shell = &*line.text;
        let key = if is_main {
            shell.to_vec()
        } else {
            [path.as_os_str().as_bytes(), b": ", shell].concat()
        };
        let programs = scan.programs().argv(&[shell.into()]);
        let entry = Entry::new("login_shell", keys.unique(key.into()), path);
        scan.entry(entry.field("line", line.number).programs(programs))?;
    }
    Ok(())
}
