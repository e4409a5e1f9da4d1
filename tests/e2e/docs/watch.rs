//! `docs/watch.md`: its examples are lists that find what it says, and it names every key.

use super::{blocks, names_all, read, words, words_of};
use assay_model::watch::{Format, Watch};
use assay_tests::{Scratch, change_of};
use std::fs;

#[test]
fn every_key_and_format_is_there() {
    names_all(
        "docs/watch.md",
        words(serde_json::from_str::<Watch>("{\"?\": 1}")),
    );
    names_all("docs/watch.md", words_of!(Format));
}

#[test]
fn the_examples_find_what_they_say() {
    let scratch = Scratch::new();
    fs::create_dir(&scratch.watch).unwrap();
    for (number, list) in blocks(&read("docs/watch.md"), "toml").iter().enumerate() {
        fs::write(scratch.watch.join(format!("{number}.toml")), list).unwrap();
    }
    scratch.file("/etc/pip.conf", "[global]\nindex-url = https://pypi.org/simple\n");
    scratch.script("/etc/agent/hooks/pre-job", "");
    let rules = |script: &str| {
        format!(
            "<plist version='1.0'><array><dict><key>RuleId</key><string>R1</string><key>AppleScript</key><string>{script}</string></dict></array></plist>"
        )
    };
    let mac = Scratch::macos();
    fs::create_dir(&mac.watch).unwrap();
    for list in fs::read_dir(&scratch.watch).unwrap().map(Result::unwrap) {
        fs::copy(list.path(), mac.watch.join(list.file_name())).unwrap();
    }
    let path = "/Users/ana/Library/Mail/V10/MailData/SyncedRules.plist";
    mac.file(path, rules("a.scpt"));
    assert_eq!(
        (scratch.said(), mac.said()),
        (
            vec!["baseline_created".to_owned()],
            vec!["baseline_created".to_owned()]
        )
    );
    let checked = scratch.assay(&["config", "check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));

    scratch.file("/etc/pip.conf", "[global]\nindex-url = https://evil.example/\n");
    scratch.script("/etc/agent/hooks/pre-job", "evil");
    let users = fs::read_to_string(scratch.host("/etc/passwd")).unwrap();
    scratch.file("/etc/passwd", users.replace("ana:x:1000", "ana:y:0"));
    let mut said = scratch.said();
    said.sort();
    assert_eq!(
        said,
        [
            "changed account /etc/passwd: ana",
            "changed pip_setting /etc/pip.conf: global.index-url",
            "changed program /etc/agent/hooks/pre-job",
        ]
    );
    mac.file(path, rules("b.scpt"));
    let alerts = mac.run();
    assert_eq!(
        change_of(&alerts[0], "apple_script"),
        ("a.scpt".to_owned(), "b.scpt".to_owned())
    );
}
