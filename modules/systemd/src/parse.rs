//! The syntax of unit files and of systemd's other `.conf` files, as `config_parse()` of systemd reads it.
//!
//! See systemd.syntax(7) and `src/shared/conf-parser.c`. What it does beyond INI: a backslash at the end of a line
//! goes on with the next one, comments between the two are left out, a carriage return or a NUL ends a line as a
//! newline does, and a byte order mark is skipped.

use std::fmt;

/// Why systemd refuses the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A line begins with `[` and does not end in `]`.
    Header,
    /// There is text, and no section that it belongs to.
    NoSection,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "a section header is not closed",
            Self::NoSection => "no section header",
        })
    }
}

/// Calls `each` with section, key and value of every assignment, in order, up to where the file breaks off.
pub(crate) fn assignments(text: &[u8], mut each: impl FnMut(&[u8], &[u8], &[u8])) -> Result<(), Malformed> {
    let mut section = Vec::new();
    let mut stray = false;
    for_each_line(text, |line| {
        if line.starts_with(b"[") {
            let name = line[1..].strip_suffix(b"]").ok_or(Malformed::Header)?;
            section.clear();
            section.extend_from_slice(name);
        } else if section.is_empty() {
            stray = true;
        } else if let Some((key, value)) = split_assignment(line) {
            each(&section, key, value);
        }
        Ok(())
    })?;
    if stray && section.is_empty() {
        Err(Malformed::NoSection)
    } else {
        Ok(())
    }
}

/// The variables of a file of `environment.d`: `NAME=value`, where a shell's quotes may stand around the value.
pub(crate) fn environment(text: &[u8], mut each: impl FnMut(&[u8], Vec<u8>)) {
    let lines = for_each_line(text, |line| {
        if let Some((name, value)) = split_assignment(line)
            && is_variable_name(name)
        {
            each(name, unquoted(value));
        }
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok(()) = lines;
}

/// A name that systemd takes for an environment variable.
pub(crate) fn is_variable_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Splits `key = value`, with the blanks around both taken off.
pub(crate) fn split_assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = line.iter().position(|b| *b == b'=')?;
    Some((line[..equals].trim_ascii(), line[equals + 1..].trim_ascii()))
}

/// Calls `each` with every line that says something: continued ones as one, comments left out, blanks around
/// taken off.
fn for_each_line<E>(text: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut joined = Vec::new();
    while !rest.is_empty() {
        let line = take_line(&mut rest);
        if matches!(line.trim_ascii_start().first(), Some(b'#' | b';')) {
            continue;
        }
        joined.extend_from_slice(line);
        let backslashes = joined.iter().rev().take_while(|b| **b == b'\\').count();
        if backslashes % 2 == 1
            && let Some(last) = joined.last_mut()
        {
            *last = b' ';
            // At the end of the file there is nothing to go on with.
            if !rest.is_empty() {
                continue;
            }
        }
        let whole = joined.trim_ascii();
        if !whole.is_empty() {
            each(whole)?;
        }
        joined.clear();
    }
    let whole = joined.trim_ascii();
    if whole.is_empty() { Ok(()) } else { each(whole) }
}

/// Cuts off the next line; `\r\n` and `\n\r` end one line, not two.
fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r' | 0);
    let Some(end) = rest.iter().position(is_end) else {
        return std::mem::take(rest);
    };
    let (line, after) = rest.split_at(end);
    let ending = match after {
        [b'\r', b'\n', ..] | [b'\n', b'\r', ..] => 2,
        _ => 1,
    };
    *rest = &after[ending..];
    line
}

/// Takes quotes and backslashes off a value.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut quote = None;
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None | Some(b'"'), b'\\') => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: impl AsRef<[u8]>) -> (Vec<String>, Result<(), Malformed>) {
        let mut seen = Vec::new();
        let result = assignments(text.as_ref(), |section, key, value| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            seen.push(format!("{}/{}={}", text(section), text(key), text(value)));
        });
        (seen, result)
    }

    #[test]
    fn sections_keys_and_values_lose_the_blanks_around_them() {
        let (seen, result) = parsed("\u{feff}[Unit]\n  A = b c \n\tD=\n[Service]\nE=f=g\nnothing\n");
        assert_eq!(seen, ["Unit/A=b c", "Unit/D=", "Service/E=f=g"]);
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn a_backslash_goes_on_past_comments_and_an_even_number_does_not() {
        let (seen, _) = parsed("[S]\nA=1 \\\n# no\n ; no\n  2 \\\n3\nB=x\\\\\nC=y \\ \nD=end\\");
        assert_eq!(seen, ["S/A=1    2  3", "S/B=x\\\\", "S/C=y \\", "S/D=end"]);
    }

    #[test]
    fn carriage_returns_and_nul_bytes_end_lines() {
        let (seen, _) = parsed("[S]\r\nA=1 \\\r\n2\r\nB=3\rC=4\0D=5");
        assert_eq!(seen, ["S/A=1  2", "S/B=3", "S/C=4", "S/D=5"]);
    }

    #[test]
    fn an_open_header_ends_the_file_where_it_stands() {
        let (seen, result) = parsed("[Service]\nA=1\n[Install\nB=2\n");
        assert_eq!(seen, ["Service/A=1"]);
        assert_eq!(result, Err(Malformed::Header));
        assert_eq!(parsed("ExecStart=/x\n").1, Err(Malformed::NoSection));
        assert_eq!(parsed("# only this\n\n").1, Ok(()));
        assert_eq!(
            parsed(b"\xff\xfe[\0]").1,
            Err(Malformed::NoSection),
            "no section can be empty"
        );
    }

    #[test]
    fn a_comment_may_be_all_that_follows_a_backslash() {
        let (seen, _) = parsed("[S]\nA=1 \\\n# end");
        assert_eq!(seen, ["S/A=1"]);
    }

    #[test]
    fn environment_files_have_quotes_comments_and_continuations() {
        let mut seen = Vec::new();
        let text = "#no\nA=b c\nB='d  e' \nC=\"f\\\"g\"\n1X=no\nD-E=no\nF=g\\\nh\nG=\n";
        environment(text.as_bytes(), |name, value| {
            seen.push(format!(
                "{}={}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(&value)
            ));
        });
        assert_eq!(seen, ["A=b c", "B=d  e", "C=f\"g", "F=g h", "G="]);
    }
}
