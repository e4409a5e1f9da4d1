//! sudoers: rules, defaults, aliases and includes, each in one form however it is laid out.

mod layout;

use super::text::{Cursor, plain, squeezed};
use assay_sdk::Text;
use std::collections::BTreeMap;

/// Bytes that one line may come to when what holds for all of its commands stands with each of them, and all of that
/// with each of its users.
const MAX_SPREAD: usize = 64 << 10;
/// Each may have a `NO` before it.
const TAGS: [&[u8]; 8] = [
    b"EXEC",
    b"FOLLOW",
    b"INTERCEPT",
    b"LOG_INPUT",
    b"LOG_OUTPUT",
    b"MAIL",
    b"PASSWD",
    b"SETENV",
];
const OPTIONS: [&[u8]; 11] = [
    b"ROLE",
    b"TYPE",
    b"PRIVS",
    b"LIMITPRIVS",
    b"APPARMOR_PROFILE",
    b"TIMEOUT",
    b"NOTBEFORE",
    b"NOTAFTER",
    b"CWD",
    b"CHROOT",
    b"SELINUX_ROLE",
];
const DIGESTS: [&[u8]; 4] = [b"sha224", b"sha256", b"sha384", b"sha512"];
const ALIASES: [&[u8]; 5] = [
    b"User_Alias",
    b"Runas_Alias",
    b"Host_Alias",
    b"Cmnd_Alias",
    b"Cmd_Alias",
];

/// What a file says. Lines about the same thing are together, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sudoers {
    /// By `who where`: each command with whom it may run as and its tags.
    pub(crate) rules: BTreeMap<Vec<u8>, Vec<Grant>>,
    /// By `Defaults[:who] name`: what is said of it.
    pub(crate) defaults: BTreeMap<Vec<u8>, Vec<Text>>,
    /// By `Kind NAME`.
    pub(crate) aliases: BTreeMap<Vec<u8>, Vec<Text>>,
    pub(crate) includes: Vec<Include>,
    /// Lines that make no sense.
    pub(crate) malformed: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `(runas) TAG: command`.
    pub(crate) text: Text,
    /// The command alone.
    pub(crate) command: Text,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Include {
    pub(crate) folder: bool,
    pub(crate) path: Text,
}

pub(crate) fn parse(text: &[u8]) -> Sudoers {
    let mut said = Sudoers::default();
    for line in layout::lines(text) {
        if said.take(&line).is_none() {
            said.malformed.push(squeezed(&line));
        }
    }
    for members in said.aliases.values_mut() {
        let excludes = members.iter().any(|member| member.as_bytes().starts_with(b"!"));
        if !excludes {
            members.sort();
        }
    }
    // To say a thing twice in a row says nothing more.
    said.rules.values_mut().for_each(Vec::dedup);
    said.defaults.values_mut().for_each(Vec::dedup);
    said
}

fn include(line: &[u8]) -> Option<Include> {
    let line = line.strip_prefix(b"#").or_else(|| line.strip_prefix(b"@"))?;
    let (folder, rest) = match line.strip_prefix(b"includedir") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix(b"include")?),
    };
    if !rest.first()?.is_ascii_whitespace() {
        return None;
    }
    let mut cursor = Cursor::new(rest.trim_ascii());
    let path = plain(cursor.word(b""));
    Some(Include {
        folder,
        path: path.into(),
    })
}

impl Sudoers {
    /// Takes a line in; `None` when it makes no sense.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        if let Some(include) = include(line) {
            self.includes.push(include);
            return Some(());
        }
        if let Some(rest) = line.strip_prefix(b"Defaults")
            && rest
                .first()
                .is_none_or(|byte| byte.is_ascii_whitespace() || b":@!>".contains(byte))
        {
            return self.defaults(rest);
        }
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if ALIASES.contains(&word) {
            return self.aliases(word, line.get(word.len()..)?);
        }
        self.rule(line)
    }

    /// `:who name, !name, name=value, name+=value`.
    fn defaults(&mut self, rest: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(rest);
        let mut of = b"Defaults".to_vec();
        for sign in b":@!>" {
            if cursor.take(*sign) {
                of.push(*sign);
                of.extend(joined(&cursor.list(), b","));
                break;
            }
        }
        let mut spread = 0;
        loop {
            spread += of.len();
            if spread > MAX_SPREAD {
                return None;
            }
            cursor.skip_blanks();
            let off = cursor.take(b'!');
            cursor.skip_blanks();
            let name = cursor.word(b",=+-");
            if name.is_empty() {
                return None;
            }
            let setting = self.defaults.entry([&of, &b" "[..], name].concat()).or_default();
            cursor.skip_blanks();
            let sign = match cursor.rest() {
                [sign @ (b'+' | b'-'), b'=', ..] => Some(*sign),
                _ => None,
            };
            if let Some(sign) = sign {
                cursor.take(sign);
            }
            if cursor.take(b'=') {
                cursor.skip_blanks();
                let value = plain(cursor.until(|byte| byte == b','));
                let words = value
                    .split(u8::is_ascii_whitespace)
                    .filter(|word| !word.is_empty());
                match sign {
                    Some(sign) => setting.extend(words.map(|word| Text::from([&[sign], word].concat()))),
                    None => setting.push(value.trim_ascii().into()),
                }
            } else {
                setting.push(if off { "off" } else { "on" }.into());
            }
            cursor.skip_blanks();
            if !cursor.take(b',') {
                return cursor.rest().is_empty().then_some(());
            }
        }
    }

    /// `NAME = a, b : NAME = c`.
    fn aliases(&mut self, kind: &[u8], rest: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(rest);
        loop {
            cursor.skip_blanks();
            let name = cursor.word(b"=");
            cursor.skip_blanks();
            if name.is_empty() || !cursor.take(b'=') {
                return None;
            }
            let members = if kind.starts_with(b"Cm") {
                commands(&mut cursor)
            } else {
                cursor.list()
            };
            let members: Vec<Text> = members.into_iter().filter(|member| !member.is_empty()).collect();
            let alias = self.aliases.entry([kind, b" ", name].concat()).or_default();
            alias.extend(members);
            cursor.skip_blanks();
            if !cursor.take(b':') {
                return cursor.rest().is_empty().then_some(());
            }
        }
    }

    /// `users hosts = grants : hosts = grants`.
    fn rule(&mut self, line: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(line);
        let mut users = cursor.list();
        let mut groups = Vec::new();
        loop {
            let hosts = joined(&cursor.list(), b",");
            cursor.skip_blanks();
            if users.is_empty() || hosts.is_empty() || !cursor.take(b'=') {
                return None;
            }
            groups.push((hosts, grants(&mut cursor)?));
            if !cursor.take(b':') {
                break;
            }
        }
        let names: usize = users.iter().map(|user| user.as_bytes().len()).sum();
        let of_grants = |grants: &[Grant]| {
            grants
                .iter()
                .map(|grant| grant.text.as_bytes().len())
                .sum::<usize>()
        };
        let said: usize = groups
            .iter()
            .map(|(hosts, grants)| hosts.len() + of_grants(grants))
            .sum();
        if groups.len() > 1 && groups.len() * names > MAX_SPREAD {
            return None;
        }
        if users.len() > 1 && users.len() * said > MAX_SPREAD {
            users = vec![joined(&users, b",").into()];
        }
        for (hosts, grants) in groups {
            for user in &users {
                let key = [user.as_bytes(), b" ", &hosts].concat();
                self.rules.entry(key).or_default().extend(grants.iter().cloned());
            }
        }
        cursor.rest().is_empty().then_some(())
    }
}

/// The commands of a rule. Whom they run as, options and tags hold for those that follow, too.
fn grants(cursor: &mut Cursor<'_>) -> Option<Vec<Grant>> {
    let mut runas = Vec::new();
    let mut options: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut tags: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let (mut grants, mut spread) = (Vec::new(), 0);
    loop {
        cursor.skip_blanks();
        if cursor.take(b'(') {
            let inside = cursor.until(|byte| byte == b')');
            let inside: Vec<u8> = inside
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            runas = [b"(", &inside[..], b") "].concat();
            if !cursor.take(b')') {
                return None;
            }
        }
        while let Some((name, sign)) = prefix(cursor) {
            if sign == b'=' {
                cursor.skip_blanks();
                let value = cursor.word(b",");
                options.insert(name.to_vec(), [name, b"=", value, b" "].concat());
            } else {
                // `PASSWD` takes back what `NOPASSWD` gave.
                tags.insert(about(name).to_vec(), [name, b": "].concat());
            }
        }
        let command = command(cursor);
        if command.is_empty() {
            return None;
        }
        let before = options
            .values()
            .chain(tags.values())
            .fold(runas.clone(), |mut all, one| {
                all.extend_from_slice(one);
                all
            });
        spread += before.len();
        if spread > MAX_SPREAD {
            return None;
        }
        grants.push(Grant {
            text: [&before, command.as_bytes()].concat().into(),
            command,
        });
        cursor.skip_blanks();
        if !cursor.take(b',') {
            return Some(grants);
        }
    }
}

/// What a tag is about: `PASSWD` and `NOPASSWD` are about the same.
fn about(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"NO").unwrap_or(tag)
}

/// `NOPASSWD:` or `CWD=` before a command.
fn prefix<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], u8)> {
    cursor.skip_blanks();
    let mut ahead = cursor.clone();
    let name = ahead.word(b":=,");
    ahead.skip_blanks();
    let sign = if TAGS.contains(&about(name)) && ahead.take(b':') {
        b':'
    } else if OPTIONS.contains(&name) && ahead.take(b'=') {
        b'='
    } else {
        return None;
    };
    *cursor = ahead;
    Some((name, sign))
}

fn commands(cursor: &mut Cursor<'_>) -> Vec<Text> {
    let mut commands = Vec::new();
    loop {
        commands.push(command(cursor));
        cursor.skip_blanks();
        if !cursor.take(b',') {
            return commands;
        }
    }
}

/// A command with its arguments, up to a comma or colon. A digest before it has a colon of its own.
fn command(cursor: &mut Cursor<'_>) -> Text {
    let mut text = Vec::new();
    loop {
        let part = squeezed(cursor.until(|byte| matches!(byte, b',' | b':')));
        text.extend_from_slice(part.as_bytes());
        let digest = text
            .rsplit(|byte| matches!(byte, b' ' | b'!'))
            .next()
            .is_some_and(|word| DIGESTS.contains(&word));
        if !(digest && cursor.take(b':')) {
            return text.into();
        }
        text.push(b':');
    }
}

fn joined(words: &[Text], by: &[u8]) -> Vec<u8> {
    words.iter().map(Text::as_bytes).collect::<Vec<_>>().join(by)
}

#[cfg(test)]
mod tests;
