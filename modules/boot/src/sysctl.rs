//! sysctl settings that are made at boot, among them the programs that the kernel runs by itself.

use crate::effective::{self, key};
use crate::parse::sysctl;
use assay_sdk::{Entry, Result, Scan, Text, split_words};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/sysctl.conf",
    "/{etc,run,usr/local/lib,usr/lib,lib}/sysctl.d/*.conf",
];

/// Settings whose value is the path of a program.
const HELPERS: [&[u8]; 3] = [b"kernel.modprobe", b"kernel.hotplug", b"kernel.poweroff_cmd"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let main = PathBuf::from("/etc/sysctl.conf");
    let mut paths = effective::files(scan, "sysctl.d", b".conf");
    // Debian's `sysctl.d/99-sysctl.conf` is a link to it.
    let real = scan.root().canonical(&main);
    let real = scan.or_gap(real);
    paths.retain(|path| real.is_none() || scan.root().canonical(path).ok() != real);
    paths.push(main);
    for path in paths {
        let Some(text) = effective::text(scan, "sysctl_setting", &path)? else {
            continue;
        };
        for (name, value) in sysctl::settings(&text) {
            scan_setting(scan, &path, &name, &value)?;
        }
    }
    Ok(())
}

fn scan_setting(scan: &mut Scan<'_>, path: &Path, name: &[u8], value: &[u8]) -> Result<()> {
    let command = match name {
        b"kernel.core_pattern" => Some(value.strip_prefix(b"|").unwrap_or_default()),
        _ => HELPERS.contains(&name).then_some(value),
    };
    let kind = if command.is_some() {
        "sysctl_helper"
    } else {
        "sysctl_setting"
    };
    let words: Vec<Text> = split_words(command.unwrap_or_default())
        .into_iter()
        .map(|word| word.text)
        .collect();
    let programs = scan.programs().argv(&words);
    let entry = Entry::new(kind, key(name, path), path).field("value", value);
    scan.entry(entry.programs(programs))
}
