//! Jobs of at(1).

use super::{AT_HEADER, debian, only};
use assay_module_cron::Cron;
use assay_sdk::Value;

#[test]
fn no_secret_leaves_an_at_job() {
    let hidden = "ghp_0123";
    for (name, text) in [
        ("a0001f01c8a2b3", format!("{AT_HEADER}/opt/x\n")),
        ("a0001f01c8a2b4", AT_HEADER.replace("cd ", "xx ")),
        ("a0001f01c8a2b5", AT_HEADER.replace("; export", " export")),
        ("misnamed", AT_HEADER.to_owned()),
    ] {
        let seen = debian()
            .script(&format!("/var/spool/cron/atjobs/{name}"), &text)
            .collect::<Cron>();
        assert_eq!(seen.entries.len(), 1, "{name}");
        assert!(!format!("{seen:?}").contains(hidden), "{name}: {seen:?}");
    }
}

#[test]
fn at_spools_of_every_distribution() {
    for spool in [
        "/var/spool/cron/atjobs",
        "/var/spool/at",
        "/var/spool/atjobs",
        "/var/spool/atd",
    ] {
        let seen = debian()
            .script(&format!("{spool}/b000ff01c8a2b3"), format!("{AT_HEADER}/opt/x\n"))
            .file(&format!("{spool}/spool/a000ff01c8a2b3"), "output")
            .collect::<Cron>();
        let (key, fields) = only(&seen, "at_job");
        assert_eq!(key, format!("{spool}: job 255 due 2026-11-24T23:47Z"));
        assert!(
            fields.contains("\"uid\": 1001") && fields.contains("/opt/x"),
            "{fields}"
        );
    }
}

#[test]
fn an_at_job_stays_itself_while_it_runs() {
    let text = format!("{AT_HEADER}/opt/x\n");
    let spool = "/var/spool/at";
    let both = debian()
        .script(&format!("{spool}/a0000501c8a2b3"), &text)
        .script(&format!("{spool}/=0000501c8a2b3"), &text)
        .collect::<Cron>();
    let running = debian()
        .script(&format!("{spool}/=0000501c8a2b3"), &text)
        .collect::<Cron>();
    assert_eq!(only(&both, "at_job").0, only(&running, "at_job").0);
    assert_eq!(running.entries[0].fields.get("queue"), Some(&Value::from("=")));
}

#[test]
fn an_at_job_that_does_not_run_says_why() {
    let text = format!("{AT_HEADER}/opt/x\n");
    let seen = debian()
        .file("/var/spool/at/a0000501c8a2b3", &text)
        .script("/var/spool/at/readme", &text)
        .collect::<Cron>();
    assert_eq!(
        seen.field("at_job", "/var/spool/at: job 5 due 2026-11-24T23:47Z", "inert"),
        "not executable"
    );
    assert_eq!(
        seen.field("at_job", "/var/spool/at/readme", "inert"),
        "not the name of a job"
    );
}

#[test]
fn each_field_of_an_at_job_is_compared() {
    let at = |text: String| {
        only(
            &debian()
                .script("/var/spool/at/a0000501c8a2b3", text)
                .collect::<Cron>(),
            "at_job",
        )
    };
    let before = at(format!("{AT_HEADER}/opt/x\n"));
    for text in [
        format!("{}/opt/x\n", AT_HEADER.replace("uid=1001", "uid=0")),
        format!("{}/opt/x\n", AT_HEADER.replace("gid=1002", "gid=0")),
        format!("{}/opt/x\n", AT_HEADER.replace("/srv/app", "/srv/other")),
        format!("{}/opt/x\n", AT_HEADER.replace("umask 22", "umask 22\n/opt/evil")),
        format!("{AT_HEADER}/opt/y\n"),
    ] {
        let after = at(text);
        assert_eq!(before.0, after.0);
        assert_ne!(before.1, after.1);
    }
}
