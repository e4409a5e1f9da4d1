//! `assay config`, `assay module`, and which modules may be loaded.

use super::{complaint, holds, printed};
use assay_tests::{Scratch, built};
use std::env::consts::DLL_SUFFIX;
use std::fs;

/// What is wrong, where, and what was probably meant.
#[test]
fn a_mistake_is_told_with_its_place() {
    let table: &[(&str, &str, &str)] = &[
        (
            "[modules]\nparalel = 2\n",
            ":2:1: ",
            "unknown key `paralel`; did you mean `parallel`?",
        ),
        (
            "[modules]\n\n  folder = []\n",
            ":3:3: ",
            "unknown key `folder`; did you mean `folders`?",
        ),
        (
            "[verifi]\nfull_every = '1d'\n",
            ":1:2: ",
            "unknown key `verifi`; did you mean `verify`?",
        ),
        ("[verify]\nfull_every = 'soon'\n", ":2:14: ", "soon"),
        ("[verify]\nfull_every = 5\n", ":2:14: ", "5"),
        ("[[sink]]\ntype = 'smoke'\n", ":", "smoke"),
        ("[[sink]]\ntype = 'file'\n", ":", "path"),
        ("[[sink]]\ntype = 'file'\npath = '/x'\nfile = '/y'\n", ":", "file"),
        ("[baseline]\naccept = 'maybe'\n", ":2:10: ", "maybe"),
        ("[modules\n", ":1:", ""),
        ("[modules]\nparallel = 1\nparallel = 2\n", ":3:1: ", "duplicate"),
    ];
    let scratch = Scratch::new();
    let file = scratch.path("assay.toml").display().to_string();
    for (text, place, what) in table {
        scratch.config(text);
        for command in [&["config", "check"][..], &["config", "show"], &["run"]] {
            let said = complaint(&scratch, command);
            holds(&said, &[&file, place, what]);
            assert!(!said.contains('\n') || what.is_empty(), "{said}");
        }
    }
    assert!(!scratch.path("state").exists(), "nothing was run");
}

#[test]
fn a_sound_configuration_is_said_to_be() {
    let scratch = Scratch::new();
    let file = scratch.path("assay.toml").display().to_string();
    assert_eq!(
        printed(&scratch, &["config", "check"]),
        format!("`{file}` is sound\n")
    );
    fs::create_dir(scratch.path("conf.d")).unwrap();
    let more = scratch.path("conf.d/10-more.toml");
    fs::write(&more, "[verify]\nfull_every = '6h'\n").unwrap();
    let text = printed(&scratch, &["config", "check"]);
    assert_eq!(
        text,
        format!("`{file}` is sound\n`{}` is sound\n", more.display())
    );
    let shown = printed(&scratch, &["config", "show"]);
    holds(
        &shown,
        &["full_every = \"6h\"", "parallel = 2", "type = \"file\""],
    );
    // What is shown is a configuration that says the same.
    let again = Scratch::new();
    again.config(&shown);
    assert_eq!(printed(&again, &["config", "show"]), shown);

    fs::write(&more, "[verify]\nfull_evry = '6h'\n").unwrap();
    holds(
        &complaint(&scratch, &["config", "check"]),
        &["10-more.toml:2:1: ", "did you mean `full_every`?"],
    );
    fs::remove_file(&more).unwrap();
    // Names of modules are known only where modules are.
    scratch.config("[modules]\ndisabled = ['corn']\n");
    let ran = scratch.assay(&["config", "check"]);
    assert_eq!(ran.stderr, "assay: there is no module `corn`\n");
}

#[test]
fn a_configuration_that_was_asked_for_must_be_there() {
    let scratch = Scratch::new();
    fs::remove_file(scratch.path("assay.toml")).unwrap();
    holds(&complaint(&scratch, &["run"]), &["assay.toml", "No such file"]);
}

#[test]
fn a_disabled_module_does_not_run() {
    let scratch = Scratch::new();
    scratch.config("[modules]\ndisabled = ['cron']\n[[sink]]\ntype = 'stdout'\n");
    scratch.file("/etc/crontab", "1 1 * * * root /opt/x\n");
    scratch.assay(&["run"]);
    assert_eq!(printed(&scratch, &["list"]), "nothing\n");
    let listed = printed(&scratch, &["module", "list"]);
    let cron = listed.lines().find(|line| line.starts_with("cron")).unwrap();
    holds(cron, &["disabled", "libassay_module_cron"]);
}

/// Modules in a folder of the test's own.
fn with_modules(names: &[&str]) -> Scratch {
    let mut scratch = Scratch::new();
    let folder = scratch.path("modules");
    fs::create_dir(&folder).unwrap();
    for name in names {
        let file = format!("libassay_module_{name}{DLL_SUFFIX}");
        fs::copy(built().join(&file), folder.join(&file)).unwrap();
    }
    scratch.modules = vec![folder];
    scratch
}

#[test]
fn only_pinned_modules_are_loaded_when_that_is_asked_for() {
    let scratch = with_modules(&["cron", "startup"]);
    let sink = format!(
        "[[sink]]\ntype = 'file'\npath = '{}'\n",
        scratch.path("alerts.jsonl").display()
    );
    let cron = scratch.modules[0].join(format!("libassay_module_cron{DLL_SUFFIX}"));
    let trust = ["module", "trust", cron.to_str().unwrap()];
    let text = printed(&scratch, &trust);
    holds(
        &text,
        &[
            "cron is pinned to ",
            "modules.lock",
            "it takes effect with `modules.trust = \"pinned\"`",
        ],
    );

    scratch.config(&format!("[modules]\ntrust = 'pinned'\n{sink}"));
    let listed = printed(&scratch, &["module", "list"]);
    holds(
        &listed,
        &[
            "trusted",
            "refused",
            "its digest is not in modules.lock; run `assay module trust ",
        ],
    );
    let mut said = scratch.said();
    said.sort();
    assert_eq!(said, ["baseline_created", "module_refused"]);
    assert_eq!(scratch.said(), [""; 0]);

    // Another file in its place is not loaded until somebody says so.
    let mut bytes = fs::read(&cron).unwrap();
    bytes.push(0);
    fs::remove_file(&cron).unwrap();
    fs::write(&cron, &bytes).unwrap();
    let ran = scratch.assay(&["run"]);
    assert_eq!(ran.stdout, "");
    holds(
        &ran.stderr,
        &["its digest is not in modules.lock", "run `assay module trust "],
    );
    let said: Vec<_> = scratch
        .delivered()
        .iter()
        .skip(2)
        .map(assay_tests::short)
        .collect();
    assert!(
        said.contains(&"module_refused".to_owned()) && said.contains(&"module_missing".to_owned()),
        "{said:?}"
    );
    printed(&scratch, &trust);
    assert_eq!(scratch.said(), ["module_changed"]);
}

#[test]
fn trust_refuses_what_could_never_be_loaded() {
    let scratch = with_modules(&[]);
    holds(
        &complaint(&scratch, &["module", "trust", "/nonexistent.so"]),
        &["/nonexistent.so", "No such file"],
    );
    let folder = &scratch.modules[0];
    let text = folder.join("note.txt");
    fs::write(&text, "").unwrap();
    complaint(&scratch, &["module", "trust", text.to_str().unwrap()]);
    assert_eq!(
        complaint(&scratch, &["run"]).split(';').next(),
        Some(&*format!("no modules in `{}`", folder.display()))
    );
    assert!(!scratch.path("modules.lock").exists());
}
