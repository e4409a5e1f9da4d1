//! The formats: LSB headers, inittab, StartupParameters, hooks and emond's rules. Bytes in, structs out.

use assay_sdk::plist::{self, Dictionary, Value as Plist};
use assay_sdk::{Text, Value};

/// The header that tells insserv and systemd-sysv-generator when a script runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LsbHeader {
    pub(crate) provides: Option<Value>,
    pub(crate) default_start: Option<Value>,
    pub(crate) description: Option<Text>,
}

/// Reads the `### BEGIN INIT INFO` block of a script; without one, every field is absent.
pub(crate) fn lsb_header(script: &[u8]) -> LsbHeader {
    let mut header = LsbHeader::default();
    let mut inside = false;
    for line in script.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end) {
        match line {
            b"### BEGIN INIT INFO" => inside = true,
            b"### END INIT INFO" => break,
            _ if inside => {
                let Some((name, value)) = line.strip_prefix(b"#").and_then(|line| split_once(line, b':'))
                else {
                    continue;
                };
                match name.trim_ascii() {
                    b"Provides" => header.provides = sorted_words(value),
                    b"Default-Start" => header.default_start = sorted_words(value),
                    b"Short-Description" => header.description = Some(value.trim_ascii().into()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    header
}

fn sorted_words(text: &[u8]) -> Option<Value> {
    let words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    sorted(words.map(Text::from))
}

fn sorted(items: impl Iterator<Item = Text>) -> Option<Value> {
    let mut items: Vec<Text> = items.collect();
    items.sort();
    (!items.is_empty()).then_some(Value::List(items))
}

fn split_once(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = line.iter().position(|b| *b == at)?;
    Some((line.get(..position)?, line.get(position + 1..)?))
}

/// A line of inittab.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InittabLine<'a> {
    /// A name, or to BusyBox the terminal; BusyBox lets it be empty.
    pub(crate) id: &'a [u8],
    pub(crate) runlevels: &'a [u8],
    pub(crate) action: &'a [u8],
    pub(crate) process: &'a [u8],
}

impl InittabLine<'_> {
    /// The id; without one nothing but what it does tells the line from others.
    pub(crate) fn key(&self) -> Text {
        if self.id.is_empty() {
            [self.action, b" ", self.process].concat().into()
        } else {
            self.id.into()
        }
    }
    /// The command line without the `+` (no accounting), `@` or `-` (login shell) that init takes off.
    pub(crate) fn command(&self) -> &[u8] {
        match self.process {
            [b'+' | b'@' | b'-', command @ ..] => command,
            command => command,
        }
    }
}

/// The lines that init understands: `id:runlevels:action:process`.
pub(crate) fn inittab(text: &[u8]) -> Vec<InittabLine<'_>> {
    let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.starts_with(b"#"))
        .filter_map(inittab_line)
        .collect()
}

fn inittab_line(line: &[u8]) -> Option<InittabLine<'_>> {
    let mut fields = line.splitn(4, |b| *b == b':').map(<[u8]>::trim_ascii);
    Some(InittabLine {
        id: fields.next()?,
        runlevels: fields.next()?,
        action: fields.next()?,
        process: fields.next()?,
    })
}

/// What `StartupParameters.plist` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StartupParameters {
    pub(crate) provides: Option<Value>,
    pub(crate) requires: Option<Value>,
    pub(crate) uses: Option<Value>,
    pub(crate) order: Option<String>,
    pub(crate) description: Option<String>,
}

/// Reads the parameters of a startup item.
pub(crate) fn startup_parameters(parameters: &Plist) -> StartupParameters {
    let get = |name: &str| {
        parameters
            .as_dictionary()
            .and_then(|parameters| parameters.get(name))
    };
    let text = |name: &str| get(name).map(plist::flat);
    let list = |name: &str| get(name).and_then(|value| sorted(strings(value).into_iter().map(Text::from)));
    StartupParameters {
        provides: list("Provides"),
        requires: list("Requires"),
        uses: list("Uses"),
        order: text("OrderPreference"),
        description: text("Description"),
    }
}

/// The members of an array, or the one value that stands where an array belongs.
fn strings(value: &Plist) -> Vec<String> {
    match value {
        Plist::Array(items) => items.iter().map(plist::flat).collect(),
        one => vec![plist::flat(one)],
    }
}

/// The command of a login or logout hook.
pub(crate) fn hook(preferences: &Plist, name: &str) -> Option<String> {
    let command = preferences.as_dictionary()?.get(name).map(plist::flat)?;
    (!command.is_empty()).then_some(command)
}

/// The settings of emond.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EmondConfig {
    /// `additionalRulesPaths`, sorted.
    pub(crate) rules_folders: Option<Vec<String>>,
    /// The rest of `config`, keys sorted.
    pub(crate) settings: Option<String>,
}

/// Reads `emond.plist`.
pub(crate) fn emond_config(settings: &Plist) -> EmondConfig {
    let config = settings
        .as_dictionary()
        .and_then(|settings| settings.get("config"));
    let Some(mut config) = config.and_then(Plist::as_dictionary).cloned() else {
        return EmondConfig::default();
    };
    let mut folders = config
        .remove("additionalRulesPaths")
        .map(|paths| strings(&paths))
        .unwrap_or_default();
    folders.sort();
    EmondConfig {
        rules_folders: (!folders.is_empty()).then_some(folders),
        settings: (!config.is_empty()).then(|| plist::flat(&Plist::Dictionary(config))),
    }
}

/// A rule of emond.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EmondRule {
    pub(crate) name: String,
    pub(crate) enabled: Option<bool>,
    pub(crate) events: Option<Value>,
    pub(crate) criterion: Option<String>,
    /// Each action on one line, keys sorted.
    pub(crate) actions: Option<Value>,
    /// Program and arguments of each action that runs one.
    pub(crate) commands: Vec<Vec<String>>,
}

/// Reads a file of rules, an array of dictionaries; a single rule may stand alone.
pub(crate) fn emond_rules(rules: &Plist) -> Result<Vec<EmondRule>, String> {
    match rules {
        Plist::Array(rules) => Ok(rules
            .iter()
            .filter_map(Plist::as_dictionary)
            .map(emond_rule)
            .collect()),
        Plist::Dictionary(rule) => Ok(vec![emond_rule(rule)]),
        _ => Err("no list of rules".to_owned()),
    }
}

fn emond_rule(rule: &Dictionary) -> EmondRule {
    let actions = rule
        .get("actions")
        .and_then(Plist::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    EmondRule {
        name: rule
            .get("name")
            .map_or_else(|| "unnamed rule".to_owned(), plist::flat),
        enabled: rule.get("enabled").and_then(truth),
        events: rule
            .get("eventTypes")
            .and_then(|events| sorted(strings(events).into_iter().map(Text::from))),
        criterion: rule.get("criterion").map(plist::flat),
        actions: (!actions.is_empty()).then(|| actions.iter().map(plist::flat).collect()),
        commands: actions
            .iter()
            .filter_map(Plist::as_dictionary)
            .filter_map(command)
            .collect(),
    }
}

fn command(action: &Dictionary) -> Option<Vec<String>> {
    let program = action.get("command")?.as_string()?.to_owned();
    let arguments = action.get("arguments").map(strings).unwrap_or_default();
    Some(std::iter::once(program).chain(arguments).collect())
}

/// A boolean as `defaults` may have written it.
fn truth(value: &Plist) -> Option<bool> {
    match value {
        Plist::Boolean(value) => Some(*value),
        Plist::Integer(value) => Some(value.as_signed() != Some(0)),
        Plist::String(text) => Some(matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_lsb_header_ends_where_it_says_and_words_have_no_order() {
        let script = b"#!/bin/sh\n# Provides: outside\n### BEGIN INIT INFO\r\n# Provides:  ntp  chrony\n\
            # Default-Start: 5 3\n#Short-Description:  Clock \n# broken\n### END INIT INFO\n# Provides: late";
        let header = lsb_header(script);
        assert_eq!(header.provides, Some(["chrony", "ntp"].into_iter().collect()));
        assert_eq!(header.default_start, Some(["3", "5"].into_iter().collect()));
        assert_eq!(header.description, Some("Clock".into()));
        assert_eq!(lsb_header(b"#!/bin/sh\n# Provides: x\n"), LsbHeader::default());
    }

    #[test]
    fn inittab_lines_of_both_kinds_of_init() {
        let text = b"# a:b:c:d\n\n id:3:initdefault:\n1:2345:respawn:+/sbin/getty 38400 tty1 : x\n\
            ::sysinit:/sbin/openrc sysinit\ntty1::askfirst:-/bin/ash\nbroken:line\nno:action:here";
        let lines = inittab(text);
        let keys: Vec<_> = lines.iter().map(|line| line.key().to_string()).collect();
        assert_eq!(keys, ["id", "1", "sysinit /sbin/openrc sysinit", "tty1"]);
        let commands: Vec<_> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(line.command()))
            .collect();
        assert_eq!(
            commands,
            [
                "",
                "/sbin/getty 38400 tty1 : x",
                "/sbin/openrc sysinit",
                "/bin/ash"
            ]
        );
    }

    #[test]
    fn odd_values_in_rules_are_kept_as_text() {
        let rules = plist::parse(b"( { eventTypes = startup; enabled = YES; actions = ( x, { command = \"/x\"; arguments = one; } ); }, y )");
        let rules = emond_rules(&rules.expect("parses")).expect("rules");
        let [rule] = &rules[..] else { panic!("{rules:?}") };
        assert_eq!(rule.name, "unnamed rule");
        assert_eq!(rule.enabled, Some(true));
        assert_eq!(rule.commands, [["/x", "one"]]);
        assert_eq!(
            rule.actions.as_ref().map(ToString::to_string).as_deref(),
            Some("[x, {arguments=one, command=/x}]")
        );
        assert!(emond_rules(&Plist::Boolean(true)).is_err());
    }
}
