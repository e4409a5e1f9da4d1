//! Files of sections, each of which is one entry: what belongs together comes, goes and changes together.

use crate::read::{Filter, Item, joined, shorten};
use crate::secrets::Secrets;
use assay_sdk::watch::{SETTINGS, Watch};
use assay_sdk::{Text, ini};

/// Bytes of the settings of one section. The SDK lets no entry be longer: of a section with more, the bytes of its
/// file are compared.
const MAX_SECTION: usize = 128 << 10;

/// The sections of a file, and its blocks as those of Apache and CUPS, `<Location />` to `</Location>`, each with its
/// settings in order of their bytes. Settings of a block in a block bear its name. What a filter does not take, by
/// `section.name`, is none of them; a section without any is no entry. What stands above the first one has no name.
pub(crate) fn items(watch: &Watch, filter: &Filter, ini: &ini::Ini) -> Vec<Item> {
    let secrets = Secrets::of(watch);
    let mut items = Vec::new();
    for section in &ini.sections {
        let mut found = vec![Found::named(section.name.as_bytes())];
        // Blocks that are open, by their names, and which of `found` the outermost of them is.
        let (mut open, mut at): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        for setting in &section.settings {
            let key = setting.key.as_bytes();
            match block(setting) {
                Some(Block::Begins(name)) => {
                    if open.is_empty() {
                        at = found.len();
                        found.push(Found::named(&joined(&[section.name.as_bytes(), name], b'.')));
                    }
                    open.push(short(name));
                }
                Some(Block::Ends) => {
                    open.pop();
                    at = if open.is_empty() { 0 } else { at };
                }
                None => {
                    let found = &mut found[at];
                    if found.bytes > MAX_SECTION {
                        continue;
                    }
                    if !filter.takes_name(&joined(&[&found.name, key], b'.')) {
                        continue;
                    }
                    let inside = open.get(1..).and_then(<[_]>::last).map_or(&[][..], Vec::as_slice);
                    let shown = match &setting.value {
                        Some(value) => [key, b"=", &secrets.hide(key, value.as_bytes())].concat(),
                        None => key.to_vec(),
                    };
                    let shown = secrets.hide_in(&shown).into_owned();
                    let told = joined(&[inside, &shown], b' ');
                    found.bytes += told.len();
                    found.settings.push(told.into());
                }
            }
        }
        found.retain(|found| !found.settings.is_empty());
        items.extend(found.into_iter().map(|mut found| {
            found.settings.sort();
            Item::named(secrets.hide_in(&found.name)).listing(SETTINGS, found.settings)
        }));
    }
    items
}

struct Found {
    name: Vec<u8>,
    settings: Vec<Text>,
    bytes: usize,
}

impl Found {
    fn named(name: &[u8]) -> Self {
        Self {
            name: short(name),
            settings: Vec::new(),
            bytes: 0,
        }
    }
}

/// It is written once, and would be told with each setting.
fn short(name: &[u8]) -> Vec<u8> {
    let mut name = name.to_vec();
    shorten(&mut name);
    name
}

enum Block<'a> {
    Begins(&'a [u8]),
    Ends,
}

fn block(setting: &ini::Setting) -> Option<Block<'_>> {
    if setting.value.is_some() {
        return None;
    }
    let inner = setting.key.as_bytes().strip_prefix(b"<")?.strip_suffix(b">")?;
    Some(match inner.strip_prefix(b"/") {
        Some(_) => Block::Ends,
        None => Block::Begins(inner.trim_ascii()),
    })
}
