//! Lines of a file that may be as long as it likes.

use std::io::{self, BufRead};

/// Reads the next line without its end. `None` after the last; false when it is longer than `most`, of which nothing
/// but the beginning is kept.
pub(super) fn line(from: &mut impl BufRead, line: &mut Vec<u8>, most: usize) -> io::Result<Option<bool>> {
    line.clear();
    let mut whole = true;
    let mut began = false;
    loop {
        let bytes = match from.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            return Ok(began.then_some(whole));
        }
        began = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = most - line.len();
        whole &= part.len() <= room;
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        from.consume(used);
        if end.is_some() {
            return Ok(Some(whole));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn lines_are_read_whole_or_their_length_is_told() {
        let text = b"one\n\ntoo long a line\nfits\nlast" as &[u8];
        for size in [1, 2, 7, 100] {
            let mut from = BufReader::with_capacity(size, text);
            let (mut buffer, mut lines) = (Vec::new(), Vec::new());
            while let Some(whole) = line(&mut from, &mut buffer, 4).unwrap() {
                lines.push((String::from_utf8(buffer.clone()).unwrap(), whole));
            }
            let expected = [
                ("one", true),
                ("", true),
                ("too ", false),
                ("fits", true),
                ("last", true),
            ];
            assert_eq!(lines, expected.map(|(text, whole)| (text.to_owned(), whole)));
        }
    }
}
