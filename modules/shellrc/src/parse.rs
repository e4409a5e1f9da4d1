//! Statements of a start-up file, in any shell's language.
//!
//! This is no parser of shells, each of which has another grammar: it goes by what all have in common, that what
//! belongs together is indented, or ended by a word of its own. Where that is wrong, one entry is two, or two are one;
//! no line is lost.

use assay_sdk::lines;

/// Lines that belong together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Statement {
    /// All of them, each without the blanks around it.
    pub(crate) code: Vec<u8>,
    /// How many bytes of it are the first.
    pub(crate) head: usize,
    /// Where it begins, from 1.
    pub(crate) line: i64,
    lines: usize,
}

/// Lines that a statement takes in: a text that never ends one is still told in parts that can be read.
const MAX_LINES: usize = 400;
/// Bytes of it, before the next line begins another.
const MAX_CODE: usize = 16 << 10;

/// Words that end or go on with what a line before them began.
const GOES_ON: &[&[u8]] = &[
    b"then",
    b"do",
    b"else",
    b"elif",
    b"fi",
    b"done",
    b"esac",
    b"end",
    b"endif",
    b"endsw",
    b"in",
    b"catch",
    b"finally",
    b"except",
    b"case",
    b"default:",
    b"breaksw",
];

/// The statements of a text.
pub(crate) fn statements(text: &[u8]) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in lines::read(text).comments(b"#").joined_by(b"") {
        let said = line.text.trim_ascii();
        if said.is_empty() {
            continue;
        }
        let goes_on = line.text.first().is_some_and(u8::is_ascii_whitespace) || goes_on(said);
        match statements.last_mut() {
            Some(last) if (goes_on || last.is_open()) && last.has_room(said) => last.add(said),
            _ => statements.push(Statement {
                code: said.to_vec(),
                head: said.len(),
                line: line.number,
                lines: 1,
            }),
        }
    }
    statements
}

/// Whether a line begins with what no statement begins with.
fn goes_on(line: &[u8]) -> bool {
    let end = line
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || *byte == b';')
        .unwrap_or(line.len());
    let first = line.get(..end).unwrap_or(line);
    // `case x:` is a branch of csh's switch, `case x in` begins one of sh.
    let begins_case = first == b"case" && !line.ends_with(b":");
    // `*-256color)` is a branch of a case.
    let is_branch = line.iter().find(|byte| matches!(byte, b'(' | b')')) == Some(&b')');
    matches!(line.first(), Some(b'}' | b']' | b'{' | b';'))
        || is_branch
        || (GOES_ON.contains(&first) && !begins_case)
}

impl Statement {
    /// Its first line.
    pub(crate) fn head(&self) -> &[u8] {
        self.code.get(..self.head).unwrap_or(&self.code)
    }
    /// Whether its last line says that another one follows.
    fn is_open(&self) -> bool {
        [&b"&&"[..], b"||", b"|"]
            .iter()
            .any(|sign| self.code.ends_with(sign))
    }
    fn has_room(&self, line: &[u8]) -> bool {
        self.lines < MAX_LINES && self.code.len() + line.len() < MAX_CODE
    }
    fn add(&mut self, line: &[u8]) {
        self.code.push(b'\n');
        self.code.extend_from_slice(line);
        self.lines += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let statements = statements(text.as_bytes());
        let told = statements
            .iter()
            .map(|s| format!("{} {}", s.line, String::from_utf8_lossy(&s.code)));
        told.collect()
    }

    #[test]
    fn what_belongs_together_is_one_statement() {
        for (text, statements) in [
            ("# no\n\na\n  # no\nb\n", &["3 a", "5 b"][..]),
            (
                "if x\nthen\n  a\nelse\n  b\nfi\nc\n",
                &["1 if x\nthen\na\nelse\nb\nfi", "7 c"],
            ),
            ("f()\n{\n\ta\n}\nb", &["1 f()\n{\na\n}", "5 b"]),
            (
                "case $- in\n*i*) ;;\n  *) return;;\nesac\n",
                &["1 case $- in\n*i*) ;;\n*) return;;\nesac"],
            ),
            ("a && \\\n  b\nc |\nd\n", &["1 a &&   b", "3 c |\nd"]),
            ("function f\n    a\nend\n", &["1 function f\na\nend"]),
            ("plugins=(\n  git\n)\n", &["1 plugins=(\ngit\n)"]),
            ("done; a\n", &["1 done; a"]),
            ("a\r\n  \r\nb\r\n", &["1 a", "3 b"]),
            ("case x in\n", &["1 case x in"]),
        ] {
            assert_eq!(told(text), statements, "{text}");
        }
    }

    #[test]
    fn a_statement_that_never_ends_is_told_in_parts() {
        let text = format!("if x\n{}", " a\n".repeat(1000));
        assert_eq!(statements(text.as_bytes()).len(), 3);
        let text = format!("if x\n{}", format!(" {}\n", "b".repeat(10_000)).repeat(4));
        assert_eq!(statements(text.as_bytes()).len(), 4);
    }
}
