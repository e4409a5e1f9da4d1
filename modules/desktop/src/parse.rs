//! Desktop entries and GVDB databases: bytes to what they say.

mod gvdb;

pub use gvdb::{Setting, settings};

use assay_sdk::{Text, ini, split_words};

/// What a desktop entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesktopEntry {
    /// What it says it is.
    pub name: Option<Text>,
    /// The command line, escapes of the file taken off, quotes and `%` codes kept.
    pub exec: Option<Text>,
    /// A program that must be there.
    pub try_exec: Option<Text>,
    /// Where it runs.
    pub working_folder: Option<Text>,
    /// Whether it is as good as deleted.
    pub hidden: bool,
    /// GNOME's switch, when it is there.
    pub enabled: Option<bool>,
    /// Desktops that start it.
    pub only_in: Vec<Text>,
    /// Desktops that do not.
    pub not_in: Vec<Text>,
    /// `AutostartCondition`.
    pub condition: Option<Text>,
    /// Whether it is started by a message on the bus.
    pub by_bus: bool,
    /// Types that it opens.
    pub mime_types: Vec<Text>,
    /// Names and commands of its menu.
    pub actions: Vec<(Text, Text)>,
    /// Where an entry of type Link leads.
    pub url: Option<Text>,
}

const GROUP: &str = "Desktop Entry";
/// Groups of one file that are looked at.
const MAX_ACTIONS: usize = 256;

/// Reads a desktop entry; of a key that stands twice the last counts, as GLib has it.
///
/// # Errors
/// When it has no group of that name: no desktop starts it.
pub fn desktop_entry(text: &[u8]) -> Result<DesktopEntry, String> {
    let ini = ini::parse(text);
    if !ini.sections.iter().any(|section| section.name == GROUP) {
        return Err(format!("no desktop entry: there is no group [{GROUP}]"));
    }
    let value = |key: &str| {
        let value = ini.last(GROUP, key).map(unescape);
        value.filter(|value| !value.is_empty())
    };
    let is_true = |key: &str| value(key).map(|value| value == "true" || value == "1");
    let list = |key: &str| value(key).map(|value| items(&value)).unwrap_or_default();
    let mut actions = Vec::new();
    for section in ini.sections.iter().take(MAX_ACTIONS) {
        let name = section.name.as_bytes();
        // The older form is that of Ubuntu's Unity.
        let action = name
            .strip_prefix(b"Desktop Action ")
            .or_else(|| name.strip_suffix(b" Shortcut Group"));
        let exec = section.settings.iter().rfind(|setting| setting.key == "Exec");
        if let (Some(action), Some(command)) = (action, exec.and_then(|setting| setting.value.as_ref())) {
            actions.push((action.into(), unescape(command)));
        }
    }
    Ok(DesktopEntry {
        name: value("Name"),
        exec: value("Exec"),
        try_exec: value("TryExec"),
        working_folder: value("Path"),
        hidden: is_true("Hidden").unwrap_or(false),
        enabled: is_true("X-GNOME-Autostart-enabled"),
        only_in: list("OnlyShowIn"),
        not_in: list("NotShowIn"),
        condition: value("AutostartCondition"),
        by_bus: is_true("DBusActivatable").unwrap_or(false),
        mime_types: list("MimeType"),
        actions,
        url: value("URL"),
    })
}

/// The words of a command line, without the codes that stand for what is opened.
#[must_use]
pub fn arguments(command: &Text) -> Vec<Text> {
    let words = split_words(command.as_bytes()).into_iter();
    let words =
        words.filter(|word| word.quoted || !matches!(word.text.as_bytes(), [b'%', code] if *code != b'%'));
    words.map(|word| word.text).collect()
}

/// Takes the escapes of a value off: `\s`, `\n`, `\t`, `\r`, `\\`. A backslash before anything else stays.
fn unescape(value: &Text) -> Text {
    let mut out = Vec::new();
    let mut bytes = value.as_bytes().iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b's') => out.push(b' '),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'\\') => out.push(b'\\'),
            Some(other) => out.extend([b'\\', other]),
            None => out.push(b'\\'),
        }
    }
    out.into()
}

fn items(list: &Text) -> Vec<Text> {
    let items = list.as_bytes().split(|byte| *byte == b';');
    let items = items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty());
    items.map(Text::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_keeps_its_quotes_and_loses_its_escapes() {
        let text = b"[Desktop Entry]\nExec=a\nExec=sh -c \"x \\\\\\\\ y\" %U\\s--z\nHidden=TRUE\n[Desktop Action new]\nExec=b\n";
        let entry = desktop_entry(text).expect("an entry");
        let exec = entry.exec.expect("a command");
        assert_eq!(exec, "sh -c \"x \\\\ y\" %U --z");
        let words: Vec<String> = arguments(&exec).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["sh", "-c", "x \\\\ y", "--z"]);
        assert!(!entry.hidden, "only `true` is true");
        assert_eq!(entry.actions, [("new".into(), "b".into())]);
        assert!(desktop_entry(b"[Desktop entry]\nExec=a\n").is_err());
    }
}
