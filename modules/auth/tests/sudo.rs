//! sudo and doas: what is seen, and what each change looks like.

use assay_module_auth::Auth;
use assay_sdk::testkit::{Fixture, Seen};

const SUDOERS: &str = "Defaults\tenv_reset\nDefaults secure_path=\"/usr/sbin:/usr/bin\"\nDefaults:%ops !lecture\n\
    Cmnd_Alias BACKUP = /opt/backup, /bin/tar\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n\
    eve ALL=(root) NOPASSWD: /opt/report --now, BACKUP\n@includedir /etc/sudoers.d\n";

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Auth>()
}

fn linux() -> Fixture {
    Fixture::new()
        .script("/opt/report", "")
        .file("/etc/sudoers", SUDOERS)
}

fn change(sudoers: &str) -> Vec<String> {
    scan(&linux().file("/etc/sudoers", sudoers)).changes_since(&scan(&linux()))
}

#[test]
fn a_debian() {
    let fixture = linux()
        .file("/etc/sudoers.d/README", "# nothing here\n")
        .file("/etc/sudoers.d/90-cloud", "ubuntu ALL=(ALL) NOPASSWD:ALL\n#include more\nbroken\n")
        .file("/etc/sudoers.d/more", "#1001 web = /usr/bin/*\n")
        .file("/etc/sudoers.d/old.bak", "ana ALL=(ALL) ALL\n")
        .file("/etc/sudoers.d/x~", "")
        .file("/usr/libexec/sudo/sudoers.so", "")
        .file("/etc/sudo.conf", "# plug-ins\nPlugin sudoers_policy sudoers.so sudoers_mode=0400\nPath askpass /opt/ask\nSet disable_coredump true\nDebug\n")
        .file("/etc/doas.conf", "permit persist :wheel\npermit nopass ana cmd /opt/report args x\ndeny ana\nnonsense\n");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn a_mac() {
    let fixture = Fixture::macos()
        .file(
            "/private/etc/sudoers",
            "Defaults env_keep += \"HOME MAIL\"\n%admin ALL = (ALL) ALL\n#includedir /etc/sudoers.d\n",
        )
        .file("/private/etc/sudoers.d/helper", "ana ALL=(ALL) NOPASSWD: ALL\n");
    let seen = scan(&fixture);
    assert_eq!(
        seen.keys("sudo_rule"),
        [
            "/private/etc/sudoers: %admin ALL",
            "/private/etc/sudoers.d/helper: ana ALL"
        ]
    );
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
}

#[test]
fn one_act_is_one_change_of_what_it_is_about() {
    let cases = [
        ("bob ALL=(ALL) ALL\n", "added sudo_rule /etc/sudoers: bob ALL"),
        (
            "eve ALL=/bin/sh\n",
            "changed sudo_rule /etc/sudoers: eve ALL: grants programs",
        ),
        (
            "Defaults env_reset, !authenticate\n",
            "added sudo_default /etc/sudoers: Defaults authenticate",
        ),
        (
            "Defaults secure_path=/tmp\n",
            "changed sudo_default /etc/sudoers: Defaults secure_path: setting",
        ),
        (
            "@include /opt/rules\n",
            "added sudo_include /etc/sudoers: @include /opt/rules",
        ),
        (
            "User_Alias OPS = bob\n",
            "added sudo_alias /etc/sudoers: User_Alias OPS",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(change(&format!("{SUDOERS}{line}")), [expected], "{line}");
    }
    assert_eq!(
        change(&SUDOERS.replace("(ALL:ALL) ALL\n%", "(ALL:ALL) NOPASSWD: ALL\n%")),
        ["changed sudo_rule /etc/sudoers: root ALL: grants"]
    );
    assert_eq!(
        change(&SUDOERS.replace("/opt/backup,", "/opt/backup, /bin/sh,")),
        ["changed sudo_alias /etc/sudoers: Cmnd_Alias BACKUP: members programs"]
    );
}

#[test]
fn a_new_layout_is_no_change() {
    let other = SUDOERS
        .replace("\tALL=(ALL:ALL) ALL", "   ALL = ( ALL : ALL )   ALL # everything")
        .replace("@includedir", "#includedir")
        .replace(
            "/opt/report --now, BACKUP",
            "\\\n  /opt/report --now ,\\\n BACKUP",
        )
        .replace("Defaults\tenv_reset\n", "# reset\nDefaults env_reset\r\n")
        .replace("/opt/backup, /bin/tar", "/bin/tar,/opt/backup");
    assert_eq!(change(&other), [""; 0]);
}

#[test]
fn a_file_that_sudo_skips_is_inert_until_it_is_renamed() {
    let rule = "ana ALL=(ALL) NOPASSWD: ALL\n";
    let before = scan(&linux().file("/etc/sudoers.d/a.bak", rule));
    assert_eq!(
        before.field("sudo_include", "/etc/sudoers.d/a.bak", "inert"),
        "true"
    );
    let after = scan(&linux().file("/etc/sudoers.d/a", rule));
    assert_eq!(
        after.changes_since(&before),
        [
            "removed sudo_include /etc/sudoers.d/a.bak",
            "added sudo_rule /etc/sudoers.d/a: ana ALL"
        ]
    );
    let alone = Fixture::new()
        .file("/etc/sudoers", "")
        .file("/etc/sudoers.d/a", rule);
    assert_eq!(
        scan(&alone).field("sudo_include", "/etc/sudoers.d/a", "inert"),
        "true"
    );
}

#[test]
fn doas_and_sudo_conf_show_their_changes() {
    let doas = |text: &str| Fixture::new().file("/etc/doas.conf", text);
    scan(&doas("permit nopass ana\n")).assert_changed("rules", &scan(&doas("permit ana\n")));
    scan(&doas("permit ana\ndeny ana\n")).assert_changed("rules", &scan(&doas("deny ana\npermit ana\n")));
    assert_eq!(
        scan(&doas("permit   ana\n# x\n")).changes_since(&scan(&doas("permit ana # y\n"))),
        [""; 0]
    );
    let conf = |text: &str| Fixture::new().file("/etc/sudo.conf", text);
    scan(&conf("Plugin sudoers_policy /opt/x.so\n"))
        .assert_changed("value", &scan(&conf("Plugin sudoers_policy sudoers.so\n")));
    let seen = scan(&conf("Plugin sudoers_policy /opt/x.so a\n"));
    assert_eq!(
        seen.programs("sudo_setting", "/etc/sudo.conf: Plugin sudoers_policy"),
        ["/opt/x.so"]
    );
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = Fixture::new()
        .file("/etc/sudoers", "@include /etc/sudoers\n@include a\n@includedir /etc/sudoers.d\n@include /etc/fifo\n@includedir /etc/sudoers\n")
        .file("/etc/a", b"@include sudoers\n\xff")
        .fifo("/etc/fifo")
        .fifo("/etc/sudoers.d/fifo")
        .folder("/etc/sudoers.d/folder")
        .link("/etc/sudoers.d/loop", "loop")
        .file("/etc/sudoers.d/large", vec![b'a'; 1 << 20])
        .fifo("/etc/sudo.conf")
        .fifo("/etc/doas.conf");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}
