//! The tables of `docs/security.md` that are results of tests: the page must say what was seen.

use crate::bench::here;
use std::fs;

/// Set to rewrite the page instead of comparing it.
const UPDATE: &str = "ASSAY_UPDATE_DOCS";

/// Compares the table `name` of the page with `rows`, its lines; `None` stands for a line that could not be measured
/// on this machine, which the page keeps.
pub(crate) fn assert_table(name: &str, rows: &[Option<String>]) {
    let path = here().join("../docs/security.md");
    // Several tests have a table each, and may rewrite theirs at one time.
    let guard = fs::File::open(&path).unwrap();
    guard.lock().unwrap();
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = page.split_once(&begin).expect("the table's beginning");
    let (table, after) = rest.split_once(&end).expect("the table's end");
    let there: Vec<&str> = table.lines().collect();
    if std::env::var_os(UPDATE).is_some() {
        let rows: Vec<&str> = rows
            .iter()
            .map(|row| row.as_deref().expect("a machine where all can be measured"))
            .collect();
        fs::write(&path, format!("{before}{begin}{}\n{end}{after}", rows.join("\n"))).unwrap();
        return;
    }
    let differs = rows
        .iter()
        .zip(&there)
        .filter_map(|(row, there)| Some((row.as_deref()?, *there)))
        .find(|(row, there)| row != there);
    assert!(
        differs.is_none() && rows.len() == there.len(),
        "docs/security.md differs in table `{name}` ({} lines, not {}), first: {differs:#?}\nRun this test with {UPDATE}=1.",
        there.len(),
        rows.len(),
    );
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
