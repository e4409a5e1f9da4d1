//! How assignments, of a unit's file and of its drop-ins, add up.

use crate::exec;
use crate::fields::{COMMAND_FIELDS, Setting, Shape};
use crate::parse::{self, Malformed};
use Shape::{Commands, Environment, Flag, Keyed, Lines, Secrets, Words};
use assay_sdk::{Text, Value, secrets};
use std::collections::BTreeMap;

/// The settings of a unit, after its file and the drop-ins merged so far.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, (Shape, Vec<Vec<u8>>)>,
    description: Option<Vec<u8>>,
}

impl Settings {
    /// Merges a file, up to where it breaks off.
    pub(crate) fn merge(&mut self, text: &[u8]) -> Result<(), Malformed> {
        parse::assignments(text, |section, key, value| self.assign(section, key, value))
    }

    fn assign(&mut self, section: &[u8], key: &[u8], value: &[u8]) {
        if section == b"Unit" && key == b"Description" {
            self.description = Some(value.to_vec());
            return;
        }
        let Some(setting) = Setting::find(section, key) else {
            return;
        };
        let Setting { field, shape, .. } = *setting;
        if value.is_empty() {
            self.values.remove(field);
            return;
        }
        if shape == Flag && flag(value).is_none() {
            return;
        }
        let (_, items) = self.values.entry(field).or_insert((shape, Vec::new()));
        match shape {
            Commands => items.push(exec::squeezed(value)),
            Lines => items.push(value.to_vec()),
            Words | Environment => items.extend(exec::words(value)),
            Keyed => items.push([key, b"=", value].concat()),
            Secrets => {
                let name = value.split(|b| *b == b':').next().unwrap_or_default();
                items.push([name, b":<hidden>"].concat());
            }
            Shape::Text | Flag => *items = vec![value.to_vec()],
        }
    }

    /// Every command line, in the order in which they run.
    pub(crate) fn command_lines(&self) -> impl Iterator<Item = &[u8]> {
        // A setting that is newer than this program is most likely a command line too.
        let unknown = self.items("exec_other").filter_map(parse::split_assignment);
        let known = COMMAND_FIELDS.iter().flat_map(|field| self.items(field));
        known.chain(unknown.map(|(_, line)| line))
    }

    /// The items of a field; none when it is not set.
    pub(crate) fn items(&self, field: &str) -> impl Iterator<Item = &[u8]> {
        let items = self.values.get(field).map(|(_, items)| items.as_slice());
        items.unwrap_or_default().iter().map(Vec::as_slice)
    }

    /// The last value of a field.
    pub(crate) fn text(&self, field: &str) -> Option<&[u8]> {
        self.items(field).last()
    }

    /// The variables that it sets, each with its last value.
    pub(crate) fn environment(&self) -> BTreeMap<&[u8], &[u8]> {
        self.items("environment")
            .filter_map(parse::split_assignment)
            .collect()
    }

    /// Whether a field is set to yes.
    pub(crate) fn is_on(&self, field: &str) -> bool {
        self.text(field).and_then(flag) == Some(true)
    }

    /// What the unit calls itself.
    pub(crate) fn description(&self) -> Option<&[u8]> {
        self.description.as_deref().filter(|text| !text.is_empty())
    }

    /// Every field that is set, in a form that layout and order do not change.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.values.iter().filter_map(|(field, (shape, items))| {
            let mut items: Vec<Text> = items.iter().map(|item| item.as_slice().into()).collect();
            let value = match shape {
                Shape::Text => Value::Text(items.pop()?),
                Flag => Value::Bool(flag(items.pop()?.as_bytes())?),
                Commands | Lines => Value::List(items),
                Environment => {
                    let variables = self.environment().into_iter();
                    variables
                        .map(|(name, value)| [name, b"=", shown(name, value)].concat())
                        .collect()
                }
                Words | Keyed | Secrets => sorted(items)?,
            };
            Some((*field, value))
        })
    }
}

fn sorted(mut items: Vec<Text>) -> Option<Value> {
    items.sort();
    items.dedup();
    (!items.is_empty()).then_some(Value::List(items))
}

/// `yes` and `no` in each of systemd's spellings.
fn flag(value: &[u8]) -> Option<bool> {
    match value.to_ascii_lowercase().as_slice() {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Some(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Some(false),
        _ => None,
    }
}

/// A variable's value, unless its name says that it is nobody's business.
pub(crate) fn shown<'a>(name: &[u8], value: &'a [u8]) -> &'a [u8] {
    if secrets::is_secret_variable(name) {
        secrets::HIDDEN
    } else {
        value
    }
}

/// The libraries that a variable makes every program load.
pub(crate) fn preloaded<'a>(name: &[u8], value: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let loads = matches!(name, b"LD_PRELOAD" | b"LD_AUDIT");
    let files = value.split(|b| matches!(b, b' ' | b':'));
    files.filter(move |file| loads && file.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(texts: &[&str]) -> Vec<String> {
        let mut settings = Settings::default();
        for text in texts {
            settings.merge(text.as_bytes()).expect("well-formed");
        }
        settings
            .fields()
            .map(|(field, value)| format!("{field}={value}"))
            .collect()
    }

    #[test]
    fn an_empty_assignment_takes_back_all_of_its_group() {
        assert_eq!(
            fields(&[
                "[Service]\nExecStart=/a\nExecStop=/s",
                "[Service]\nExecStart=\nExecStart=/b"
            ]),
            ["exec_start=[/b]", "exec_stop=[/s]"]
        );
        assert_eq!(
            fields(&["[Timer]\nOnCalendar=hourly\nOnBootSec=5\nOnCalendar=\nOnUnitActiveSec=9"]),
            ["schedule=[OnUnitActiveSec=9]"],
            "one empty On… resets every trigger"
        );
        assert_eq!(fields(&["[Service]\nUser=a\nUser="]), [""; 0]);
    }

    #[test]
    fn keys_count_in_their_own_section_only() {
        assert_eq!(
            fields(&["[Install]\nUser=a\nExecStart=/x\n[X-Own]\nWantedBy=b\n[Service]\nMemoryMax=1\n"]),
            ["exec_other=[ExecStart=/x]"]
        );
        assert_eq!(
            fields(&["[Service]\nexecstart=/x\nExecNew=/y\nExecPaths=/z"]),
            ["exec_other=[ExecNew=/y]", "exec_paths=[/z]"]
        );
    }

    #[test]
    fn secrets_stay_in_the_file() {
        assert_eq!(
            fields(&[
                "[Service]\nEnvironment=API_TOKEN=t0p LD_PRELOAD=/a.so \"X=1 2\"\nEnvironment=X=3\nSetCredential=id:data:more"
            ]),
            [
                "environment=[API_TOKEN=<hidden>, LD_PRELOAD=/a.so, X=3]",
                "set_credential=[id:<hidden>]"
            ]
        );
    }

    #[test]
    fn spelling_and_order_change_nothing() {
        assert_eq!(
            fields(&["[Service]\nDynamicUser=on\n[Install]\nWantedBy=b.target a.target"]),
            fields(&[
                "[Install]\nWantedBy=a.target\nWantedBy=\\\n b.target  a.target\n[Service]\nDynamicUser=YES"
            ]),
        );
        assert_eq!(
            fields(&["[Service]\nDynamicUser=maybe"]),
            [""; 0],
            "systemd ignores it"
        );
    }
}
