//! Who may put files into a folder from which code is loaded.

use assay_sdk::{FileType, Last, Scan};
use std::path::Path;

/// Who else than root may put files there, or that it is missing, so that who makes it may. Root is who owns the root
/// folder: a disk may be mounted with other numbers.
pub(crate) fn loose(scan: &mut Scan<'_>, folder: &Path) -> Option<String> {
    let stat = scan.root().stat(folder, Last::Follow);
    let Some(stat) = scan.or_gap(stat)? else {
        return Some("missing".to_owned());
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Some("no folder".to_owned());
    }
    let top = scan.stat(Path::new("/"))?;
    if stat.st_mode & 0o002 != 0 {
        Some("everybody".to_owned())
    } else if stat.st_uid != top.st_uid {
        Some(format!("user {}", stat.st_uid))
    } else if stat.st_mode & 0o020 != 0 && stat.st_gid != top.st_gid {
        Some(format!("group {}", stat.st_gid))
    } else {
        None
    }
}
