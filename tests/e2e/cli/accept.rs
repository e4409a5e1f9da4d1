//! `assay accept`: by number, id, its beginning, module, or all; and what cannot be accepted.

use super::{AGENT, complaint, number, printed, with_deviations};
use assay_tests::{Scratch, short};

fn open(scratch: &Scratch) -> Vec<String> {
    scratch.json(&["alerts", "--open"]).iter().map(short).collect()
}

#[test]
fn by_number_id_and_the_beginning_of_an_id() {
    let scratch = with_deviations();
    let alerts = scratch.json(&["alerts", "--open"]);
    let id = |at: usize| alerts[at]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        printed(&scratch, &["accept", &alerts[0]["seq"].to_string()]),
        "1 deviation accepted as known\n"
    );
    assert_eq!(open(&scratch).len(), 3);
    assert_eq!(
        printed(&scratch, &["accept", &id(1)]),
        "1 deviation accepted as known\n"
    );
    // Ids of one run begin alike: with the time.
    let begin: String = id(2)[..30].to_owned();
    let both = complaint(&scratch, &["accept", &id(2)[..8]]);
    assert_eq!(
        both,
        format!("`{}` is the beginning of more than one id", &id(2)[..8])
    );
    assert_eq!(
        printed(&scratch, &["accept", &begin]),
        "1 deviation accepted as known\n"
    );
    assert_eq!(open(&scratch), [short(&alerts[3])]);
    assert_eq!(scratch.said(), [""; 0], "what is accepted is known");
}

#[test]
fn several_at_once_all_or_none() {
    let scratch = with_deviations();
    let agent = number(&scratch, AGENT);
    let said = complaint(&scratch, &["accept", &agent, "99"]);
    assert_eq!(
        said,
        "no alert `99`; `assay alerts --open` lists what can be accepted"
    );
    assert_eq!(open(&scratch).len(), 4, "nothing was accepted");
    let report = number(&scratch, "/opt/report");
    assert_eq!(
        printed(&scratch, &["accept", &agent, &report]),
        "2 deviations accepted as known\n"
    );
    assert_eq!(open(&scratch).len(), 2);
}

#[test]
fn all_and_by_module() {
    let scratch = with_deviations();
    assert_eq!(
        printed(&scratch, &["accept", "--module", "cron"]),
        "2 deviations accepted as known\n"
    );
    assert_eq!(
        open(&scratch),
        [
            "changed systemd_unit report.service",
            "changed program /opt/report"
        ]
    );
    assert_eq!(
        printed(&scratch, &["accept", "--module", "cron"]),
        "nothing is open\n"
    );
    assert_eq!(
        printed(&scratch, &["accept", "--all"]),
        "2 deviations accepted as known\n"
    );
    assert_eq!(printed(&scratch, &["accept", "--all"]), "nothing is open\n");
    assert_eq!(scratch.said(), [""; 0]);
    // What was accepted is what later changes are held against.
    scratch.file(
        "/etc/systemd/system/report.service",
        "[Service]\nExecStart=/opt/report\nUser=ana\n",
    );
    assert_eq!(scratch.said(), ["changed systemd_unit report.service"]);
    scratch.remove("/etc/cron.d/agent");
    assert_eq!(scratch.said(), [format!("removed cron_job {AGENT}")]);
    scratch.script("/etc/cron.daily/clean", "#!/bin/sh\n");
    assert_eq!(scratch.said(), ["added cron_script /etc/cron.daily/clean"]);
}

#[test]
fn the_reason_is_kept_with_who_and_sent() {
    let scratch = with_deviations();
    let agent = number(&scratch, AGENT);
    let output = scratch
        .command(&["accept", &agent, "--reason", "our own agent\nforged"])
        .env("SUDO_USER", "ana")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let accepted = scratch.delivered().pop().unwrap();
    assert_eq!(
        (&accepted["change"], &accepted["severity"]),
        (&"accepted".into(), &"info".into())
    );
    let uid = rustix::process::geteuid().as_raw();
    let who = format!("ana (uid {uid})");
    assert_eq!(accepted["fields"]["who"], who);
    assert_eq!(accepted["fields"]["alerts"], serde_json::json!([agent]));
    assert_eq!(
        accepted["text"],
        format!("{who} accepted 1 as known: our own agent\nforged")
    );
    let text = printed(&scratch, &["alerts"]);
    assert!(
        text.lines().last().unwrap().ends_with("our own agent\\nforged"),
        "{text}"
    );
    let database = rusqlite::Connection::open(scratch.path("state/assay.db")).unwrap();
    let row = database.query_row(
        "SELECT who, reason, module, kind, key, alert FROM acceptances",
        [],
        |row| {
            let key: Vec<u8> = row.get(4)?;
            let [who, reason, module, kind] = [0, 1, 2, 3].map(|at| row.get::<_, String>(at).unwrap());
            Ok((
                who,
                reason,
                module,
                kind,
                String::from_utf8(key).unwrap(),
                row.get::<_, i64>(5)?.to_string(),
            ))
        },
    );
    let words = ["our own agent\nforged", "cron", "cron_job", AGENT, &agent].map(str::to_owned);
    let [reason, module, kind, key, alert] = words;
    assert_eq!(row.unwrap(), (who, reason, module, kind, key, alert));
}

#[test]
fn what_a_later_alert_speaks_of_cannot_be_accepted_by_an_earlier_one() {
    let scratch = with_deviations();
    let first = number(&scratch, "report.service");
    scratch.file(
        "/etc/systemd/system/report.service",
        "[Service]\nExecStart=/opt/worse\nUser=root\n",
    );
    assert_eq!(scratch.said(), ["changed systemd_unit report.service"]);
    let refused = "has nothing open: it was accepted, reverted, or a later alert speaks of the same entry";
    assert_eq!(
        complaint(&scratch, &["accept", &first]),
        format!("alert {first} {refused}")
    );
    let later = number(&scratch, "report.service");
    assert_eq!(
        printed(&scratch, &["accept", &later]),
        "1 deviation accepted as known\n"
    );
    assert_eq!(
        complaint(&scratch, &["accept", &later]),
        format!("alert {later} {refused}")
    );
    assert_eq!(
        complaint(&scratch, &["accept", "1"]),
        format!("alert 1 {refused}"),
        "a baseline is no deviation"
    );
}
