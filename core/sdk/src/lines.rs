//! Lines of a text that anybody may have written: comments left out, continued ones joined, numbers kept.
//!
//! Nothing is taken off a line unless it is asked for: `/usr/sbin/nologin ` with a blank at its end is another
//! program than the one without, and was planted for that. A line borrows from the text, and a joined one is never
//! longer than it, so that the limit of [`Scan::read`](crate::Scan::read) bounds everything here.
//!
//! ```
//! use assay_sdk::lines;
//! let text = b"# who may\n%wheel ALL = \\\n    (ALL) ALL\n\nana ALL = /opt/x\n";
//! let seen: Vec<_> = lines::read(text)
//!     .comments(b"#")
//!     .joined_by(b"")
//!     .map(|line| (line.number, String::from_utf8_lossy(&line.text).into_owned()))
//!     .collect();
//! assert_eq!(seen, [(2, "%wheel ALL =     (ALL) ALL".to_owned()), (5, "ana ALL = /opt/x".to_owned())]);
//! ```

use std::borrow::Cow;

/// The lines of a text that hold something; a byte order mark before the first is skipped.
///
/// ```
/// let numbers: Vec<_> = assay_sdk::lines::read(b"a\n\nb\n").map(|line| line.number).collect();
/// assert_eq!(numbers, [1, 3]);
/// ```
#[must_use]
pub fn read(text: &[u8]) -> Lines<'_> {
    Lines {
        rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
        number: 0,
        comments: b"",
        after_blanks: false,
        joint: None,
        trimmed: false,
    }
}

/// One line, or several that a backslash joins; see [`read`].
///
/// ```
/// let line = assay_sdk::lines::read(b"last").next().unwrap();
/// assert_eq!((line.number, &line.text[..], line.ended), (1, &b"last"[..], false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it begins, from 1.
    pub number: i64,
    /// Its bytes without the newline; never empty.
    pub text: Cow<'a, [u8]>,
    /// Whether a newline ends it: some programs leave out a last line without one.
    pub ended: bool,
}

/// What [`read`] gives: say what holds for the format, then go through the lines.
///
/// ```
/// use assay_sdk::lines;
/// let text = b"\t; not this\n  snd-hda # nor this\r\n";
/// let line = lines::read(text).comments(b"#;").comments_after_blanks().trimmed().next();
/// assert_eq!(&line.unwrap().text[..], b"snd-hda");
/// ```
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    number: i64,
    comments: &'a [u8],
    after_blanks: bool,
    joint: Option<&'static [u8]>,
    trimmed: bool,
}

impl<'a> Lines<'a> {
    /// Leaves out lines whose first byte, after blanks, is one of these. A comment is never continued.
    #[must_use]
    pub fn comments(mut self, begin: &'a [u8]) -> Self {
        self.comments = begin;
        self
    }
    /// A comment may also begin within a line, after a blank.
    #[must_use]
    pub fn comments_after_blanks(mut self) -> Self {
        self.after_blanks = true;
        self
    }
    /// A line that ends in a backslash goes on with the next one; `joint` stands where the two meet.
    ///
    /// ```
    /// let line = assay_sdk::lines::read(b"auth required \\\n  pam_x.so\n").joined_by(b"").next().unwrap();
    /// assert_eq!(&line.text[..], b"auth required   pam_x.so");
    /// ```
    #[must_use]
    pub fn joined_by(mut self, joint: &'static [u8]) -> Self {
        self.joint = Some(joint);
        self
    }
    /// Takes blanks, tabs and carriage returns off both ends.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        self.trimmed = true;
        self
    }

    /// Cuts off the next line, and says whether a newline ended it.
    fn cut(&mut self) -> (&'a [u8], bool) {
        self.number += 1;
        match self.rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let (line, rest) = self.rest.split_at(end);
                self.rest = &rest[1..];
                (line, true)
            }
            None => (std::mem::take(&mut self.rest), false),
        }
    }

    fn is_comment(&self, line: &[u8]) -> bool {
        let first = line.iter().find(|byte| !is_blank(**byte));
        first.is_some_and(|byte| self.comments.contains(byte))
    }

    /// The line without a comment at its end.
    fn said(&self, line: &'a [u8]) -> &'a [u8] {
        if !self.after_blanks {
            return line;
        }
        let begins = |pair: &[u8]| is_blank(pair[0]) && self.comments.contains(&pair[1]);
        let comment = line.windows(2).position(begins);
        comment.map_or(line, |at| &line[..at])
    }

    /// What goes before the backslash that continues a line; `\\` at an end is a backslash.
    fn continued(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        self.joint?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
        (backslashes % 2 == 1).then(|| &line[..line.len() - 1])
    }

    fn finished(&self, text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        match text {
            text if !self.trimmed => text,
            Cow::Borrowed(text) => trim(text).into(),
            Cow::Owned(text) => trim(&text).to_vec().into(),
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        while !self.rest.is_empty() {
            let (line, mut ended) = self.cut();
            let number = self.number;
            if self.is_comment(line) {
                continue;
            }
            let line = self.said(line);
            let mut text = Cow::Borrowed(line);
            let mut begun = self.continued(line);
            if let Some(begun) = begun {
                text = Cow::Borrowed(begun);
            }
            while begun.is_some() && !self.rest.is_empty() {
                let next;
                (next, ended) = self.cut();
                let next = self.said(next);
                begun = self.continued(next);
                let joined = text.to_mut();
                joined.extend_from_slice(self.joint.unwrap_or_default());
                joined.extend_from_slice(begun.unwrap_or(next));
            }
            let text = self.finished(text);
            if !text.is_empty() {
                return Some(Line { number, text, ended });
            }
        }
        None
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim(mut text: &[u8]) -> &[u8] {
    let off = |byte: &u8| is_blank(*byte) || *byte == b'\r';
    while let [first, rest @ ..] = text
        && off(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && off(last)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: Lines<'_>) -> Vec<String> {
        lines
            .map(|line| format!("{} {}", line.number, String::from_utf8_lossy(&line.text)))
            .collect()
    }

    #[test]
    fn nothing_is_taken_off_unless_it_is_asked_for() {
        let text = b"\xef\xbb\xbf/sbin/nologin \n\n #x\r\ny";
        assert_eq!(all(read(text)), ["1 /sbin/nologin ", "3  #x\r", "4 y"]);
        assert_eq!(all(read(text).trimmed()), ["1 /sbin/nologin", "3 #x", "4 y"]);
        assert_eq!(all(read(text).comments(b"#")), ["1 /sbin/nologin ", "4 y"]);
    }

    #[test]
    fn lines_go_on_after_one_backslash_and_not_after_two() {
        let text = b"a\\\n b\\\\\nc \\\r\nd\n# no \\\ne\\";
        assert_eq!(
            all(read(text).comments(b"#").joined_by(b" ")),
            ["1 a  b\\\\", "3 c  d", "6 e"]
        );
        assert_eq!(all(read(b"a \\\n\\\n\n")), ["1 a \\", "2 \\"]);
        assert_eq!(all(read(b" \\\n\\\n\n").joined_by(b"").trimmed()), [""; 0]);
    }

    #[test]
    fn a_comment_within_a_line_needs_a_blank_before_it() {
        let text = b"a#b #c\n\t# d\ne\t#\n";
        let lines = read(text).comments(b"#").comments_after_blanks();
        assert_eq!(all(lines), ["1 a#b", "3 e"]);
    }
}
