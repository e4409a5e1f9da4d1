//! Columns, times and words as a person reads them.

use anstyle::{AnsiColor, Style};
use assay_model::{Severity, escape_terminal};

/// A wider cell stands out of its column rather than to push the others off the screen.
const WIDEST: usize = 60;
/// Blanks between columns.
const GUTTER: usize = 2;
/// With less room than that for the last column, lines are left to the terminal to break.
const NARROWEST: usize = 24;

/// Bold, for heads.
pub(crate) const BOLD: Style = Style::new().bold();

/// Rows in columns, below a head unless that is empty. Every row is whole, so that its words can be copied and found
/// with grep; only the last column is folded, and only to fit a terminal.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    render(head, &rows.into_iter().collect::<Vec<_>>(), terminal_width())
}

fn render(head: &[&str], rows: &[Vec<String>], terminal: Option<usize>) -> String {
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let cell = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |cell| width(cell));
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            let widest = rows.iter().map(|row| cell(row, at).min(WIDEST)).max();
            widest
                .unwrap_or(0)
                .max(head.get(at).map_or(0, |name| width(name)))
        })
        .collect();
    let indent: usize = widths
        .iter()
        .take(columns.saturating_sub(1))
        .map(|width| width + GUTTER)
        .sum();
    let room = terminal
        .and_then(|width| width.checked_sub(indent))
        .filter(|room| *room >= NARROWEST);
    let mut lines = Vec::new();
    if !head.is_empty() {
        let cells: Vec<String> = head.iter().map(ToString::to_string).collect();
        lines.push(format!("{BOLD}{}{BOLD:#}", line(&cells, &widths)));
    }
    for row in rows {
        let mut row = row.clone();
        let mut more = Vec::new();
        if let (Some(room), Some(last)) = (room, row.get_mut(columns - 1)) {
            let mut folded = fold(last, room).into_iter();
            *last = folded.next().unwrap_or_default();
            more.extend(folded);
        }
        lines.push(line(&row, &widths));
        lines.extend(more.into_iter().map(|text| format!("{:indent$}{text}", "")));
    }
    lines.join("\n")
}

/// Cells below each other, without blanks at the end.
fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, wide) in cells.iter().zip(widths) {
        line.push_str(cell);
        let blanks = wide.saturating_sub(width(cell)) + GUTTER;
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Text in lines of at most `room`, where it has blanks to break it at.
fn fold(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Columns of the terminal that standard output is; `None` when it is none, or does not say.
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// The colour of a severity.
pub(crate) fn colour(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Magenta.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => Style::new().dimmed(),
    }
}

/// A stored time in the reader's own zone, to the second.
pub(crate) fn local(time: &str) -> String {
    let Ok(time) = time.parse::<jiff::Timestamp>() else {
        return clean(time);
    };
    time.to_zoned_datetime(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// Text from outside, which may hold anything.
pub(crate) fn clean(text: &str) -> String {
    escape_terminal(text.as_bytes())
}

/// `1 alert`, `2 alerts`.
pub(crate) fn count(number: impl Into<u64>, what: &str) -> String {
    match number.into() {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[&[&str]]) -> Vec<Vec<String>> {
        let owned = |row: &&[&str]| row.iter().map(ToString::to_string).collect();
        cells.iter().map(owned).collect()
    }

    #[test]
    fn columns_stand_below_each_other_and_end_without_blanks() {
        let rows = rows(&[&["a", "b", ""], &["long", "", "c"]]);
        let plain = anstream::adapter::strip_str(&render(&["x", "y", "z"], &rows, None)).to_string();
        assert_eq!(plain, "x     y  z\na     b\nlong     c");
    }

    #[test]
    fn a_long_cell_keeps_its_words_and_moves_only_its_own_row() {
        let long = "k".repeat(70);
        let rows = rows(&[&[&long, "b"], &["a", "b"]]);
        let text = render(&[], &rows, Some(200));
        assert_eq!(text, format!("{long}  b\na{}  b", " ".repeat(59)));
    }

    #[test]
    fn the_last_column_is_folded_to_the_terminal() {
        let rows = rows(&[&["a", "one two three four five six seven"]]);
        assert_eq!(
            render(&[], &rows, Some(30)),
            "a  one two three four five six\n   seven"
        );
        assert_eq!(
            render(&[], &rows, Some(10)),
            "a  one two three four five six seven"
        );
        assert_eq!(render(&[], &[], None), "");
    }
}
