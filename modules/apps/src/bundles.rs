//! The entry of a bundle, or of a script where a bundle may be one.

use crate::parse;
use assay_sdk::{Bundle, Entry, FileType, Last, Scan, Value};
use std::path::Path;

/// An entry with what all bundles have, and the bundle; `None` when nothing is there.
pub(crate) fn entry(scan: &mut Scan<'_>, kind: &str, path: &Path) -> Option<(Entry, Bundle)> {
    let bundle = scan.bundle(path)?;
    // Contacts takes a script for a plug-in, and a screen saver may be one document.
    if bundle.broken.is_some() && is(scan, path, FileType::RegularFile) {
        return Some((scan.own_program(kind, path)?.entry, bundle));
    }
    let target = scan.root().read_link(path).ok();
    let types = parse::document_types(&bundle.info);
    let claims = !types.is_empty() && matches!(kind, "spotlight_importer" | "quicklook_generator");
    let entry = Entry {
        unparsable: bundle.broken.clone(),
        ..Entry::new(kind, path, &bundle.source)
    };
    let entry = entry
        .maybe("identifier", bundle.text("CFBundleIdentifier"))
        .maybe("executable", bundle.text("CFBundleExecutable"))
        .maybe("principal", parse::principal(&bundle.info))
        .maybe("types", claims.then(|| Value::from_iter(types)))
        .maybe("link_target", target.as_deref())
        .maybe("version", parse::version(&bundle.info))
        .programs(bundle.program.iter().cloned().collect());
    Some((entry, bundle))
}

/// Whether a path leads to something of that type.
pub(crate) fn is(scan: &Scan<'_>, path: &Path, wanted: FileType) -> bool {
    let stat = scan.root().stat(path, Last::Follow).ok().flatten();
    stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == wanted)
}

/// Whether a name ends in one of these, in any case: the file system of a Mac knows none.
pub(crate) fn ends(name: &[u8], endings: &[&str]) -> bool {
    let is = |ending: &&str| {
        let at = name.len().checked_sub(ending.len()).filter(|at| *at > 0);
        let tail = at.and_then(|at| name.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(ending.as_bytes()))
    };
    endings.iter().any(is)
}
