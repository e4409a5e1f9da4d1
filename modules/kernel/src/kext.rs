//! macOS: kernel extensions, DriverKit drivers and kernel collections on disk.

use crate::bundle;
use assay_sdk::{FileType, Result, Scan};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "{/System,}/Library/Extensions/**",
    "/Library/StagedExtensions/**",
    "/Library/Filesystems/*.fs/Contents/Extensions/**",
    "{/System,}/Library/DriverExtensions/**",
    "{/System,}/Library/KernelCollections/*.kc",
];

/// Where extensions are, and how deep: staging copies whole paths, a file system keeps one a system version.
const KEXTS: &[(&str, usize)] = &[
    ("/Library/Extensions", 4),
    ("/System/Library/Extensions", 4),
    ("/Library/StagedExtensions", 12),
];
const DRIVERS: &[&str] = &["/Library/DriverExtensions", "/System/Library/DriverExtensions"];
const COLLECTIONS: &[&str] = &["/Library/KernelCollections", "/System/Library/KernelCollections"];
const FILE_SYSTEMS: &str = "/Library/Filesystems";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for (place, depth) in KEXTS {
        bundles(scan, "kext", Path::new(place), b".kext", *depth)?;
    }
    let file_systems = Path::new(FILE_SYSTEMS);
    for listed in scan.list(file_systems) {
        if listed.file_type == FileType::Directory {
            let place = file_systems.join(listed.name).join("Contents/Extensions");
            bundles(scan, "kext", &place, b".kext", 4)?;
        }
    }
    for place in DRIVERS {
        bundles(scan, "driver_extension", Path::new(place), b".dext", 1)?;
    }
    for place in COLLECTIONS {
        for path in scan.files(Path::new(place), |name| name.ends_with(b".kc")) {
            if let Some(own) = scan.own_program("kernel_collection", &path) {
                scan.entry(own.entry)?;
            }
        }
    }
    Ok(())
}

fn bundles(scan: &mut Scan<'_>, kind: &str, place: &Path, ending: &[u8], depth: usize) -> Result<()> {
    for path in bundle::find(scan, place, ending, depth)? {
        if let Some(entry) = bundle::entry(scan, kind, &path) {
            scan.entry(entry)?;
        }
    }
    Ok(())
}
