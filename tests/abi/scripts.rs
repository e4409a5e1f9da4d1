//! Script modules: what they can do, what they get, and how the core takes those that misbehave.

mod examples;
mod misbehaving;
mod refused;

use crate::bench::{Bench, cc, compile, has, here};
use assay_tests::{change_of, short};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A module in Python that lists things; `body` is that of its function.
fn python(name: &str, body: &str) -> String {
    let body = body.trim().replace('\n', "\n    ");
    format!(
        r#"#!/usr/bin/env python3
import os, sys
from assay_module import compared, entry, kind, module

@module("{name}", "1", "things", kinds=[kind("thing", "T1", "a thing", compared("value", "text", "what"), source="none")])
def collect(root):
    {body}

if __name__ == "__main__":
    collect()
"#
    )
}

/// A module in shell that lists what `body` says.
fn shell(name: &str, body: &str) -> String {
    let field = r#"{"name":"value","type":"text","meaning":"what","compared":true}"#;
    let kind = format!(
        r#"{{"name":"thing","summary":"a thing","technique":"T1","severity":"high","source":"none","fields":[{field}]}}"#
    );
    format!(
        r#"#!/bin/sh
IFS= read -r request
echo '{{"record":"hello","v":1,"manifest":{{"name":"{name}","version":"1","summary":"s","platforms":["linux"],"kinds":[{kind}]}}}}'
thing() {{ printf '{{"record":"entry","kind":"thing","key":"%s","source":"/s","fields":{{"value":"%s"}}}}\n' "$1" "$2"; }}
{body}
"#
    )
}

/// What one module listed: key and value.
fn listed(bench: &Bench, module: &str) -> Vec<(String, String)> {
    let things = bench.things().into_iter();
    things
        .filter(|(of, ..)| of == module)
        .map(|(_, key, value)| (key, value))
        .collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn a_script_in_any_language_is_a_module() {
    if !has("python3") || !has("cc") {
        return;
    }
    let bench = Bench::new("");
    bench.scratch.file("/etc/thing", "one\n");
    bench.script(
        "snake.py",
        &python(
            "snake",
            "yield entry('thing', 'k', '/s', value=root.lines('/etc/thing')[0])",
        ),
    );
    bench.script(
        "shell.sh",
        &shell(
            "shell",
            r#"root=${request#*'"root":"'}; root=${root%%'"'*}
            while read -r line; do thing k "$line"; done < "$root/etc/thing"
            echo '{"record":"done","entries":1}'"#,
        ),
    );
    let mut command = cc("speaks.c");
    command.arg("-o").arg(bench.scratch.modules[0].join("speaks"));
    compile(command);

    assert_eq!(bench.scratch.said(), ["baseline_created"]);
    assert_eq!(listed(&bench, "snake"), [pair("k", "one")]);
    assert_eq!(listed(&bench, "shell"), [pair("k", "one")]);
    assert_eq!(listed(&bench, "speaks"), [pair("k", "from C")]);
    assert!(bench.scratch.run().is_empty());

    bench.scratch.file("/etc/thing", "two\n");
    let alerts = bench.scratch.run();
    assert_eq!(
        alerts.iter().map(short).collect::<Vec<_>>(),
        ["changed thing k"; 2]
    );
    for alert in &alerts {
        assert_eq!(change_of(alert, "value"), pair("one", "two"));
    }
    let kinds = bench.scratch.json(&["kinds"]);
    assert!(
        kinds.iter().any(|kind| kind.to_string().contains("\"snake\"")),
        "{kinds:#?}"
    );
}

/// As nobody, with the right to read everything, which survives the exec.
#[test]
fn a_script_of_root_reads_what_root_alone_may_read_and_is_nobody() {
    if !has("python3") || !root() {
        return;
    }
    let bench = Bench::new("");
    bench.scratch.file_mode("/etc/secret/thing", "hidden\n", 0o600);
    fs::set_permissions(
        bench.scratch.host("/etc/secret"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    let body = r#"
yield entry('thing', 'secret', '/s', value=root.lines('/etc/secret/thing')[0])
yield entry('thing', 'who', '/s', value=repr((os.getuid(), os.geteuid(), os.getgid(), os.getegid())))
"#;
    bench.script("snake.py", &python("snake", body));
    bench.script(
        "shell.sh",
        &shell(
            "shell",
            r#"root=${request#*'"root":"'}; root=${root%%'"'*}
            read -r line < "$root/etc/secret/thing"; thing secret "$line"; echo '{"record":"done","entries":1}'"#,
        ),
    );
    bench.scratch.run();
    let nobody = "(65534, 65534, 65534, 65534)";
    assert_eq!(
        listed(&bench, "snake"),
        [pair("secret", "hidden"), pair("who", nobody)]
    );
    assert_eq!(listed(&bench, "shell"), [pair("secret", "hidden")]);
}

#[test]
fn a_script_gets_nothing_of_its_surroundings() {
    if !has("python3") {
        return;
    }
    let bench = Bench::new("[module.snake]\ncolour = 'blue'\n");
    let body = r#"
def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False
yield entry('thing', 'environment', '/s', value=' '.join(sorted(os.environ)))
yield entry('thing', 'descriptors', '/s', value=' '.join(str(n) for n in range(3, 40) if n != root._top and is_open(n)))
yield entry('thing', 'arguments', '/s', value=' '.join(sys.argv))
yield entry('thing', 'folder', '/s', value=os.getcwd())
yield entry('thing', 'config', '/s', value=repr(root.config))
import colorsys
yield entry('thing', 'imports', '/s', value=str(getattr(colorsys, 'PLANTED', 'its own library')))
"#;
    bench.script("snake.py", &python("snake", body));
    // Beside the script, and where the caller's environment leads, lies what nobody has checked.
    let planted = bench.scratch.path("planted");
    fs::create_dir(&planted).unwrap();
    for folder in [&planted, &bench.scratch.modules[0]] {
        fs::write(folder.join("colorsys.py"), "PLANTED = 'what was planted'\n").unwrap();
    }
    let mut command = bench.scratch.command(&["run"]);
    command
        .env("PYTHONPATH", &planted)
        .env("PYTHONSTARTUP", planted.join("colorsys.py"));
    command
        .env("LD_LIBRARY_PATH", "/tmp")
        .env("BASH_ENV", "/tmp/x")
        .env("SECRET", "x");
    let forgotten = crate::bench::inheritable(fs::File::open("/etc/passwd").unwrap());
    assert!(command.output().unwrap().status.success());
    drop(forgotten);
    let environment = "LC_ALL PATH PYTHONDONTWRITEBYTECODE PYTHONNOUSERSITE PYTHONPATH PYTHONSAFEPATH";
    let mut seen = listed(&bench, "snake");
    let imports = seen.iter().position(|(key, _)| key == "imports").unwrap();
    let imported = seen.remove(imports).1;
    // Python before 3.11 looks beside the script, in a folder that only root or the user may write to.
    let mut is_safe = Command::new("python3");
    is_safe.args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
    if is_safe.status().unwrap().success() {
        assert_eq!(imported, "its own library");
    }
    assert_eq!(
        seen,
        [
            pair("arguments", "/proc/self/fd/3"),
            pair("config", "{'colour': 'blue'}"),
            pair("descriptors", "3"),
            pair("environment", environment),
            pair("folder", "/"),
        ]
    );
}

#[test]
fn a_script_does_not_outlive_the_core() {
    if !has("python3") {
        return;
    }
    let bench = Bench::new("[modules]\ndeadline = '10m'\n");
    bench.script("sleeps.py", &python("sleeps", "import time\ntime.sleep(600)"));
    bench.kill_the_core_when(|pid| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.to_string_lossy().contains("python"))
    });
}

/// The tests of `assay_module.py` and of the modules beside it, as their authors run them.
#[test]
fn what_is_written_in_python_passes_its_own_tests() {
    if !has("python3") {
        return;
    }
    let mut tests = Command::new("python3");
    tests
        .args(["-m", "unittest"])
        .current_dir(here().join("../modules/python"));
    let output = tests.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("OK"), "{said}");
    let ran = said
        .lines()
        .find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(ran.is_some_and(|ran| ran > 30), "{said}");
}
