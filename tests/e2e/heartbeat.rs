//! Heartbeats: none unless asked for, one an interval, and no idle run writes because of them.

use crate::damage::job;
use crate::receivers::modules;
use assay_tests::Scratch;
use serde_json::json;
use std::fs;
use std::time::Duration;

#[test]
fn heartbeats_come_one_an_interval_and_only_when_asked_for() {
    let mut scratch = Scratch::new();
    scratch.modules = modules(&scratch, &["cron"]);
    let config = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    let every = |time: &str| scratch.config(&format!("alerts.heartbeat = '{time}'\n{config}"));
    assert_eq!(scratch.said(), ["baseline_created"]);
    assert_eq!(scratch.said(), [""; 0], "none by default");
    every("off");
    assert_eq!(scratch.said(), [""; 0]);

    every("1h");
    job(&scratch, "one");
    let alerts = scratch.run();
    let [added, beat] = &alerts[..] else {
        panic!("{alerts:#?}")
    };
    let fields = json!({"gaps": 0, "last": added["seq"], "modules": 1, "open": 1});
    assert_eq!(
        (&beat["change"], &beat["severity"], &beat["fields"]),
        (&json!("heartbeat"), &json!("info"), &fields)
    );

    let database = || fs::read(scratch.path("state/assay.db")).unwrap();
    let before = database();
    for args in [&["run"][..], &["run", "--full"], &["run", "--exit-code"]] {
        let ran = scratch.assay(args);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    }
    assert!(database() == before, "an idle run wrote into the database");
    assert_eq!(scratch.delivered().len(), 3);

    every("1s");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(scratch.said(), ["heartbeat"]);
    let verified = scratch.json(&["verify"]);
    assert_eq!(
        (&verified[0]["sound"], &verified[0]["chain"]["last"]),
        (&json!(true), &json!(4))
    );
    every("often");
    let ran = scratch.assay(&["config", "check"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("`10m`, `1h`, `7d` or `off`"),
        "{ran:?}"
    );
}
