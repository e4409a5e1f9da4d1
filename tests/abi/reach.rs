//! What somebody else could have the core do for them, which is root: nothing.

use crate::bench::{Bench, has};
use assay_tests::wait_for;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// The core asks nobody in: while it waits for a module it holds pipes and files, and no socket that one could talk to.
#[test]
fn the_core_listens_nowhere() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("[modules]\nparallel = 1\ndeadline = '10m'\n");
    bench.c("misbehaves.c", "hangs", &[]);
    bench.misbehave(true);
    let mut core = bench.scratch.command(&["run"]).spawn().unwrap();
    let own = i32::try_from(core.id()).unwrap();
    let module = bench.module("hangs");
    let loaded = |pid: i32| {
        fs::read_to_string(format!("/proc/{pid}/maps"))
            .is_ok_and(|maps| maps.contains(module.to_str().unwrap()))
    };
    // The last module that is started: nothing else is, as long as it hangs.
    wait_for("the module to hang", || {
        bench.processes().into_iter().any(|pid| pid != own && loaded(pid))
    });
    let held = || -> Vec<_> {
        let open = fs::read_dir(format!("/proc/{own}/fd")).unwrap();
        open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok())
            .collect()
    };
    let is_socket = |to: &PathBuf| to.to_string_lossy().starts_with("socket:");
    // To start a process takes the standard library a pair of sockets, which it lets go of when the process runs.
    wait_for("the start of the module to be over", || {
        !held().iter().any(is_socket)
    });
    let open = held();
    core.kill().unwrap();
    core.wait().unwrap();
    assert!(
        open.iter().any(|to| to.starts_with(bench.scratch.path("state"))),
        "{open:?}"
    );
    assert!(!open.iter().any(is_socket), "{open:?}");
}

/// What a module may not read, it could have the core measure, which is root and can.
#[test]
fn a_module_does_not_have_the_core_look_outside() {
    let bench = Bench::new("");
    let scratch = &bench.scratch;
    fs::write(scratch.path("secret"), "secret").unwrap();
    scratch.link("/link", scratch.path("secret").to_str().unwrap());
    scratch.file("/inside", "secret");
    let field = json!({"name": "value", "type": "text", "meaning": "m", "compared": true});
    let kind =
        json!({"name": "thing", "summary": "s", "technique": "T1546", "severity": "high", "fields": [field]});
    let manifest =
        json!({"name": "deputy", "version": "1", "summary": "s", "platforms": ["linux"], "kinds": [kind]});
    let programs = ["/../secret", "/link", "/proc/self/root/etc/passwd", "/inside"];
    let lines = [
        json!({"record": "hello", "v": 1, "manifest": manifest}),
        json!({"record": "entry", "kind": "thing", "key": "k", "source": "/../secret", "programs": programs}),
        json!({"record": "done", "entries": 1}),
    ];
    let script = scratch.modules[0].join("deputy.sh");
    let said = lines.map(|line| format!("echo '{line}'\n")).concat();
    fs::write(&script, format!("#!/bin/sh\n{said}")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    scratch.run();
    let shown = scratch.json(&["show", "k"]);
    let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let text = serde_json::to_string(&shown).unwrap();
    assert_eq!(text.matches(digest).count(), 1, "only of the file inside: {text}");
}
