//! Linux: what the running kernel says that it has loaded.

use crate::parse;
use assay_sdk::{Entry, Result, Scan};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const LOADED: &str = "/proc/modules";
const SYSFS: &str = "/sys/module";
const LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    // An image has nothing there, and what somebody put there would say nothing of a kernel.
    if scan.root().is_live() {
        loaded(scan)
    } else {
        Ok(())
    }
}

fn loaded(scan: &mut Scan<'_>) -> Result<()> {
    // A kernel without module support has no such file.
    if scan.stat(Path::new(LOADED)).is_none() {
        return Ok(());
    }
    // Looked at before and after: what was loaded or unloaded meanwhile is not taken for hidden.
    let before = in_sysfs(scan);
    let Some(text) = scan.read(Path::new(LOADED), LIMIT) else {
        return Ok(());
    };
    let loaded = parse::loaded_modules(&text);
    let names: HashSet<&[u8]> = loaded.iter().map(|module| module.name).collect();
    for module in &loaded {
        let entry = Entry::new("loaded_module", module.name, Path::new(LOADED));
        scan.entry(entry.maybe("taint", module.taint))?;
    }
    for path in before {
        let name = path.file_name().unwrap_or_default().as_bytes();
        if !names.contains(name) && is_loaded(scan, &path) {
            scan.entry(Entry::new("loaded_module", name, &path).field("hidden", true))?;
        }
    }
    Ok(())
}

fn in_sysfs(scan: &mut Scan<'_>) -> Vec<PathBuf> {
    let folder = Path::new(SYSFS);
    let mut modules: Vec<PathBuf> = scan
        .list(folder)
        .into_iter()
        .map(|l| folder.join(l.name))
        .collect();
    modules.retain(|module| is_loaded(scan, module));
    modules
}

/// What is built into the kernel has a folder as well, but no state.
fn is_loaded(scan: &mut Scan<'_>, module: &Path) -> bool {
    scan.stat(&module.join("initstate")).is_some()
}

#[cfg(test)]
mod tests {
    use crate::Kernel;
    use assay_sdk::testkit::Fixture;
    use assay_sdk::{Manifest, Module, Result, Scan};

    /// The part that only runs on a live system, over a fixture.
    struct Live;

    impl Module for Live {
        fn manifest() -> Manifest {
            Kernel::manifest()
        }
        fn collect(scan: &mut Scan<'_>) -> Result<()> {
            super::loaded(scan)
        }
    }

    #[test]
    fn a_module_that_left_proc_modules_is_hidden() {
        let fixture = Fixture::new()
            .file(
                "/proc/modules",
                "tun 61440 2 - Live 0x0\nwire 16384 0 - Live 0x0 (OE)\n",
            )
            .file("/sys/module/tun/initstate", "live\n")
            .file("/sys/module/wire/initstate", "live\n")
            .folder("/sys/module/printk/parameters")
            .file("/sys/module/shade/initstate", "live\n");
        let expected = "\
loaded_module shade  (/sys/module/shade)
    hidden = true
loaded_module tun  (/proc/modules)
loaded_module wire  (/proc/modules)
    taint = OE";
        assert_eq!(fixture.collect::<Live>().snapshot(), expected);
    }

    #[test]
    fn a_kernel_without_modules_is_silent() {
        let seen = Fixture::new()
            .file("/sys/module/printk/uevent", "")
            .collect::<Live>();
        assert!(seen.entries.is_empty() && seen.gaps.is_empty(), "{seen:?}");
    }
}
