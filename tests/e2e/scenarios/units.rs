//! Every setting of a systemd unit that matters, each changed alone; and what is no setting: drop-ins, masks, links.

use super::fields::{Row, all_covered, each_alone};
use super::{File, Gone, Link, Put, expect, learn, put};
use assay_tests::Scratch;

/// Unit type, section, setting, its value before and after, and the fields that differ then.
type Setting = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const SETTINGS: &[Setting] = &[
    ("service", "Service", "ExecCondition", "/opt/a", "/opt/b", "exec_condition programs"),
    ("service", "Service", "ExecStartPre", "/opt/a", "/opt/b", "exec_start_pre programs"),
    ("service", "Service", "ExecStart", "/opt/a", "/opt/b", "exec_start programs"),
    ("service", "Service", "ExecStart", "/opt/a", "/opt/a -v", "exec_start"),
    ("service", "Service", "ExecStart", "/opt/a", "!/opt/a", "exec_start"),
    ("service", "Service", "ExecStartPost", "/opt/a", "/opt/b", "exec_start_post programs"),
    ("service", "Service", "ExecReload", "/opt/a", "/opt/b", "exec_reload programs"),
    ("service", "Service", "ExecReloadPost", "/opt/a", "/opt/b", "exec_reload_post programs"),
    ("socket", "Socket", "ExecStopPre", "/opt/a", "/opt/b", "exec_stop_pre programs"),
    ("service", "Service", "ExecStop", "/opt/a", "/opt/b", "exec_stop programs"),
    ("service", "Service", "ExecStopPost", "/opt/a", "/opt/b", "exec_stop_post programs"),
    ("service", "Service", "ExecSearchPath", "/opt", "/srv", "exec_search_path"),
    ("service", "Service", "ExecPaths", "/opt", "/srv", "exec_paths"),
    ("service", "Service", "ExecSomeDay", "/opt/a", "/opt/b", "exec_other programs"),
    ("service", "Service", "Type", "simple", "forking", "type"),
    ("mount", "Mount", "Type", "ext4", "tmpfs", "type"),
    ("service", "Service", "BusName", "a.b", "a.c", "bus_name"),
    ("service", "Service", "Sockets", "a.socket", "b.socket", "sockets"),
    ("service", "Service", "OpenFile", "/a", "/b", "open_file"),
    ("service", "Service", "StandardInput", "null", "tty", "standard_input"),
    ("service", "Service", "StandardInputText", "a", "b", "standard_input_text"),
    ("service", "Service", "StandardInputData", "YQ==", "Yg==", "standard_input_data"),
    ("service", "Service", "WorkingDirectory", "/a", "/b", "working_directory"),
    ("service", "Service", "RootDirectory", "/a", "/b", "root_directory"),
    ("service", "Service", "RootImage", "/a.raw", "/b.raw", "programs root_image"),
    ("service", "Service", "MountImages", "/a:/m", "/b:/m", "mount_images"),
    ("service", "Service", "ExtensionImages", "/a.raw", "/b.raw", "extension_images"),
    ("service", "Service", "ExtensionDirectories", "/a", "/b", "extension_directories"),
    ("service", "Service", "BindPaths", "/a", "/b", "bind_paths"),
    ("service", "Service", "BindReadOnlyPaths", "/a", "/b", "bind_read_only_paths"),
    ("service", "Service", "Environment", "A=1", "A=2", "environment"),
    ("service", "Service", "Environment", "A=1", "A=1 LD_PRELOAD=/opt/x.so", "environment programs"),
    ("service", "Service", "EnvironmentFile", "/a", "/b", "environment_file"),
    ("service", "Service", "PassEnvironment", "A", "B", "pass_environment"),
    ("service", "Service", "UnsetEnvironment", "A", "B", "unset_environment"),
    ("service", "Service", "LoadCredential", "a:/a", "a:/b", "load_credential"),
    ("service", "Service", "ImportCredential", "a", "b", "import_credential"),
    ("service", "Service", "SetCredential", "a:secret", "b:secret", "set_credential"),
    ("service", "Service", "User", "ana", "root", "user"),
    ("service", "Service", "Group", "staff", "root", "group"),
    ("service", "Service", "SupplementaryGroups", "a", "b", "supplementary_groups"),
    ("service", "Service", "DynamicUser", "yes", "no", "dynamic_user"),
    ("service", "Service", "PAMName", "a", "b", "pam_name"),
    ("service", "Service", "AmbientCapabilities", "CAP_KILL", "CAP_SYS_ADMIN", "ambient_capabilities"),
    ("service", "Service", "CapabilityBoundingSet", "CAP_KILL", "CAP_SYS_ADMIN", "capability_bounding_set"),
    ("service", "Service", "NoNewPrivileges", "yes", "no", "no_new_privileges"),
    ("service", "Service", "Restart", "no", "always", "restart"),
    ("timer", "Timer", "OnCalendar", "daily", "hourly", "schedule"),
    ("timer", "Timer", "OnBootSec", "1h", "1min", "schedule"),
    ("timer", "Timer", "Persistent", "no", "yes", "persistent"),
    ("timer", "Timer", "WakeSystem", "no", "yes", "wake_system"),
    ("timer", "Timer", "Unit", "a.service", "b.service", "triggers"),
    ("path", "Path", "PathChanged", "/a", "/b", "watched_paths"),
    ("path", "Path", "DirectoryNotEmpty", "/a", "/b", "watched_paths"),
    ("path", "Path", "Unit", "a.service", "b.service", "triggers"),
    ("socket", "Socket", "Service", "a.service", "b.service", "triggers"),
    ("socket", "Socket", "ListenStream", "80", "81", "listen"),
    ("socket", "Socket", "Accept", "no", "yes", "accept triggers"),
    ("socket", "Socket", "SocketUser", "ana", "root", "socket_user"),
    ("socket", "Socket", "SocketGroup", "ana", "root", "socket_group"),
    ("socket", "Socket", "SocketMode", "0600", "0666", "socket_mode"),
    ("mount", "Mount", "What", "/dev/a", "/dev/b", "what"),
    ("mount", "Mount", "Where", "/a", "/b", "where"),
    ("mount", "Mount", "Options", "nosuid", "suid", "options"),
    ("service", "Unit", "ConditionPathExists", "/a", "/b", "conditions"),
    ("service", "Unit", "AssertPathExists", "/a", "/b", "asserts"),
    ("service", "Unit", "OnFailure", "a.service", "b.service", "on_failure"),
    ("service", "Unit", "OnSuccess", "a.service", "b.service", "on_success"),
    ("service", "Unit", "Wants", "a.service", "b.service", "wants"),
    ("service", "Unit", "Requires", "a.service", "b.service", "requires"),
    ("service", "Unit", "BindsTo", "a.service", "b.service", "binds_to"),
    ("service", "Unit", "Upholds", "a.service", "b.service", "upholds"),
    ("service", "Unit", "Requisite", "a.service", "b.service", "requisite"),
    ("service", "Unit", "Conflicts", "a.service", "b.service", "conflicts"),
    ("service", "Install", "WantedBy", "a.target", "b.target", "wanted_by"),
    ("service", "Install", "RequiredBy", "a.target", "b.target", "required_by"),
    ("service", "Install", "UpheldBy", "a.target", "b.target", "upheld_by"),
    ("service", "Install", "Alias", "x1.service", "x2.service", "alias"),
    ("service", "Install", "Also", "a.socket", "b.socket", "also"),
    ("service", "Install", "DefaultInstance", "a", "b", "default_instance"),
    // What only tunes a unit, or only reads nicely.
    ("service", "Unit", "Description", "a", "b", ""),
    ("service", "Service", "RestartSec", "1", "2", ""),
    ("service", "Service", "MemoryMax", "1G", "2G", ""),
];

#[test]
fn every_setting_of_a_unit_is_told_alone() {
    let scratch = Scratch::new();
    let texts: Vec<_> = (SETTINGS.iter().enumerate())
        .map(|(number, (unit_type, section, name, before, after, _))| {
            let kind = if *unit_type == "timer" {
                "systemd_timer"
            } else {
                "systemd_unit"
            };
            let unit = format!("n{number}.{unit_type}");
            let says = |value| format!("[{section}]\n{name}={value}\n");
            let path = format!("/etc/systemd/system/{unit}");
            (format!("{kind} {unit}"), path, says(before), says(after))
        })
        .collect();
    let files: Vec<_> = (texts.iter())
        .map(|(_, path, before, after)| ([File(path, before)], [File(path, after)]))
        .collect();
    let rows: Vec<_> = (texts.iter().zip(SETTINGS).zip(&files))
        .map(|((text, setting), (before, after))| Row {
            entry: &text.0,
            fields: setting.5,
            before,
            after,
        })
        .collect();
    each_alone(&scratch, &rows);
    let others = [
        (
            "no setting: below",
            &["masked", "link_target", "shadows", "drop_ins"][..],
        ),
        (
            "of timers, in their own kind",
            &["schedule", "persistent", "wake_system"],
        ),
    ];
    all_covered(&scratch, &["systemd_unit"], &rows, &others);
}

/// Acts on one service, its timer and its links: files before, files after, what is told.
#[test]
fn what_is_no_setting_is_told_once() {
    const UNIT: &str = "[Service]\nExecStart=/opt/a\n";
    const ETC: &str = "/etc/systemd/system/a.service";
    const VENDOR: &str = "/usr/lib/systemd/system/a.service";
    const LINK: &str = "/etc/systemd/system/multi-user.target.wants/a.service";
    let table: &[(&[Put<'_>], &[Put<'_>], &str)] = &[
        (
            &[File(VENDOR, UNIT)],
            &[File(
                "/etc/systemd/system/a.service.d/x.conf",
                "[Service]\nUser=ana\n",
            )],
            "changed systemd_unit a.service [drop_ins user]",
        ),
        (
            &[File(VENDOR, UNIT)],
            &[Link(ETC, "/dev/null")],
            "changed systemd_unit a.service [exec_start link_target masked programs shadows source]",
        ),
        (
            &[File(VENDOR, UNIT)],
            &[File(ETC, UNIT)],
            "changed systemd_unit a.service [shadows source]",
        ),
        (
            &[File(ETC, UNIT)],
            &[Link(LINK, ETC)],
            "added systemd_enable_link /etc/systemd/system/multi-user.target.wants/a.service",
        ),
        (
            &[File(ETC, UNIT), File("/opt/u/a.service", UNIT), Link(LINK, ETC)],
            &[Link(LINK, "/opt/u/a.service")],
            "changed systemd_enable_link /etc/systemd/system/multi-user.target.wants/a.service [link_target outside file:/etc/systemd/system/multi-user.target.wants/a.service:target]",
        ),
        (
            &[File(ETC, UNIT), Link(LINK, ETC)],
            &[Gone(LINK)],
            "removed systemd_enable_link /etc/systemd/system/multi-user.target.wants/a.service",
        ),
        (
            &[File("/etc/environment.d/a.conf", "A=1\n")],
            &[File("/etc/environment.d/a.conf", "A=2\n")],
            "changed systemd_environment /etc/environment.d/a.conf A [value]",
        ),
        (
            &[],
            &[File("/var/lib/systemd/linger/ana", "")],
            "added systemd_linger ana",
        ),
        (
            &[File("/run/systemd/transient/run-1.service", UNIT)],
            &[File(
                "/run/systemd/transient/run-1.service",
                "[Service]\nExecStart=/opt/a -v\n",
            )],
            "changed systemd_runtime_unit run-1.service [exec_start]",
        ),
        (
            &[File(
                "/etc/systemd/system/service.d/x.conf",
                "[Service]\nUser=a\n",
            )],
            &[File(
                "/etc/systemd/system/service.d/x.conf",
                "[Service]\nUser=b\n",
            )],
            "changed systemd_drop_in service.d [user]",
        ),
        (
            &[File("/usr/lib/systemd/system-generators/g", "x")],
            &[Link("/etc/systemd/system-generators/g", "/dev/null")],
            "added systemd_generator /etc/systemd/system-generators/g",
        ),
        // Layout, comments and the order of sections say nothing.
        (
            &[File(
                ETC,
                "[Unit]\nAfter=x\n[Service]\nExecStart=/opt/a\nUser=ana\n",
            )],
            &[File(
                ETC,
                "# note\n[Service]\nUser = ana\nExecStart= \\\n /opt/a\n\n[Unit]\nAfter=y\n",
            )],
            "",
        ),
    ];
    for (before, after, told) in table {
        let scratch = Scratch::new();
        put(&scratch, before);
        learn(&scratch);
        put(&scratch, after);
        let told: Vec<_> = Some(*told).filter(|told| !told.is_empty()).into_iter().collect();
        expect(&scratch, &format!("{after:?}"), &told);
        expect(&scratch, "nothing", &[""; 0]);
    }
}
