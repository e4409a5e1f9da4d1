//! Linux: module files that the kernel's package does not bring.

use crate::parse;
use assay_sdk::{Entry, FileType, GapReason, Last, Result, Scan};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["{/usr,}/lib/modules/**"];

/// The second is the first after usrmerge.
const BASES: &[&str] = &["/usr/lib/modules", "/lib/modules"];
/// Where modules go that no kernel brings: always listed, whatever an index says.
const FOREIGN: &[&str] = &["dkms", "extra", "misc", "updates", "weak-updates"];
/// Headers and sources of the kernel; depmod passes them by as well.
const SKIPPED: &[&str] = &["build", "source"];
const INDEX_LIMIT: u64 = 16 << 20;
/// A distribution's kernel has about a thousand folders, ten deep.
const MAX_FOLDERS: usize = 20_000;
const MAX_DEPTH: usize = 24;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut seen = HashSet::new();
    for base in BASES.iter().map(Path::new) {
        for kernel in scan.list(base) {
            if matches!(kernel.file_type, FileType::Directory | FileType::Symlink) {
                let path = base.join(kernel.name);
                if is_new_folder(scan, &path, &mut seen) {
                    tree(scan, &path, &mut seen)?;
                }
            }
        }
    }
    Ok(())
}

fn tree(scan: &mut Scan<'_>, kernel: &Path, seen: &mut HashSet<PathBuf>) -> Result<()> {
    let brought = brought(scan, kernel)?;
    let mut folders = 0;
    let mut todo = vec![Folder::default()];
    while let Some(Folder { below, depth, linked }) = todo.pop() {
        let path = kernel.join(&below);
        if linked && !is_new_folder(scan, &path, seen) {
            continue;
        }
        folders += 1;
        if folders > MAX_FOLDERS || depth > MAX_DEPTH {
            return scan.gap(&path, GapReason::TooBig, "too many folders");
        }
        let foreign = below
            .iter()
            .next()
            .is_some_and(|first| FOREIGN.iter().any(|f| first == *f));
        for listed in scan.list(&path).into_iter().rev() {
            let name = below.join(&listed.name);
            let module = parse::without_compression(name.as_os_str().as_bytes());
            if module.ends_with(b".ko") && listed.file_type != FileType::Directory {
                if (foreign || !brought.contains(module))
                    && let Some(own) = scan.own_program("kernel_module_file", &kernel.join(&name))
                {
                    scan.entry(own.entry)?;
                }
            } else if SKIPPED.iter().all(|skipped| listed.name != *skipped) {
                // depmod follows links to folders, and so does whoever hides a module.
                match listed.file_type {
                    FileType::Directory => todo.push(Folder {
                        below: name,
                        depth: depth + 1,
                        linked,
                    }),
                    FileType::Symlink => todo.push(Folder {
                        below: name,
                        depth: depth + 1,
                        linked: true,
                    }),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// A folder that is still to be looked at.
#[derive(Default)]
struct Folder {
    /// Its path below the kernel's own folder.
    below: PathBuf,
    depth: usize,
    /// Whether a link led to it, so that it may have been seen by another name.
    linked: bool,
}

/// The modules of a kernel as it was built, without the ending of a compression.
///
/// `modules.order` comes with the kernel and never changes, so that a line added to it, to make a module look as
/// if it belonged, is news by itself. Where it is missing, nothing better is left than what depmod found.
fn brought(scan: &mut Scan<'_>, kernel: &Path) -> Result<HashSet<Vec<u8>>> {
    let order = kernel.join("modules.order");
    let entry = Entry::new("kernel_module_index", order.as_path(), &order);
    let text = match scan.content(&order, INDEX_LIMIT) {
        Some(Ok(text)) => {
            scan.entry(entry)?;
            Some(text)
        }
        Some(Err(why)) => {
            scan.entry(entry.unparsable(why))?;
            None
        }
        None => None,
    };
    let text = text.or_else(|| scan.read(&kernel.join("modules.dep"), INDEX_LIMIT));
    Ok(parse::module_index(&text.unwrap_or_default())
        .map(<[u8]>::to_vec)
        .collect())
}

fn is_new_folder(scan: &Scan<'_>, path: &Path, seen: &mut HashSet<PathBuf>) -> bool {
    let Ok(real) = scan.root().canonical(path) else {
        return false;
    };
    let stat = scan.root().stat(&real, Last::Keep).ok().flatten();
    stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory) && seen.insert(real)
}
