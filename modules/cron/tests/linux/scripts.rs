//! Scripts that run by the folder they are in.

use super::debian;
use assay_module_cron::Cron;
use assay_sdk::testkit::Fixture;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn cronie_takes_names_that_debian_does_not() {
    let red_hat = |path: &str| {
        let seen = Fixture::new()
            .script(path, "* * * * * root /opt/x\n")
            .collect::<Cron>();
        assert_eq!(seen.entries.len(), 1, "{path}");
        seen.entries[0].fields.get("inert").map(ToString::to_string)
    };
    assert_eq!(red_hat("/etc/cron.d/raid.check"), None);
    assert_eq!(red_hat("/etc/cron.daily/rhsm.sh"), None);
    assert!(red_hat("/etc/cron.d/raid.rpmsave").is_some());
    assert!(red_hat("/etc/cron.daily/x~").is_some());
}

#[test]
fn scripts_say_whether_they_run() {
    let seen = debian()
        .script("/etc/cron.yearly/report", "")
        .file("/etc/cron.hourly/idle", "")
        .script("/etc/cron.hourly/a.sh", "")
        .link("/etc/cron.daily/gone", "/opt/gone")
        .link("/etc/cron.daily/loop", "loop")
        .fifo("/etc/cron.daily/fifo")
        .folder("/etc/cron.daily/folder")
        .collect::<Cron>();
    let inert = |path| seen.field("cron_script", path, "inert");
    assert_eq!(inert("/etc/cron.yearly/report"), "");
    assert_eq!(
        seen.programs("cron_script", "/etc/cron.yearly/report"),
        ["/etc/cron.yearly/report"]
    );
    assert_eq!(inert("/etc/cron.hourly/idle"), "not executable");
    assert_eq!(
        inert("/etc/cron.hourly/a.sh"),
        "run-parts ignores files of such a name"
    );
    let why = |path: &str| {
        seen.entry("cron_script", path)
            .unparsable
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(why("/etc/cron.daily/gone"), "link leads nowhere");
    assert_eq!(why("/etc/cron.daily/loop"), "too many links");
    assert_eq!(why("/etc/cron.daily/fifo"), "is a FIFO");
    assert_eq!(seen.entries.len(), 6);
    assert!(seen.gaps.is_empty());
}

#[test]
fn mode_of_a_script_is_read_through_its_link() {
    let fixture = debian().link("/etc/cron.daily/x", "/opt/x").file("/opt/x", "");
    let inert = || {
        fixture
            .collect::<Cron>()
            .field("cron_script", "/etc/cron.daily/x", "inert")
    };
    assert_eq!(inert(), "not executable");
    fs::set_permissions(fixture.host("/opt/x"), fs::Permissions::from_mode(0o755)).expect("chmod");
    assert_eq!(inert(), "");
}
