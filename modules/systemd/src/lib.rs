//! systemd: units, drop-ins, what enables them, generators and the managers' environment.
//!
//! Sees, in systemd's own order of precedence: unit files of every type for the system, for every user's manager,
//! in homes and under `/run`; the settings that count after drop-ins; masks, aliases and enable links; generators;
//! variables that the managers set, and those in the files of `EnvironmentFile=` that make programs load code;
//! lingering accounts.
//!
//! Cannot see: what a manager was told by D-Bus and holds in memory only; scopes, and the units a desktop makes for
//! each program it opens; what is inside a `RootImage=`; the other variables of files that `EnvironmentFile=` names;
//! unit paths moved by `SYSTEMD_UNIT_PATH` or `XDG_CONFIG_HOME`; settings that decide neither what runs nor when, as
//! whom or whether (resource limits, sandboxing, ordering).
//!
//! A drop-in changes the entry of the unit whose name, or other name, it bears. One that holds for many units, or
//! for none that has a file, is an entry of its own: merged into each, `service.d` would page somebody 300 times.
//!
//! References: systemd.unit(5), systemd.syntax(7), systemd.generator(7), `src/basic/path-lookup.c` of systemd.

mod dropins;
mod environment;
mod exec;
mod fields;
mod files;
mod folders;
mod hooks;
mod links;
mod listing;
mod parse;
mod runs;
mod settings;
mod units;

use assay_sdk::{FieldKind, Kind, Manifest, Module, Os, Result, Scan, Severity, export_module};
use folders::Tier;
use units::Known;

/// The module.
pub struct Systemd;

impl Module for Systemd {
    fn manifest() -> Manifest {
        let unit = |name, technique, summary| fields::declare(Kind::new(name, technique, summary));
        let link = |name, summary| links::declare(Kind::new(name, "T1543.002", summary));
        let on_disk = "a unit on disk, as it is after its drop-ins";
        let timer = "a timer on disk, as it is after its drop-ins";
        let drop_in = "drop-ins of many units, or of one without a file; or one that cannot be parsed";
        let run_time = "a unit, or drop-ins, that a reboot takes away";
        let enabled = "a link that makes a unit start, or gives it another name";
        let generator = "a program run at every boot and reload, before any unit";
        let variable = "a variable set for everything that a manager, or a unit, starts";
        let linger = "an account whose user units start at boot, without a login";
        Manifest::new(
            "systemd",
            env!("CARGO_PKG_VERSION"),
            "systemd units, drop-ins, enable links, generators, environment",
        )
        .platforms(&[Os::Linux])
        .kind(unit("systemd_unit", "T1543.002", on_disk))
        .kind(unit("systemd_timer", "T1053.006", timer))
        .kind(unit("systemd_drop_in", "T1543.002", drop_in))
        .kind(unit("systemd_runtime_unit", "T1543.002", run_time).severity(Severity::Medium))
        .kind(link("systemd_enable_link", enabled))
        .kind(link("systemd_runtime_link", "such a link that a reboot takes away").severity(Severity::Medium))
        .kind(
            Kind::new("systemd_generator", "T1543.002", generator)
                .severity(Severity::Critical)
                .compared(
                    "link_target",
                    FieldKind::Text,
                    "where it leads, when it is a link",
                )
                .compared(
                    "masked",
                    FieldKind::Bool,
                    "whether it only keeps a weaker one from running",
                ),
        )
        .kind(
            Kind::new("systemd_environment", "T1574.006", variable)
                .compared(
                    "value",
                    FieldKind::Text,
                    "its value; hidden when its name says it is a secret",
                )
                .compared(
                    "link_target",
                    FieldKind::Text,
                    "where an unreadable file leads, when it is a link",
                ),
        )
        .kind(Kind::new("systemd_linger", "T1543.002", linger).severity(Severity::Medium))
        .watch(&[
            "/{etc,usr/lib,usr/local/lib,lib}/systemd/**",
            "/run/systemd/{system,system.control,system.attached,transient,user}/**",
            "/run/systemd/{generator,generator.early,generator.late}/**",
            "/run/systemd/{system,user,system-environment,user-environment}-generators/*",
            "/run/user/*/systemd/{user,user.control,transient}/**",
            "/etc/xdg/systemd/user/**",
            "/{usr/share,usr/local/share}/systemd/user/**",
            "/{etc,run,usr/lib,usr/local/lib,lib}/environment.d/*.conf",
            "~/.config/systemd/**",
            "~/.local/share/systemd/user/**",
            "~/.config/environment.d/*.conf",
            "/var/lib/systemd/linger/*",
        ])
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        if scan.os() != Os::Linux {
            return Ok(());
        }
        let tier = Tier::system(scan);
        let system = units::collect(scan, &tier, &Known::default())?;
        let tier = Tier::system_run_time(scan);
        units::collect(scan, &tier, &system)?;

        let tier = Tier::users(scan);
        let users = units::collect(scan, &tier, &Known::default())?;
        let tier = Tier::users_run_time(scan);
        units::collect(scan, &tier, &users)?;
        for home in scan.homes() {
            let tier = Tier::home(scan, &home);
            units::collect(scan, &tier, &users)?;
        }
        for tier in Tier::sessions(scan) {
            units::collect(scan, &tier, &users)?;
        }

        hooks::generators(scan)?;
        hooks::linger(scan)?;
        environment::named_by_units(scan, [&system, &users])?;
        environment::collect(scan)
    }
}

export_module!(Systemd);
