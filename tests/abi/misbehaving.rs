//! A bad module harms itself alone (promise 4): one `module_failed` with the reason, what was known of it stays known,
//! the others work as ever, and no process of it is left.

use crate::bench::{Bench, has};
use assay_engine::discover::open_module;
use assay_engine::run::{Limits, Target, collect};
use assay_model::{Operation, Os};
use assay_tests::{short, wait_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What each row of `modules/misbehaves.c` does when it is told to, and words of the reason that the alert gives.
pub(crate) const FAIL_IN_TIME: &[(&str, &[&str])] = &[
    ("segfault", &["no_done", "segmentation fault"]),
    ("stack_overflow", &["no_done", "abort", "overflowed its stack"]),
    ("aborts", &["no_done", "abort", "double free or corruption"]),
    ("exits", &["no_done", "exit status 0"]),
    ("exits_at_once", &["no_done", "exit status 0"]),
    (
        "answers_failed",
        &["no_done", "the moon is full", "answered failed"],
    ),
    ("answers_nonsense", &["no_done", "status 77"]),
    ("complains_at_length", &["no_done", "red", "answered failed"]),
    ("fork_bomb", &["no_done", "fork: Operation not permitted"]),
    ("two_gigabytes", &["no_done", "malloc: Cannot allocate memory"]),
    ("endless_lines", &["output_too_big"]),
    ("endless_records", &["too_many_records"]),
    ("endless_line", &["line_too_long"]),
    ("unfolds", &["output_too_big", "memory"]),
    ("invalid_json", &["invalid_record"]),
    ("garbage", &["invalid_record"]),
    ("wrong_count", &["wrong_count", "says 1 entries, 2 came"]),
    ("duplicate_keys", &["duplicate_key", "thing `twin` came twice"]),
    ("unknown_kind", &["undeclared", "kind `other`"]),
    ("wrong_type", &["undeclared", "thing.value"]),
    ("relative_path", &["invalid_record", "not an absolute path"]),
    ("too_deep", &["nested_too_deep"]),
    ("early_done", &["record_after_done"]),
    ("second_hello", &["invalid_record", "`hello` came twice"]),
    (
        "forged_walls",
        &["invalid_record", "only the host says what confines"],
    ),
    ("unknown_record", &["invalid_record", "order"]),
    ("goes_on_after_refusal", &["no_done", "refused"]),
    ("writes_a_file", &["no_done", "open: Operation not permitted"]),
    ("opens_a_socket", &["no_done", "socket: Operation not permitted"]),
    ("runs_a_program", &["no_done", "exec: Operation not permitted"]),
    ("starts_a_thread", &["no_done", "thread: Operation not permitted"]),
];

/// The same for what does not end by itself.
pub(crate) const NEVER_END: &[(&str, &[&str])] = &[
    ("hangs", &["deadline", "longer than 3 seconds"]),
    ("drips", &["deadline", "longer than 3 seconds"]),
    ("spins", &["no_done", "processor time used up"]),
    ("hangs_in_silence", &["no_done", "killed"]),
];

/// What is wrong before a module is asked anything.
pub(crate) const NEVER_WORK: &[(&str, &[&str])] = &[
    ("other_major", &["the module has ABI 2, this host has 1"]),
    ("refuses", &["the module refuses ABI 1"]),
    ("smaller_struct", &["24 bytes, ABI 1.0 has 32"]),
    ("no_collect", &["answered failed"]),
    ("no_manifest", &["no_done", "manifest"]),
    ("broken_manifest", &["no_done", "manifest"]),
    ("wild_manifest", &["no_done", "segmentation fault"]),
    ("other_name", &["bad_manifest", "the manifest says `cron`"]),
    ("no_entry", &["exports no assay_module_entry"]),
    ("exits_on_load", &["no_done", "exit status 0"]),
    ("speaks_on_load", &["invalid_record", "`hello` came twice"]),
    ("hangs_on_load", &["deadline"]),
    ("no_library", &["cannot load"]),
    ("empty", &["cannot load"]),
];

/// That the alerts are one `module_failed` for each of these, with its reason, and `others`.
fn assert_failed(alerts: &[Value], expected: &[(&str, &[&str])], others: &[&str]) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut rest = Vec::new();
    for alert in alerts {
        if alert["change"] == "module_failed" {
            let name = alert["module"].as_str().unwrap();
            reasons
                .entry(name)
                .or_default()
                .push(alert["text"].as_str().unwrap());
        } else {
            rest.push(short(alert));
        }
    }
    for (name, words) in expected {
        let said = reasons.remove(name).unwrap_or_default();
        let [reason] = said.as_slice() else {
            panic!("{name} has not failed once: {alerts:#?}");
        };
        for word in *words {
            assert!(reason.contains(word), "{name}: no `{word}` in `{reason}`");
        }
        assert!(reason.len() < 1200, "{name}: {} bytes of reason", reason.len());
    }
    assert!(reasons.is_empty(), "failed too: {reasons:?}");
    assert_eq!(rest, others);
}

fn assert_nothing_left(bench: &Bench) {
    // A killed process may take a moment to be gone.
    wait_for("the end of every process of a module", || {
        bench.processes().is_empty()
    });
    assert!(!bench.scratch.host("/written-by-a-module").exists());
}

/// The whole life of modules that work, then misbehave, then work again.
fn assert_confined(bench: &Bench, modules: &[(&str, &[&str])], within: Duration) {
    let scratch = &bench.scratch;
    assert_eq!(scratch.said(), ["baseline_created"]);
    let known = bench.things();
    assert_eq!(known.len(), modules.len());

    bench.misbehave(true);
    bench.plant("one");
    let started = Instant::now();
    let alerts = bench.run(true);
    let took = started.elapsed();
    assert_failed(
        &alerts,
        modules,
        &["added cron_job /etc/cron.d/one: 1 2 * * * root /bin/true"],
    );
    assert!(took < within, "the run took {took:?}");
    assert_nothing_left(bench);
    assert_eq!(bench.things(), known, "what was not seen is not removed");

    assert!(bench.run(true).is_empty(), "the same failure is no news");
    assert_nothing_left(bench);

    bench.misbehave(false);
    let recovered: Vec<Value> = scratch.run();
    assert!(
        recovered.iter().all(|a| a["change"] == "module_recovered"),
        "{recovered:#?}"
    );
    assert_eq!(recovered.len(), modules.len());
    assert_eq!(bench.things(), known);
}

#[test]
fn a_module_that_fails_keeps_what_is_known() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '2m'\nparallel = 3\nmemory = '512MiB'\n");
    for (name, _) in FAIL_IN_TIME {
        bench.c("misbehaves.c", name, &[]);
    }
    assert_confined(&bench, FAIL_IN_TIME, Duration::from_secs(120));
    let said = bench.scratch.assay(&["status"]);
    assert!(!said.stdout.contains('\u{1b}'), "{}", said.stdout);
    let said = bench.scratch.assay(&["alerts"]);
    assert!(
        !said.stdout.contains("\u{1b}[31m") && !said.stdout.contains("\r"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_module_that_does_not_end_is_ended() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '3s'\ncpu = '1s'\nparallel = 5\n");
    for (name, _) in NEVER_END {
        bench.c("misbehaves.c", name, &[]);
    }
    assert_confined(&bench, NEVER_END, Duration::from_secs(15));
}

#[test]
fn a_panic_is_told() {
    let bench = Bench::new("[modules]\nparallel = 3\n");
    let modules: &[(&str, &[&str])] = &[
        ("panics", &["no_done", "panicked: the file is there"]),
        ("panics_and_aborts", &["no_done", "abort", "the file is there"]),
    ];
    bench.rust("panics.rs", "panics", "unwind");
    bench.rust("panics.rs", "panics_and_aborts", "abort");
    assert_confined(&bench, modules, Duration::from_secs(30));
}

#[test]
fn a_module_that_never_works_fails_once() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '3s'\nparallel = 4\n");
    for (name, _) in NEVER_WORK {
        match *name {
            "no_library" => std::fs::write(bench.module(name), "#!/bin/sh\nexec /bin/sh\n").unwrap(),
            "empty" => std::fs::write(bench.module(name), "").unwrap(),
            "no_entry" => bench.c("misbehaves.c", name, &["-D", "assay_module_entry=another_name"]),
            _ => bench.c("misbehaves.c", name, &[]),
        }
    }
    assert_failed(&bench.run(true), NEVER_WORK, &["baseline_created"]);
    assert_nothing_left(&bench);
    assert!(bench.run(true).is_empty());
    bench.plant("one");
    assert_failed(
        &bench.run(true),
        &[],
        &["added cron_job /etc/cron.d/one: 1 2 * * * root /bin/true"],
    );
    assert_nothing_left(&bench);
}

/// Not the module but the host: one that reads no request, more of which is to be written than a pipe holds.
#[test]
fn a_host_that_does_not_read_is_ended_too() {
    let bench = Bench::new("");
    bench
        .scratch
        .script("/host", "#!/bin/sh\nsleep 600 & exec sleep 600\n");
    let module = open_module(
        &bench.scratch.modules[0]
            .join("libassay_module_cron.so")
            .canonicalize()
            .unwrap(),
    );
    let target = Target {
        root: "/".into(),
        os: Os::Linux,
        avoid: Vec::new(),
    };
    let limits = Limits {
        deadline: Duration::from_secs(1),
        cpu: Duration::from_secs(1),
        memory: 1 << 30,
        user: None,
    };
    let config = toml::Table::from_iter([("long".to_owned(), "x".repeat(1 << 20).into())]);
    let host = bench.scratch.host("/host");
    let failed = collect(
        &host,
        &module.unwrap(),
        &target,
        &config,
        Operation::Collect,
        &limits,
    )
    .unwrap_err();
    assert_eq!(
        failed.to_string(),
        "deadline: the scan took longer than 1 seconds"
    );
    assert_nothing_left(&bench);
}
