//! Statements of rsyslog, of the older syslogd, and of syslog-ng.

use super::tidy;
use assay_sdk::Text;

/// A statement, with one blank where there were several and without comments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) text: Vec<u8>,
    /// A command, a path of a program or a pipe, or a module that it loads.
    pub(crate) runs: Option<Vec<u8>>,
}

/// Reads rsyslog.conf or syslog.conf: a line each; one with an open parenthesis goes on, and so does one that ends in a
/// backslash.
pub(crate) fn rsyslog(text: &[u8]) -> Vec<Statement> {
    let statements = split(text, |byte, depth| byte == b'\n' && depth == 0, b"()", true);
    let statements = statements.into_iter().map(|text| {
        let runs = run_by_rsyslog(&text);
        Statement { text, runs }
    });
    statements.collect()
}

/// Reads syslog-ng.conf: a semicolon ends each, outside of all brackets.
pub(crate) fn syslog_ng(text: &[u8]) -> Vec<Statement> {
    let statements = split(text, |byte, depth| byte == b';' && depth == 0, b"({)}", false);
    let statements = statements.into_iter().map(|text| {
        let runs = argument(&text, b"program(").or_else(|| argument(&text, b"module-path("));
        Statement { text, runs }
    });
    statements.collect()
}

fn split(text: &[u8], ends: impl Fn(u8, usize) -> bool, brackets: &[u8], continued: bool) -> Vec<Vec<u8>> {
    let (opening, closing) = brackets.split_at(brackets.len() / 2);
    let (mut statements, mut statement) = (Vec::new(), Vec::new());
    let (mut depth, mut quote, mut rest) = (0_usize, None, text);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let begins = statement.last().is_none_or(u8::is_ascii_whitespace);
        match (*byte, quote) {
            // A quote that is still open where a line ends is an apostrophe, except in brackets.
            (b'\n', Some(_)) if depth == 0 && continued => quote = None,
            (b'\\', Some(_)) => {
                statement.push(b'\\');
                if let Some((next, after)) = rest.split_first() {
                    statement.push(*next);
                    rest = after;
                }
                continue;
            }
            (byte, Some(open)) => {
                if byte == open {
                    quote = None;
                }
                statement.push(byte);
                continue;
            }
            (b'"' | b'\'', None) => quote = Some(*byte),
            (b'#', None) if begins => {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                rest = &rest[end..];
                continue;
            }
            (b'\\', None) if continued && rest.first() == Some(&b'\n') => {
                rest = &rest[1..];
                statement.push(b' ');
                continue;
            }
            (byte, None) if opening.contains(&byte) => depth += 1,
            (byte, None) if closing.contains(&byte) => depth = depth.saturating_sub(1),
            _ => {}
        }
        // `action ( type = "x" )` is `action(type="x")`.
        let glues = |byte: u8| byte == b'(' || (byte == b'=' && depth > 0);
        if glues(*byte) || *byte == b')' {
            statement.truncate(statement.trim_ascii_end().len());
        }
        if ends(*byte, depth) {
            statements.push(std::mem::take(&mut statement));
        } else if !(byte.is_ascii_whitespace() && statement.last().is_some_and(|last| glues(*last))) {
            statement.push(*byte);
        }
    }
    statements.push(statement);
    let statements = statements.iter().map(|statement| tidy(statement));
    statements.filter(|statement| !statement.is_empty()).collect()
}

/// `action(type="omprog" binary="…")`, `module(load="/…")`, `$ModLoad …`, and of the older form `SELECTOR ^PROGRAM;TEMPLATE` and
/// `SELECTOR |PIPE`.
fn run_by_rsyslog(statement: &[u8]) -> Option<Vec<u8>> {
    let lower = statement.to_ascii_lowercase();
    let holds = |part: &[u8]| lower.windows(part.len()).any(|window| window == part);
    if holds(b"omprog") || holds(b"mmexternal") || holds(b"improg") {
        return argument(statement, b"binary=").or(Some(Vec::new()));
    }
    if let Some(module) = argument(statement, b"load=") {
        return Some(module);
    }
    if lower.starts_with(b"$modload ") {
        return Some(statement[b"$modload ".len()..].trim_ascii().to_vec());
    }
    let action = statement
        .iter()
        .position(|byte| *byte == b' ')
        .map(|at| &statement[at + 1..])?;
    let action = match action.first()? {
        b'^' => action[1..].split(|byte| *byte == b';').next()?,
        b'|' => action[1..].trim_ascii(),
        _ => return None,
    };
    Some(action.to_vec())
}

/// What stands in quotes, or as a word, after a name: `binary="/x -y"`, `program('/x')`.
fn argument(statement: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let lower = statement.to_ascii_lowercase();
    let from = lower.windows(name.len()).position(|window| window == name)? + name.len();
    let value = statement[from..].trim_ascii_start();
    let value = match value.first()? {
        quote @ (b'"' | b'\'') => value[1..].split(|byte| byte == quote).next()?,
        _ => value
            .split(|byte| byte.is_ascii_whitespace() || *byte == b')')
            .next()?,
    };
    Some(value.to_vec())
}

/// A module by its bare name is one that the daemon came with.
pub(crate) fn is_file(module: &[u8]) -> bool {
    Text::from(module).as_path().is_absolute()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(statements: &[Statement]) -> Vec<String> {
        let show = |s: &Statement| {
            let runs = s.runs.as_deref().map(String::from_utf8_lossy);
            format!(
                "{}{}",
                String::from_utf8_lossy(&s.text),
                runs.map(|r| format!(" => {r}")).unwrap_or_default()
            )
        };
        statements.iter().map(show).collect()
    }

    #[test]
    fn lines_and_calls_of_rsyslog() {
        let text = b"# x\nmodule(load=\"imuxsock\") # local\nauth.*   /var/log/auth.log\n*.* ^/opt/x;T\nmail.* |/run/pipe\n\
            $ModLoad /opt/evil.so\nif $msg contains 'it is' then {\n  action ( type = \"omprog\"\n    binary=\"/opt/x --in\" )\n  stop\n}\n\
            *.* @@host \\\n  ;T\nit's\nend";
        let expected = [
            "module(load=\"imuxsock\") => imuxsock",
            "auth.* /var/log/auth.log",
            "*.* ^/opt/x;T => /opt/x",
            "mail.* |/run/pipe => /run/pipe",
            "$ModLoad /opt/evil.so => /opt/evil.so",
            "if $msg contains 'it is' then {",
            "action(type=\"omprog\" binary=\"/opt/x --in\") => /opt/x --in",
            "stop",
            "}",
            "*.* @@host ;T",
            "it's",
            "end",
        ];
        assert_eq!(show(&rsyslog(text)), expected);
    }

    #[test]
    fn statements_of_syslog_ng() {
        let text = b"@version: 4.2\nsource s { system(); internal(); };\ndestination d {\n  program(\"/opt/x -q\"); # why\n};\nlog { source(s); destination(d); };";
        let expected = [
            "@version: 4.2 source s { system(); internal(); }",
            "destination d { program(\"/opt/x -q\"); } => /opt/x -q",
            "log { source(s); destination(d); }",
        ];
        assert_eq!(show(&syslog_ng(text)), expected);
        assert_eq!(show(&syslog_ng(b"))}}x;((((\"")), ["))}}x", "((((\""]);
    }
}
