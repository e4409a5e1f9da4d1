//! What stands in a file, by its format.

use crate::limits::MAX_OF_FILE;
use crate::secrets::Secrets;
use crate::{sections, tree};
use assay_sdk::watch::{Format, Watch};
use assay_sdk::{Text, Value, ini, lines};
use globset::GlobSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// Bytes of what an entry is called: enough to tell, and far below what would be cut.
const MAX_NAME: usize = 1 << 10;

/// Something in a file that becomes an entry.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// What it is called in its file, without secrets.
    pub(crate) name: Vec<u8>,
    /// Its fields, without secrets.
    pub(crate) fields: Vec<(String, Value)>,
    /// The fields as they stand there.
    raw: Vec<(String, Raw)>,
    /// What `only` and `ignore` are about.
    full_name: Vec<u8>,
}

/// A value before anything is hidden.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    Text(Text),
    Words(Vec<Text>),
}

impl Item {
    pub(crate) fn named(name: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            full_name: name.as_ref().to_vec(),
            ..Self::default()
        }
    }
    pub(crate) fn with(mut self, field: &str, raw: Raw, shown: impl AsRef<[u8]>) -> Self {
        self.fields
            .push((field.to_owned(), Value::Text(shown.as_ref().into())));
        self.raw.push((field.to_owned(), raw));
        self
    }
    /// With a field that is a list, and runs nothing.
    pub(crate) fn listing(mut self, field: &str, texts: Vec<Text>) -> Self {
        self.fields.push((field.to_owned(), Value::List(texts)));
        self
    }
    /// Takes its name from fields, if it has any of them.
    pub(crate) fn called_by(mut self, fields: &[&str]) -> Self {
        let of = |wanted: &&str| self.fields.iter().find(|(name, _)| name == wanted);
        let parts: Vec<&[u8]> = fields
            .iter()
            .filter_map(of)
            .flat_map(|(_, value)| value.texts())
            .map(Text::as_bytes)
            .collect();
        if !parts.is_empty() {
            self.name = parts.join(&b' ');
            self.full_name.clone_from(&self.name);
        }
        self
    }
    /// A field as it stands in the file.
    pub(crate) fn raw(&self, field: &str) -> Option<&Raw> {
        self.raw
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, raw)| raw)
    }
    /// Bytes of what is told of it.
    pub(crate) fn size(&self) -> usize {
        self.name.len()
            + self
                .fields
                .iter()
                .map(|(name, value)| {
                    name.len()
                        + value
                            .texts()
                            .iter()
                            .map(|text| text.as_bytes().len())
                            .sum::<usize>()
                })
                .sum::<usize>()
    }
}

/// What `only` and `ignore` of a watch leave.
pub(crate) struct Filter {
    pub(crate) only: GlobSet,
    pub(crate) ignore: GlobSet,
}

impl Filter {
    /// Whether what is called so in its file is taken.
    pub(crate) fn takes_name(&self, name: &[u8]) -> bool {
        let name = OsStr::from_bytes(name);
        (self.only.is_empty() || self.only.is_match(name)) && !self.ignore.is_match(name)
    }
}

/// Everything in a file that is an entry of a watch, or why the file cannot be understood.
pub(crate) fn items(watch: &Watch, filter: &Filter, bytes: &[u8]) -> Result<Vec<Item>, String> {
    let mut items = match watch.format {
        Format::Lines => of_lines(watch, bytes),
        Format::Ini => of_ini(watch, filter, &ini::parse(bytes)),
        Format::Sections if watch.continued => {
            sections::items(watch, filter, &ini::parse(&joined_lines(bytes)))
        }
        Format::Sections => sections::items(watch, filter, &ini::parse(bytes)),
        Format::Git => of_ini(watch, filter, &ini::git(bytes)),
        Format::Json | Format::Toml | Format::Plist => tree::items(watch, bytes)?,
        Format::Opaque | Format::Exists => Vec::new(),
    };
    // Of a section, that was asked of each of its settings.
    items.retain(|item| watch.format == Format::Sections || filter.takes_name(&item.full_name));
    for item in &mut items {
        shorten(&mut item.name);
    }
    Ok(items)
}

/// A field holds the whole of it; a name that is long is told from others by its number.
pub(crate) fn shorten(name: &mut Vec<u8>) {
    if name.len() > MAX_NAME {
        let length = name.len();
        name.truncate(MAX_NAME);
        name.extend_from_slice(format!(" ... ({length} bytes)").as_bytes());
    }
}

fn of_lines(watch: &Watch, bytes: &[u8]) -> Vec<Item> {
    let mut lines = lines::read(bytes)
        .comments(watch.comment.as_str().as_bytes())
        .trimmed();
    if watch.continued {
        lines = lines.joined_by(b" ");
    }
    let mut items = Vec::new();
    let mut in_key = false;
    for line in lines {
        let line = &line.text[..];
        let holds = |part: &[u8]| line.windows(part.len()).any(|window| window == part);
        // A private key among the lines: each of them is a piece of the secret.
        if in_key {
            in_key = !holds(b"-----END");
            continue;
        }
        in_key = holds(b"-----BEGIN") && holds(b"PRIVATE KEY");
        items.push(of_line(watch, line));
    }
    items
}

/// The text with each line in one, that ends in a backslash.
fn joined_lines(bytes: &[u8]) -> Vec<u8> {
    let lines = lines::read(bytes).comments(b"#;").trimmed().joined_by(b" ");
    lines.map(|line| line.text).collect::<Vec<_>>().join(&b'\n')
}

fn of_line(watch: &Watch, line: &[u8]) -> Item {
    let secrets = Secrets::of(watch);
    let shown = secrets.hide_in(line);
    let mut item = Item {
        full_name: line.to_vec(),
        ..Item::named(&shown)
    };
    if watch.fields.is_empty() {
        return item.with("line", Raw::Text(line.into()), &shown);
    }
    let parts = split(line, watch.separator.as_deref(), watch.fields.len());
    let of = |name: &str| {
        let mut members = watch.fields.iter().zip(&parts);
        members
            .find(|(member, _)| member.field() == name)
            .map(|(_, part)| *part)
    };
    // `password = x` says in one part what the other is.
    let called = watch
        .keys()
        .iter()
        .filter_map(|key| of(key))
        .collect::<Vec<_>>()
        .join(&b' ');
    for (member, part) in watch.fields.iter().zip(&parts) {
        let is_key = watch.keys().contains(&member.field());
        let name = if is_key { b"" } else { called.as_slice() };
        let shown = secrets.hide(member.as_str().as_bytes(), part);
        let shown = if shown == *part {
            secrets.hide(name, part)
        } else {
            shown
        };
        item = item.with(member.field(), Raw::Text((*part).into()), &shown);
    }
    item.called_by(&watch.keys())
}

/// At most `count` parts, of which the last takes the rest; without a separator, runs of blanks part them.
fn split<'l>(line: &'l [u8], separator: Option<&str>, count: usize) -> Vec<&'l [u8]> {
    let mut parts = Vec::new();
    let mut rest = line;
    while parts.len() + 1 < count {
        let (end, next) = match separator.map(str::as_bytes).filter(|sign| !sign.is_empty()) {
            Some(sign) => match rest.windows(sign.len()).position(|window| window == sign) {
                Some(at) => (at, at + sign.len()),
                None => break,
            },
            None => match rest.iter().position(u8::is_ascii_whitespace) {
                Some(at) => (at, rest.len() - rest[at..].trim_ascii_start().len()),
                None => break,
            },
        };
        parts.push(rest[..end].trim_ascii());
        rest = &rest[next..];
    }
    parts.push(rest.trim_ascii());
    parts
}

/// The settings that the filter takes; of too many for one file, as many as tell that they are.
fn of_ini(watch: &Watch, filter: &Filter, ini: &ini::Ini) -> Vec<Item> {
    let secrets = Secrets::of(watch);
    let mut items = Vec::new();
    for section in &ini.sections {
        let above = [Some(&section.name), section.subsection.as_ref()];
        let above: Vec<&[u8]> = above
            .into_iter()
            .flatten()
            .map(Text::as_bytes)
            .filter(|name| !name.is_empty())
            .collect();
        // It is written once, and would be told with each of its settings.
        let mut above = above.join(&b'.');
        shorten(&mut above);
        for setting in &section.settings {
            let name = joined(&[&above, setting.key.as_bytes()], b'.');
            if !filter.takes_name(&name) {
                continue;
            }
            if items.len() > MAX_OF_FILE {
                return items;
            }
            let shown = secrets.hide_in(&name).into_owned();
            let item = Item {
                full_name: name,
                ..Item::named(&shown)
            };
            items.push(match &setting.value {
                Some(value) => {
                    let shown = secrets.hide(setting.key.as_bytes(), value.as_bytes());
                    item.with("value", Raw::Text(value.clone()), &shown)
                }
                None => item,
            });
        }
    }
    items
}

/// The parts that are not empty.
pub(crate) fn joined(parts: &[&[u8]], sign: u8) -> Vec<u8> {
    let parts: Vec<&[u8]> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(&sign)
}
