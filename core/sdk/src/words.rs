//! Words and simple commands of a shell line, as far as it takes to know what is run.
//!
//! This is no shell: it expands nothing and guesses nothing. Variables and substitutions stay as written;
//! what it finds is where a command's first word stands.

use assay_model::Text;

/// One word, with quotes and backslashes taken off.
///
/// ```
/// let words = assay_sdk::split_words(b"\"if\" then");
/// assert_eq!((words[0].text.as_str(), words[0].quoted), (Some("if"), true));
/// assert_eq!((words[1].text.as_str(), words[1].quoted), (Some("then"), false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its bytes.
    pub text: Text,
    /// Whether any part of it was quoted: `"if"` is no keyword.
    pub quoted: bool,
}

/// A simple command: its words without assignments, redirections and keywords before it.
///
/// ```
/// let command = &assay_sdk::split_commands(b"LANG=C /opt/x -v >/dev/null")[0];
/// assert_eq!(command.assignments, ["LANG=C"]);
/// assert_eq!(command.words.iter().map(|word| word.text.to_string()).collect::<Vec<_>>(), ["/opt/x", "-v"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The words, the program first.
    pub words: Vec<Word>,
    /// `NAME=value` words that stood before it.
    pub assignments: Vec<Text>,
}

enum Token {
    Word(Word),
    /// `;`, `&`, `|`, a newline, a parenthesis: a new command begins.
    Separator,
    /// `<`, `>` and their like: the next word is a file.
    Redirection,
}

const KEYWORDS: &[&str] = &[
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "case", "esac", "{", "}", "!",
    "time", "in",
];

/// Splits a line into words as a shell would, quotes taken off, separators dropped.
///
/// ```
/// let words = assay_sdk::split_words(b"/bin/sh -c 'a b' \"c\\\"d\" e\\ f");
/// let words: Vec<_> = words.iter().map(|w| w.text.as_str().unwrap()).collect();
/// assert_eq!(words, ["/bin/sh", "-c", "a b", "c\"d", "e f"]);
/// ```
#[must_use]
pub fn split_words(line: &[u8]) -> Vec<Word> {
    let words = tokens(line).into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Separator | Token::Redirection => None,
    });
    words.collect()
}

/// Splits a script or a `sh -c` argument into its simple commands.
///
/// ```
/// let commands = assay_sdk::split_commands(b"cd / && A=1 run-parts x >/dev/null; if test -x /y; then /y & fi");
/// let first: Vec<_> = commands.iter().map(|c| c.words[0].text.as_str().unwrap()).collect();
/// assert_eq!(first, ["cd", "run-parts", "test", "/y"]);
/// ```
#[must_use]
pub fn split_commands(script: &[u8]) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut command = Command::default();
    let mut redirected = false;
    for token in tokens(script) {
        match token {
            Token::Separator => {
                redirected = false;
                let done = std::mem::take(&mut command);
                if !done.words.is_empty() {
                    commands.push(done);
                }
            }
            Token::Redirection => redirected = true,
            Token::Word(_) if redirected => redirected = false,
            Token::Word(word) if command.words.is_empty() && is_keyword(&word) => {}
            Token::Word(word) if command.words.is_empty() && is_assignment(word.text.as_bytes()) => {
                command.assignments.push(word.text);
            }
            Token::Word(word) => command.words.push(word),
        }
    }
    if !command.words.is_empty() {
        commands.push(command);
    }
    commands
}

fn is_keyword(word: &Word) -> bool {
    !word.quoted && word.text.as_str().is_some_and(|text| KEYWORDS.contains(&text))
}

/// Whether a word is `NAME=value`.
pub(crate) fn is_assignment(word: &[u8]) -> bool {
    let Some(equals) = word.iter().position(|b| *b == b'=') else {
        return false;
    };
    let name = &word[..equals];
    !name.is_empty()
        && !name[0].is_ascii_digit()
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

fn tokens(line: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<(Vec<u8>, bool)> = None;
    let mut bytes = line.iter().copied().peekable();
    let finish = |word: &mut Option<(Vec<u8>, bool)>, tokens: &mut Vec<Token>| {
        if let Some((text, quoted)) = word.take() {
            tokens.push(Token::Word(Word {
                text: text.into(),
                quoted,
            }));
        }
    };
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\r' => finish(&mut word, &mut tokens),
            b'\n' | b';' | b'&' | b'|' | b'(' | b')' => {
                // `2>&1` and `&>file` are redirections, and the `&` in them ends no command.
                if byte == b'&' && matches!(tokens.last(), Some(Token::Redirection)) && word.is_none() {
                    continue;
                }
                finish(&mut word, &mut tokens);
                tokens.push(Token::Separator);
            }
            b'<' | b'>' => {
                // A number right before it is a descriptor, not an argument.
                if word
                    .as_ref()
                    .is_some_and(|(text, quoted)| !quoted && text.iter().all(u8::is_ascii_digit))
                {
                    word = None;
                }
                finish(&mut word, &mut tokens);
                if !matches!(tokens.last(), Some(Token::Redirection)) {
                    tokens.push(Token::Redirection);
                }
            }
            b'#' if word.is_none() => while bytes.next_if(|b| *b != b'\n').is_some() {},
            b'\\' => match bytes.next() {
                Some(b'\n') | None => {}
                Some(escaped) => word.get_or_insert_default().0.push(escaped),
            },
            b'\'' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                text.extend(std::iter::from_fn(|| bytes.next().filter(|b| *b != b'\'')));
            }
            b'"' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => match bytes.next() {
                            Some(b'\n') | None => {}
                            Some(escaped @ (b'"' | b'\\' | b'$' | b'`')) => text.push(escaped),
                            Some(other) => text.extend([b'\\', other]),
                        },
                        byte => text.push(byte),
                    }
                }
            }
            byte => word.get_or_insert_default().0.push(byte),
        }
    }
    finish(&mut word, &mut tokens);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(script: &str) -> Vec<Vec<String>> {
        let commands = split_commands(script.as_bytes());
        commands
            .iter()
            .map(|c| c.words.iter().map(|w| w.text.to_string()).collect())
            .collect()
    }

    #[test]
    fn redirections_are_no_arguments() {
        assert_eq!(commands("/a b >/dev/null 2>&1 c"), [["/a", "b", "c"]]);
        assert_eq!(commands("&>/tmp/x /a; /b <in"), [["/a"], ["/b"]]);
    }

    #[test]
    fn quotes_comments_and_continuations() {
        assert_eq!(
            commands("/a 'x;y' \\\n z # not this; /no\n\"if\" #c"),
            [vec!["/a", "x;y", "z"], vec!["if"]]
        );
        assert_eq!(commands("'unended"), [["unended"]]);
        assert_eq!(commands("A=1 B='2 3' /c d=e"), [["/c", "d=e"]]);
    }
}
