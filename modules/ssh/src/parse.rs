//! Lines of ssh's files, read as OpenSSH reads them. See sshd_config(5), ssh_config(5), sshd(8) and hosts.equiv(5).

use crate::key::{self, PublicKey};

/// A line of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive<'l> {
    /// In lower case, as `sshd -T` prints it.
    pub(crate) keyword: String,
    /// What follows, as it stands there.
    pub(crate) rest: &'l [u8],
}

/// Words whose case means nothing in `Match`.
const CRITERIA: &[&str] = &[
    "address",
    "all",
    "canonical",
    "command",
    "exec",
    "final",
    "group",
    "host",
    "invalid-user",
    "localaddress",
    "localnetwork",
    "localport",
    "localuser",
    "originalhost",
    "rdomain",
    "sessiontype",
    "tagged",
    "user",
    "version",
];

/// The directive of a line. The keyword may be quoted, in part too, and one `=` may follow it.
pub(crate) fn directive(line: &[u8]) -> Option<Directive<'_>> {
    let line = line.trim_ascii();
    if line.first().is_none_or(|byte| *byte == b'#') {
        return None;
    }
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'"' | b'=');
    let end = line.iter().position(ends).unwrap_or(line.len());
    let (word, after) = line.split_at(end);
    let mut keyword = word.to_vec();
    let rest = match after.split_first() {
        Some((b'"', quoted)) => {
            let end = quoted.iter().position(|byte| *byte == b'"')?;
            keyword.extend_from_slice(quoted.get(..end)?);
            quoted.get(end + 1..)?
        }
        Some((b'=', rest)) => rest,
        Some((_, rest)) => {
            let rest = rest.trim_ascii_start();
            rest.strip_prefix(b"=").unwrap_or(rest)
        }
        None => after,
    };
    Some(Directive {
        keyword: String::from_utf8_lossy(&keyword).to_ascii_lowercase(),
        rest: rest.trim_ascii(),
    })
}

/// The words after a keyword: quotes and escapes taken off, up to a comment.
pub(crate) fn arguments(rest: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut bytes = rest.iter().copied().peekable();
    loop {
        while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
        if bytes.peek().is_none_or(|byte| *byte == b'#') {
            return words;
        }
        let (mut word, mut quote) = (Vec::new(), None);
        while let Some(byte) = bytes.next() {
            match (byte, quote) {
                (b'\\', _) => {
                    let escaped =
                        |next: &u8| matches!(next, b'\'' | b'"' | b'\\') || *next == b' ' && quote.is_none();
                    word.push(bytes.next_if(escaped).unwrap_or(byte));
                }
                (byte, None) if byte.is_ascii_whitespace() => break,
                (b'"' | b'\'', None) => quote = Some(byte),
                (byte, Some(begun)) if byte == begun => quote = None,
                (byte, _) => word.push(byte),
            }
        }
        words.push(word);
    }
}

/// The words of a `Match` line, each criterion apart from its value and in lower case.
pub(crate) fn criteria(rest: &[u8]) -> Vec<Vec<u8>> {
    let is_criterion = |word: &[u8]| {
        let word = word.strip_prefix(b"!").unwrap_or(word).to_ascii_lowercase();
        CRITERIA.iter().any(|name| name.as_bytes() == word)
    };
    let mut words = Vec::new();
    for word in arguments(rest) {
        let parted = word
            .iter()
            .position(|byte| *byte == b'=')
            .map(|at| word.split_at(at));
        match parted {
            Some((name, value)) if is_criterion(name) => {
                words.push(name.to_ascii_lowercase());
                words.push(value.get(1..).unwrap_or_default().to_vec());
            }
            _ if is_criterion(&word) => words.push(word.to_ascii_lowercase()),
            _ => words.push(word),
        }
    }
    words
}

/// The commands that a `Match` line of the client runs to find out whether it holds.
pub(crate) fn executed(criteria: &[Vec<u8>]) -> Option<&[u8]> {
    let mut words = criteria.iter();
    words.find(|word| matches!(&word[..], b"exec" | b"!exec"))?;
    words.next().map(Vec::as_slice)
}

/// A line of `authorized_keys`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyLine {
    pub(crate) options: Vec<KeyOption>,
    pub(crate) key: PublicKey,
    pub(crate) comment: Vec<u8>,
}

/// An option before a key: `no-pty`, or `command="…"`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyOption {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) value: Option<Vec<u8>>,
}

/// A key with what stands before and after it; `None` when sshd would pass over the line.
pub(crate) fn key_line(line: &[u8]) -> Option<KeyLine> {
    let line = line.trim_ascii();
    if let Some((key, comment)) = key_at(line) {
        return Some(KeyLine {
            options: Vec::new(),
            key,
            comment,
        });
    }
    let (options, rest) = line.split_at(end_of_options(line));
    let (key, comment) = key_at(rest.trim_ascii_start())?;
    Some(KeyLine {
        options: self::options(options),
        key,
        comment,
    })
}

/// Type, base64, comment. The name of the type may be short, or another: what counts is what the key says.
pub(crate) fn key_at(text: &[u8]) -> Option<(PublicKey, Vec<u8>)> {
    let (_, rest) = word(text);
    let (blob, comment) = word(rest);
    let key = key::public(&key::decode(blob)?)?;
    Some((key, comment.to_vec()))
}

/// The first word, and what comes after it and blanks.
pub(crate) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace);
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_ascii())
}

/// A line of a list of principals: options, and the name, which is its last word.
pub(crate) fn principal(line: &[u8]) -> (Vec<KeyOption>, &[u8]) {
    let line = line.trim_ascii();
    let begin = line
        .iter()
        .rposition(u8::is_ascii_whitespace)
        .map_or(0, |at| at + 1);
    let (options, name) = line.split_at(begin);
    (self::options(options), name)
}

/// A line of known hosts: what it is for, with the mark before it, and the key.
pub(crate) fn known_host(line: &[u8]) -> Option<(Vec<u8>, PublicKey)> {
    let (first, rest) = word(line);
    let (hosts, rest) = if first.starts_with(b"@") {
        let (second, rest) = word(rest);
        ([first, b" ", second].concat(), rest)
    } else {
        (first.to_vec(), rest)
    };
    Some((hosts, key_at(rest)?.0))
}

/// Where the first blank stands outside of quotes.
fn end_of_options(text: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.iter().position(|byte| {
        let quote = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        quoted ^= quote;
        !quoted && byte.is_ascii_whitespace()
    });
    end.unwrap_or(text.len())
}

/// Options between commas that are not in quotes.
fn options(text: &[u8]) -> Vec<KeyOption> {
    let (mut quoted, mut escaped) = (false, false);
    let all = text.split(|byte| {
        let quote = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        quoted ^= quote;
        *byte == b',' && !quoted
    });
    let all = all.map(<[u8]>::trim_ascii).filter(|option| !option.is_empty());
    all.map(|option| {
        let end = option.iter().position(|byte| *byte == b'=');
        let (name, value) = option.split_at(end.unwrap_or(option.len()));
        KeyOption {
            name: String::from_utf8_lossy(name).to_ascii_lowercase(),
            value: value.get(1..).map(unquoted),
        }
    })
    .collect()
}

/// A value without its quotes; within them a backslash stands before a quote that is meant.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.to_vec();
    };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut bytes = inner.iter().copied().peekable();
    let mut text = Vec::with_capacity(inner.len());
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(b'"') if byte == b'\\' => {}
            _ => text.push(byte),
        }
    }
    text
}

/// `NAME=value` of `~/.ssh/environment` or an option, taken apart.
pub(crate) fn variable(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at(at);
    (!name.is_empty()).then_some((name, value.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[Vec<u8>]) -> Vec<String> {
        words
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect()
    }

    #[test]
    fn keywords_are_what_openssh_takes_for_them() {
        for line in [
            "PermitRootLogin yes",
            "  permitrootlogin\tyes ",
            "PERMITROOTLOGIN=yes",
            "PermitRootLogin = yes\r",
            "\"PermitRootLogin\" yes",
            "Permit\"RootLogin\"yes\x0c",
        ] {
            let directive = directive(line.as_bytes()).expect(line);
            assert_eq!(
                (&directive.keyword[..], directive.rest),
                ("permitrootlogin", &b"yes"[..]),
                "{line}"
            );
        }
        for line in ["", "  ", "# PermitRootLogin yes", "\"PermitRootLogin yes"] {
            assert_eq!(directive(line.as_bytes()), None, "{line}");
        }
        assert_eq!(directive(b"UsePAM").map(|d| d.rest.len()), Some(0));
    }

    #[test]
    fn words_end_at_a_comment_and_not_within_quotes() {
        assert_eq!(
            text(&arguments(b"a 'b c' \"d\\\"#\" e\\ f g#h # i")),
            ["a", "b c", "d\"#", "e f", "g#h"]
        );
        assert_eq!(text(&arguments(b"'unended # x")), ["unended # x"]);
        assert_eq!(
            text(&criteria(b"User=ana !Exec \"/x y\" HOST Web")),
            ["user", "ana", "!exec", "/x y", "host", "Web"]
        );
        assert_eq!(executed(&criteria(b"host a exec '/x y'")), Some(&b"/x y"[..]));
    }

    #[test]
    fn options_hold_blanks_commas_and_quotes() {
        let parsed = options(b"no-pty,Command=\"echo \\\"a, b\\\"\",from=10.0.0.1");
        let shown: Vec<_> = parsed
            .iter()
            .map(|option| {
                (
                    &option.name[..],
                    option.value.as_deref().map(String::from_utf8_lossy),
                )
            })
            .collect();
        let expected = [
            ("no-pty", None),
            ("command", Some("echo \"a, b\"".into())),
            ("from", Some("10.0.0.1".into())),
        ];
        assert_eq!(shown, expected);
    }
}
