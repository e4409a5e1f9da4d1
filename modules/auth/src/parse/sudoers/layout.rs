//! How sudoers is laid out: which lines belong together, and what is a comment.

use super::include;
use crate::parse::text::Cursor;

/// Lines without comments, continued ones joined. `#include` is no comment, and `#1000` is a user.
pub(super) fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    for line in assay_sdk::lines::read(text) {
        let line = line.text.strip_suffix(b"\r").unwrap_or(&line.text);
        if open.is_none() && is_comment(line.trim_ascii_start()) {
            continue;
        }
        let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
        let continued = backslashes % 2 == 1;
        let said = if continued {
            line.get(..line.len() - 1).unwrap_or_default()
        } else {
            line
        };
        let joined = open.get_or_insert_default();
        joined.extend_from_slice(said);
        if !continued {
            all.extend(open.take());
        }
    }
    all.extend(open);
    let all = all.into_iter().map(|line| without_comment(&line).to_vec());
    all.filter(|line| !line.is_empty()).collect()
}

fn is_comment(line: &[u8]) -> bool {
    let Some(after) = line.strip_prefix(b"#") else {
        return false;
    };
    let is_id = after
        .strip_prefix(b"-")
        .unwrap_or(after)
        .first()
        .is_some_and(u8::is_ascii_digit);
    !is_id && include(line).is_none()
}

fn without_comment(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    if include(line).is_some() {
        return line;
    }
    let mut cursor = Cursor::new(line);
    loop {
        cursor.until(|byte| byte == b'#');
        let at = line.len() - cursor.rest().len();
        if !cursor.take(b'#') {
            return line;
        }
        // A number is an id where a word may begin.
        let begins = line
            .get(..at)
            .and_then(<[u8]>::last)
            .is_none_or(|before| b" \t,!%:>(=@".contains(before));
        let number = cursor.rest().strip_prefix(b"-").unwrap_or(cursor.rest());
        if !(begins && number.first().is_some_and(u8::is_ascii_digit)) {
            return line.get(..at).unwrap_or(line).trim_ascii_end();
        }
    }
}
