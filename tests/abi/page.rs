//! The tables of `docs/security.md` that are results of tests: the page must say what was seen.

use crate::bench::here;
use std::fs;

/// Compares the table `name` of the page with `rows`, its lines.
pub(crate) fn assert_table(name: &str, rows: &[Option<String>]) {
    assay_tests::page::assert_table("docs/security.md", name, rows);
}

/// `tests/abi/walls.rs`: `name_of_a_test`, as the page names what proves a line.
#[test]
fn every_test_that_the_page_names_is_there() {
    let page = fs::read_to_string(here().join("../docs/security.md")).unwrap();
    let words: Vec<&str> = page.split('`').collect();
    let named: Vec<(&str, &str)> = words
        .windows(3)
        .filter(|words| words[0].ends_with(".rs") && words[1] == ": ")
        .map(|words| (words[0], words[2]))
        .collect();
    assert!(named.len() > 25, "{named:?}");
    for (file, test) in named {
        let source = fs::read_to_string(here().join("..").join(file)).expect(file);
        let is_test = |line: &str| line.trim_start().starts_with(&format!("fn {test}("));
        assert!(source.lines().any(is_test), "no test {test} in {file}");
    }
}
