//! PAM: what is seen, and what each change looks like.

use assay_module_auth::Auth;
use assay_sdk::testkit::{Fixture, Seen};

const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/security";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Auth>()
}

fn debian() -> Fixture {
    ["unix", "deny", "permit", "exec"].iter().fold(
        Fixture::new()
            .link("/lib", "usr/lib")
            .file(
                "/etc/pam.d/common-auth",
                "# here are the blocks\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
            )
            .file(
                "/etc/pam.d/su",
                "auth sufficient pam_rootok.so\n@include common-auth\n-session optional pam_systemd.so\n",
            )
            .file("/etc/pam.conf", "su auth sufficient pam_permit.so\n"),
        |fixture, name| fixture.file(&format!("{LIBRARY}/pam_{name}.so"), ""),
    )
}

#[test]
fn a_debian() {
    insta::assert_snapshot!(scan(&debian()).snapshot());
}

#[test]
fn a_mac() {
    let fixture = Fixture::macos()
        .file("/usr/lib/pam/pam_opendirectory.so.2", "")
        .file("/usr/lib/pam/pam_tid.so.2", "")
        .file("/Users/Shared/.x/pam_y.so", "")
        .file(
            "/private/etc/pam.d/sudo",
            "# sudo: auth account password session\nauth include sudo_local\nauth sufficient /Users/Shared/.x/pam_y.so\n\
             auth required pam_opendirectory.so\n",
        )
        .file("/private/etc/pam.d/sudo_local", "auth sufficient pam_tid.so\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

/// Each pair differs in one thing, and that is what is told.
#[test]
fn every_compared_field_shows_its_change() {
    let service = |text: &str| Fixture::new().file("/etc/pam.d/x", text);
    let plain = "auth required pam_a.so\nauth sufficient pam_b.so\n";
    for (field, after) in [
        ("control", "auth optional pam_a.so\nauth sufficient pam_b.so\n"),
        (
            "arguments",
            "auth required pam_a.so debug\nauth sufficient pam_b.so\n",
        ),
        ("skips", "auth sufficient pam_b.so\nauth required pam_a.so\n"),
    ] {
        scan(&service(after)).assert_changed(field, &scan(&service(plain)));
    }
}

#[test]
fn a_rule_put_first_is_one_change() {
    let before = scan(&debian());
    let first = "auth sufficient pam_permit.so\nauth sufficient pam_rootok.so\n@include common-auth\n-session optional pam_systemd.so\n";
    let after = scan(&debian().file("/etc/pam.d/su", first));
    assert_eq!(
        after.changes_since(&before),
        ["added pam_rule /etc/pam.d/su: auth pam_permit.so"]
    );
    assert_eq!(
        after.field("pam_rule", "/etc/pam.d/su: auth pam_permit.so", "skips"),
        "[pam_rootok.so, @include common-auth]"
    );
}

/// Comments, blanks and an optional rule at the end change nothing of the others.
#[test]
fn a_new_layout_is_no_change() {
    let before = scan(&debian());
    let other = "# mine\n\nauth    sufficient \\\n  pam_rootok.so # why\r\n@include\tcommon-auth\n-SESSION Optional pam_systemd.so";
    let after = scan(&debian().file("/etc/pam.d/su", other));
    assert_eq!(after.changes_since(&before), [""; 0]);
}

#[test]
fn what_a_rule_runs_is_found() {
    let fixture = debian().script("/var/log/spy.sh", "").script("/opt/pam_z.so", "").file(
        "/etc/pam.d/login",
        "auth optional pam_exec.so quiet expose_authtok /var/log/spy.sh now\nauth required /opt/pam_z.so\nauth include /srv/more\n",
    ).file("/srv/more", "auth required pam_deny.so\n");
    let seen = scan(&fixture);
    let exec = format!("{LIBRARY}/pam_exec.so");
    assert_eq!(
        seen.programs("pam_rule", "/etc/pam.d/login: auth pam_exec.so"),
        [exec.as_str(), "/var/log/spy.sh"]
    );
    assert_eq!(
        seen.programs("pam_rule", "/etc/pam.d/login: auth /opt/pam_z.so"),
        ["/opt/pam_z.so"]
    );
    assert_eq!(
        seen.field("pam_rule", "/srv/more: auth pam_deny.so", "control"),
        "required"
    );
}

#[test]
fn a_module_twice_in_a_stack_is_told_by_its_arguments() {
    let text = "auth required pam_succeed_if.so a\nauth required pam_succeed_if.so b\n";
    let before = scan(&Fixture::new().file("/etc/pam.d/x", text));
    let after = scan(&Fixture::new().file(
        "/etc/pam.d/x",
        format!("{text}auth required pam_succeed_if.so c\n"),
    ));
    assert_eq!(
        after.changes_since(&before),
        ["added pam_rule /etc/pam.d/x: auth pam_succeed_if.so required c"]
    );
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .fifo("/etc/pam.d/fifo")
        .link("/etc/pam.d/loop", "loop")
        .link("/etc/pam.d/nowhere", "/gone")
        .folder("/etc/pam.d/folder")
        .file("/etc/pam.d/large", vec![b'#'; 1 << 20])
        .file(
            "/etc/pam.d/self",
            "auth include self\nauth include ../pam.d/self\nauth include /etc/pam.d/self\n",
        )
        .file(
            "/etc/pam.d/bytes",
            b"\xff\0 auth [\nauth [ x\nauth required \xfe\n",
        )
        .fifo("/usr/lib/security/pam_x.so")
        .fifo("/etc/pam.conf");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
    scan(&Fixture::macos()).assert_silent();
}
