//! Rules of udev: `KEY{attribute} operator "value"`, separated by commas.

use assay_sdk::lines;

/// A rule that runs or starts something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its matches, as `KEY=="value"`.
    pub(crate) when: Vec<u8>,
    pub(crate) launches: Vec<Launch>,
}

/// Something that a rule runs or starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    /// The key that does it: `RUN`, `PROGRAM`, `IMPORT{program}`, `ENV{SYSTEMD_WANTS}`.
    pub(crate) how: Vec<u8>,
    /// The command line, the builtin or the units.
    pub(crate) what: Vec<u8>,
    /// Whether it is a command line.
    pub(crate) is_command: bool,
}

/// The rules that run or start something; what makes no sense in a line ends it, as in udev.
pub(crate) fn rules(text: &[u8]) -> impl Iterator<Item = Rule> + '_ {
    let lines = lines::read(text).comments(b"#").joined_by(b"").trimmed();
    lines.filter_map(|line| rule(&line.text))
}

fn rule(line: &[u8]) -> Option<Rule> {
    let mut when = Vec::new();
    let mut launches = Vec::new();
    let mut rest = line;
    while let Some((token, after)) = token(rest) {
        rest = after;
        match token.launch() {
            Some(launch) => launches.push(launch),
            None if token.is_match() => {
                if !when.is_empty() {
                    when.extend_from_slice(b", ");
                }
                when.extend_from_slice(token.text);
            }
            None => {}
        }
    }
    (!launches.is_empty()).then_some(Rule { when, launches })
}

struct Token<'a> {
    /// With its attribute, as in `ENV{SYSTEMD_WANTS}`.
    key: &'a [u8],
    operator: &'a [u8],
    value: Vec<u8>,
    text: &'a [u8],
}

impl Token<'_> {
    fn is_match(&self) -> bool {
        self.operator == b"==" || self.operator == b"!="
    }

    fn launch(&self) -> Option<Launch> {
        let is_command = match self.key {
            b"RUN" | b"RUN{program}" | b"IMPORT{program}" => true,
            // What it prints is compared: it runs, whatever the operator.
            b"PROGRAM" => true,
            b"RUN{builtin}" => false,
            b"ENV{SYSTEMD_WANTS}" | b"ENV{SYSTEMD_USER_WANTS}" if !self.is_match() => false,
            _ => return None,
        };
        let how = if self.key == b"RUN{program}" {
            b"RUN"
        } else {
            self.key
        };
        (!self.value.is_empty()).then(|| Launch {
            how: how.to_vec(),
            what: self.value.clone(),
            is_command,
        })
    }
}

/// The next `key operator value`, and what follows it.
fn token(rest: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let begins = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b','))?;
    let text = rest.get(begins..)?;
    let signs = |b: &u8| matches!(b, b'=' | b'!' | b'+' | b'-' | b':');
    // A minus or a colon may stand in an attribute, such as a path.
    let end = match text.iter().position(|b| *b == b'{' || signs(b))? {
        at if text.get(at) == Some(&b'{') => at + text.get(at..)?.iter().position(|b| *b == b'}')? + 1,
        at => at,
    };
    let (key, after) = text.split_at(end);
    let gap = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let length = after.get(gap..)?.iter().take_while(|b| signs(b)).count();
    let operator = after.get(gap..gap + length)?;
    let quoted = after.get(gap + length..)?;
    let (value, rest) = value(quoted.trim_ascii_start())?;
    let text = text.get(..text.len() - rest.len())?;
    let token = Token {
        key: key.trim_ascii_end(),
        operator,
        value,
        text,
    };
    (!operator.is_empty()).then_some((token, rest))
}

/// A value between quotes, `e"…"` with the escapes of C or `i"…"` whatever the case, and what follows.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let prefix = text.iter().take_while(|b| matches!(b, b'e' | b'i')).count();
    let (prefix, text) = text.split_at(prefix);
    let text = text.strip_prefix(b"\"")?;
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, text.get(at + 1..)?)),
            // Without the prefix only a quote is escaped, and other backslashes stay.
            b'\\' => match bytes.next()?.1 {
                b'"' => value.push(b'"'),
                other => {
                    if !prefix.contains(&b'e') {
                        value.push(b'\\');
                    }
                    value.push(*other);
                }
            },
            other => value.push(*other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let show = |rule: Rule| {
            let launches: Vec<_> = rule
                .launches
                .iter()
                .map(|l| {
                    format!(
                        "{} {}",
                        String::from_utf8_lossy(&l.how),
                        String::from_utf8_lossy(&l.what)
                    )
                })
                .collect();
            format!(
                "{} if {}",
                launches.join(" + "),
                String::from_utf8_lossy(&rule.when)
            )
        };
        rules(text.as_bytes()).map(show).collect()
    }

    #[test]
    fn rules_that_run_something_are_told_from_those_that_do_not() {
        let text = r#"
# RUN+="/no"
KERNEL=="tty*", MODE="0660"
ACTION=="add", SUBSYSTEM=="usb", \
  ATTR{idVendor}=="1d6b", RUN+="/opt/x \"%k\" $root", TAG+="systemd"
PROGRAM=="collect --add", RESULT=="ok", RUN{builtin}+="kmod load dm-mod"
ENV{SYSTEMD_WANTS}=="x", ENV{SYSTEMD_WANTS}+="a.service b.service"
TEST!="x", IMPORT{program}="/opt/y"  , RUN = e"/opt/\z"
SUBSYSTEM=="x" RUN:="/opt/spaces"
RUN-="/opt/x", RUN+="", RUN+="unterminated
"#;
        assert_eq!(
            read(text),
            [
                r#"RUN /opt/x "%k" $root if ACTION=="add", SUBSYSTEM=="usb", ATTR{idVendor}=="1d6b""#,
                r#"PROGRAM collect --add + RUN{builtin} kmod load dm-mod if RESULT=="ok""#,
                r#"ENV{SYSTEMD_WANTS} a.service b.service if ENV{SYSTEMD_WANTS}=="x""#,
                r#"IMPORT{program} /opt/y + RUN /opt/z if TEST!="x""#,
                r#"RUN /opt/spaces if SUBSYSTEM=="x""#,
                "RUN /opt/x if ",
            ]
        );
    }

    #[test]
    fn nothing_is_too_odd_to_be_read() {
        for odd in [
            "{",
            "}",
            "=",
            "\"",
            "RUN",
            "RUN+",
            "RUN+=",
            "RUN+=\"",
            "RUN+=\"\\",
            "A{",
            "A{}==",
            ",,,=\"x\"",
            "RUN+=eeii\"x",
        ] {
            assert_eq!(read(odd).len(), 0, "{odd}");
        }
    }
}
