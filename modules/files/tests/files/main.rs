//! The module on fixture roots, with lists as somebody would write them.

mod formats;
mod hostile;
mod walk;

use assay_module_files::Files;
use assay_sdk::testkit::{Fixture, Seen};
use assay_sdk::watch::WatchList;
use serde_json::json;

/// What a list finds; `list` is the text of `[[watch]]` tables without what each must have besides.
fn seen(fixture: Fixture, list: &str) -> Seen {
    let mut number = 0;
    let mut text = String::new();
    for line in list.lines() {
        text.push_str(line);
        text.push('\n');
        if line.trim() == "[[watch]]" {
            number += 1;
            let kind = format!("kind = 'k{number}'");
            text.push_str(&format!("{kind}\nsummary = 'a test'\ntechnique = 'T1574'\n"));
        }
    }
    let list: WatchList = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for watch in &list.watch {
        assert_eq!(watch.check(), Ok(()), "{text}");
    }
    let watches: Vec<_> = list
        .watch
        .iter()
        .map(|watch| json!({"watch": watch, "definition": "d"}))
        .collect();
    fixture.config("watches", watches).collect::<Files>()
}

/// Every key of kind `k1`.
fn keys(fixture: Fixture, list: &str) -> Vec<String> {
    seen(fixture, list).keys("k1")
}
