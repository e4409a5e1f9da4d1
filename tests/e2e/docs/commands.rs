//! The README as a new user follows it: every command of its shell blocks is run, but those that build and test the
//! workspace; of these it is checked that `.ci/run` runs them.

use super::alerts::{example, names_and_values};
use super::{blocks, is_root, needs, read};
use assay_tests::{Ran, Scratch, built};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

const PLANTED: &str = "/etc/cron.d/assay-example";

/// The commands in order, each one line; `a && b` are two.
fn commands() -> Vec<String> {
    let shell = blocks(&read("README.md"), "sh").concat();
    let commands = shell
        .lines()
        .flat_map(|line| line.split(" && "))
        .map(|command| command.trim().to_owned());
    commands
        .filter(|command| !command.is_empty() && !command.starts_with('#'))
        .collect()
}

fn is_cargo(command: &str) -> bool {
    command.starts_with("cargo ")
}

#[test]
fn ci_runs_what_the_readme_tells_to_build_and_test_with() {
    let told: Vec<String> = commands()
        .into_iter()
        .filter(|command| is_cargo(command))
        .collect();
    assert_eq!(told, ["cargo build --release", "cargo test --workspace"]);
    let ci = read(".ci/run");
    for command in told {
        assert!(ci.contains(&command), "`.ci/run` does not run `{command}`");
    }
}

/// Takes the planted line away, however the test ends.
struct Planted {
    folder_was_there: bool,
}

impl Planted {
    fn new() -> Self {
        let folder = Path::new(PLANTED).parent().unwrap();
        assert!(
            !Path::new(PLANTED).exists(),
            "{PLANTED} is left over from somebody"
        );
        Self {
            folder_was_there: folder.exists(),
        }
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        _ = fs::remove_file(PLANTED);
        if !self.folder_was_there {
            _ = fs::remove_dir(Path::new(PLANTED).parent().unwrap());
        }
    }
}

fn shell(scratch: &Scratch, command: &str) -> Ran {
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", command])
        .current_dir(scratch.path(""))
        .stdin(Stdio::null());
    shell
        .env("ASSAY_STATE", scratch.path("state"))
        .env("ASSAY_CONFIG", scratch.path("assay.toml"));
    let output = shell.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[test]
fn the_readme_shows_an_alert_within_a_minute() {
    if !needs(is_root(), "root, to plant a cron line on this machine") {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("target")).unwrap();
    symlink(built(), scratch.path("target/release")).unwrap();
    scratch.config("[[sink]]\ntype = 'stdout'\n");
    let planted = Planted::new();

    let told: Vec<String> = commands()
        .into_iter()
        .filter(|command| !is_cargo(command))
        .collect();
    let ran: Vec<Ran> = told.iter().map(|command| shell(&scratch, command)).collect();
    drop(planted);
    for (command, ran) in told.iter().zip(&ran) {
        assert_eq!(ran.code, 0, "`{command}`: {ran:?}");
    }
    let outputs_of = |words: &str| -> Vec<&str> {
        let matching = told
            .iter()
            .zip(&ran)
            .filter(|(command, _)| command.contains(words));
        matching.map(|(_, ran)| ran.stdout.as_str()).collect()
    };

    // The sink shows the line of each alert: first the baseline, then the planted line, then its removal.
    let [learned, planted, removed] = outputs_of("assay run")[..] else {
        panic!("{told:?}")
    };
    assert!(learned.contains("change=baseline_created"), "{learned}");
    let line = planted
        .lines()
        .find(|line| line.contains("--assay-example"))
        .expect(planted);
    assert!(
        removed
            .lines()
            .any(|line| line.contains("change=removed") && line.contains("--assay-example")),
        "{removed}"
    );

    // What the README shows is what came, but for what differs from machine to machine.
    let shown = names_and_values(&example("README.md"));
    let differs = ["program_sha256", "program", "seq", "id", "chain"];
    let came = names_and_values(line);
    assert_eq!(shown.len(), came.len(), "{line}");
    for ((name, value), (name_now, value_now)) in shown.iter().zip(&came) {
        assert!(
            name == name_now && (value == value_now || differs.contains(&name.as_str())),
            "{name}: {value} {value_now}"
        );
    }
    let [open, open_again] = outputs_of("alerts --open")[..] else {
        panic!("{told:?}")
    };
    assert!(
        open_again.contains("removed") && open_again.contains("--assay-example"),
        "{open_again}"
    );
    let readme = blocks(&read("README.md"), "text");
    let shown = readme
        .iter()
        .find(|block| block.contains("added cron_job"))
        .unwrap();
    // Numbers, times and digests are of one machine, and so is where a merged /usr has the program.
    let is_of_one_machine = |word: &str| {
        let number = word.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b':');
        number || word.ends_with('\u{2026}') || word.ends_with("/true")
    };
    for word in shown.split_whitespace().filter(|word| !is_of_one_machine(word)) {
        assert!(
            open.contains(word),
            "`assay alerts --open` does not say {word}: {open}"
        );
    }
    let status = &scratch.json(&["status"])[0];
    assert_eq!(status["open"], serde_json::json!([]), "all was accepted");
}
