//! Python environments in projects: what their `site-packages` makes every start run.

use crate::search::Found;
use assay_sdk::{Entry, FileType, Keys, Result, Scan, lines};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["~/**/lib/python*/site-packages/*.pth"];

const KIND: &str = "python_environment_line";
const FILE_LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>, found: &Found) -> Result<()> {
    let mut keys = Keys::default();
    for environment in &found.environments {
        let lib = environment.join("lib");
        let is_python = |name: &[u8]| name.starts_with(b"python") || name.starts_with(b"pypy");
        let versions = scan.list(&lib).into_iter();
        let versions =
            versions.filter(|l| l.file_type == FileType::Directory && is_python(l.name.as_bytes()));
        for version in versions {
            let folder = lib.join(version.name).join("site-packages");
            let wanted = |name: &[u8]| {
                name.ends_with(b".pth") || matches!(name, b"sitecustomize.py" | b"usercustomize.py")
            };
            for path in scan.files(&folder, wanted) {
                one_file(scan, &path, &mut keys)?;
            }
        }
    }
    Ok(())
}

fn one_file(scan: &mut Scan<'_>, path: &Path, keys: &mut Keys) -> Result<()> {
    let text = match scan.content(path, FILE_LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => text,
        Some(Err(why)) => return scan.entry(Entry::new(KIND, path, path).unparsable(why)),
    };
    for line in lines::read(&text).comments(b"#").trimmed() {
        // As much of it as people want to read in a key; the field has all.
        let shown = line.text.get(..256).unwrap_or(&line.text);
        let key = [path.as_os_str().as_bytes(), b": ", shown].concat();
        let entry = Entry::new(KIND, keys.unique(key.into()), path);
        scan.entry(entry.field("line", &*line.text))?;
    }
    Ok(())
}
