//! The promises of docs/design.md, one by one, on a small root.

use assay_tests::{Scratch, change_of};
use std::fs;

#[test]
fn the_first_run_learns_and_the_second_is_silent() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "5 4 * * * root /usr/local/bin/report\n");
    scratch.script("/usr/local/bin/report", "#!/bin/sh\n");
    assert_eq!(scratch.said(), ["baseline_created"]);
    assert_eq!(scratch.said(), [""; 0]);
}

#[test]
fn one_change_is_one_alert_with_what_it_runs() {
    let scratch = Scratch::new();
    scratch.file("/etc/crontab", "");
    scratch.run();
    scratch.script("/opt/agent", "#!/bin/sh\nexit 0\n");
    scratch.file("/etc/cron.d/agent", "*/7 * * * * root /opt/agent --quiet\n");
    let alerts = scratch.run();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let alert = &alerts[0];
    assert_eq!(
        (&alert["change"], &alert["kind"], &alert["severity"]),
        (&"added".into(), &"cron_job".into(), &"high".into())
    );
    assert_eq!(alert["programs"][0]["path"], "/opt/agent");
    assert_eq!(alert["programs"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(scratch.said(), [""; 0]);
    let times = fs::metadata(scratch.host("/opt/agent"))
        .unwrap()
        .modified()
        .unwrap();
    fs::write(scratch.host("/opt/agent"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::File::options()
        .write(true)
        .open(scratch.host("/opt/agent"))
        .unwrap()
        .set_modified(times)
        .unwrap();
    let alerts = scratch.run();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(
        (&alerts[0]["change"], &alerts[0]["key"]),
        (&"changed".into(), &"/opt/agent".into())
    );
    let (old, new) = change_of(&alerts[0], "sha256");
    assert!(old.len() == 64 && new.len() == 64 && old != new);
}
