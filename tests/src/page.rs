//! Tables of documents that are results of tests: a page must say what was seen.

use std::fs;
use std::path::Path;

/// Set to rewrite the page instead of comparing it.
const UPDATE: &str = "ASSAY_UPDATE_DOCS";

/// Compares the table `name` of a page of the repository with `rows`, its lines; `None` stands for a line that could
/// not be measured on this machine, which the page keeps.
pub fn assert_table(page: &str, name: &str, rows: &[Option<String>]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    // Several tests have a table each, and may rewrite theirs at one time.
    let guard = fs::File::open(&path).unwrap();
    guard.lock().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).expect("the table's beginning");
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
        "{page} differs in table `{name}` ({} lines, not {}), first: {differs:#?}\nRun this test with {UPDATE}=1.",
        there.len(),
        rows.len(),
    );
}
