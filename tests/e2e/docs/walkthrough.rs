//! modules/README.md as an author follows it: every command of its shell blocks, in order, in one shell, from
//! `assay module new` to the first alert.

use super::{blocks, has, needs, read, repo};
use assay_tests::{Scratch, built};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Begins a line that tells where the shell is, with the time in milliseconds.
const MARK: &str = "@@walkthrough ";

/// The parts of the page that hold commands: heading and commands.
fn sections() -> Vec<(String, String)> {
    let page = read("modules/README.md");
    let mut sections: Vec<(String, String)> = Vec::new();
    for part in page.split("\n#").skip(1) {
        let heading = part.lines().next().unwrap().trim_matches(['#', ' ']).to_owned();
        let commands = blocks(part, "sh").concat();
        if !commands.is_empty() {
            sections.push((heading, commands));
        }
    }
    sections
}

/// What each section printed, and how many milliseconds it took.
fn follow(scratch: &Scratch, sections: &[(String, String)]) -> Vec<(String, u64)> {
    let mark = format!("echo '{MARK}'$(($(date +%s%N) / 1000000))\n");
    let script: String = sections
        .iter()
        .map(|(_, commands)| format!("{mark}{commands}"))
        .collect();
    let mut path = vec![built().to_owned()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &(script + &mark)])
        .current_dir(scratch.path(""))
        .stdin(Stdio::null());
    shell
        .env("PATH", std::env::join_paths(path).unwrap())
        // The build folder may be apart from the sources; and what was compiled once need not be again.
        .env("ASSAY_SDK", repo("core/sdk"))
        .env("CARGO_BUILD_BUILD_DIR", built().join("walkthrough"))
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_NET_OFFLINE", "true");
    let output = shell.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    let parts: Vec<(u64, &str)> = said
        .split(MARK)
        .skip(1)
        .map(|part| part.split_once('\n').unwrap())
        .map(|(time, text)| (time.parse().unwrap(), text))
        .collect();
    parts
        .windows(2)
        .map(|pair| (pair[0].1.to_owned(), pair[1].0 - pair[0].0))
        .collect()
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "how long it takes is what the page is measured by"
)]
fn from_nothing_to_the_first_alert_in_every_language() {
    let tools = ["python3", "cc", "make", "cargo"];
    if !needs(
        tools.iter().all(|tool| has(tool)),
        "python3, a C compiler, make and cargo",
    ) {
        return;
    }
    let scratch = Scratch::new();
    let sections = sections();
    let headings: Vec<&str> = sections.iter().map(|(heading, _)| heading.as_str()).collect();
    assert_eq!(headings[1..], ["A watch list", "Python", "C", "Rust"]);

    let ran = follow(&scratch, &sections);
    assert_eq!(ran.len(), sections.len());
    for ((heading, commands), (said, took)) in sections.iter().zip(&ran).skip(1) {
        eprintln!("{heading}: from `assay module new` to the first alert in {took} ms");
        let name = commands.split_whitespace().nth(3).unwrap();
        let at = |words: &str| {
            said.find(words)
                .unwrap_or_else(|| panic!("{heading}: no `{words}` in {said}"))
        };
        let checked = at("it keeps what a module must keep");
        let learned = at("change=baseline_created");
        let alert = at("change=added");
        assert!(checked < learned && learned < alert, "{said}");
        let line = said[alert..].lines().next().unwrap();
        for part in [
            format!("kind={name}_line"),
            "/opt/agent --quiet".to_owned(),
            "severity=high".to_owned(),
        ] {
            assert!(line.contains(&part), "{heading}: no `{part}` in {line}");
        }
        assert_eq!(
            said.matches("change=").count(),
            2,
            "one baseline and one alert: {said}"
        );
    }
}

/// What `new` tells to do is what the page tells to do.
#[test]
fn the_page_and_the_command_tell_the_same() {
    let scratch = Scratch::new();
    for (_, commands) in sections().iter().skip(1) {
        let mut new: Vec<&str> = commands
            .lines()
            .next()
            .unwrap()
            .split_whitespace()
            .skip(1)
            .collect();
        let (dir, sdk): (PathBuf, PathBuf) = (scratch.path(""), repo("core/sdk"));
        new.extend(["--dir", dir.to_str().unwrap(), "--sdk", sdk.to_str().unwrap()]);
        let told = scratch.json(&new);
        let steps = told[0]["next"].as_array().unwrap();
        let steps: Vec<&str> = steps.iter().map(|step| step.as_str().unwrap()).collect();
        let is_test = |step: &&&str| !step.starts_with("cd ") && !step.starts_with("assay ");
        let tests: Vec<&&str> = steps.iter().filter(is_test).collect();
        assert!(!tests.is_empty(), "{steps:?}");
        for step in tests {
            assert!(commands.contains(*step), "the page does not say `{step}`");
        }
        fs::remove_dir_all(dir.join(new[2])).unwrap();
    }
}
