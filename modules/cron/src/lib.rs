//! Jobs of cron, anacron, at and periodic(8).
//!
//! **What it sees.** Every line of the system crontab, of `/etc/cron.d` and its vendors' twins, and of the
//! users' tabs in the spools of Debian, Red Hat, Arch, SUSE, Alpine and macOS: jobs, variables, and lines that
//! nothing can make sense of. Jobs of anacron. Scripts of `cron.daily` and the like, of Alpine's
//! `/etc/periodic`, of macOS's periodic, and what a `periodic.conf` sets or runs. Jobs of at(1), without the
//! environment that they carry. The lists of users who may use either program.
//!
//! **What runs and what does not.** A file that its scheduler leaves out (a dot in a name on Debian, no execute
//! bit, a tab of nobody) is listed all the same, and `inert` says why it does not run: to lift the reason is
//! then a change.
//!
//! **What it cannot see.** Tables of fcron and incron, which a watch list names; accounts that only a directory server knows,
//! whose tabs are called those of nobody; whether the scheduler is installed and enabled (on macOS `atrun` is
//! off until somebody turns it on). Debian's cron leaves out a whole table for one bad line: here that line
//! alone is bad. cron's refusal of files that others may write shows in the mode and owner that the core
//! compares. A variable that moves up or down within its table is noticed only by the programs that are then
//! found elsewhere.
//!
//! ATT&CK [T1053.003](https://attack.mitre.org/techniques/T1053/003/) and
//! [T1053.002](https://attack.mitre.org/techniques/T1053/002/). Formats: crontab(5), cron(8), anacrontab(5),
//! run-parts(8), at(1), atd(8), periodic.conf(5).

mod access;
mod accounts;
mod at;
mod conf;
mod jobs;
mod lister;
mod names;
mod parse;
mod places;
mod schedule;
mod scripts;
mod tables;

use assay_sdk::FieldKind::{Bool, Int, List, Text};
use assay_sdk::{Kind, Manifest, Module, Os, Result, Scan, Severity, SourceCheck, export_module};
use lister::Lister;

/// The module.
pub struct Cron;

impl Module for Cron {
    fn manifest() -> Manifest {
        let kind = |name, technique, summary| {
            Kind::new(name, technique, summary).compared(
                "link_target",
                Text,
                "where the file leads, when it is a link",
            )
        };
        let inert = "why it does not run; absent when it does";
        Manifest::new(
            "cron",
            env!("CARGO_PKG_VERSION"),
            "jobs of cron, anacron, at and periodic",
        )
        .kind(
            kind("cron_job", "T1053.003", "a job line of a crontab")
                .compared(
                    "schedule",
                    Text,
                    "five time fields, or a nickname such as @reboot",
                )
                .compared("user", Text, "whom it runs as; on macOS user:group/class")
                .compared("command", Text, "what the shell is given")
                .compared(
                    "input",
                    Text,
                    "what it reads on standard input: the part after a %",
                )
                .compared("on_mains_only", Bool, "macOS: whether it waits while on battery")
                .compared("inert", Text, inert),
        )
        .kind(
            kind(
                "cron_environment",
                "T1053.003",
                "a variable set for the jobs below it",
            )
            .compared(
                "value",
                Text,
                "its value; <hidden> when the name says that it is a secret",
            )
            .compared("inert", Text, inert),
        )
        .kind(
            kind(
                "cron_line",
                "T1053.003",
                "a line of a table that is neither job nor variable",
            )
            .severity(Severity::Medium)
            .compared("reason", Text, "what is wrong with it"),
        )
        .kind(
            kind(
                "cron_table",
                "T1053.003",
                "a table that cannot be listed line by line",
            )
            .compared("inert", Text, inert),
        )
        .kind(
            kind("cron_script", "T1053.003", "a script that runs once a period")
                .compared("period", Text, "how often")
                .compared("inert", Text, inert),
        )
        .kind(
            kind("anacron_job", "T1053.003", "a job of anacron")
                .compared(
                    "period",
                    Text,
                    "days between runs, or a nickname such as @monthly",
                )
                .compared("delay", Text, "minutes it waits after anacron starts")
                .compared("command", Text, "what the shell is given")
                .compared("inert", Text, inert),
        )
        .kind(
            kind("at_job", "T1053.002", "a job that at(1) or batch(1) put off")
                .source(SourceCheck::Content)
                .compared("uid", Int, "whom it runs as")
                .compared("gid", Int, "the group it runs as")
                .compared("folder", Text, "where it runs")
                .compared(
                    "command",
                    Text,
                    "what it runs, without the environment; long ones are cut",
                )
                .compared(
                    "odd_header",
                    Bool,
                    "whether code stands above it that at(1) does not write",
                )
                .compared("inert", Text, inert)
                .shown("due", Text, "when it runs, in UTC")
                .shown(
                    "queue",
                    Text,
                    "a for at, b for batch, later letters for lower priority, = while it runs",
                ),
        )
        .kind(
            kind(
                "cron_access",
                "T1053.003",
                "a list of users who may, or may not, use crontab(1) or at(1)",
            )
            .severity(Severity::Low)
            .compared("users", List, "the users, sorted"),
        )
        .kind(
            kind("periodic_setting", "T1053.003", "a variable of a periodic.conf").compared(
                "value",
                Text,
                "its value; <hidden> when the name says that it is a secret",
            ),
        )
        .kind(
            kind(
                "periodic_code",
                "T1053.003",
                "code in a periodic.conf, which every periodic script runs",
            )
            .compared("code", Text, "all lines that are no plain assignment"),
        )
        .watch(&places::WATCHED)
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let places = match scan.os() {
            Os::Linux => &places::LINUX,
            Os::Macos => &places::MACOS,
        };
        let mut lister = Lister::new(scan);
        tables::list(&mut lister, places)?;
        scripts::list(&mut lister, places)?;
        jobs::list(&mut lister, places)?;
        access::list(&mut lister, places)
    }
}

export_module!(Cron);
