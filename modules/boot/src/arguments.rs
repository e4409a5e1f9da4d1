//! Files of which the kernel's command line is made.

use crate::effective::{self, key};
use crate::parse::menus;
use assay_sdk::{Entry, Result, Scan, Value};
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/{etc,usr/lib}/kernel/cmdline",
    "/etc/{kernel/,}cmdline.d/*.conf",
    "/boot/{,firmware/}cmdline.txt",
];

const FILES: [&str; 4] = [
    "/etc/kernel/cmdline",
    "/usr/lib/kernel/cmdline",
    "/boot/cmdline.txt",
    "/boot/firmware/cmdline.txt",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    for folder in ["/etc/cmdline.d", "/etc/kernel/cmdline.d"].map(Path::new) {
        paths.extend(scan.files(folder, |name| name.ends_with(b".conf")));
    }
    for path in paths {
        let Some(text) = effective::text(scan, "kernel_argument", &path)? else {
            continue;
        };
        for (name, values) in menus::arguments(&text) {
            let mut programs = Vec::new();
            if name == b"init" || name == b"rdinit" {
                for value in &values {
                    programs.extend(scan.programs().argv(std::slice::from_ref(value)));
                }
            }
            let entry = Entry::new("kernel_argument", key(&name, &path), &path).programs(programs);
            let values = (!values.is_empty()).then(|| values.into_iter().collect::<Value>());
            scan.entry(entry.maybe("values", values))?;
        }
    }
    Ok(())
}
