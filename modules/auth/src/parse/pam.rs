//! PAM services: `type control module arguments`, with a service before them in `pam.conf`.

use assay_sdk::{Text, lines, secrets};
use std::collections::HashMap;

const TYPES: [&[u8]; 4] = [b"auth", b"account", b"password", b"session"];
/// Rules after one that may end the stack which are looked at; real stacks have some ten.
const MAX_SKIPPED: usize = 32;
/// Options of `pam_exec` that stand before its command.
const EXEC_OPTIONS: [&[u8]; 7] = [
    b"debug",
    b"expose_authtok",
    b"seteuid",
    b"quiet",
    b"quiet_log",
    b"stdout",
    b"use_first_pass",
];
/// Modules that run the first file they are given.
const RUNNERS: [&[u8]; 4] = [b"pam_exec.so", b"pam_python.so", b"pam_python3.so", b"pam_lua.so"];

/// A line of a service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Rule(Rule),
    /// Debian's `@include`: all of another file, whatever the type.
    Include(Text),
    Malformed(Text),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Named in `pam.conf` alone.
    pub(crate) service: Option<Text>,
    /// `auth`, `account`, `password` or `session`; `-` before it only keeps the log quiet.
    pub(crate) group: Text,
    pub(crate) control: Text,
    /// The module, or the service that is included.
    pub(crate) module: Text,
    pub(crate) arguments: Vec<Text>,
}

impl Rule {
    pub(crate) fn is_include(&self) -> bool {
        matches!(self.control.as_bytes(), b"include" | b"substack")
    }

    /// The command that the module runs, when it is known for that.
    pub(crate) fn command(&self) -> &[Text] {
        let name = self.module.as_bytes().rsplit(|byte| *byte == b'/').next();
        if !name.is_some_and(|name| RUNNERS.contains(&name)) {
            return &[];
        }
        let is_option = |argument: &&Text| {
            let argument = argument.as_bytes();
            EXEC_OPTIONS.contains(&argument) || (!argument.starts_with(b"/") && argument.contains(&b'='))
        };
        let options = self.arguments.iter().take_while(is_option).count();
        self.arguments.get(options..).unwrap_or_default()
    }

    /// How many of the rules that follow are left out when this one succeeds.
    fn reach(&self) -> usize {
        let control = self.control.as_bytes();
        let Some(actions) = control.strip_prefix(b"[") else {
            // OpenPAM's `binding` ends the stack as `sufficient` does.
            let ends = matches!(control, b"sufficient" | b"binding");
            return if ends { MAX_SKIPPED } else { 0 };
        };
        let actions = actions.strip_suffix(b"]").unwrap_or(actions);
        let on = |value: &[u8]| {
            let action = actions.split(|byte| *byte == b' ').rev();
            action.filter_map(|action| action.strip_prefix(value)).next()
        };
        match on(b"success=").or_else(|| on(b"default=")) {
            Some(b"done") => MAX_SKIPPED,
            Some(jump) => std::str::from_utf8(jump)
                .ok()
                .and_then(|jump| jump.parse().ok())
                .unwrap_or(0),
            None => 0,
        }
    }
}

/// Reads a file of `pam.d`.
pub(crate) fn service(text: &[u8]) -> Vec<Line> {
    read(text, false)
}

/// Reads `pam.conf`.
pub(crate) fn conf(text: &[u8]) -> Vec<Line> {
    read(text, true)
}

fn read(text: &[u8], names_service: bool) -> Vec<Line> {
    let lines = lines::read(text)
        .comments(b"#")
        .comments_after_blanks()
        .joined_by(b" ")
        .trimmed();
    lines
        .map(|line| of_line(words(&line.text), names_service))
        .collect()
}

fn of_line(words: Vec<Text>, names_service: bool) -> Line {
    let line = words.iter().map(Text::as_bytes).collect::<Vec<_>>().join(&b' ');
    let mut words = words.into_iter();
    let service = if names_service { words.next() } else { None };
    let Some(first) = words.next() else {
        return Line::Malformed(line.into());
    };
    let first = first.as_bytes().to_ascii_lowercase();
    let (Some(control), module) = (words.next(), words.next()) else {
        return Line::Malformed(line.into());
    };
    if first == b"@include" && !names_service {
        return Line::Include(control);
    }
    let group = first.strip_prefix(b"-").unwrap_or(&first);
    match module {
        Some(module) if TYPES.contains(&group) => Line::Rule(Rule {
            service: service.map(|service| service.as_bytes().to_ascii_lowercase().into()),
            group: group.into(),
            control: control.as_bytes().to_ascii_lowercase().into(),
            module,
            arguments: words.map(without_secret).collect(),
        }),
        _ => Line::Malformed(line.into()),
    }
}

/// Words between blanks; what stands in square brackets is one, with single blanks in it.
fn words(line: &[u8]) -> Vec<Text> {
    let mut words: Vec<Text> = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let end = if rest.starts_with(b"[") {
            let escaped = |at: usize| rest.get(at.wrapping_sub(1)) == Some(&b'\\');
            let close = (1..rest.len()).find(|at| rest.get(*at) == Some(&b']') && !escaped(*at));
            close.map(|at| at + 1)
        } else {
            rest.iter().position(u8::is_ascii_whitespace)
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        let parts = word
            .split(u8::is_ascii_whitespace)
            .filter(|part| !part.is_empty());
        words.push(parts.collect::<Vec<_>>().join(&b' ').into());
        rest = after.trim_ascii_start();
    }
    words
}

/// Some modules are given the password of a database: `passwd=…`. A path is none: `secret=/home/ana/.code` says where
/// the secret is.
fn without_secret(argument: Text) -> Text {
    let bytes = argument.as_bytes();
    let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else {
        return argument;
    };
    let (name, value) = bytes.split_at(equals);
    let is_path = value.get(1).is_some_and(|first| b"/~$".contains(first));
    if is_path || !secrets::is_secret(name) {
        return argument;
    }
    [name, b"=", secrets::HIDDEN].concat().into()
}

/// The rules of a file in the stacks that PAM makes of them: one for each service and type.
#[derive(Default)]
pub(crate) struct Stacks<'a> {
    lines: &'a [Line],
    stacks: Vec<Vec<usize>>,
    /// Where a rule stands: its stack, and its place there.
    places: HashMap<usize, (usize, usize)>,
}

impl<'a> Stacks<'a> {
    pub(crate) fn of(lines: &'a [Line]) -> Self {
        let mut made = Self {
            lines,
            ..Self::default()
        };
        let mut known: HashMap<(Option<&Text>, &[u8]), usize> = HashMap::new();
        for (index, line) in lines.iter().enumerate() {
            let groups = match line {
                Line::Rule(rule) => vec![(rule.service.as_ref(), rule.group.as_bytes())],
                Line::Include(_) => TYPES.map(|group| (None, group)).to_vec(),
                Line::Malformed(_) => Vec::new(),
            };
            for group in groups {
                let next = made.stacks.len();
                let stack = *known.entry(group).or_insert(next);
                if stack == next {
                    made.stacks.push(Vec::new());
                }
                if let Some(rules) = made.stacks.get_mut(stack) {
                    made.places.insert(index, (stack, rules.len()));
                    rules.push(index);
                }
            }
        }
        made
    }

    /// The rules that PAM leaves out when the one of that line succeeds. Those that are optional do not count: a stack
    /// says the same without them.
    pub(crate) fn skips(&self, index: usize) -> Vec<Text> {
        let (Some(Line::Rule(rule)), Some((stack, place))) = (self.lines.get(index), self.places.get(&index))
        else {
            return Vec::new();
        };
        let after = self
            .stacks
            .get(*stack)
            .and_then(|rules| rules.get(place + 1..))
            .unwrap_or_default();
        let left_out = after.iter().take(rule.reach().min(MAX_SKIPPED));
        left_out
            .filter_map(|index| self.lines.get(*index).and_then(name_of_counting))
            .collect()
    }
}

fn name_of_counting(line: &Line) -> Option<Text> {
    match line {
        Line::Rule(rule) if rule.control == "optional" => None,
        Line::Rule(rule) if rule.is_include() => Some(
            [rule.control.as_bytes(), b" ", rule.module.as_bytes()]
                .concat()
                .into(),
        ),
        Line::Rule(rule) => Some(rule.module.clone()),
        Line::Include(file) => Some([b"@include ", file.as_bytes()].concat().into()),
        Line::Malformed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(line: &str) -> Rule {
        match service(line.as_bytes()).remove(0) {
            Line::Rule(rule) => rule,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_brackets_comments_and_continuations() {
        let text = b"#%PAM-1.0\n-Session [success=ok  Default=ignore] pam_x.so a [b  \\] c] # why\nauth \\\n required pam_y.so\n\
            @include common-auth\nauth\nfirewall required pam_z.so\n";
        let lines = service(text);
        let [
            Line::Rule(first),
            Line::Rule(second),
            Line::Include(file),
            Line::Malformed(_),
            Line::Malformed(_),
        ] = &lines[..]
        else {
            panic!("{lines:?}");
        };
        assert_eq!(
            (&first.group, &first.control),
            (&"session".into(), &"[success=ok default=ignore]".into())
        );
        assert_eq!(first.arguments, ["a", "[b \\] c]"]);
        assert_eq!(
            (&second.control, &second.module),
            (&"required".into(), &"pam_y.so".into())
        );
        assert_eq!(file, &"common-auth");
        let lines = conf(b"SSHD auth required pam_z.so\nauth required\n");
        assert!(
            matches!(&lines[..], [Line::Rule(rule), Line::Malformed(_)] if rule.service == Some("sshd".into()))
        );
    }

    #[test]
    fn what_a_success_leaves_out() {
        let text =
            b"auth sufficient pam_a.so\nauth optional pam_b.so\naccount required pam_c.so\n@include common\n\
            auth [default=1] pam_d.so\nauth include sub\nauth required pam_e.so\n";
        let lines = service(text);
        let stacks = Stacks::of(&lines);
        let names = |index| {
            stacks
                .skips(index)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",")
        };
        let skips: Vec<String> = (0..lines.len()).map(names).collect();
        assert_eq!(
            skips,
            [
                "@include common,pam_d.so,include sub,pam_e.so",
                "",
                "",
                "",
                "include sub",
                "",
                ""
            ]
        );
        let many = service("auth sufficient pam_a.so\n".repeat(10_000).as_bytes());
        assert_eq!(Stacks::of(&many).skips(0).len(), MAX_SKIPPED);
    }

    #[test]
    fn the_command_follows_the_options() {
        let exec =
            rule("auth optional /lib/security/pam_exec.so quiet log=/var/log/x expose_authtok /opt/x quiet");
        assert_eq!(exec.command(), ["/opt/x", "quiet"]);
        assert!(rule("auth required pam_unix.so /opt/x").command().is_empty());
        assert!(rule("auth required pam_exec.so quiet").command().is_empty());
        let secret = rule("auth required pam_mysql.so user=a passwd=hunter2 secret=/opt/x");
        assert_eq!(secret.arguments, ["user=a", "passwd=<hidden>", "secret=/opt/x"]);
    }

    #[test]
    fn jumps_and_ends() {
        for (control, reach) in [
            ("[success=2 default=ignore]", 2),
            ("[success=done]", MAX_SKIPPED),
            ("[default=bad]", 0),
            ("[success=ok default=1]", 0),
            ("required", 0),
            ("binding", MAX_SKIPPED),
            ("[success=99999999999999999999]", 0),
        ] {
            assert_eq!(rule(&format!("auth {control} x.so")).reach(), reach, "{control}");
        }
    }
}
