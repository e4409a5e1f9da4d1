//! What runs Assay again and again: the files that `assay install` writes, and the commands that put them in force.
//!
//! The texts are those of `config/`, which people copy by hand, with what is of one machine put in.

use crate::config::Time;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

mod files;
mod place;

pub use files::Refused;
pub use place::{Done, Place, PlaceError, Step};

/// The beginning of every file that is written, behind the sign of a comment. One without it is somebody else's.
const MARK: &str = "Written by `assay install`: ";
/// What stands before the interval in the same line.
const EVERY: &str = ", every ";

/// A way to run Assay again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A timer of systemd, which starts `assay run`.
    SystemdTimer,
    /// A service of systemd that stays: `assay watch`.
    SystemdService,
    /// A job of launchd.
    Launchd,
    /// A line of cron's.
    Cron,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How.
    pub kind: Kind,
    /// How often, unless it stays.
    pub every: Duration,
    /// Whether it stays: `assay watch` and not `assay run`.
    pub resident: bool,
    /// The program and the flags that every command takes, absolute.
    pub command: Vec<String>,
    /// Folders that it writes to, but for its own state and logs.
    pub writes: Vec<String>,
    /// Whether alerts go over the network.
    pub network: bool,
}

/// A file, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Where, below the root.
    pub path: &'static str,
    /// What it says.
    pub text: String,
}

/// A program with its arguments.
pub type Command = &'static [&'static str];

/// How often a file that was written has Assay run; `None` when it stays.
#[must_use]
pub fn interval(text: &str) -> Option<Duration> {
    let (_, after) = text.split_once(MARK)?;
    let (_, every) = after.lines().next()?.split_once(EVERY)?;
    let every = toml::Value::String(every.split(';').next()?.to_owned());
    every.try_into().ok().map(|time: Time| time.0)
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::SystemdTimer,
        Self::SystemdService,
        Self::Launchd,
        Self::Cron,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemdTimer => "systemd-timer",
            Self::SystemdService => "systemd-service",
            Self::Launchd => "launchd",
            Self::Cron => "cron",
        }
    }

    /// The files that are written.
    #[must_use]
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Self::SystemdTimer => &[
                "/etc/systemd/system/assay.service",
                "/etc/systemd/system/assay.timer",
            ],
            Self::SystemdService => &["/etc/systemd/system/assay-watch.service"],
            Self::Launchd => &["/Library/LaunchDaemons/org.assay.run.plist"],
            Self::Cron => &["/etc/cron.d/assay"],
        }
    }

    /// What the root must have, any of these, and what to say when it has none.
    fn needs(self, running: bool) -> (&'static [&'static str], &'static str) {
        match self {
            // Of a system that runs, whether systemd is what runs it.
            Self::SystemdTimer | Self::SystemdService if running => {
                (&["/run/systemd/system"], "systemd did not start this system")
            }
            Self::SystemdTimer | Self::SystemdService => (
                &["/run/systemd/system", "/usr/lib/systemd", "/lib/systemd"],
                "there is no systemd",
            ),
            Self::Launchd => (&["/Library/LaunchDaemons"], "there is no launchd"),
            Self::Cron => (
                &["/etc/cron.d"],
                "there is no folder `/etc/cron.d`, which cron reads",
            ),
        }
    }

    /// What the system below `root` has: launchd, else systemd, else cron.
    #[must_use]
    pub fn of_system(root: &Path, is_macos: bool) -> Self {
        if is_macos {
            Self::Launchd
        } else if root.join("run/systemd/system").is_dir() {
            Self::SystemdTimer
        } else {
            Self::Cron
        }
    }

    /// Takes it out of force, before its files are removed or replaced.
    fn stop(self) -> &'static [Command] {
        match self {
            Self::SystemdTimer => &[&["systemctl", "disable", "--now", "assay.timer"]],
            Self::SystemdService => &[&["systemctl", "disable", "--now", "assay-watch.service"]],
            Self::Launchd => &[&["launchctl", "bootout", "system/org.assay.run"]],
            Self::Cron => &[],
        }
    }

    /// Has the system read its files again.
    fn reload(self) -> &'static [Command] {
        match self {
            Self::SystemdTimer | Self::SystemdService => &[&["systemctl", "daemon-reload"]],
            Self::Launchd | Self::Cron => &[],
        }
    }

    /// Puts it in force.
    fn start(self) -> &'static [Command] {
        match self {
            Self::SystemdTimer => &[&["systemctl", "enable", "--now", "assay.timer"]],
            Self::SystemdService => &[&["systemctl", "enable", "--now", "assay-watch.service"]],
            Self::Launchd => &[&[
                "launchctl",
                "bootstrap",
                "system",
                "/Library/LaunchDaemons/org.assay.run.plist",
            ]],
            Self::Cron => &[],
        }
    }
}
