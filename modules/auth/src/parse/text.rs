//! Reading a line from left to right.

use assay_sdk::Text;

/// A place in a line. Backslashes escape the next byte, and quotes keep what is in them together.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes past blanks.
    pub(crate) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Goes past that byte, if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// What comes before the first byte that `ends`, outside quotes and not escaped; all, when none does.
    pub(crate) fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.iter().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = !quoted,
                byte if !quoted => return ends(*byte),
                _ => {}
            }
            false
        });
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// A word up to a blank or one of these bytes.
    pub(crate) fn word(&mut self, ends: &[u8]) -> &'a [u8] {
        self.until(|byte| byte.is_ascii_whitespace() || ends.contains(&byte))
    }

    /// Words with commas between them.
    pub(crate) fn list(&mut self) -> Vec<Text> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            let mut word = Vec::new();
            // `! root` is `!root`.
            while self.take(b'!') {
                word.push(b'!');
                self.skip_blanks();
            }
            loop {
                word.extend_from_slice(self.word(b",=:"));
                // Within `%:name`, a group that the system does not know, and IPv6 addresses. Names of aliases, before
                // which a colon stands too, begin in upper case.
                let in_address =
                    matches!(self.rest, [b':', next, ..] if matches!(next, b'0'..=b'9' | b'a'..=b'f' | b':'));
                if !(in_address || word.ends_with(b"%")) || !self.take(b':') {
                    break;
                }
                word.push(b':');
            }
            if !word.is_empty() {
                words.push(word.into());
            }
            let after = self.rest;
            self.skip_blanks();
            if !self.take(b',') {
                self.rest = after;
                return words;
            }
        }
    }
}

/// A text with each run of blanks as one; those in quotes, or escaped, stay.
pub(crate) fn squeezed(text: &[u8]) -> Text {
    let mut cursor = Cursor::new(text);
    let mut words = Vec::new();
    loop {
        cursor.skip_blanks();
        match cursor.word(b"") {
            b"" => return words.join(&b' ').into(),
            word => words.push(word),
        }
    }
}

/// A text without its quotes and backslashes.
pub(crate) fn plain(text: &[u8]) -> Vec<u8> {
    let mut bytes = text.iter();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(*byte),
        }
    }
    plain
}
