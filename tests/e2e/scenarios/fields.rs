//! Each compared field, changed alone, is one alert that names just this field.

use super::{File, Link, Put, Script, expect, learn, put};
use assay_tests::Scratch;
use std::collections::BTreeSet;

/// An entry, and two states of the files it comes from.
pub(super) struct Row<'a> {
    /// `kind key`.
    pub(super) entry: &'a str,
    /// The fields that differ, as the alert lists them; none for states that are equal.
    pub(super) fields: &'a str,
    pub(super) before: &'a [Put<'a>],
    pub(super) after: &'a [Put<'a>],
}

/// A row of a table.
const fn row<'a>(entry: &'a str, fields: &'a str, before: &'a [Put<'a>], after: &'a [Put<'a>]) -> Row<'a> {
    Row {
        entry,
        fields,
        before,
        after,
    }
}

/// All rows at once in one root: each entry stands for itself, and what one says of another shows.
#[track_caller]
pub(super) fn each_alone(scratch: &Scratch, rows: &[Row<'_>]) {
    let told = |change: &str| {
        let news = rows.iter().filter(|row| !row.fields.is_empty());
        news.map(|row| format!("{change} {} [{}]", row.entry, row.fields))
            .collect::<Vec<_>>()
    };
    rows.iter().for_each(|row| put(scratch, row.before));
    learn(scratch);
    rows.iter().for_each(|row| put(scratch, row.after));
    expect(scratch, "each change alone", &told("changed"));
    expect(scratch, "nothing", &[""; 0]);
    rows.iter().for_each(|row| put(scratch, row.before));
    expect(scratch, "each undone", &told("reverted"));
}

/// Every field that these kinds compare is in a row, or else in `others`: the reason, and the fields, which may
/// have their kind before them.
#[track_caller]
pub(super) fn all_covered(scratch: &Scratch, kinds: &[&str], rows: &[Row<'_>], others: &[(&str, &[&str])]) {
    let mut missing = Vec::new();
    let manifests = scratch.json(&["kinds"]);
    for kind in manifests
        .iter()
        .flat_map(|manifest| manifest["kinds"].as_array().unwrap())
    {
        let name = kind["name"].as_str().unwrap();
        if !kinds.contains(&name) {
            continue;
        }
        let rows = rows
            .iter()
            .filter(|row| row.entry.split(' ').next() == Some(name));
        let mut covered: BTreeSet<&str> = rows.flat_map(|row| row.fields.split(' ')).collect();
        for field in others.iter().flat_map(|(_, fields)| *fields) {
            let (of_kind, field) = field.split_once('.').unwrap_or((name, field));
            covered.extend((of_kind == name).then_some(field));
        }
        let fields = kind["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["compared"] == true);
        let fields = fields.map(|field| field["name"].as_str().unwrap());
        missing.extend(
            fields
                .filter(|f| !covered.contains(f))
                .map(|f| format!("{name}.{f}")),
        );
    }
    assert!(
        missing.is_empty(),
        "compared, and never changed by this test: {missing:?}"
    );
}

const EMPTY: &str = "#!/bin/sh\n";
const LSB: &str = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: a\n# Default-Start: 2 4\n### END INIT INFO\n";
const LSB_PROVIDES: &str =
    "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: b\n# Default-Start: 2 4\n### END INIT INFO\n";
const LSB_START: &str =
    "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: a\n# Default-Start: 2 5\n### END INIT INFO\n";
/// A job of at(1), with the change that a row makes.
macro_rules! at_job {
    ($ids:expr, $above:expr, $folder:expr, $command:expr) => {
        concat!(
            "#!/bin/sh\n# atrun ",
            $ids,
            "\n# mail ana 0\numask 22\n",
            $above,
            "A=1; export A\ncd ",
            $folder,
            " || {\n\t echo x >&2\n\t exit 1\n}\n",
            $command,
            "\n"
        )
    };
}
const AT: &str = at_job!("uid=1000 gid=1000", "", "/srv/app", "/opt/x");

/// Rows without files stand for a further entry of the row before.
#[rustfmt::skip]
const LINUX: &[Row<'_>] = &[
    row("cron_job /etc/cron.d/cut: 1 1 * * * root /opt/x", "inert",
        &[File("/etc/cron.d/cut", "1 1 * * * root /opt/x\n")],
        &[File("/etc/cron.d/cut", "1 1 * * * root /opt/x")]),
    row("cron_job /etc/cron.d/link: 1 1 * * * root /opt/x", "link_target file:/etc/cron.d/link:target",
        &[File("/opt/tab1", "1 1 * * * root /opt/x\n"), File("/opt/tab2", "1 1 * * * root /opt/x\n"), Link("/etc/cron.d/link", "/opt/tab1")],
        &[Link("/etc/cron.d/link", "/opt/tab2")]),
    // Blanks, comments, and the place of a line say nothing.
    row("cron_job", "",
        &[File("/etc/cron.d/layout", "1 1 * * * root /opt/x\n2 2 * * * root /opt/y\n")],
        &[File("/etc/cron.d/layout", "# DO NOT EDIT, installed on Tue\n\n2 2\t* * *  root   /opt/y\n1 1 * * *\troot\t/opt/x\n")]),
    row("cron_environment /etc/cron.d/env: A", "value", &[File("/etc/cron.d/env", "A=1\n")], &[File("/etc/cron.d/env", "A=2\n")]),
    row("cron_environment /etc/cron.d/shell: SHELL", "programs value",
        &[File("/etc/cron.d/shell", "SHELL=/opt/a\n")], &[File("/etc/cron.d/shell", "SHELL=/opt/b\n")]),
    row("cron_environment /etc/cron.d/load: LD_PRELOAD", "programs value",
        &[File("/etc/cron.d/load", "LD_PRELOAD=/opt/a.so\n")], &[File("/etc/cron.d/load", "LD_PRELOAD=/opt/b.so\n")]),
    row("cron_environment /etc/cron.d/cut2: A", "inert", &[File("/etc/cron.d/cut2", "A=1\n")], &[File("/etc/cron.d/cut2", "A=1")]),
    row("cron_script /etc/cron.daily/inert", "inert file:/etc/cron.daily/inert:mode",
        &[Script("/etc/cron.daily/inert", EMPTY)], &[File("/etc/cron.daily/inert", EMPTY)]),
    row("cron_script /etc/cron.daily/link", "link_target programs file:/etc/cron.daily/link:target",
        &[Script("/opt/s1", EMPTY), Script("/opt/s2", EMPTY), Link("/etc/cron.daily/link", "/opt/s1")],
        &[Link("/etc/cron.daily/link", "/opt/s2")]),
    row("anacron_job /etc/anacrontab: a", "period",
        &[File("/etc/anacrontab", "1 5 a /opt/x\n1 5 b /opt/x\n1 5 c /opt/x\n")],
        &[File("/etc/anacrontab", "7 5 a /opt/x\n1 6 b /opt/x\n1 5 c /opt/x -v\n")]),
    row("anacron_job /etc/anacrontab: b", "delay", &[], &[]),
    row("anacron_job /etc/anacrontab: c", "command", &[], &[]),
    row("at_job /var/spool/cron/atjobs: job 1 due 2026-11-24T23:47Z", "uid file:/var/spool/cron/atjobs/a0000101c8a2b3:sha256",
        &[Script("/var/spool/cron/atjobs/a0000101c8a2b3", AT)],
        &[Script("/var/spool/cron/atjobs/a0000101c8a2b3", at_job!("uid=0 gid=1000", "", "/srv/app", "/opt/x"))]),
    row("at_job /var/spool/cron/atjobs: job 2 due 2026-11-24T23:47Z", "gid file:/var/spool/cron/atjobs/a0000201c8a2b3:sha256",
        &[Script("/var/spool/cron/atjobs/a0000201c8a2b3", AT)],
        &[Script("/var/spool/cron/atjobs/a0000201c8a2b3", at_job!("uid=1000 gid=0", "", "/srv/app", "/opt/x"))]),
    row("at_job /var/spool/cron/atjobs: job 3 due 2026-11-24T23:47Z", "folder file:/var/spool/cron/atjobs/a0000301c8a2b3:sha256",
        &[Script("/var/spool/cron/atjobs/a0000301c8a2b3", AT)],
        &[Script("/var/spool/cron/atjobs/a0000301c8a2b3", at_job!("uid=1000 gid=1000", "", "/srv/api", "/opt/x"))]),
    row("at_job /var/spool/cron/atjobs: job 4 due 2026-11-24T23:47Z", "command programs file:/var/spool/cron/atjobs/a0000401c8a2b3:sha256",
        &[Script("/var/spool/cron/atjobs/a0000401c8a2b3", AT)],
        &[Script("/var/spool/cron/atjobs/a0000401c8a2b3", at_job!("uid=1000 gid=1000", "", "/srv/app", "/opt/y"))]),
    row("at_job /var/spool/cron/atjobs: job 5 due 2026-11-24T23:47Z", "odd_header file:/var/spool/cron/atjobs/a0000501c8a2b3:sha256",
        &[Script("/var/spool/cron/atjobs/a0000501c8a2b3", AT)],
        &[Script("/var/spool/cron/atjobs/a0000501c8a2b3", at_job!("uid=1000 gid=1000", "/opt/y\n", "/srv/app", "/opt/x"))]),
    row("at_job /var/spool/cron/atjobs: job 6 due 2026-11-24T23:47Z", "inert file:/var/spool/cron/atjobs/a0000601c8a2b3:mode",
        &[Script("/var/spool/cron/atjobs/a0000601c8a2b3", AT)],
        &[File("/var/spool/cron/atjobs/a0000601c8a2b3", AT)]),
    row("cron_access /etc/cron.allow", "users", &[File("/etc/cron.allow", "ana\n")], &[File("/etc/cron.allow", "ana\nbob\n")]),
    row("kernel_module_load loop (/etc/modules)", "options", &[File("/etc/modules", "loop a=1\n")], &[File("/etc/modules", "loop a=2\n")]),
    row("modprobe_directive install a (/etc/modprobe.d/a.conf)", "programs value",
        &[File("/etc/modprobe.d/a.conf", "install a /opt/x\noptions b c=1\n")],
        &[File("/etc/modprobe.d/a.conf", "install a /opt/y\noptions b c=2\n")]),
    row("modprobe_directive options b (/etc/modprobe.d/a.conf)", "value", &[], &[]),
    row("kernel_module_script /etc/sysconfig/modules/a.modules", "inert file:/etc/sysconfig/modules/a.modules:mode",
        &[Script("/etc/sysconfig/modules/a.modules", EMPTY)], &[File("/etc/sysconfig/modules/a.modules", EMPTY)]),
    row("kernel_module_script /etc/sysconfig/modules/b.modules", "link_target programs file:/etc/sysconfig/modules/b.modules:target",
        &[Link("/etc/sysconfig/modules/b.modules", "/opt/s1")], &[Link("/etc/sysconfig/modules/b.modules", "/opt/s2")]),
    row("kernel_module_file /usr/lib/modules/6/extra/a.ko", "link_target programs file:/usr/lib/modules/6/extra/a.ko:target",
        &[File("/opt/1.ko", ""), File("/opt/2.ko", ""), Link("/usr/lib/modules/6/extra/a.ko", "/opt/1.ko")],
        &[Link("/usr/lib/modules/6/extra/a.ko", "/opt/2.ko")]),
    // dkms sources the file: its bytes count too.
    row("dkms_module a/1", "hooks programs file:/usr/src/a-1/dkms.conf:sha256",
        &[File("/usr/src/a-1/dkms.conf", "PACKAGE_NAME=a\nPACKAGE_VERSION=1\nPRE_BUILD=x\n")],
        &[File("/usr/src/a-1/dkms.conf", "PACKAGE_NAME=a\nPACKAGE_VERSION=1\nPRE_BUILD=y\n")]),
    row("dkms_config /etc/dkms/a.conf", "link_target programs file:/etc/dkms/a.conf:target",
        &[Link("/etc/dkms/a.conf", "/opt/s1")], &[Link("/etc/dkms/a.conf", "/opt/s2")]),
    row("sysv_script /etc/init.d/provides", "provides file:/etc/init.d/provides:sha256",
        &[Script("/etc/init.d/provides", LSB)], &[Script("/etc/init.d/provides", LSB_PROVIDES)]),
    row("sysv_script /etc/init.d/start", "default_start file:/etc/init.d/start:sha256",
        &[Script("/etc/init.d/start", LSB)], &[Script("/etc/init.d/start", LSB_START)]),
    row("sysv_script /etc/init.d/inert", "inert file:/etc/init.d/inert:mode",
        &[Script("/etc/init.d/inert", EMPTY)], &[File("/etc/init.d/inert", EMPTY)]),
    row("sysv_script /etc/init.d/link", "link_target programs file:/etc/init.d/link:target",
        &[Script("/opt/i1", EMPTY), Script("/opt/i2", EMPTY), Link("/etc/init.d/link", "/opt/i1")], &[Link("/etc/init.d/link", "/opt/i2")]),
    row("rc_script /etc/rc.local", "inert file:/etc/rc.local:mode", &[Script("/etc/rc.local", EMPTY)], &[File("/etc/rc.local", EMPTY)]),
    row("rc_script /etc/rc.shutdown", "link_target programs file:/etc/rc.shutdown:target",
        &[Script("/opt/r1", EMPTY), Script("/opt/r2", EMPTY), Link("/etc/rc.shutdown", "/opt/r1")], &[Link("/etc/rc.shutdown", "/opt/r2")]),
    row("sysv_link /etc/rc2.d/S01a", "link_target file:/etc/rc2.d/S01a:target",
        &[Link("/etc/rc2.d/S01a", "../init.d/provides")], &[Link("/etc/rc2.d/S01a", "../init.d/start")]),
    row("inittab_line a", "runlevels",
        &[File("/etc/inittab", "a:2:wait:/opt/x\nb:2:wait:/opt/x\nc:2:wait:/opt/x\n")],
        &[File("/etc/inittab", "a:3:wait:/opt/x\nb:2:once:/opt/x\nc:2:wait:/opt/x -v\n")]),
    row("inittab_line b", "action", &[], &[]),
    row("inittab_line c", "process", &[], &[]),
    row("systemd_timer t.timer", "schedule",
        &[File("/etc/systemd/system/t.timer", "[Timer]\nOnCalendar=daily\n")], &[File("/etc/systemd/system/t.timer", "[Timer]\nOnCalendar=hourly\n")]),
    row("systemd_environment /etc/environment.d/a.conf A", "value",
        &[File("/etc/environment.d/a.conf", "A=1\n")], &[File("/etc/environment.d/a.conf", "A=2\n")]),
];

const PARAMETERS: &str = "{ Provides = (A); Requires = (B); Uses = (C); OrderPreference = Late; }";
const RULE: &str = "({ name = n; enabled = 1; eventTypes = (a); criterion = (c); actions = ({ type = Log; message = m; }); })";
const DATABASE: &str = "{ developerMode = 0; extensionPolicies = ( { allowUserOverrides = 1; } ); extensions = ( { identifier = x; teamID = T; uniqueID = U; state = on;
    categories = (a); originPath = \"/o\"; bundleVersion = { CFBundleVersion = 8; }; container = { bundlePath = \"/p\"; }; } ); }";
const INFO: &str = "{ CFBundleIdentifier = x; CFBundleVersion = 1; CFBundleExecutable = X; OSBundleRequired = Root; IOKitPersonalities = { A = { IOClass = A; }; }; }";

/// A file of a Mac, a word in it and what stands there later, and what is told.
type Edit = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const MACOS: &[Edit] = &[
    ("/Library/StartupItems/A/StartupParameters.plist", PARAMETERS, "(A)", "(Z)", "startup_item /Library/StartupItems/A provides"),
    ("/Library/StartupItems/B/StartupParameters.plist", PARAMETERS, "(B)", "(Z)", "startup_item /Library/StartupItems/B requires"),
    ("/Library/StartupItems/C/StartupParameters.plist", PARAMETERS, "(C)", "(Z)", "startup_item /Library/StartupItems/C uses"),
    ("/Library/StartupItems/D/StartupParameters.plist", PARAMETERS, "Late", "First", "startup_item /Library/StartupItems/D order"),
    ("/Library/Preferences/com.apple.loginwindow.plist", "{ LoginHook = \"/a\"; }", "/a", "/a b", "login_hook LoginHook of /Library/Preferences/com.apple.loginwindow.plist command"),
    ("/private/etc/emond.d/rules/a.plist", RULE, "enabled = 1", "enabled = 0", "emond_rule n in /private/etc/emond.d/rules/a.plist enabled"),
    ("/private/etc/emond.d/rules/b.plist", RULE, "(a)", "(b)", "emond_rule n in /private/etc/emond.d/rules/b.plist events"),
    ("/private/etc/emond.d/rules/c.plist", RULE, "(c)", "(d)", "emond_rule n in /private/etc/emond.d/rules/c.plist criterion"),
    ("/private/etc/emond.d/rules/d.plist", RULE, "= m", "= n", "emond_rule n in /private/etc/emond.d/rules/d.plist actions"),
    ("/private/etc/emond.d/emond.plist", "{ config = { a = b; }; }", "a = b", "a = c", "emond_config /private/etc/emond.d/emond.plist settings"),
    ("/private/var/db/com.apple.xpc.launchd/disabled.plist", "<plist><dict><key>a</key><true/></dict></plist>", "true", "false", "launchd_override system a disabled"),
    ("/private/var/db/com.apple.xpc.launchd/disabled.501.plist", "<plist><dict><key>a</key><string>x</string></dict></plist>", ">x<", ">y<", "launchd_override user 501 a value"),
    ("/private/var/db/com.apple.xpc.launchd/loginitems.501.plist", "<plist><dict><key>h</key><string>x</string></dict></plist>", ">x<", ">y<", "login_item_helper user 501 h application"),
    ("/private/etc/launchd.conf", "setenv A 1\n", "1", "2", "launchd_variable /private/etc/launchd.conf A value"),
    ("/private/etc/periodic.conf", "daily_x=\"a\"\n", "\"a\"", "\"b\"", "periodic_setting /private/etc/periodic.conf: daily_x value"),
    ("/private/etc/periodic.conf.local", "/opt/x -a\n", "-a", "-b", "periodic_code /private/etc/periodic.conf.local code"),
    ("/private/var/at/tabs/ana", "1 1 * * * /opt/x\n", "/opt", "@AppleNotOnBattery /opt", "cron_job /private/var/at/tabs/ana: 1 1 * * * /opt/x on_mains_only"),
    ("/Library/Extensions/A.kext/Contents/Info.plist", INFO, "= x", "= y", "kext /Library/Extensions/A.kext identifier"),
    ("/Library/Extensions/B.kext/Contents/Info.plist", INFO, "= 1", "= 2", "kext /Library/Extensions/B.kext version"),
    ("/Library/Extensions/C.kext/Contents/Info.plist", INFO, "= X", "= Y", "kext /Library/Extensions/C.kext executable programs"),
    ("/Library/Extensions/D.kext/Contents/Info.plist", INFO, "Root", "Safe", "kext /Library/Extensions/D.kext required"),
    ("/Library/Extensions/E.kext/Contents/Info.plist", INFO, "IOClass = A", "IOClass = B", "kext /Library/Extensions/E.kext personalities"),
    ("/Library/DriverExtensions/A.dext/Info.plist", INFO, "= x", "= y", "driver_extension /Library/DriverExtensions/A.dext identifier"),
];

/// One file holds them all, so that each edit has a root of its own.
#[rustfmt::skip]
const SYSTEM_EXTENSIONS: &[(&str, &str, &str)] = &[
    ("state = on", "state = off", "system_extension T x U state"),
    ("= 8", "= 9", "system_extension T x U version"),
    ("(a)", "(b)", "system_extension T x U categories"),
    ("/o", "/q", "system_extension T x U origin"),
    ("/p", "/q", "system_extension T x U container"),
    ("developerMode = 0", "developerMode = 1", "system_extension_settings /Library/SystemExtensions/db.plist developer_mode"),
    ("Overrides = 1", "Overrides = 0", "system_extension_policy allowUserOverrides value"),
];

#[test]
fn every_field_of_linux_is_told_alone() {
    let scratch = Scratch::new();
    each_alone(&scratch, LINUX);
    let kinds = [
        "cron_job",
        "cron_environment",
        "cron_script",
        "anacron_job",
        "at_job",
        "cron_access",
        "kernel_module_file",
        "kernel_module_load",
        "kernel_module_script",
        "modprobe_directive",
        "dkms_module",
        "dkms_config",
        "rc_script",
        "sysv_script",
        "sysv_link",
        "inittab_line",
    ];
    let others: &[(&str, &[&str])] = &[
        (
            "part of what makes the line the same one",
            &[
                "cron_job.schedule",
                "cron_job.user",
                "cron_job.command",
                "cron_job.input",
            ],
        ),
        ("the folder says it", &["cron_script.period"]),
        ("of macOS", &["cron_job.on_mains_only"]),
        (
            "shown by the module's own tests",
            &[
                "cron_environment.link_target",
                "anacron_job.link_target",
                "anacron_job.inert",
                "at_job.link_target",
                "cron_access.link_target",
                "kernel_module_load.link_target",
                "kernel_module_load.mask",
                "modprobe_directive.link_target",
                "modprobe_directive.mask",
                "sysv_link.regular_file",
            ],
        ),
    ];
    all_covered(&scratch, &kinds, LINUX, others);
}

#[test]
fn every_field_of_a_mac_is_told_alone() {
    let scratch = Scratch::macos();
    let later: Vec<_> = MACOS
        .iter()
        .map(|(_, text, from, to, _)| text.replacen(from, to, 1))
        .collect();
    let files: Vec<_> = (MACOS.iter().zip(&later))
        .map(|((path, text, ..), later)| ([File(path, text)], [File(path, later)]))
        .collect();
    let rows: Vec<_> = (MACOS.iter().zip(&files))
        .map(|((.., told), (before, after))| {
            // The names of fields are the words at the end that are no part of a path or key.
            let at = if told.ends_with(" programs") { 2 } else { 1 };
            let at = told.rmatch_indices(' ').nth(at - 1).unwrap().0;
            row(&told[..at], &told[at + 1..], before, after)
        })
        .collect();
    each_alone(&scratch, &rows);
}

#[test]
fn every_field_of_a_system_extension_is_told_alone() {
    for (from, to, told) in SYSTEM_EXTENSIONS {
        let path = "/Library/SystemExtensions/db.plist";
        let (entry, field) = told.rsplit_once(' ').unwrap();
        let later = DATABASE.replacen(from, to, 1);
        each_alone(
            &Scratch::macos(),
            &[row(entry, field, &[File(path, DATABASE)], &[File(path, &later)])],
        );
    }
}
