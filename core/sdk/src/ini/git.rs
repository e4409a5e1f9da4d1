//! git's kind of an INI file, read as git's `config.c` does: byte by byte, since a value may span lines.

use super::{Ini, Section, setting};

pub(super) fn parse(text: &[u8]) -> Ini {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = Reader { text, at: 0, line: 1 };
    let mut ini = Ini::default();
    while let Some(byte) = reader.peek() {
        let (begin, line) = (reader.at, reader.line);
        let read = match byte {
            byte if byte.is_ascii_whitespace() => {
                reader.next();
                continue;
            }
            b'#' | b';' => {
                reader.skip_line();
                continue;
            }
            b'[' => reader.header().map(|section| ini.sections.push(section)),
            _ => reader.key().and_then(|key| {
                let value = reader.value()?;
                ini.open().push(setting(&key, value.as_deref(), line));
                Some(())
            }),
        };
        if read.is_none() {
            // All of it is shown, to the end of the line where the format broke off. To read the lines between
            // again would take for ever on a file of lines that each go on with the next.
            if reader.text[begin..reader.at].last() != Some(&b'\n') {
                reader.skip_line();
            }
            ini.note_malformed(line);
            ini.open()
                .push(setting(text[begin..reader.at].trim_ascii(), None, line));
        }
    }
    ini
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    line: i64,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte; `\r\n` is a newline.
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\r' && self.peek() == Some(b'\n') {
            return self.next();
        }
        self.line += i64::from(byte == b'\n');
        Some(byte)
    }

    /// Goes on behind the newline.
    fn skip_line(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
        self.next();
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte == b' ' || byte == b'\t') {
            self.at += 1;
        }
    }

    /// `[name]` or `[name "sub"]`, the latter with `\"` and `\\`.
    fn header(&mut self) -> Option<Section> {
        let line = self.line;
        self.next();
        let mut name = Vec::new();
        let mut subsection = None;
        loop {
            match self.next()? {
                b']' => break,
                byte if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' => {
                    name.push(byte.to_ascii_lowercase());
                }
                b' ' | b'\t' => {
                    subsection = Some(self.subsection()?);
                    break;
                }
                _ => return None,
            }
        }
        Some(Section {
            name: name.into(),
            subsection: subsection.map(Into::into),
            line,
            settings: Vec::new(),
        })
    }

    fn subsection(&mut self) -> Option<Vec<u8>> {
        self.skip_blanks();
        if self.next()? != b'"' {
            return None;
        }
        let mut name = Vec::new();
        loop {
            match self.next()? {
                b'\n' => return None,
                b'"' => break,
                b'\\' => name.push(self.next().filter(|byte| *byte != b'\n')?),
                byte => name.push(byte),
            }
        }
        (self.next()? == b']').then_some(name)
    }

    fn key(&mut self) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        while let Some(byte) = self.peek()
            && (byte.is_ascii_alphanumeric() || byte == b'-')
        {
            key.push(byte.to_ascii_lowercase());
            self.at += 1;
        }
        key.first()?.is_ascii_alphabetic().then_some(key)
    }

    /// What follows a key: nothing, or `= value`. The outer `None` is a broken one.
    #[expect(clippy::option_option, reason = "broken, and absent")]
    fn value(&mut self) -> Option<Option<Vec<u8>>> {
        self.skip_blanks();
        match self.next() {
            None | Some(b'\n') => return Some(None),
            Some(b'=') => self.skip_blanks(),
            Some(_) => return None,
        }
        let mut value = Vec::new();
        // As much of it as blanks at its end do not count for.
        let mut kept = 0;
        let mut quoted = false;
        loop {
            match self.next() {
                None | Some(b'\n') => break,
                Some(b'#' | b';') if !quoted => {
                    self.skip_line();
                    break;
                }
                Some(b'"') => quoted = !quoted,
                Some(b'\\') => {
                    match self.next()? {
                        b'\n' => continue,
                        b'n' => value.push(b'\n'),
                        b't' => value.push(b'\t'),
                        b'b' => value.push(8),
                        byte @ (b'"' | b'\\') => value.push(byte),
                        _ => return None,
                    }
                    kept = value.len();
                }
                Some(byte) if byte.is_ascii_whitespace() && !quoted => {
                    if !value.is_empty() {
                        value.push(byte);
                    }
                }
                Some(byte) => {
                    value.push(byte);
                    kept = value.len();
                }
            }
        }
        value.truncate(kept);
        (!quoted).then_some(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> (Vec<String>, Option<i64>) {
        let ini = parse(text.as_bytes());
        let mut seen = Vec::new();
        for section in &ini.sections {
            for setting in &section.settings {
                let subsection = section
                    .subsection
                    .as_ref()
                    .map(|sub| format!(".{sub}"))
                    .unwrap_or_default();
                let value = setting
                    .value
                    .as_ref()
                    .map(|value| format!("={value}"))
                    .unwrap_or_default();
                seen.push(format!(
                    "{} {}{subsection} {}{value}",
                    setting.line, section.name, setting.key
                ));
            }
        }
        (seen, ini.malformed)
    }

    #[test]
    fn everything_that_git_allows() {
        let text = "# c\n[alias] st = \"!sh -c \\\"/opt/x\\\"\"  two ; c\n\tBare\n\
            [a.B \"C\\\\d\\\"\"]\nk=a \\\n  b\\tc   \r\nempty =\n[url \"ext::x\"] insteadOf = y # z\n";
        let expected = [
            "2 alias st=!sh -c \"/opt/x\"  two",
            "3 alias bare",
            "5 a.b.C\\\\d\" k=a   b\\tc",
            "7 a.b.C\\\\d\" empty=",
            "8 url.ext::x insteadof=y",
        ];
        assert_eq!(seen(text), (expected.map(str::to_owned).to_vec(), None));
    }

    #[test]
    fn lines_that_each_go_on_are_read_once() {
        let text = format!("{}k = \"", "k=\\\n".repeat(300_000));
        let (seen, malformed) = seen(&text);
        assert_eq!((seen.len(), malformed), (1, Some(1)));
    }

    #[test]
    fn what_git_refuses_is_shown_and_the_rest_too() {
        for bad in [
            "[a b]",
            "[a \"b]",
            "1x = y",
            "k = \"open",
            "k = \\q",
            "k v",
            "[a \"b\" ]",
        ] {
            let (seen, malformed) = seen(&format!("[s]\n{bad}\nnext = 1"));
            let shown = format!("2 s {}", assay_model::escape_terminal(bad.as_bytes()));
            assert_eq!(seen, [shown, "3 s next=1".to_owned()], "{bad}");
            assert_eq!(malformed, Some(2), "{bad}");
        }
    }
}
