//! Command lines of units, as `config_parse_exec()` of systemd reads them; see systemd.service(5).

use assay_sdk::Text;
use std::path::Path;

/// Longest path that can be opened.
const MAX_WORD: usize = 4096;

/// What `%` letters stand for, as far as files alone can tell.
pub(crate) struct Specifiers<'a> {
    /// The unit's name, such as `foo@bar.service`.
    pub unit: &'a [u8],
    /// Whether the system manager runs it.
    pub system: bool,
    /// The home of the account that runs it, when that is known.
    pub home: Option<&'a Path>,
}

impl Specifiers<'_> {
    /// `word` with every specifier replaced; `None` when one of them is not known, or it becomes too long for a path.
    pub(crate) fn expand(&self, word: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(word.len());
        let mut bytes = word.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => out.extend(self.value(bytes.next()?)?),
                byte => out.push(byte),
            }
            if out.len() > MAX_WORD {
                return None;
            }
        }
        Some(out)
    }

    fn value(&self, letter: u8) -> Option<Vec<u8>> {
        let dot = self.unit.iter().rposition(|b| *b == b'.')?;
        let stem = &self.unit[..dot];
        let at = stem.iter().position(|b| *b == b'@');
        let instance = at.map(|at| &stem[at + 1..]);
        // The name of a template says nothing of the instances that will run.
        let named = |value: &[u8]| instance.is_none_or(|i| !i.is_empty()).then(|| value.to_vec());
        let folder = |system: &str, below_home: &str| {
            if self.system {
                return Some(system.as_bytes().to_vec());
            }
            Some(Text::from(self.home?.join(below_home).as_path()).into_bytes())
        };
        match letter {
            b'%' => Some(b"%".to_vec()),
            b'n' => named(self.unit),
            b'N' => named(stem),
            b'p' => Some(stem[..at.unwrap_or(stem.len())].to_vec()),
            b'i' => instance.filter(|i| !i.is_empty()).map(<[u8]>::to_vec),
            b'h' if self.system => Some(b"/root".to_vec()),
            b'h' => Some(Text::from(self.home?).into_bytes()),
            b'E' => folder("/etc", ".config"),
            b'S' => folder("/var/lib", ".local/state"),
            b'C' => folder("/var/cache", ".cache"),
            b't' if self.system => Some(b"/run".to_vec()),
            b'T' => Some(b"/tmp".to_vec()),
            b'V' => Some(b"/var/tmp".to_vec()),
            _ => None,
        }
    }
}

/// The commands of one Exec line, each as the arguments that say which files it runs.
pub(crate) fn commands(line: &[u8], specifiers: &Specifiers<'_>) -> Vec<Vec<Text>> {
    let tokens = tokens(line);
    let commands = tokens.split(|token| *token == Token::Semicolon);
    commands
        .filter_map(|tokens| command(tokens, specifiers))
        .collect()
}

fn command(tokens: &[Token], specifiers: &Specifiers<'_>) -> Option<Vec<Text>> {
    let mut words = tokens.iter().filter_map(Token::word);
    let first = words.next()?;
    // Any of them in any order: `@` other argv[0], `-` failure is success, `:` no variables, `+` `!` `!!` with
    // full rights, `|` through the account's shell.
    let is_prefix = |b: &u8| b"@-:+!|".contains(b);
    let prefixes = first.iter().take_while(|b| is_prefix(b)).count();
    let (prefixes, path) = first.split_at(prefixes);
    let program = specifiers.expand(path)?;
    if prefixes.contains(&b'@') {
        words.next();
    }
    let arguments = words.map(|word| specifiers.expand(word).unwrap_or_else(|| word.to_vec()));
    let argv = [program].into_iter().chain(arguments);
    if prefixes.contains(&b'|') {
        let line = argv.collect::<Vec<_>>().join(&b' ');
        return Some(vec!["/bin/sh".into(), "-c".into(), line.into()]);
    }
    Some(argv.map(Text::from).collect())
}

/// The words of a value, with quotes and backslashes taken off.
pub(crate) fn words(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    tokens(value).into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Semicolon => None,
    })
}

/// The same command line with each run of blanks between words made one, so that laying it out anew is no change.
pub(crate) fn squeezed(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut quote = None;
    let mut escaped = false;
    let mut after_blank = false;
    for &byte in line {
        let blank = matches!(byte, b' ' | b'\t') && quote.is_none() && !escaped;
        if !blank {
            out.push(byte);
        } else if !after_blank {
            out.push(b' ');
        }
        after_blank = blank;
        match quote {
            _ if escaped => {}
            None if matches!(byte, b'\'' | b'"') => quote = Some(byte),
            Some(open) if open == byte => quote = None,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    out
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(Vec<u8>),
    /// A `;` that stands alone: another command follows.
    Semicolon,
}

impl Token {
    fn word(&self) -> Option<&Vec<u8>> {
        match self {
            Token::Word(word) => Some(word),
            Token::Semicolon => None,
        }
    }
}

fn tokens(line: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (word, after) = take_word(rest);
        let raw = &rest[..rest.len() - after.len()];
        tokens.push(if raw == b";" {
            Token::Semicolon
        } else {
            Token::Word(word)
        });
        rest = after.trim_ascii_start();
    }
    tokens
}

/// Cuts off the first word, which may hold quoted parts.
fn take_word(line: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    let mut quote = None;
    let mut rest = line;
    while let [byte, after @ ..] = rest {
        match (quote, *byte) {
            (None, b' ' | b'\t' | b'\n' | b'\r') => break,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), byte) if open == byte => quote = None,
            (_, b'\\') => {
                rest = escape(after, &mut word);
                continue;
            }
            (_, byte) => word.push(byte),
        }
        rest = after;
    }
    (word, rest)
}

/// What follows a backslash, as in C; an escape that means nothing stays as it is.
fn escape<'a>(rest: &'a [u8], word: &mut Vec<u8>) -> &'a [u8] {
    let [letter, after @ ..] = rest else {
        word.push(b'\\');
        return rest;
    };
    let numeric = |digits: &'a [u8], length: usize, radix: u32| {
        let text = std::str::from_utf8(digits.get(..length)?).ok()?;
        Some((u32::from_str_radix(text, radix).ok()?, &digits[length..]))
    };
    let number = match letter {
        b'x' => numeric(after, 2, 16),
        b'u' => numeric(after, 4, 16),
        b'U' => numeric(after, 8, 16),
        b'0'..=b'7' => numeric(rest, 3, 8),
        _ => None,
    };
    if let Some((number, after)) = number {
        match (letter, u8::try_from(number), char::from_u32(number)) {
            (b'u' | b'U', _, Some(char)) => word.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            (_, Ok(byte), _) => word.push(byte),
            _ => {}
        }
        return after;
    }
    match letter {
        b'a' => word.push(7),
        b'b' => word.push(8),
        b'f' => word.push(12),
        b'n' => word.push(b'\n'),
        b'r' => word.push(b'\r'),
        b's' => word.push(b' '),
        b't' => word.push(b'\t'),
        b'v' => word.push(11),
        b'\\' | b'"' | b'\'' | b';' => word.push(*letter),
        other => word.extend([b'\\', *other]),
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands_of(line: &str, unit: &str, system: bool) -> Vec<String> {
        let specifiers = Specifiers {
            unit: unit.as_bytes(),
            system,
            home: (!system).then_some(Path::new("/home/bo")),
        };
        let commands = commands(line.as_bytes(), &specifiers);
        let show = |argv: &Vec<Text>| argv.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
        commands.iter().map(show).collect()
    }

    #[test]
    fn prefixes_are_taken_off_in_any_order() {
        for (line, expected) in [
            ("-/x a", "/x|a"),
            ("@/x zero one", "/x|one"),
            ("!!-@/x zero", "/x"),
            ("+:/x", "/x"),
            ("\"-/with blank\" b", "/with blank|b"),
            ("|/x  'a b' %%", "/bin/sh|-c|/x a b %"),
            ("relative -a", "relative|-a"),
        ] {
            assert_eq!(commands_of(line, "u.service", true), [expected], "{line}");
        }
        assert!(commands_of("-", "u.service", true) == [""] && commands_of("", "u.service", true).is_empty());
    }

    #[test]
    fn a_semicolon_alone_begins_another_command() {
        assert_eq!(
            commands_of("/a b ; -/c; d \\; e ';' f", "u.service", true),
            ["/a|b", "/c;|d|;|e|;|f"]
        );
    }

    #[test]
    fn words_are_unquoted_and_unescaped() {
        assert_eq!(
            commands_of(
                r#"/bi\x6e/s\150 a"b c"'d'\u00e9 "x\"y" 'p\'q' \s\q # e|f"#,
                "u.service",
                true
            ),
            ["/bin/sh|ab cd\u{e9}|x\"y|p'q| \\\\q|#|e|f"]
        );
        assert_eq!(
            commands_of("/x \\x4 \\u12 \\", "u.service", true),
            ["/x|\\\\x4|\\\\u12|\\\\"]
        );
    }

    #[test]
    fn specifiers_are_expanded_where_they_are_known() {
        assert_eq!(
            commands_of("/o/%p-%i/%N %n %h %t", "a@b.service", true),
            ["/o/a-b/a@b|a@b.service|/root|/run"]
        );
        assert_eq!(
            commands_of("%h/x %E %T", "a.service", false),
            ["/home/bo/x|/home/bo/.config|/tmp"]
        );
        assert_eq!(commands_of("/o/%p %i", "a@.service", true), ["/o/a|%i"]);
        assert_eq!(
            commands_of("/o/%i", "a@.service", true),
            [""; 0],
            "which instance?"
        );
        assert_eq!(commands_of("/o/%m", "a.service", true), [""; 0]);
        assert_eq!(commands_of("/o/%", "a.service", true), [""; 0]);
        let long = "/%n".repeat(1000);
        assert_eq!(
            commands_of(&long, "a.service", true),
            [""; 0],
            "longer than any path"
        );
    }

    #[test]
    fn blanks_between_words_mean_nothing_and_inside_quotes_they_do() {
        assert_eq!(squeezed(b"/x   a \t 'b  c' \\  d"), b"/x a 'b  c' \\  d");
    }
}
