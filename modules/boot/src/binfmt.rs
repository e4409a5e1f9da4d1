//! Binary formats: the kernel gives files that begin with certain bytes to an interpreter.

use crate::effective::{self, key};
use crate::parse::binfmt::{self, Format};
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "/{etc,run,usr/local/lib,usr/lib,lib}/binfmt.d/*.conf",
    "/{usr/share,var/lib}/binfmts/*",
];
const KIND: &str = "binary_format";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for path in effective::files(scan, "binfmt.d", b".conf") {
        let Some(text) = effective::text(scan, KIND, &path)? else {
            continue;
        };
        let mut keys = Keys::default();
        for (name, format) in binfmt::registrations(&text) {
            let key = keys.unique(key(&name, &path));
            scan_format(scan, key, &path, format)?;
        }
    }
    debian(scan, "/usr/share/binfmts", |text| Some(binfmt::described(text)))?;
    debian(scan, "/var/lib/binfmts", binfmt::remembered)
}

fn debian(scan: &mut Scan<'_>, folder: &str, read: impl Fn(&[u8]) -> Option<Format>) -> Result<()> {
    for path in scan.files(Path::new(folder), |name| !name.starts_with(b".")) {
        let Some(text) = effective::text(scan, KIND, &path)? else {
            continue;
        };
        let name = path.file_name().unwrap_or_default().as_bytes();
        let key = key(name, &path);
        match read(&text) {
            Some(format) => scan_format(scan, key, &path, format)?,
            None => scan.entry(Entry::new(KIND, key, &path).unparsable("has too few lines"))?,
        }
    }
    Ok(())
}

fn scan_format(scan: &mut Scan<'_>, key: Text, path: &Path, format: Format) -> Result<()> {
    let mut programs = Vec::new();
    for program in [&format.interpreter, &format.detector] {
        programs.extend(scan.programs().argv(&[program.clone().into()]));
    }
    let said = |value: Vec<u8>| (!value.is_empty()).then_some(value);
    let entry = Entry::new(KIND, key, path)
        .maybe("interpreter", said(format.interpreter))
        .maybe("detector", said(format.detector))
        .maybe("matches", said(format.matches))
        .maybe("flags", said(format.flags));
    scan.entry(entry.programs(programs))
}
