//! polkit, D-Bus and audit plug-ins: what is seen, and what each change looks like.

use assay_module_policy::Policy;
use assay_sdk::testkit::{Fixture, Seen};

const ACTION: &str = "<policyconfig><action id='org.x.mount'><description>d</description><defaults><allow_any>no</allow_any>\
    <allow_inactive>no</allow_inactive><allow_active>auth_admin</allow_active></defaults>\
    <annotate key='org.freedesktop.policykit.exec.path'>/opt/mount</annotate></action></policyconfig>";
const BUS: &str = "<busconfig><policy user='clock'><allow own='org.x'/></policy><policy context='default'>\
    <deny send_destination='org.x'/></policy></busconfig>";
const SERVICE: &str =
    "[D-BUS Service]\nName=org.x\nExec=/opt/clock --bus\nUser=clock\nSystemdService=clock.service\n";
const PLUGIN: &str =
    "active = no\ndirection = out\npath = /opt/relay\ntype = always\nargs = 1\nformat = string\n";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Policy>()
}

fn linux(action: &str, bus: &str, service: &str, plugin: &str) -> Fixture {
    Fixture::new()
        .file("/etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n")
        .link("/lib", "usr/lib")
        .folder("/usr/lib/dbus-1/services")
        .script("/opt/mount", "")
        .file("/usr/share/polkit-1/actions/x.policy", action)
        .file("/etc/dbus-1/system.d/x.conf", bus)
        .file("/usr/share/dbus-1/system-services/org.x.service", service)
        .file(
            "/home/ana/.local/share/dbus-1/services/y.service",
            "[D-BUS Service]\nName=org.y\nExec=/bin/sh -c 'exec /opt/y'\n",
        )
        .file("/etc/audit/plugins.d/relay.conf", plugin)
}

#[test]
fn a_bit_of_everything() {
    let seen = scan(&linux(ACTION, BUS, SERVICE, PLUGIN));
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
    insta::assert_snapshot!(seen.snapshot());
}

/// Each pair differs in one thing, and that is what is told.
#[test]
fn every_compared_field_shows_its_change() {
    let before = scan(&linux(ACTION, BUS, SERVICE, PLUGIN));
    let action = |from: &str, to: &str| linux(&ACTION.replace(from, to), BUS, SERVICE, PLUGIN);
    let bus = |from: &str, to: &str| linux(ACTION, &BUS.replace(from, to), SERVICE, PLUGIN);
    let service = |from: &str, to: &str| linux(ACTION, BUS, &SERVICE.replace(from, to), PLUGIN);
    let plugin = |from: &str, to: &str| linux(ACTION, BUS, SERVICE, &PLUGIN.replace(from, to));
    for (field, after) in [
        ("allow_any", action("any>no", "any>yes")),
        ("allow_inactive", action("inactive>no", "inactive>yes")),
        ("allow_active", action("auth_admin", "yes")),
        ("annotations", action("/opt/mount", "/tmp/mount")),
        ("rules", bus("<deny", "<allow send_type='signal'/><deny")),
        ("bus_name", service("org.x", "org.z")),
        ("command", service("--bus", "--bus -x")),
        ("user", service("User=clock", "User=root")),
        ("unit", service("clock.service", "x.service")),
        ("active", plugin("= no", "= yes")),
        ("path", plugin("/opt/relay", "/tmp/relay")),
        ("arguments", plugin("= 1", "= 2")),
        ("type", plugin("always", "builtin")),
        ("settings", plugin("= out", "= in")),
    ] {
        scan(&after).assert_changed(field, &before);
    }
}

#[test]
fn a_new_layout_is_no_change() {
    let other = linux(
        &ACTION
            .replace("><", ">\n\t<")
            .replace("<description>d", "<description xml:lang='de'>e"),
        &BUS.replace("/>", " ></allow>").replace(
            "'org.x' ></allow></policy></busconfig>",
            "\"org.x\"/></policy><!-- x --></busconfig>",
        ),
        &SERVICE.replace('=', " = ").replace("[D-BUS", "# x\n\n[D-BUS"),
        "# x\nformat=string\nargs=1\ntype = ALWAYS\npath=/opt/relay\ndirection=out\nactive=No\n",
    );
    let changes = scan(&other).changes_since(&scan(&linux(ACTION, BUS, SERVICE, PLUGIN)));
    assert_eq!(changes, [""; 0]);
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/usr/share/polkit-1/actions/fifo.policy")
        .file("/usr/share/polkit-1/actions/deep.policy", "<a>".repeat(100_000))
        .file(
            "/usr/share/polkit-1/actions/twice.policy",
            "<x><action id='a'/><action id='a'/></x>",
        )
        .file(
            "/usr/share/polkit-1/actions/entities.policy",
            "<!DOCTYPE x [<!ENTITY e SYSTEM '/etc/passwd'>]><x><action id='&e;'/></x>",
        )
        .file("/etc/dbus-1/system.conf", b"<busconfig>\xff")
        .link("/etc/dbus-1/session.conf", "session.conf")
        .file("/etc/dbus-1/services/empty.service", "")
        .file(
            "/etc/dbus-1/services/odd.service",
            b"[D-BUS Service]\nName=\xfe\nExec='\n",
        )
        .fifo("/etc/audit/plugins.d/fifo.conf")
        .file("/etc/audit/plugins.d/empty.conf", "")
        .file("/etc/audit/plugins.d/odd.conf", "path\nactive\n= x\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
    scan(&Fixture::macos()).assert_silent();
}
