//! Scripts that break the rules, or try to break out: each harms itself alone.

use super::{python, shell};
use crate::bench::{Bench, has};
use assay_tests::{short, wait_for};
use serde_json::Value;

/// What each script does, and words of the reason that the alert gives.
fn misbehaving() -> Vec<(&'static str, String, &'static [&'static str])> {
    let py = |name, body| python(name, body);
    let thing = "yield entry('thing', 'k', '/s', value='v')\n";
    vec![
        (
            "no_done",
            shell("no_done", "thing k v"),
            &["no_done", "exit status 0"],
        ),
        (
            "complains",
            shell("complains", "echo 'the moon is full' >&2; exit 3"),
            &["no_done", "exit status 3", "moon"],
        ),
        (
            "garbage",
            shell("garbage", "echo garbage"),
            &["invalid_record", "garbage"],
        ),
        (
            "wrong_count",
            shell(
                "wrong_count",
                r#"thing k v; echo '{"record":"done","entries":7}'"#,
            ),
            &["wrong_count"],
        ),
        (
            "forges",
            shell(
                "forges",
                r#"echo '{"record":"sandbox","active":["all"],"missing":[]}'"#,
            ),
            &["only the host"],
        ),
        (
            "other_name",
            shell("another", r#"echo '{"record":"done","entries":0}'"#),
            &["bad_manifest", "`another`"],
        ),
        (
            "breaks",
            "#!/usr/bin/env python3\nfor\n".into(),
            &["no_done", "exit status 1", "SyntaxError", "line 2"],
        ),
        (
            "raises",
            py("raises", &format!("{thing}raise ValueError('odd')")),
            &["no_done", "in collect, line 8: ValueError: odd"],
        ),
        (
            "no_interpreter",
            "#!/bin/sh\nexec /bin/sh -c 'echo no'\n".into(),
            &["no_done", "not permitted"],
        ),
        (
            "forks",
            py("forks", "os.fork()"),
            &["no_done", "PermissionError", "Operation not permitted"],
        ),
        (
            "threads",
            py(
                "threads",
                "import threading\nthreading.Thread(target=print).start()",
            ),
            &["no_done", "can't start new thread"],
        ),
        (
            "runs",
            py("runs", "os.execv('/bin/sh', ['sh', '-c', 'echo no'])"),
            &["no_done", "PermissionError"],
        ),
        (
            "runs_itself",
            py(
                "runs_itself",
                "os.execv(sys.executable, [sys.executable, '-c', '1'])",
            ),
            &["no_done", "PermissionError"],
        ),
        (
            "writes",
            py("writes", "open(root.path + '/written-by-a-module', 'w')"),
            &["no_done", "PermissionError"],
        ),
        (
            "connects",
            py("connects", "import socket\nsocket.socket()"),
            &["no_done", "PermissionError"],
        ),
        (
            "looks_outside",
            py("looks_outside", "open('/etc/passwd')"),
            &["no_done", "PermissionError", "Permission denied"],
        ),
        (
            "eats",
            py("eats", "x = bytearray(2 << 30)"),
            &["no_done", "MemoryError"],
        ),
        (
            "endless",
            py(
                "endless",
                "while True: sys.stderr.write('x'); os.write(1, b'{}' * 4096)",
            ),
            &["line_too_long"],
        ),
        (
            "hangs",
            shell("hangs", "while :; do read -r request; done"),
            &["no_done", "processor time"],
        ),
        (
            "sleeps",
            py("sleeps", "import time\ntime.sleep(600)"),
            &["deadline", "longer than 8 seconds"],
        ),
        (
            "deaf",
            py(
                "deaf",
                "import signal\nfor n in range(1, 64):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nimport time\ntime.sleep(600)",
            ),
            &["deadline"],
        ),
    ]
}

#[test]
fn a_script_that_misbehaves_harms_itself_alone() {
    if !has("python3") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '8s'\ncpu = '1s'\nparallel = 4\n");
    let modules = misbehaving();
    for (name, content, _) in &modules {
        bench.script(name, content);
    }
    let alerts = bench.run(true);
    for (name, _, words) in &modules {
        let failed = |alert: &&Value| alert["module"] == *name && alert["change"] == "module_failed";
        let said: Vec<_> = alerts.iter().filter(failed).collect();
        let [alert] = said.as_slice() else {
            panic!("{name} has not failed once: {alerts:#?}");
        };
        let text = alert["text"].as_str().unwrap();
        for word in *words {
            assert!(text.contains(word), "{name}: no `{word}` in `{text}`");
        }
    }
    assert_eq!(
        alerts.len(),
        modules.len() + 1,
        "and `cron` has its baseline: {alerts:#?}"
    );
    wait_for("the end of every script", || bench.processes().is_empty());
    assert!(!bench.scratch.host("/written-by-a-module").exists());
    bench.plant("one");
    let alerts = bench.run(true);
    assert_eq!(
        alerts.iter().map(short).collect::<Vec<_>>(),
        ["added cron_job /etc/cron.d/one: 1 2 * * * root /bin/true"]
    );
}
