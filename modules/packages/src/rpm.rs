//! rpm: the scripts of installed packages, and the keys that it was given.

use crate::parse::rpm::{self, Package};
use crate::unparsable;
use assay_sdk::secrets::hide_in_code;
use assay_sdk::sqlite::Database;
use assay_sdk::{Entry, Keys, Result, Scan, Text};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"];

const KIND: &str = "rpm_script";
/// A workstation with all its languages has some hundred MiB.
const MAX_DATABASE: u64 = 256 << 20;
/// Bytes of one header: those of kernels name ten thousand files.
const MAX_HEADER: i32 = 8 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut known = BTreeSet::new();
    for path in WATCH {
        // One of the two is often a link to the other.
        let real = scan.root().canonical(Path::new(path));
        if let Some(real) = scan.or_gap(real)
            && known.insert(real.clone())
        {
            database(scan, &real)?;
        }
    }
    Ok(())
}

fn database(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let mut packages = Vec::new();
    let read = match Database::read_within(scan, path, MAX_DATABASE) {
        Some(Ok(mut database)) => database.each_row("Packages", MAX_HEADER, |row| {
            packages.extend(row.bytes("blob").and_then(rpm::package));
        }),
        Some(Err(error)) => Err(error),
        None => return Ok(()),
    };
    if let Err(error) = read {
        return unparsable(scan, KIND, path, &error.to_string());
    }
    let mut keys = Keys::default();
    for package in packages {
        if package.name == b"gpg-pubkey" {
            public_key(scan, path, package, &mut keys)?;
        } else {
            scripts(scan, path, package, &mut keys)?;
        }
    }
    Ok(())
}

/// A key is kept as if it were a package; its version is a part of its fingerprint.
fn public_key(scan: &mut Scan<'_>, path: &Path, package: Package, keys: &mut Keys) -> Result<()> {
    let name = keys.unique(package.version.into());
    scan.entry(Entry::new("rpm_key", name, path).maybe("owner", package.summary))
}

fn scripts(scan: &mut Scan<'_>, path: &Path, package: Package, keys: &mut Keys) -> Result<()> {
    for script in package.scripts {
        let name = [
            &package.name[..],
            b".",
            &package.arch,
            b" ",
            script.when.as_bytes(),
        ]
        .concat();
        // `<lua>` is a part of rpm, and no program.
        let is_program = script.interpreter.starts_with(b"/");
        let interpreter = Text::from(script.interpreter);
        let mut programs = Vec::new();
        if is_program {
            programs = scan.programs().shell(interpreter.as_bytes());
            programs.extend(scan.programs().shell(&script.text));
            programs.dedup();
        }
        let entry = Entry::new(KIND, keys.unique(name.into()), path)
            .field("interpreter", interpreter)
            .field("script", &*hide_in_code(&script.text))
            .maybe("vendor", package.vendor.clone())
            .maybe("unsigned", (!package.signed).then_some(true))
            .field("version", package.version.clone());
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}
