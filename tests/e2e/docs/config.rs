//! `config/assay.toml` and the lists of words in the documents.

use super::{names_all, read, words_of};
use assay_engine::config::{Accept, Config, Facility, Format, SinkConfig, Trust};
use assay_engine::facts::Role;
use assay_model::{
    FieldKind, FileType, GapReason, LogLevel, Manifest, Record, Request, Severity, SourceCheck, What,
};
use assay_tests::Scratch;
use serde_json::Value;

/// The file with every key in force: a key's line begins with `#` and no blank.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => key.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The examples in its comments, which stand three blanks to the right.
fn examples(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every key of a table, as `table.key`.
fn keys(table: &toml::Table, prefix: &str, into: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(table) => keys(table, &format!("{prefix}{key}."), into),
            _ => into.push(format!("{prefix}{key}")),
        }
    }
}

#[test]
fn the_shipped_configuration_has_every_key_with_its_default() {
    let shipped = read("config/assay.toml");
    assert_eq!(toml::from_str::<Config>(&shipped).unwrap(), Config::default());

    let text = uncommented(&shipped);
    let written: Config = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // It spells out the sink that there is when there is none.
    assert_eq!(written.sink, Config::default().sinks());
    assert_eq!(
        Config {
            sink: Vec::new(),
            ..written
        },
        Config::default()
    );

    let (mut known, mut mentioned) = (Vec::new(), Vec::new());
    keys(&toml::Table::try_from(Config::default()).unwrap(), "", &mut known);
    keys(&toml::from_str(&text).unwrap(), "", &mut mentioned);
    known.retain(|key| !mentioned.contains(key));
    assert!(known.is_empty(), "config/assay.toml does not mention {known:?}");
}

#[test]
fn its_examples_show_every_kind_of_sink_with_every_key() {
    let shipped = read("config/assay.toml");
    let text = examples(&shipped);
    let shown: Config = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let kinds = shown.sink.iter().map(|sink| match sink {
        SinkConfig::Syslog { .. } => "syslog",
        SinkConfig::File { .. } => "file",
        SinkConfig::Stdout { .. } => "stdout",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["syslog", "file", "stdout"]);
    for key in ["type", "name", "address", "facility", "path", "format"] {
        assert!(text.contains(&format!("{key} = ")), "no example has {key}");
    }
    for word in words_of!(Facility)
        .iter()
        .filter(|word| !word.starts_with("local"))
    {
        assert!(shipped.contains(word.as_str()), "{word}");
    }
    for word in [words_of!(Format), words_of!(Trust), words_of!(Accept)].concat() {
        assert!(shipped.contains(&format!("\"{word}\"")), "{word}");
    }
}

#[test]
fn the_command_line_agrees_with_the_file() {
    let scratch = Scratch::new();
    scratch.config(&uncommented(&read("config/assay.toml")));
    let checked = scratch.assay(&["config", "check"]);
    assert!(checked.code == 0 && checked.stderr.is_empty(), "{checked:?}");
    let shown = scratch.assay(&["config", "show"]);
    let shown: Config = toml::from_str(&shown.stdout).unwrap();
    assert_eq!(
        shown,
        Config {
            sink: Config::default().sinks(),
            ..Config::default()
        }
    );
}

#[test]
fn every_word_of_alerts_and_modules_is_documented() {
    names_all("docs/alerts.md", words_of!(What));
    names_all("docs/alerts.md", words_of!(Severity));
    names_all("docs/alerts.md", words_of!(FileType));
    names_all(
        "docs/alerts.md",
        [Role::Program, Role::Opaque, Role::Source].map(Role::as_str),
    );
    names_all("docs/modules.md", words_of!(GapReason));
    names_all("docs/modules.md", words_of!(LogLevel));
    names_all("docs/modules.md", words_of!(SourceCheck));
    names_all("docs/modules.md", words_of!(FieldKind));
    names_all("docs/modules.md", words_of!(Trust));
    names_all("docs/modules.md", failures());
}

/// The names of failed scans, from where they are given.
fn failures() -> Vec<String> {
    let source = read("core/engine/src/run.rs") + &read("core/engine/src/run/records.rs");
    let names = source
        .split("failure(")
        .skip(1)
        .filter_map(|call| call.trim_start().strip_prefix('"'));
    let names: Vec<String> = names
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

#[test]
fn the_examples_of_the_protocol_are_what_is_spoken() {
    let page = read("docs/modules.md");
    let [request, manifest] = &super::blocks(&page, "json")[..] else {
        panic!("a request and a manifest are shown")
    };
    let same_members = |shown: &str, parsed: Value| {
        let shown: Value = serde_json::from_str(shown).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&shown), names(&parsed));
    };
    let parsed: Request = serde_json::from_str(request).unwrap();
    same_members(request, serde_json::to_value(&parsed).unwrap());
    let parsed: Manifest = serde_json::from_str(manifest).unwrap();
    same_members(manifest, serde_json::to_value(&parsed).unwrap());

    let records = serde_json::from_str::<Record>("{\"record\":\"?\"}");
    names_all("docs/modules.md", super::words(records));
}
