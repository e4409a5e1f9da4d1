//! `assay module new`, `run`, `check` and `trust`, as an author and an operator use them.

use super::{complaint, holds, printed};
use assay_tests::{Scratch, built, needs};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `module new` makes for each language: the files, and the one that is the module.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("rust", &["Cargo.toml", "src/lib.rs", "Cargo.lock"]),
    ("python", &["probe.py", "test_probe.py"]),
    ("c", &["probe.c", "Makefile", "assay_module.h", "assay_helpers.h"]),
    ("watch", &["probe.toml", "test.sh"]),
];

/// The SDK of this source tree, wherever the build folder is.
fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/sdk")
}

/// Makes the module `probe`.
fn new(scratch: &Scratch, language: &str) -> PathBuf {
    let (dir, sdk) = (scratch.path(language), sdk());
    fs::create_dir(&dir).unwrap();
    let args = [
        "module",
        "new",
        "probe",
        "--lang",
        language,
        "--dir",
        dir.to_str().unwrap(),
    ];
    let sdk = ["--sdk", sdk.to_str().unwrap()];
    let said = printed(
        scratch,
        &[&args[..], if language == "rust" { &sdk } else { &[] }].concat(),
    );
    holds(
        &said,
        &[
            "cd '",
            "assay module run --root fixture",
            "assay module check --root fixture",
        ],
    );
    dir.join("probe")
}

/// Runs a command in the module's folder, with the built `assay` first in the path.
fn sh(folder: &Path, command: &str) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-euc", command]).current_dir(folder);
    shell.env("PATH", format!("{}:{path}", built().display()));
    let output = shell.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "`{command}`: {said}");
    said
}

#[test]
fn a_new_module_is_whole_and_never_overwrites() {
    let scratch = Scratch::new();
    for (language, files) in LANGUAGES {
        let folder = new(&scratch, language);
        for file in files.iter().chain(&["fixture/etc/probe.conf"]) {
            let text =
                fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{language} {file}: {e}"));
            assert!(!text.contains("{{"), "{language} {file}");
            let mode = folder.join(file).metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if text.starts_with("#!") { 0o755 } else { 0o644 }, "{file}");
        }
        let dir = folder.parent().unwrap().to_str().unwrap();
        let again = complaint(
            &scratch,
            &["module", "new", "probe", "--lang", language, "--dir", dir],
        );
        holds(&again, &["is there already; nothing is overwritten"]);
    }
    for name in ["", "Ab", "a-b", "../x", "1st", "_", "ä", "a b", &"x".repeat(65)] {
        let said = complaint(&scratch, &["module", "new", name, "--lang", "c"]);
        holds(&said, &["is no name for a module"]);
    }
    let said = complaint(
        &scratch,
        &["module", "new", "other", "--lang", "rust", "--sdk", "/nowhere"],
    );
    holds(&said, &["is not the folder of the SDK"]);
}

/// What an author changes stands in paragraphs that begin with CHANGE.
#[test]
fn an_author_writes_at_most_thirty_lines() {
    let scratch = Scratch::new();
    for (language, files) in LANGUAGES {
        let main = if *language == "rust" { files[1] } else { files[0] };
        let text = fs::read_to_string(new(&scratch, language).join(main)).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let (mut theirs, mut lines) = (false, 0);
        for line in text.lines().map(str::trim) {
            theirs = (theirs && !line.is_empty()) || line.contains("CHANGE");
            let is_comment = ["//", "#", "/*", "*", "\"\"\""]
                .iter()
                .any(|sign| line.starts_with(sign));
            lines += usize::from(theirs && !line.is_empty() && (!is_comment || line.starts_with("#define")));
        }
        assert!((3..=30).contains(&lines), "{language}: {lines}");
    }
}

/// Rust is built in the walk-through of modules/README.md, where it takes longest.
#[test]
fn a_new_module_passes_its_test_and_the_check() {
    let scratch = Scratch::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |tool: &str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    for (language, tools, test, file) in [
        ("python", &["python3"][..], "python3 -m unittest", "probe.py"),
        ("c", &["cc", "make"], "make check", "probe.so"),
        ("watch", &[], "./test.sh", "probe.toml"),
    ] {
        if !needs(tools.iter().all(|tool| has(tool)), &tools.join(" and ")) {
            continue;
        }
        let folder = new(&scratch, language);
        sh(&folder, test);
        let checked = sh(&folder, &format!("assay module check --root fixture {file}"));
        holds(&checked, &["it keeps what a module must keep", ", 0 warnings)"]);
        let ran = sh(&folder, &format!("assay module run --root fixture {file}"));
        holds(&ran, &["probe_line", "/bin/true --all", "1 entry, 0 gaps"]);
    }
}

#[test]
fn run_prints_what_a_module_lists_and_keeps_nothing() {
    let scratch = Scratch::new();
    scratch.file(
        "/etc/crontab",
        "5 4 * * * root /opt/report --all\n1 2 * * * root /opt/\x1b[31mred\n",
    );
    scratch.file("/etc/cron.d/x", "bad\n");
    fs::create_dir_all(scratch.host("/etc/cron.daily")).unwrap();
    fs::create_dir(scratch.host("/etc/cron.d/folder")).unwrap();
    scratch.link("/etc/anacrontab", "anacrontab");
    let file = built().join(format!("libassay_module_cron{}", std::env::consts::DLL_SUFFIX));
    let file = file.to_str().unwrap();
    let said = printed(&scratch, &["module", "run", file]);
    holds(
        &said,
        &[
            "cron_job",
            "schedule",
            "5 4 * * *",
            "/opt/report --all",
            "root",
            " ms",
        ],
    );
    let records = scratch.json(&["module", "run", file]);
    let of = |name: &str| {
        records
            .iter()
            .filter(|record| record["record"] == name)
            .collect::<Vec<&Value>>()
    };
    assert_eq!(records.first().unwrap()["record"], "sandbox");
    assert_eq!(of("hello")[0]["manifest"]["name"], "cron");
    assert_eq!(of("done")[0]["entries"], of("entry").len());
    assert!(
        of("entry")
            .iter()
            .any(|entry| entry["fields"]["command"] == "/opt/report --all")
    );
    for gap in of("gap") {
        holds(
            &said,
            &[&format!(
                "gap ({}) {}",
                gap["reason"].as_str().unwrap(),
                gap["path"].as_str().unwrap()
            )],
        );
    }
    assert!(!scratch.path("state").exists(), "nothing is kept");
    let missing = complaint(&scratch, &["module", "run", "/nowhere.so"]);
    holds(&missing, &["/nowhere.so", "No such file"]);
}

/// A folder of modules that holds `cron`, and the configuration that asks for signatures of this key.
fn signed(keys: &str) -> (Scratch, PathBuf) {
    let mut scratch = Scratch::new();
    let folder = scratch.path("modules");
    fs::create_dir(&folder).unwrap();
    let name = format!("libassay_module_cron{}", std::env::consts::DLL_SUFFIX);
    fs::copy(built().join(&name), folder.join(&name)).unwrap();
    scratch.modules = vec![folder.clone()];
    let sink = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    scratch.config(&format!("[modules]\ntrust = 'signed'\nkeys = [{keys}]\n{sink}"));
    scratch.file("/etc/crontab", "5 4 * * * root /opt/report --all\n");
    (scratch, folder.join(name))
}

fn sign(pair: &minisign::KeyPair, content: &[u8], to: &Path) {
    let signature = minisign::sign(Some(&pair.pk), &pair.sk, content, None, None).unwrap();
    fs::write(to, signature.into_string()).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn only_signed_modules_are_loaded_when_that_is_asked_for() {
    let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let other = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let (scratch, module) = signed(&format!("'{}', '{}'", other.pk.to_base64(), pair.pk.to_base64()));
    let file = module.to_str().unwrap();
    let signature = PathBuf::from(format!("{file}.minisig"));
    let content = fs::read(&module).unwrap();
    let stranger = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let refused = |why: &str| {
        let said = complaint(&scratch, &["module", "trust", file]);
        holds(&said, &[why]);
        let listed = scratch.json(&["module", "list"]);
        assert_eq!(listed[0]["state"], "refused");
        holds(listed[0]["reason"].as_str().unwrap(), &[why]);
    };
    refused("it is not signed");
    refused("sign it with `minisign -S -m ");
    fs::write(&signature, "nonsense\n").unwrap();
    refused("is no signature of minisign");
    fs::write(&signature, [0xff; 64]).unwrap();
    refused("is no text");
    sign(&stranger, &content, &signature);
    refused("a key that is not in `modules.keys`");
    sign(&pair, b"another file", &signature);
    refused("does not fit the file");
    sign(&pair, &content, &signature);
    fs::set_permissions(&signature, fs::Permissions::from_mode(0o666)).unwrap();
    refused("is writable by everybody");
    let alerts = scratch.run();
    assert_eq!(alerts[0]["change"], "module_refused", "{alerts:#?}");

    fs::set_permissions(&signature, fs::Permissions::from_mode(0o644)).unwrap();
    let said = printed(&scratch, &["module", "trust", file]);
    holds(&said, &["cron is signed with ", &pair.pk.to_base64()]);
    assert!(!scratch.path("modules.lock").exists());
    assert!(scratch.said().contains(&"baseline_created".to_owned()));
    assert_eq!(scratch.json(&["list", "cron_job"]).len(), 1);

    // One byte more, and what was signed is not what would be loaded.
    fs::write(&module, [&content[..], b"\0"].concat()).unwrap();
    refused("does not fit the file");
}

#[test]
fn signatures_need_keys_that_are_some() {
    let (scratch, module) = signed("");
    let said = complaint(&scratch, &["module", "trust", module.to_str().unwrap()]);
    holds(&said, &["`modules.keys` holds no key"]);
    let (scratch, _) = signed("'RWQsomething'");
    let said = complaint(&scratch, &["config", "check"]);
    holds(
        &said,
        &["assay.toml:3:9: `RWQsomething` is no public key of minisign"],
    );
}
