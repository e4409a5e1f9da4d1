//! One act, one alert.

use assay_module_systemd::Systemd;
use assay_sdk::testkit::{Fixture, Seen};
use std::fs;

const ETC: &str = "/etc/systemd/system";
const VENDOR: &str = "/usr/lib/systemd/system";

fn look(fixture: &Fixture) -> Seen {
    fixture.collect::<Systemd>()
}

fn server() -> Fixture {
    Fixture::new()
        .link("/lib", "usr/lib")
        .file("/etc/passwd", "ivo:x:1001:1001::/home/ivo:/bin/sh\n")
        .folder("/home/ivo")
        .script("/usr/sbin/gated", "")
        .script("/usr/bin/sh", "")
        .file(
            "/usr/lib/systemd/system/gate.service",
            "[Unit]\nDescription=Gate\n[Service]\nExecStart=/usr/sbin/gated\n[Install]\nWantedBy=multi-user.target\n",
        )
        .file("/usr/lib/systemd/system/sweep.service", "[Service]\nExecStart=/usr/sbin/gated --sweep\n")
        .file("/usr/lib/systemd/system/sweep.timer", "[Timer]\nOnCalendar=daily\n")
        .file("/usr/lib/systemd/user/panel.service", "[Service]\nExecStart=/usr/bin/panel\n")
}

/// The alerts after `act`.
fn after(act: impl FnOnce(Fixture) -> Fixture) -> Vec<String> {
    let fixture = server();
    let before = look(&fixture);
    look(&act(fixture)).changes_since(&before)
}

#[test]
fn planting_a_unit_and_enabling_it() {
    let unit = format!("{ETC}/kworker.service");
    assert_eq!(
        after(|f| f.file(&unit, "[Service]\nExecStart=/dev/shm/.k\n")),
        ["added systemd_unit kworker.service"]
    );
    let link = format!("{ETC}/multi-user.target.wants/gate.service");
    assert_eq!(
        after(|f| f.link(&link, "/lib/systemd/system/gate.service")),
        [format!("added systemd_enable_link {link}")]
    );
}

#[test]
fn a_drop_in_changes_its_unit() {
    let drop_in = "[Service]\nExecStart=\nExecStart=/opt/x\n";
    let fixture = server();
    let before = look(&fixture);
    let path = format!("{ETC}/gate.service.d/o.conf");
    let fixture = fixture.file(&path, drop_in);
    let now = look(&fixture);
    assert_eq!(
        now.changes_since(&before),
        ["changed systemd_unit gate.service: drop_ins exec_start programs"]
    );
    assert_eq!(
        now.field("systemd_unit", "gate.service", "exec_start"),
        "[/opt/x]"
    );
    assert_eq!(
        now.field("systemd_unit", "gate.service", "drop_ins"),
        format!("[{path}]")
    );
    assert_eq!(now.programs("systemd_unit", "gate.service"), ["/opt/x"]);
}

#[test]
fn drop_ins_of_many_units_are_told_once() {
    for (folder, key) in [
        ("service.d", "service.d"),
        ("ga-.service.d", "ga-.service.d"),
        ("nobody@1.service.d", "nobody@1.service.d"),
        ("-.slice.d", "-.slice.d"),
    ] {
        assert_eq!(
            after(|f| f.file(
                &format!("{ETC}/{folder}/x.conf"),
                "[Service]\nEnvironment=LD_PRELOAD=/x.so\n"
            )),
            [format!("added systemd_drop_in {key}")]
        );
    }
}

#[test]
fn an_override_and_its_removal_change_the_unit() {
    let override_path = format!("{ETC}/gate.service");
    let fixture = server().file(
        &override_path,
        "[Service]\nExecStart=/usr/sbin/gated\n[Install]\nWantedBy=multi-user.target\n",
    );
    let before = look(&fixture);
    assert_eq!(
        before.field("systemd_unit", "gate.service", "shadows"),
        format!("[{VENDOR}/gate.service]")
    );
    fs::remove_file(fixture.host(&override_path)).expect("the override");
    assert_eq!(
        look(&fixture).changes_since(&before),
        ["changed systemd_unit gate.service: shadows source"]
    );
}

#[test]
fn masking_a_unit_changes_it() {
    let mask = format!("{ETC}/gate.service");
    let masked =
        "changed systemd_unit gate.service: exec_start link_target masked programs shadows source wanted_by";
    assert_eq!(after(|f| f.link(&mask, "/dev/null")), [masked]);
    assert_eq!(after(|f| f.file(&mask, "")), [masked.replace("link_target ", "")]);
}

#[test]
fn a_link_that_takes_a_units_name_changes_it() {
    let link = format!("{ETC}/gate.service");
    assert_eq!(
        after(|f| f.link(&link, "/lib/systemd/system/sweep.service")),
        ["changed systemd_unit gate.service: exec_start link_target shadows source wanted_by"]
    );
}

#[test]
fn what_a_timer_triggers_is_told_with_the_service_alone() {
    let service = format!("{VENDOR}/sweep.service");
    let fixture = server();
    let before = look(&fixture);
    let now = look(&fixture.file(&service, "[Service]\nExecStart=/usr/bin/sh -c /tmp/y\n"));
    assert_eq!(
        now.changes_since(&before),
        ["changed systemd_unit sweep.service: exec_start programs"]
    );
    assert_eq!(
        now.field("systemd_timer", "sweep.timer", "triggers"),
        "sweep.service"
    );
    assert_eq!(
        now.field("systemd_timer", "sweep.timer", "runs"),
        "[/usr/bin/sh -c /tmp/y]"
    );
    assert_eq!(
        after(|f| f.file(
            &format!("{VENDOR}/sweep.timer"),
            "[Timer]\nOnCalendar=daily\nUnit=gate.service\n"
        )),
        ["changed systemd_timer sweep.timer: triggers"]
    );
}

#[test]
fn run_time_units_and_drop_ins_are_told_apart_from_those_on_disk() {
    assert_eq!(
        after(|f| f.file(
            "/run/systemd/system/gate.service.d/x.conf",
            "[Service]\nExecStartPre=/x\n"
        )),
        ["added systemd_runtime_unit gate.service.d"]
    );
    let fixture = server().file("/run/systemd/transient/gate.service", "[Service]\nExecStart=/x\n");
    let seen = look(&fixture);
    assert_eq!(
        seen.field("systemd_runtime_unit", "gate.service", "shadows"),
        format!("[{VENDOR}/gate.service]")
    );
    assert_eq!(
        seen.changes_since(&look(&server())),
        ["added systemd_runtime_unit gate.service"]
    );
    // The last folder of all shadows nothing.
    let late = look(&server().file(
        "/run/systemd/generator.late/gate.service",
        "[Service]\nExecStart=/x\n",
    ));
    assert_eq!(late.field("systemd_runtime_unit", "gate.service", "shadows"), "");
}

#[test]
fn a_home_adds_its_own_units() {
    let home = "/home/ivo/.config/systemd/user";
    assert_eq!(
        after(|f| f.file(&format!("{home}/panel.service"), "[Service]\nExecStart=%h/.p\n")),
        ["added systemd_unit /home/ivo:panel.service"]
    );
    let seen = look(&server().file(&format!("{home}/panel.service"), "[Service]\nExecStart=%h/.p\n"));
    assert_eq!(
        seen.field("systemd_unit", "/home/ivo:panel.service", "shadows"),
        "[/usr/lib/systemd/user/panel.service]"
    );
    assert_eq!(
        seen.programs("systemd_unit", "/home/ivo:panel.service"),
        ["/home/ivo/.p"]
    );
    assert_eq!(
        after(|f| f.file(
            &format!("{home}/panel.service.d/x.conf"),
            "[Service]\nExecStartPre=/x\n"
        )),
        ["added systemd_drop_in /home/ivo:panel.service.d"]
    );
}

#[test]
fn nothing_is_told_of_what_means_nothing() {
    assert_eq!(
        after(|f| {
            f.file(
            &format!("{VENDOR}/gate.service"),
            "# new comment\r\n[Install]\r\nWantedBy = multi-user.target\r\n\r\n[Service]\r\nExecStart= \\\r\n  /usr/sbin/gated\r\nMemoryMax=5\r\n[Unit]\r\nDescription=Another\r\n"
        )
        }),
        [""; 0]
    );
    for path in [
        "/etc/systemd/system/README",
        "/etc/systemd/system/gate.service.d/.hidden.conf",
        "/etc/systemd/system/gate.service.d/x.conf~",
        "/etc/systemd/system/gate.service.d/masked.conf",
        "/run/systemd/transient/session-9.scope",
        "/run/systemd/transient/user-1001.slice.d/50-x.conf",
        "/run/user/1001/systemd/transient/app-x@1.service",
        "/run/user/1001/systemd/generator.late/app-y@autostart.service",
    ] {
        let content = if path.ends_with("masked.conf") {
            ""
        } else {
            "[Service]\nExecStart=/x\n"
        };
        assert_eq!(after(|f| f.file(path, content)), [""; 0], "{path}");
    }
}

#[test]
fn each_setting_that_counts_changes_its_unit() {
    for (unit, setting, field) in [
        (
            "a.service",
            "[Service]\nExecStartPre=/x",
            "exec_start_pre programs",
        ),
        ("a.service", "[Service]\nExecStop=/x", "exec_stop programs"),
        (
            "a.service",
            "[Service]\nExecCondition=/x",
            "exec_condition programs",
        ),
        ("a.service", "[Service]\nExecFuture=/x", "exec_other programs"),
        ("a.service", "[Service]\nUser=root", "user"),
        ("a.service", "[Service]\nGroup=root", "group"),
        ("a.service", "[Service]\nType=forking", "type"),
        ("a.service", "[Service]\nRestart=always", "restart"),
        ("a.service", "[Service]\nBusName=a.b", "bus_name"),
        (
            "a.service",
            "[Service]\nEnvironment=LD_PRELOAD=/x",
            "environment programs",
        ),
        ("a.service", "[Service]\nEnvironmentFile=/x", "environment_file"),
        (
            "a.service",
            "[Service]\nRootDirectory=/x",
            "programs root_directory",
        ),
        ("a.service", "[Service]\nRootImage=/x", "programs root_image"),
        ("a.service", "[Service]\nLoadCredential=a:/b", "load_credential"),
        ("a.service", "[Unit]\nOnFailure=x.service", "on_failure"),
        ("a.service", "[Unit]\nConditionPathExists=/x", "conditions"),
        ("a.service", "[Unit]\nWants=x.service", "wants"),
        ("a.service", "[Install]\nWantedBy=x.target", "wanted_by"),
        ("a.service", "[Install]\nAlias=x.service", "alias"),
        ("a.socket", "[Socket]\nListenStream=1", "listen"),
        ("a.socket", "[Socket]\nAccept=yes", "accept triggers"),
        ("a.socket", "[Socket]\nService=x.service", "triggers"),
        ("a.path", "[Path]\nPathModified=/x", "watched_paths"),
        ("a.path", "[Path]\nUnit=x.service", "triggers"),
        ("a.mount", "[Mount]\nWhat=/x", "what"),
        ("a.swap", "[Swap]\nWhat=/x", "what"),
        ("a.automount", "[Automount]\nWhere=/x", "where"),
    ] {
        let path = format!("{ETC}/{unit}");
        let plain = "[Service]\nExecStart=/bin/true\n[Install]\n";
        let fixture = server().file(&path, plain);
        let before = look(&fixture);
        let now = look(&fixture.file(&path, format!("{plain}{setting}\n")));
        assert_eq!(
            now.changes_since(&before),
            [format!("changed systemd_unit {unit}: {field}")],
            "{setting}"
        );
    }
}

#[test]
fn variables_and_generators() {
    assert_eq!(
        after(|f| f.file("/etc/environment.d/z.conf", "LD_PRELOAD=/x.so\n")),
        ["added systemd_environment /etc/environment.d/z.conf LD_PRELOAD"]
    );
    assert_eq!(
        after(|f| {
            f.file(
            "/usr/lib/systemd/user.conf.d/z.conf",
            "[Other]\nManagerEnvironment=Z=1\n[Manager]\nManagerEnvironment=A=1\nManagerEnvironment=\nManagerEnvironment=B=2\n"
        )
        }),
        ["added systemd_environment /usr/lib/systemd/user.conf.d/z.conf ManagerEnvironment B"]
    );
    assert_eq!(
        after(|f| f.file("/home/ivo/.config/environment.d/z.conf", "PATH=/tmp:/bin\n")),
        ["added systemd_environment /home/ivo/.config/environment.d/z.conf PATH"]
    );
    assert_eq!(
        after(|f| f.script(
            "/usr/local/lib/systemd/user-environment-generators/z",
            "#!/bin/sh\n"
        )),
        ["added systemd_generator /usr/local/lib/systemd/user-environment-generators/z"]
    );
    assert_eq!(
        after(|f| f.file("/var/lib/systemd/linger/ivo", "")),
        ["added systemd_linger ivo"]
    );
    // The first file of a name counts, and a mask is one.
    let vendor = |f: Fixture| f.file("/usr/lib/environment.d/z.conf", "A=1\n");
    let before = look(&vendor(server()));
    let now = look(&vendor(server()).link("/etc/environment.d/z.conf", "/dev/null"));
    assert_eq!(
        now.changes_since(&before),
        ["removed systemd_environment /usr/lib/environment.d/z.conf A"]
    );
}

#[test]
fn variables_of_units_environment_files_count_where_they_load_code() {
    let unit = "[Service]\nExecStart=/usr/sbin/gated $OPTIONS\nEnvironmentFile=-/etc/default/%p\n";
    let with_unit = |f: Fixture| f.file(&format!("{ETC}/gate.service"), unit);
    let file = |f: Fixture, text: &str| f.file("/etc/default/gate", text);
    let before = look(&file(with_unit(server()), "OPTIONS=-v\n"));
    let options = look(&file(with_unit(server()), "OPTIONS=-q\n"));
    assert_eq!(options.changes_since(&before), [""; 0]);
    let preload = look(&file(with_unit(server()), "OPTIONS=-v\nLD_PRELOAD='/tmp/a.so'\n"));
    assert_eq!(
        preload.changes_since(&before),
        ["added systemd_environment /etc/default/gate EnvironmentFile LD_PRELOAD"]
    );
}
