//! Links, and whatever somebody put where a table belongs.

use super::{AT_HEADER, debian};
use assay_module_cron::Cron;
use assay_sdk::testkit::Fixture;
use std::fs;

#[test]
fn links_name_where_they_lead() {
    let seen = debian()
        .link("/etc/cron.d/job", "/opt/tab")
        .file("/opt/tab", "@daily root /opt/x\n")
        .link("/etc/cron.d/nowhere", "/opt/none")
        .link("/var/spool/cron/crontabs/root", "root")
        .collect::<Cron>();
    assert_eq!(
        seen.field("cron_job", "/etc/cron.d/job: @daily root /opt/x", "link_target"),
        "/opt/tab"
    );
    let why = |path: &str| {
        seen.entry("cron_table", path)
            .unparsable
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(why("/etc/cron.d/nowhere"), "link leads nowhere");
    assert_eq!(why("/var/spool/cron/crontabs/root"), "too many links");
}

#[test]
fn hostile_tables_do_no_harm() {
    let long = format!(
        "* * * * * root /opt/x {}\n@daily root /opt/y\n",
        "z".repeat(40_000)
    );
    let many = "a\n".repeat(12_000);
    let fixture = debian()
        .fifo("/etc/crontab")
        .file("/etc/cron.d/long", long)
        .file("/etc/cron.d/many", many)
        .file("/etc/cron.d/large", vec![b'#'; 2 << 20])
        .file(
            "/etc/cron.d/bytes",
            b"\xff\xfe\0\r\n* * * * * root /opt/\xff\n= =\n%\n\"\n@\n-\n*/ * * * * x\n",
        )
        .file("/etc/anacrontab", b"\\\n1 \\")
        .file("/etc/cron.allow", b"\xff\n\0\n")
        .file("/var/spool/at/a0000501c8a2b3", b"\xff\0");
    fs::write(fixture.host("/etc/cron.d/new\nline: x"), "@daily root /opt/n\n").expect("a file");
    let seen = fixture.collect::<Cron>();
    let why = |path: &str| {
        seen.entry("cron_table", path)
            .unparsable
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(why("/etc/crontab"), "is a FIFO");
    assert_eq!(why("/etc/cron.d/long"), "a line longer than 32768 bytes");
    assert_eq!(why("/etc/cron.d/many"), "more than 10000 lines");
    assert_eq!(why("/etc/cron.d/large"), "larger than 1048576 bytes");
    // The lines around the long one are still seen, and the name cannot end a line of a log.
    assert_eq!(
        seen.field("cron_job", "/etc/cron.d/long: @daily root /opt/y", "user"),
        "root"
    );
    let keys = seen.keys("cron_job");
    assert!(
        keys.contains(&"/etc/cron.d/new\\nline: x: @daily root /opt/n".to_owned()),
        "{keys:?}"
    );
    assert!(
        keys.contains(&"/etc/cron.d/bytes: * * * * * root /opt/\\xff".to_owned()),
        "{keys:?}"
    );
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
}

#[test]
fn relative_homes_and_folders_name_no_programs() {
    let seen = Fixture::new()
        .file("/etc/passwd", "odd:x:5:5::home:/bin/sh\n")
        .file("/var/spool/cron/odd", "@daily ./x\n")
        .script(
            "/var/spool/at/a0000501c8a2b3",
            AT_HEADER.replace("/srv/app", "app") + "./x\n",
        )
        .collect::<Cron>();
    assert_eq!(seen.entries.len(), 2);
    assert_eq!(
        seen.programs("cron_job", "/var/spool/cron/odd: @daily ./x"),
        ["/./x"]
    );
    assert_eq!(seen.entries[1].programs, [""; 0]);
}

#[test]
fn a_folder_in_place_of_a_file_is_an_entry() {
    let seen = debian().folder("/etc/crontab").collect::<Cron>();
    assert_eq!(
        seen.entry("cron_table", "/etc/crontab").unparsable.as_deref(),
        Some("is a folder")
    );
}

#[test]
fn links_in_homes_are_not_followed() {
    let seen = debian()
        .file("/etc/shadow", "root:$y$secret:1::::::\n")
        .file("/root/.anacron/etc/anacrontab", "7 1 weekly /opt/x\n")
        .link("/home/mia/.anacrontab", "/etc/shadow")
        .collect::<Cron>();
    assert_eq!(
        seen.keys("anacron_job"),
        ["/root/.anacron/etc/anacrontab: weekly"]
    );
    let entry = seen.entry("cron_table", "/home/mia/.anacrontab");
    assert_eq!(entry.programs, ["/etc/shadow"]);
    assert!(!format!("{seen:?}").contains("secret"));
}
