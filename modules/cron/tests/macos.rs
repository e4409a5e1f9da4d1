//! Tables, scripts and jobs of Macs.

use assay_module_cron::Cron;
use assay_sdk::testkit::Fixture;
use std::fs;

fn mac() -> Fixture {
    Fixture::macos()
        .folder("/private/var/db/dslocal/nodes/Default/users")
        .file("/private/var/db/dslocal/nodes/Default/users/root.plist", "")
        .file("/private/var/db/dslocal/nodes/Default/users/lea.plist", "")
        .link("/etc", "private/etc")
        .link("/var", "private/var")
        .script("/bin/zsh", "")
        .script("/bin/bash", "")
}

#[test]
fn a_mac() {
    let seen = mac()
        .file(
            "/private/var/at/tabs/lea",
            "# (/tmp/crontab.Zk3 installed on Mon Nov 23 10:00:00 2026)\nSHELL=/bin/zsh\n*/20 * * * * cd /Users/lea/My\\ Files && ./.fetch\n@hourly @AppleNotOnBattery /opt/backup\n",
        )
        .link("/usr/lib/cron/tabs", "/var/at/tabs")
        .script("/Users/lea/My Files/.fetch", "")
        .file("/private/etc/crontab", "5 2 * * * root:wheel/daemon /usr/local/sbin/sweep\n")
        .file("/private/etc/cron.d/x", "* * * * * root /opt/x\n")
        .script("/private/etc/cron.daily/x", "")
        .script("/private/etc/periodic/daily/110.clean-tmps", "")
        .script("/private/etc/periodic/weekly/.hidden", "")
        .file("/private/etc/monthly.local", "")
        .script("/private/etc/weekly.local/each", "")
        .script("/usr/local/etc/periodic/monthly/own", "")
        .file(
            "/private/etc/defaults/periodic.conf",
            "#!/bin/sh\nperiodic_conf_files=\"/etc/periodic.conf /etc/periodic.conf.local\"\nlocal_periodic=\"/usr/local/etc/periodic\"\t# scripts of (yours)\n",
        )
        .file(
            "/private/etc/periodic.conf",
            "local_periodic='/usr/local/etc/periodic /Users/Shared/.p'\ndaily_local=\"/Users/Shared/.p/go\"\n/bin/bash /Users/Shared/.p/conf &\n",
        )
        .script("/Users/Shared/.p/daily/900.go", "")
        .script(
            "/private/var/at/jobs/a0001a01c8a2b3",
            "#!/bin/sh\n# atrun uid=501 gid=20\n# mail lea 0\numask 22\nHOME=/Users/lea; export HOME\ncd /Users/lea || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\nunset OLDPWD\n./again\n",
        )
        .file("/private/var/at/jobs/.lockfile", "")
        .link("/usr/lib/cron/jobs", "/var/at/jobs")
        .file("/private/var/at/at.deny", "nobody\n")
        .link("/usr/lib/cron/at.deny", "../../../var/at/at.deny")
        .collect::<Cron>();
    insta::assert_snapshot!(seen.snapshot());
}

#[test]
fn users_come_from_the_directory_node() {
    let seen = mac()
        .file("/private/var/at/tabs/ghost", "@daily /opt/x\n")
        .file(
            "/private/etc/crontab",
            "@daily ghost:staff /opt/x\n@daily lea /opt/x\n",
        )
        .collect::<Cron>();
    let inert = |key| seen.field("cron_job", key, "inert");
    assert_eq!(
        inert("/private/var/at/tabs/ghost: @daily /opt/x"),
        "no such local user"
    );
    assert_eq!(
        inert("/private/etc/crontab: @daily ghost:staff /opt/x"),
        "no such local user"
    );
    assert_eq!(inert("/private/etc/crontab: @daily lea /opt/x"), "");
}

#[test]
fn a_tabs_link_turned_elsewhere_is_read() {
    let seen = mac()
        .file("/private/var/at/tabs/lea", "@daily /opt/x\n")
        .link("/usr/lib/cron/tabs", "/Users/Shared/.t")
        .file("/Users/Shared/.t/root", "@reboot /opt/evil\n")
        .collect::<Cron>();
    assert_eq!(
        seen.keys("cron_job"),
        [
            "/private/var/at/tabs/lea: @daily /opt/x",
            "/usr/lib/cron/tabs/root: @reboot /opt/evil"
        ]
    );
}

#[test]
fn one_planted_setting_is_one_entry_and_code_is_one_change() {
    let conf = |text: &str| {
        let seen = mac().file("/private/etc/periodic.conf", text).collect::<Cron>();
        assert!(seen.gaps.is_empty());
        seen
    };
    let before = conf("daily_output=root\n");
    let after = conf("# hello\ndaily_output=\"root\"\nweekly_local=/opt/evil\n");
    assert_eq!(after.entries.len(), 2);
    assert!(after.entries.contains(&before.entries[0]));
    assert_eq!(
        after.programs("periodic_setting", "/private/etc/periodic.conf: weekly_local"),
        ["/opt/evil"]
    );
    let code = |text| conf(text).field("periodic_code", "/private/etc/periodic.conf", "code");
    assert_eq!(code("A=1\n. /opt/one\n"), ". /opt/one");
    assert_eq!(code("# x\n. /opt/one\n\n/opt/two\n"), ". /opt/one\\n/opt/two");
}

#[test]
fn included_confs_are_read_once() {
    let seen = mac()
        .file(
            "/private/etc/periodic.conf",
            "periodic_conf_files='/etc/periodic.conf /opt/more.conf /opt/more.conf'\n",
        )
        .file(
            "/opt/more.conf",
            "periodic_conf_files=/opt/more.conf\n/opt/evil\n",
        )
        .collect::<Cron>();
    assert_eq!(seen.keys("periodic_code"), ["/opt/more.conf"]);
    assert_eq!(seen.keys("periodic_setting").len(), 2);
}

#[test]
fn a_script_with_a_second_name_does_not_run() {
    let fixture = mac().script("/private/etc/periodic/daily/500.x", "");
    let inert = || {
        fixture
            .collect::<Cron>()
            .field("cron_script", "/private/etc/periodic/daily/500.x", "inert")
    };
    assert_eq!(inert(), "");
    fs::hard_link(
        fixture.host("/private/etc/periodic/daily/500.x"),
        fixture.host("/private/etc/other"),
    )
    .expect("a link");
    assert_eq!(inert(), "periodic ignores files with hard links");
}

#[test]
fn hostile_confs_do_no_harm() {
    let seen = mac()
        .fifo("/private/etc/periodic.conf.local")
        .file(
            "/private/etc/periodic.conf",
            b"\xff=\xff\nlocal_periodic=/\xff\nlocal_periodic=relative\n'",
        )
        .link("/private/etc/daily.local", "daily.local")
        .link("/private/etc/defaults/periodic.conf", "/opt/none")
        .collect::<Cron>();
    let why = |kind, path| seen.entry(kind, path).unparsable.clone().unwrap_or_default();
    assert_eq!(
        why("periodic_code", "/private/etc/periodic.conf.local"),
        "is a FIFO"
    );
    assert_eq!(
        why("periodic_code", "/private/etc/defaults/periodic.conf"),
        "link leads nowhere"
    );
    assert_eq!(why("cron_script", "/private/etc/daily.local"), "too many links");
}
