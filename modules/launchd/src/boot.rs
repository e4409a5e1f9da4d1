//! Files that launchd's built-in boot tasks run as root when they are there, by a fixed name.

use assay_sdk::{Result, Scan};
use std::path::Path;

pub(crate) const TASK: &str = "boot_task";

/// Only `rc.netboot` is there on a Mac as it comes; installers leave `deferred_install` for minutes.
pub(crate) const TASKS: &[&str] = &[
    "/private/etc/rc.server",
    "/private/etc/rc.cdrom",
    "/private/etc/rc.netboot",
    "/private/etc/rc.installer_cleanup",
    "/private/etc/rc.cleanup",
    "/private/etc/rc.deferred_install",
    "/Library/Apple/usr/libexec/finish_demo_restore",
    "/private/var/install/shutdown_installer_tasks",
    "/private/var/install/deferred_install",
];

/// Lists those that exist.
pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for task in TASKS {
        if let Some(own) = scan.own_program(TASK, Path::new(task)) {
            scan.entry(own.entry)?;
        }
    }
    Ok(())
}
