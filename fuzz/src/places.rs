//! Where modules find what is fuzzed. New places come at the end: a corpus names them by number.

/// The accounts of every Linux root.
pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nmia:x:1001:1002::/home/mia:/bin/sh\n";

/// A file that a module reads, in a root of one of the two systems.
#[derive(Clone, Copy)]
pub struct Place(pub System, pub &'static str);

/// The system of a root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Linux,
    Mac,
}
use System::{Linux, Mac};

/// Crontabs and their kin.
pub const CRON: &[Place] = &[
    Place(Linux, "/etc/crontab"),
    Place(Linux, "/var/spool/cron/crontabs/mia"),
    Place(Linux, "/etc/anacrontab"),
    Place(Linux, "/var/spool/cron/atjobs/a0000101c7b2f4"),
    Place(Linux, "/etc/cron.daily/job"),
    Place(Linux, "/etc/cron.allow"),
    Place(Mac, "/private/var/at/tabs/mia"),
    Place(Mac, "/private/etc/periodic.conf"),
    Place(Mac, "/private/etc/daily.local"),
    Place(Linux, "/etc/passwd"),
];

/// What makes the kernel load code.
pub const KERNEL: &[Place] = &[
    Place(Linux, "/etc/modules"),
    Place(Linux, "/etc/modprobe.d/x.conf"),
    Place(Linux, "/etc/modules-load.d/x.conf"),
    Place(Linux, "/etc/sysconfig/kernel"),
    Place(Linux, "/usr/src/x-1/dkms.conf"),
    Place(Linux, "/lib/modules/6.1.0/modules.dep"),
    Place(Linux, "/proc/modules"),
    Place(Mac, "/Library/Extensions/X.kext/Contents/Info.plist"),
    Place(Mac, "/Library/SystemExtensions/db.plist"),
    Place(Mac, "/private/var/db/SystemPolicyConfiguration/KextPolicy"),
];

/// Jobs of launchd.
pub const LAUNCHD: &[Place] = &[
    Place(Mac, "/Library/LaunchDaemons/x.plist"),
    Place(Mac, "/Users/mia/Library/LaunchAgents/x.plist"),
    Place(Mac, "/private/var/db/com.apple.xpc.launchd/disabled.plist"),
    Place(
        Mac,
        "/private/var/db/launchd.db/com.apple.launchd/overrides.plist",
    ),
    Place(Mac, "/private/etc/launchd.conf"),
    Place(Mac, "/private/var/db/com.apple.xpc.launchd/config/user.plist"),
];

/// What a boot runs before anything else.
pub const STARTUP: &[Place] = &[
    Place(Linux, "/etc/init.d/x"),
    Place(Linux, "/etc/inittab"),
    Place(Linux, "/etc/rc.local"),
    Place(Mac, "/private/etc/emond.d/emond.plist"),
    Place(Mac, "/private/etc/emond.d/rules/x.plist"),
    Place(Mac, "/Library/Preferences/com.apple.loginwindow.plist"),
    Place(Mac, "/Library/StartupItems/X/StartupParameters.plist"),
];

/// Units of systemd and what stands beside them.
pub const SYSTEMD: &[Place] = &[
    Place(Linux, "/etc/systemd/system/x.service"),
    Place(Linux, "/etc/systemd/system/x.timer"),
    Place(Linux, "/etc/systemd/system/x.service.d/y.conf"),
    Place(Linux, "/home/mia/.config/systemd/user/x.socket"),
    Place(Linux, "/etc/systemd/system.conf"),
    Place(Linux, "/etc/environment.d/x.conf"),
    Place(Linux, "/etc/systemd/system-generators/x"),
];

/// Takes bytes apart: the place that the first of them names, and what is to be found there.
pub fn split<'a>(bytes: &'a [u8], places: &[Place]) -> Option<(Place, &'a [u8])> {
    let (first, content) = bytes.split_first()?;
    Some((
        places[usize::from(first.wrapping_sub(b'a')) % places.len()],
        content,
    ))
}

/// Where the content is that a watch list is to understand.
pub const LISTED: &[&str] = &[
    "/etc/x.conf",
    "/etc/d/e/f/x.json",
    "/home/mia/.x",
    "/opt/a b*.toml",
];

/// What stands between a watch list and that content.
const THEN: &str = "\n%%%\n";

/// Takes bytes apart: a watch list, and the content of what it finds.
pub fn split_list(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes
        .windows(THEN.len())
        .position(|bytes| bytes == THEN.as_bytes())?;
    let list = std::str::from_utf8(&bytes[..at]).ok()?;
    Some((list, &bytes[at + THEN.len()..]))
}
