//! launchd jobs of macOS, and what switches, surrounds or precedes them.
//!
//! Sees every property list in the `LaunchDaemons` and `LaunchAgents` folders of Apple, of the machine, of
//! management and of every home, dot-named, linked and unparsable ones among them; those inside applications
//! (`SMAppService`); the databases that enable and disable jobs by label; the login item map of macOS 10.6 to
//! 12; launchd's own environment; and the scripts that launchd runs by a fixed name at boot.
//!
//! Cannot see: jobs that `launchctl submit` or an XPC service created in memory only; whether a job inside an
//! application was ever registered (Background Task Management knows, its own module reads that); quarantine
//! marks; applications deeper than one folder below `Applications`; files in these folders whose name does not
//! end in `.plist`, which launchd passes over; and file names that launchd expands itself (`EnableGlobbing`).
//!
//! Sources: launchd.plist(5), launchd(8), launchctl(1); launchd's last published source (842.92.1) for keys
//! being compared without case and for the override databases.

mod boot;
mod environment;
mod jobs;
mod overrides;
mod parse;
mod schema;

use assay_sdk::{FieldKind, Kind, Manifest, Module, Os, Result, Scan, Severity, export_module};

/// The module.
pub struct Launchd;

impl Module for Launchd {
    fn manifest() -> Manifest {
        Manifest::new(
            "launchd",
            env!("CARGO_PKG_VERSION"),
            "launchd jobs, overrides, environment and boot tasks",
        )
        .platforms(&[Os::Macos])
        .kind(schema::job_kind(
            jobs::DAEMON,
            "T1543.004",
            "a job that launchd runs for the whole system",
        ))
        .kind(schema::job_kind(
            jobs::AGENT,
            "T1543.001",
            "a job that launchd runs in the session of a user",
        ))
        .kind(
            schema::job_kind(
                jobs::BUNDLED_DAEMON,
                "T1543.004",
                "a daemon that an application brings and may register",
            )
            .severity(Severity::Medium),
        )
        .kind(
            schema::job_kind(
                jobs::BUNDLED_AGENT,
                "T1543.001",
                "an agent that an application brings and may register",
            )
            .severity(Severity::Medium),
        )
        .kind(
            Kind::new(
                jobs::INJECTION,
                "T1574.006",
                "a variable of a job that makes its program load other code",
            )
            .severity(Severity::Critical)
            .compared("value", FieldKind::Text, "its value"),
        )
        .kind(
            Kind::new(
                overrides::OVERRIDE,
                "T1543",
                "the switch of a label, which outranks the job's own Disabled: a service switched on, or a guard off",
            )
            .compared("disabled", FieldKind::Bool, "whether jobs of this label are kept from loading")
            .compared("value", FieldKind::Text, "what stands there when it is no switch"),
        )
        .kind(
            Kind::new(
                overrides::LOGIN_ITEM,
                "T1547.015",
                "a helper that an application starts at login (SMLoginItemSetEnabled, macOS 10.6 to 12)",
            )
            .severity(Severity::Medium)
            .compared("application", FieldKind::Text, "bundle id of the application it belongs to")
            .shown("version", FieldKind::Text, "its version when it was registered"),
        )
        .kind(
            Kind::new(
                environment::VARIABLE,
                "T1574.006",
                "a variable that launchd gives to what it starts",
            )
            .compared("value", FieldKind::Text, "its value, hidden when its name speaks of a secret"),
        )
        .kind(Kind::new(
            environment::COMMAND,
            "T1569.001",
            "a line of launchd.conf: a launchctl command that launchd runs when it starts (until 10.9)",
        ))
        .kind(
            Kind::new(
                boot::TASK,
                "T1037.004",
                "a file that launchd runs as root at boot because of its name",
            )
            .severity(Severity::Critical)
            .compared("link_target", FieldKind::Text, "where it leads, when it is a link"),
        )
        .watch(jobs::WATCH)
        .watch(overrides::WATCH)
        .watch(environment::WATCH)
        .watch(boot::TASKS)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Macos {
            return Ok(());
        }
        jobs::collect(scan)?;
        overrides::collect(scan)?;
        environment::collect(scan)?;
        boot::collect(scan)
    }
}

export_module!(Launchd);
