//! macOS: the folders that path_helper puts into PATH at login, before and after those of the system.

use assay_sdk::{Entry, Keys, Result, Scan, lines};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["/private/etc/paths", "/private/etc/paths.d/*"];

const LIMIT: u64 = 256 << 10;
const MAX_LINES: usize = 2000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut files = vec![PathBuf::from("/private/etc/paths")];
    files.extend(scan.files(Path::new("/private/etc/paths.d"), |_| true));
    let mut keys = Keys::default();
    for path in files {
        let text = match scan.content(&path, LIMIT) {
            None => continue,
            Some(Ok(text)) => text,
            Some(Err(why)) => {
                scan.entry(Entry::new("path_folder", path.as_path(), &path).unparsable(why))?;
                continue;
            }
        };
        let folders: Vec<_> = lines::read(&text).take(MAX_LINES).collect();
        let system = folders.iter().position(|folder| &*folder.text == b"/usr/bin");
        for (at, folder) in folders.iter().enumerate() {
            let key = [path.as_os_str().as_bytes(), b": ", &folder.text].concat();
            let before_system = system.is_some_and(|system| at < system).then_some(true);
            let entry = Entry::new("path_folder", keys.unique(key.into()), &path)
                .field("line", folder.number)
                .maybe("before_system", before_system);
            scan.entry(entry)?;
        }
    }
    Ok(())
}
