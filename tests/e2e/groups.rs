//! One act, one story: what belongs together is said once aloud, and nothing is left out.

use crate::receivers::{UnixLog, text_of};
use assay_tests::{Scratch, built, short, wait_for};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

/// A scratch root whose alerts go to syslog too.
fn logged(scratch: Scratch) -> (Scratch, UnixLog) {
    let mut log = UnixLog::new(scratch.path("log"));
    log.up();
    scratch.config(&format!(
        "[[sink]]\ntype = 'file'\npath = '{}'\n[[sink]]\ntype = 'syslog'\naddress = 'unix:{}'\n",
        scratch.path("alerts.jsonl").display(),
        scratch.path("log").display(),
    ));
    assert_eq!(scratch.said(), ["baseline_created"]);
    (scratch, log)
}

/// What alerts say, by the group that they are in.
fn by_group(alerts: &[Value]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for alert in alerts {
        let group = alert["group"].as_str().unwrap_or_default();
        groups.entry(group).or_default().insert(short(alert));
    }
    groups
}

/// Messages that are louder than a detail, without the one from before; `count` is how many came in all.
fn aloud(log: &UnixLog, count: usize) -> Vec<String> {
    wait_for("every message", || log.got.all().len() >= count);
    let messages = log.got.all();
    assert_eq!(messages.len(), count);
    let later = messages
        .iter()
        .filter(|m| !text_of(m).starts_with("change=baseline_created"));
    // Facility authpriv is 10, and information 6.
    later.filter(|m| !m.starts_with("<86>")).cloned().collect()
}

#[test]
fn a_script_and_its_five_links_are_one_story_and_a_cron_line_is_another() {
    let (scratch, log) = logged(Scratch::new());
    scratch.script("/etc/init.d/ledger", "#!/bin/sh\n/opt/ledgerd\n");
    for level in ["2", "3", "4", "5"] {
        scratch.link(&format!("/etc/rc{level}.d/S03ledger"), "../init.d/ledger");
    }
    scratch.link("/etc/rc0.d/K01ledger", "../init.d/ledger");
    scratch.file("/etc/cron.d/other", "1 2 * * * root /opt/other\n");
    let alerts = scratch.run();
    let groups = by_group(&alerts);
    let story = groups.values().find(|group| group.len() > 1).expect("a group");
    let links = ["rc0.d/K01", "rc2.d/S03", "rc3.d/S03", "rc4.d/S03", "rc5.d/S03"];
    let links = links.map(|link| format!("added sysv_link /etc/{link}ledger"));
    let script = "added sysv_script /etc/init.d/ledger".to_owned();
    assert_eq!(*story, links.into_iter().chain([script]).collect());
    assert_eq!(alerts.len(), 7);

    // Two lines for whoever is paged; all seven for whoever searches.
    let aloud = aloud(&log, 8);
    assert_eq!(aloud.len(), 2, "{aloud:#?}");
    let speaker = aloud
        .iter()
        .find(|line| line.contains(" group_size=6 "))
        .expect("one that speaks for all");
    assert!(
        speaker.contains("group_of=\"5 sysv_link added, 1 sysv_script added\""),
        "{speaker}"
    );
    assert!(
        !aloud.iter().all(|line| line.contains(" group=")),
        "what is alone has no group: {aloud:#?}"
    );

    // Taken away, it is one story again.
    std::fs::remove_file(scratch.host("/etc/init.d/ledger")).unwrap();
    for link in ["rc0.d/K01", "rc2.d/S03", "rc3.d/S03", "rc4.d/S03", "rc5.d/S03"] {
        scratch.remove(&format!("/etc/{link}ledger"));
    }
    let alerts = scratch.run();
    assert_eq!(by_group(&alerts).len(), 1, "{alerts:#?}");
    assert_eq!(alerts.len(), 6);
}

#[test]
fn a_unit_is_told_with_what_enables_it() {
    let (scratch, log) = logged(Scratch::new());
    scratch.file(
        "/etc/systemd/system/tally.service",
        "[Service]\nExecStart=/opt/tally/run\n[Install]\nWantedBy=multi-user.target\nAlias=count.service\n",
    );
    scratch.script("/opt/tally/run", "#!/bin/sh\n");
    scratch.link(
        "/etc/systemd/system/multi-user.target.wants/tally.service",
        "/etc/systemd/system/tally.service",
    );
    scratch.link("/etc/systemd/system/count.service", "tally.service");
    let alerts = scratch.run();
    let groups = by_group(&alerts);
    assert_eq!(groups.len(), 1, "{groups:#?}");
    assert!(alerts.len() > 2, "{alerts:#?}");
    assert_eq!(aloud(&log, 1 + alerts.len()).len(), 1);
}

#[test]
fn an_application_is_told_with_its_agent_and_its_daemon() {
    let (scratch, log) = logged(Scratch::macos());
    let plist = |label: &str, program: &str| {
        format!(
            "<plist version=\"1.0\"><dict><key>Label</key><string>{label}</string>\
             <key>Program</key><string>/Applications/Sail.app/Contents/{program}</string></dict></plist>"
        )
    };
    for program in ["MacOS/agent", "Library/daemon"] {
        scratch.script(&format!("/Applications/Sail.app/Contents/{program}"), "x");
    }
    scratch.file(
        "/Users/ana/Library/LaunchAgents/a.sail.plist",
        plist("a.sail", "MacOS/agent"),
    );
    scratch.file(
        "/Library/LaunchDaemons/d.sail.plist",
        plist("d.sail", "Library/daemon"),
    );
    let alerts = scratch.run();
    assert_eq!(by_group(&alerts).len(), 1, "{alerts:#?}");
    assert_eq!((alerts.len(), aloud(&log, 3).len()), (2, 1));
}

#[test]
fn a_program_that_becomes_setuid_is_one_story() {
    let mut scratch = Scratch::new();
    let module = format!("{DLL_PREFIX}assay_module_executables{DLL_SUFFIX}");
    let folder = scratch.path("modules");
    std::fs::create_dir(&folder).unwrap();
    std::fs::hard_link(built().join(&module), folder.join(module)).unwrap();
    scratch.modules.push(folder);
    scratch.script("/usr/bin/tally", "#!/bin/sh\n");
    scratch.file("/etc/cron.d/tally", "1 2 * * * root /usr/bin/tally\n");
    let (scratch, log) = logged(scratch);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
    std::fs::set_permissions(scratch.host("/usr/bin/tally"), mode).unwrap();
    let alerts = scratch.run();
    let groups = by_group(&alerts);
    assert_eq!(groups.len(), 1, "{groups:#?}");
    let story = [
        "added setid_file /usr/bin/tally",
        "changed program /usr/bin/tally",
    ];
    assert_eq!(groups.into_values().next(), Some(story.map(str::to_owned).into()));
    assert_eq!(aloud(&log, 3).len(), 1);
}
