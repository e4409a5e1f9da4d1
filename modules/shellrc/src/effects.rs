//! What a statement makes a shell do, as far as its text tells.

use crate::variables::{self, Variables};
use assay_sdk::{split_commands, split_words};

/// Files and commands of one statement.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Effects {
    /// Files that it loads as its own code.
    pub(crate) loads: Vec<Vec<u8>>,
    /// Commands that it runs or leaves behind, word by word, with the variables that are known put in.
    pub(crate) runs: Vec<Vec<Vec<u8>>>,
    /// Code that it leaves behind: what an alias stands for, a trap, a prompt's command.
    pub(crate) scripts: Vec<Vec<u8>>,
    /// What is remarkable in it.
    pub(crate) remark: Option<String>,
}

/// Words after which the command still has to come; some are fish's.
const BEFORE_COMMANDS: &[&[u8]] = &[b"and", b"or", b"not", b"begin", b"builtin", b"command", b"noglob"];
/// Commands that one statement is taken apart into.
const MAX_COMMANDS: usize = 256;
/// Commands that take a password, or decide what else runs: an alias or a function of one stands before it.
const GUARDED: &[&[u8]] = &[
    b"sudo", b"su", b"doas", b"ssh", b"scp", b"git", b"brew", b"gpg", b"passwd", b"login", b"kubectl",
];
/// Variables whose value is code, or a program to be run.
const RUN: &[&[u8]] = &[
    b"PROMPT_COMMAND",
    b"SHELL",
    b"EDITOR",
    b"VISUAL",
    b"PAGER",
    b"MANPAGER",
    b"GIT_SSH_COMMAND",
    b"SSH_ASKPASS",
    b"SUDO_ASKPASS",
    b"LESSOPEN",
    b"LESSCLOSE",
    b"PERL5DB",
];
/// Variables that name a start-up file.
const START_FILES: &[&[u8]] = &[b"BASH_ENV", b"ENV"];
/// Variables whose value is a file or folder that programs load code from.
const LOADED: &[&[u8]] = &[
    b"ZDOTDIR",
    b"LD_PRELOAD",
    b"LD_AUDIT",
    b"LD_LIBRARY_PATH",
    b"DYLD_INSERT_LIBRARIES",
    b"DYLD_LIBRARY_PATH",
    b"PYTHONSTARTUP",
    b"PYTHONPATH",
    b"PERL5OPT",
    b"PERL5LIB",
    b"RUBYOPT",
    b"NODE_OPTIONS",
    b"JAVA_TOOL_OPTIONS",
    b"GCONV_PATH",
];

/// Finds what a statement does, and remembers the variables that it sets.
pub(crate) fn effects(code: &[u8], variables: &mut Variables) -> Effects {
    let mut effects = Effects::default();
    for line in code.split(|byte| *byte == b'\n').take(MAX_COMMANDS) {
        if let Some(name) = defined(line) {
            effects.defines(name);
        }
        for (name, value) in bare_assignments(line) {
            effects.set(&name, &value, variables);
        }
    }
    for command in split_commands(code).into_iter().take(MAX_COMMANDS) {
        let words: Vec<&[u8]> = command.words.iter().map(|word| word.text.as_bytes()).collect();
        effects.command(&words, variables);
    }
    effects.scripts.extend(substitutions(code).map(<[u8]>::to_vec));
    effects.scripts.truncate(MAX_COMMANDS);
    for script in &mut effects.scripts {
        if let Some(known) = variables.expand(script) {
            *script = known;
        }
    }
    effects
}

/// Commands whose output stands in a word: `$(/opt/x -v)`, and the same between backquotes. One within another ends
/// with it; what comes after is no command then, and names no file.
fn substitutions(code: &[u8]) -> impl Iterator<Item = &[u8]> {
    let after_dollar = code.split(|byte| *byte == b'$').skip(1);
    let in_dollar = after_dollar.filter_map(|text| text.strip_prefix(b"("));
    let in_dollar = in_dollar.filter_map(|text| text.split(|byte| *byte == b')').next());
    let in_quotes = code.split(|byte| *byte == b'`').skip(1).step_by(2);
    in_dollar.chain(in_quotes).take(MAX_COMMANDS)
}

/// The name of a function, of which this line is the beginning: `sudo() {`.
fn defined(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|byte| *byte == b'(')?;
    let (name, rest) = line.split_at(at);
    let name = name.trim_ascii();
    rest.get(1..)?
        .trim_ascii_start()
        .starts_with(b")")
        .then_some(name)
}

/// `NAME=value` alone on a line, which to `split_commands` is no command.
fn bare_assignments(line: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let set = split_words(line).into_iter().map_while(|word| {
        let (name, value) = variables::assignment(word.text.as_bytes())?;
        Some((name.to_vec(), value.to_vec()))
    });
    set.collect()
}

impl Effects {
    fn command(&mut self, words: &[&[u8]], variables: &mut Variables) {
        let before = words
            .iter()
            .take_while(|word| BEFORE_COMMANDS.contains(word))
            .count();
        let words = words.get(before..).unwrap_or_default();
        let Some((first, arguments)) = words.split_first() else {
            return;
        };
        match (*first, arguments) {
            (b"." | b"source", [file, ..]) => {
                self.loads.extend(variables.expand(file));
            }
            (b"export" | b"declare" | b"typeset" | b"readonly" | b"local", _) => {
                for word in arguments {
                    if let Some((name, value)) = variables::assignment(word) {
                        self.set(name, value, variables);
                    }
                }
            }
            // csh and tcsh; fish has `set -gx NAME value`.
            (b"setenv", [name, value, ..]) => self.set(name, value, variables),
            (b"set", _) => {
                let mut plain = arguments.iter().skip_while(|word| word.starts_with(b"-"));
                if let (Some(name), Some(value)) = (plain.next(), plain.next()) {
                    self.set(name, value, variables);
                }
            }
            (b"alias", _) => self.alias(arguments),
            (b"function", [name, ..]) => self.defines(name),
            (b"trap", [code, ..]) if !code.starts_with(b"-") => {
                self.remark("runs code on a signal or at the end of the shell");
                self.scripts.push(code.to_vec());
            }
            _ => {
                let words = words
                    .iter()
                    .map(|word| variables.expand(word).unwrap_or_else(|| word.to_vec()));
                self.runs.push(words.collect());
            }
        }
    }

    fn set(&mut self, name: &[u8], value: &[u8], variables: &mut Variables) {
        let is = |list: &[&[u8]]| list.contains(&name);
        if is(START_FILES) || is(LOADED) || is(RUN) {
            self.remark(&format!("sets {}", String::from_utf8_lossy(name)));
        }
        if is(RUN) {
            self.scripts.push(
                value
                    .trim_ascii_start()
                    .strip_prefix(b"|")
                    .unwrap_or(value)
                    .to_vec(),
            );
        } else if is(START_FILES) {
            self.loads.extend(variables.expand(value));
        } else if is(LOADED)
            && let Some(value) = variables.expand(value)
        {
            let files = value
                .split(|byte| matches!(byte, b':' | b' '))
                .filter(|file| file.starts_with(b"/"));
            self.runs.extend(files.map(|file| vec![file.to_vec()]));
        }
        variables.set(name, value);
    }

    fn alias(&mut self, arguments: &[&[u8]]) {
        for word in arguments {
            if let Some(equals) = word.iter().position(|byte| *byte == b'=') {
                let (name, value) = word.split_at(equals);
                self.aliases(name, value.get(1..).unwrap_or_default());
            }
        }
        // csh and fish: `alias NAME value`.
        if let [name, value, ..] = arguments
            && !name.contains(&b'=')
        {
            self.aliases(name, value);
        }
    }

    fn aliases(&mut self, name: &[u8], value: &[u8]) {
        // `alias sudo='sudo '` leaves sudo what it is.
        if value.split(u8::is_ascii_whitespace).next() != Some(name) {
            self.defines(name);
        }
        self.scripts.push(value.to_vec());
    }

    fn defines(&mut self, name: &[u8]) {
        if GUARDED.contains(&name) {
            self.remark(&format!("stands before {}", String::from_utf8_lossy(name)));
        }
    }

    fn remark(&mut self, text: &str) {
        self.remark.get_or_insert_with(|| text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects_of(code: &str) -> (Vec<String>, Vec<String>, Vec<String>, String) {
        let mut variables = Variables::default();
        variables.set(b"HOME", b"/h");
        let effects = effects(code.as_bytes(), &mut variables);
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let runs = effects.runs.iter().map(|words| text(&words.join(&b' ')));
        (
            effects.loads.iter().map(text).collect(),
            runs.filter(|run| run.contains('/')).collect(),
            effects.scripts.iter().map(text).collect(),
            effects.remark.unwrap_or_default(),
        )
    }

    #[test]
    fn what_a_statement_loads() {
        for (code, loads) in [
            (". ~/.x", "/h/.x"),
            ("[ -s \"$HOME/x\" ] && \\. \"$HOME/x\" --quiet", "/h/x"),
            ("if test -r /a; then\nsource /a\nfi", "/a"),
            ("builtin source ${ZDOTDIR:-$HOME}/.zsh", "/h/.zsh"),
            ("D=/d; . $D/x", "/d/x"),
            ("export ENV=$HOME/.shinit", "/h/.shinit"),
            ("setenv BASH_ENV /b", "/b"),
            ("set -gx ENV /f", "/f"),
            (". $(find /)", ""),
            ("echo . /x", ""),
        ] {
            assert_eq!(effects_of(code).0.join(" "), loads, "{code}");
        }
    }

    #[test]
    fn what_a_statement_runs_and_leaves_behind() {
        for (code, runs, scripts, remark) in [
            ("(nohup ~/.a -b &)", "nohup /h/.a -b", "", ""),
            ("status is-login; and /x", "/x", "", ""),
            (
                "eval \"$(/opt/brew env)\"",
                "eval $(/opt/brew env)",
                "/opt/brew env",
                "",
            ),
            ("X=\"$(~/.a -b)\"", "", "/h/.a -b", ""),
            ("eval `/opt/x -s`", "eval `/opt/x -s`", "/opt/x -s", ""),
            ("alias ls='ls -l' sudo=/x", "", "ls -l|/x", "stands before sudo"),
            ("alias su /x", "", "/x", "stands before su"),
            ("alias sudo='sudo '", "", "sudo ", ""),
            ("ssh () {\n/x\n}", "/x", "", "stands before ssh"),
            ("function git\n/x $argv\nend", "/x $argv", "", "stands before git"),
            ("sudo", "", "", ""),
            (
                "trap '/x' EXIT",
                "",
                "/x",
                "runs code on a signal or at the end of the shell",
            ),
            ("trap - EXIT", "", "", ""),
            (
                "export LD_PRELOAD=/a.so:/b.so",
                "/a.so|/b.so",
                "",
                "sets LD_PRELOAD",
            ),
            ("LESSOPEN='| /x %s'", "", " /x %s", "sets LESSOPEN"),
            ("PROMPT_COMMAND=/x", "", "/x", "sets PROMPT_COMMAND"),
        ] {
            let (_, ran, left, said) = effects_of(code);
            assert_eq!(
                (ran.join("|"), left.join("|"), said),
                (runs.into(), scripts.into(), remark.into()),
                "{code}"
            );
        }
    }
}
