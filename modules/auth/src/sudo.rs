//! `sudo.conf`, and the libraries that sudo loads.

use assay_sdk::{Entry, Keys, Os, Result, Scan, Text, lines};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "{/private,/usr/local,}/etc/sudo.conf",
    "{/usr,/usr/local,/opt/homebrew}/{lib,libexec}/sudo/*.so",
];

const FOLDERS: [&str; 5] = [
    "/usr/libexec/sudo",
    "/usr/lib/sudo",
    "/usr/local/libexec/sudo",
    "/usr/local/lib/sudo",
    "/opt/homebrew/libexec/sudo",
];
const LIMIT: u64 = 256 << 10;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for folder in FOLDERS.map(Path::new) {
        for path in scan.files(folder, |name| name.ends_with(b".so")) {
            if let Some(own) = scan.own_program("sudo_plugin", &path) {
                scan.entry(own.entry)?;
            }
        }
    }
    let main = if scan.os() == Os::Linux {
        "/etc/sudo.conf"
    } else {
        "/private/etc/sudo.conf"
    };
    for path in [main, "/usr/local/etc/sudo.conf"].map(Path::new) {
        conf(scan, path)?;
    }
    Ok(())
}

/// `Plugin symbol path arguments`, `Path name path`, `Set name value`, `Debug program file flags`.
fn conf(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let text = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => text,
        Some(Err(why)) => return scan.entry(Entry::new("sudo_setting", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    let lines = lines::read(&text)
        .comments(b"#")
        .comments_after_blanks()
        .joined_by(b" ");
    for line in lines {
        let mut words = line
            .text
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let Some(directive) = words.next() else { continue };
        let name = words.next().unwrap_or_default();
        let value: Vec<&[u8]> = words.collect();
        let programs = match (directive, value.first()) {
            (b"Plugin" | b"Path", Some(file)) => file_of(scan, file),
            _ => Vec::new(),
        };
        let name = [directive, name].join(&b' ');
        let key = [path.as_os_str().as_bytes(), b": ", name.trim_ascii_end()].concat();
        let entry = Entry::new("sudo_setting", keys.unique(key.into()), path);
        let value = value.join(&b' ');
        scan.entry(
            entry
                .maybe("value", (!value.is_empty()).then_some(value))
                .programs(programs),
        )?;
    }
    Ok(())
}

/// A library by its path, or by its name in the folder of plug-ins.
fn file_of(scan: &mut Scan<'_>, file: &[u8]) -> Vec<Text> {
    scan.programs().path(&FOLDERS.join(":")).argv(&[file.into()])
}
