//! Scripts that are not run: those that others could have written, and those that nothing runs.

use super::{listed, pair, python, shell};
use crate::bench::{Bench, cc, compile, has};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

const DONE: &str = r#"thing k v; echo '{"record":"done","entries":1}'"#;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The reasons for which files were refused, by name of the file.
fn refusals(alerts: &[Value]) -> BTreeMap<String, String> {
    let refused = alerts.iter().filter(|alert| alert["change"] == "module_refused");
    let named = refused.map(|alert| {
        let file = Path::new(alert["source"].as_str().unwrap()).file_name().unwrap();
        (
            file.to_str().unwrap().to_owned(),
            alert["text"].as_str().unwrap().to_owned(),
        )
    });
    named.collect()
}

#[test]
fn what_is_refused_is_told_with_the_way_out() {
    let bench = Bench::new("");
    let folder = &bench.scratch.modules[0];
    let good = shell("good", DONE);
    bench.script("good.sh", &good);
    bench.script("open_to_all.sh", &good);
    mode(&folder.join("open_to_all.sh"), 0o777);
    bench.script("wrong-name.sh", &good);
    symlink("good.sh", folder.join("linked.sh")).unwrap();
    bench.script("no_end", "#!/bin/sh");
    bench.script("nameless", "#!python3\n");
    bench.script("missing", "#!/usr/bin/no-such-interpreter\n");
    bench.script("missing_too", "#!/usr/bin/env no-such-interpreter\n");
    bench.script("optioned", "#!/usr/bin/env -S sh -e\n");
    // What runs it could be swapped by everybody, or its folder's content could.
    let shared = bench.scratch.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::copy("/bin/sh", bench.scratch.path("sh")).unwrap();
    mode(&bench.scratch.path("sh"), 0o777);
    fs::copy("/bin/sh", shared.join("sh")).unwrap();
    mode(&shared, 0o777);
    let run_by = |interpreter: &Path| good.replacen("/bin/sh", interpreter.to_str().unwrap(), 1);
    bench.script("by_open", &run_by(&bench.scratch.path("sh")));
    bench.script("by_shared", &run_by(&shared.join("sh")));

    let alerts = bench.run(false);
    let mut refused = refusals(&alerts);
    for (file, words) in [
        ("open_to_all.sh", &["writable by everybody", "chmod o-w"][..]),
        ("wrong-name.sh", &["named for no module", "a-z, 0-9 and _"]),
        ("linked.sh", &["is a link", "put the file itself there"]),
        ("no_end", &["first line", "does not end"]),
        ("nameless", &["first line", "#!/usr/bin/env python3"]),
        (
            "missing",
            &[
                "by what its first line names",
                "no-such-interpreter",
                "No such file",
            ],
        ),
        ("missing_too", &["none of /usr/local/bin, /usr/bin and /bin"]),
        ("optioned", &["nothing else", "by its path"]),
        (
            "by_open",
            &[
                "by what its first line names",
                "sh` is writable by everybody",
                "chmod o-w",
            ],
        ),
        (
            "by_shared",
            &[
                "by what its first line names",
                "shared` is writable by everybody",
                "chmod o-w",
            ],
        ),
    ] {
        let reason = refused
            .remove(file)
            .unwrap_or_else(|| panic!("{file} was not refused: {alerts:#?}"));
        for word in words {
            assert!(reason.contains(word), "{file}: no `{word}` in `{reason}`");
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(listed(&bench, "good"), [pair("k", "v")]);
    assert!(bench.run(false).is_empty(), "the same is told once");
}

#[test]
fn what_nobody_could_run_is_no_module() {
    let bench = Bench::new("[modules]\ndisabled = ['off']\n");
    let folder = &bench.scratch.modules[0];
    let good = shell("good", DONE);
    bench.script("good.sh", &good);
    bench.script("off.sh", &shell("off", DONE));
    bench.script("notes", "to be read\n");
    bench.script("empty", "");
    fs::write(folder.join("README"), "#!/bin/sh\n").unwrap();
    fs::write(folder.join("later.sh"), shell("later", DONE)).unwrap();
    mode(&folder.join("later.sh"), 0o644);
    fs::create_dir(folder.join("sub")).unwrap();
    fs::copy(folder.join("good.sh"), folder.join("sub/below.sh")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    let alerts = bench.run(false);
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(alerts[0]["change"], "baseline_created");
    let listed: Vec<_> = bench.things().into_iter().map(|(module, ..)| module).collect();
    assert_eq!(listed, ["good"]);
    mode(&folder.join("later.sh"), 0o755);
    assert_eq!(bench.scratch.said(), ["baseline_created"], "now it is one");

    let single = |file: &str| {
        bench
            .scratch
            .assay(&["module", "run", folder.join(file).to_str().unwrap()])
    };
    for (file, words) in [
        ("README", "chmod +x"),
        ("notes", "#!/usr/bin/env python3"),
        ("sub", "is not a regular file"),
    ] {
        let ran = single(file);
        assert!(ran.code == 1 && ran.stderr.contains(words), "{file}: {ran:?}");
    }
}

#[test]
fn a_pinned_script_is_run_as_it_was_pinned() {
    if !has("python3") {
        return;
    }
    let bench = Bench::new("[modules]\ntrust = 'pinned'\n");
    let body = "yield entry('thing', 'k', '/s', value='v')";
    bench.script("snake.py", &python("snake", body));
    let file = bench.scratch.modules[0].join("snake.py");
    let pin = |path: &Path| {
        let ran = bench.scratch.assay(&["module", "trust", path.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    pin(&bench.scratch.modules[0].join("libassay_module_cron.so"));
    assert!(refusals(&bench.run(false))["snake.py"].contains("not in modules.lock"));
    pin(&file);
    assert_eq!(bench.scratch.said(), ["baseline_created"]);
    assert_eq!(listed(&bench, "snake"), [pair("k", "v")]);
    bench.script("snake.py", &python("snake", &body.replace("'v'", "'w'")));
    let alerts = bench.run(false);
    assert!(
        refusals(&alerts)["snake.py"].contains("assay module trust"),
        "{alerts:#?}"
    );
    assert_eq!(listed(&bench, "snake"), [pair("k", "v")], "what it listed stays");
}

/// A program that names what is no loader.
#[test]
fn a_program_with_a_false_loader_is_not_executed() {
    if !has("cc") {
        return;
    }
    let bench = Bench::new("");
    let folder = &bench.scratch.modules[0];
    for (name, loader) in [
        ("folder", "/"),
        ("missing", "/no/such/loader"),
        ("text", "/etc/passwd"),
    ] {
        let mut command = cc("speaks.c");
        command
            .arg(format!("-Wl,--dynamic-linker={loader}"))
            .arg("-o")
            .arg(folder.join(name));
        compile(command);
    }
    // Cut where its headers are.
    let whole = fs::read(folder.join("missing")).unwrap();
    fs::write(folder.join("cut"), &whole[..80]).unwrap();
    mode(&folder.join("cut"), 0o755);
    let alerts = bench.run(true);
    let failed: Vec<_> = alerts
        .iter()
        .filter(|alert| alert["change"] == "module_failed")
        .collect();
    assert_eq!(failed.len(), 4, "{alerts:#?}");
    for alert in failed {
        assert!(
            alert["text"].as_str().unwrap().contains("cannot execute"),
            "{alert:#}"
        );
    }
}
