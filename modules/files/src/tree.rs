//! Files that hold values in values: JSON, TOML, property lists.

use crate::read::{Item, Raw};
use assay_sdk::plist::{self, Dictionary, Value};
use assay_sdk::secrets::{HIDDEN, hide_in, is_secret};
use assay_sdk::watch::{Format, Member, Watch};
use assay_sdk::{Text, json};

/// Entries of a tree: those at `items`, or every value that holds no others.
pub(crate) fn items(watch: &Watch, bytes: &[u8]) -> Result<Vec<Item>, String> {
    let mut tree = parse(watch.format, bytes)?;
    if watch.hide_secrets {
        redact(&mut tree);
    }
    let mut items = Vec::new();
    let Some(pointer) = &watch.items else {
        leaves(&tree, &mut String::new(), &mut items);
        return Ok(items);
    };
    let steps = pointer.steps();
    at(&tree, &steps, &mut String::new(), &mut |name, node, listed| {
        items.push(item(watch, name, node, listed));
    });
    Ok(items)
}

fn parse(format: Format, bytes: &[u8]) -> Result<Value, String> {
    let (tree, repeats) = match format {
        Format::Plist => plist::parse_noting_repeats(bytes).map_err(|error| error.to_string())?,
        Format::Toml => {
            let text = std::str::from_utf8(bytes).map_err(|_| "no TOML: not UTF-8".to_owned())?;
            let table: toml::Table = text
                .parse()
                .map_err(|error: toml::de::Error| format!("no TOML: {}", error.message()))?;
            (of_toml(toml::Value::Table(table)), false)
        }
        _ => {
            let text = json::without_comments(bytes);
            let (value, repeats) = json::parse_noting_repeats(&text).map_err(|error| error.to_string())?;
            (of_json(value), repeats)
        }
    };
    if repeats {
        // Readers differ in which of them counts, so what is seen may not be what is run.
        return Err("names a key twice".to_owned());
    }
    Ok(tree)
}

fn of_json(value: json::Value) -> Value {
    use json::Value as Json;
    match value {
        Json::Null => Value::String("null".to_owned()),
        Json::Bool(value) => Value::Boolean(value),
        Json::Number(number) => Value::String(number.to_string()),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Array(items.into_iter().map(of_json).collect()),
        Json::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, of_json(value)));
            Value::Dictionary(members.collect::<Dictionary>())
        }
    }
}

fn of_toml(value: toml::Value) -> Value {
    use toml::Value as Toml;
    match value {
        Toml::String(text) => Value::String(text),
        Toml::Boolean(value) => Value::Boolean(value),
        Toml::Array(items) => Value::Array(items.into_iter().map(of_toml).collect()),
        Toml::Table(members) => {
            let members = members.into_iter().map(|(name, value)| (name, of_toml(value)));
            Value::Dictionary(members.collect::<Dictionary>())
        }
        other => Value::String(other.to_string()),
    }
}

/// Hides every secret of a tree, so that no text that is made of it holds one.
fn redact(tree: &mut Value) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Dictionary(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::Array(_) | Value::Dictionary(_) => redact(value),
                    _ if is_secret(name.as_bytes()) => *value = text_of(HIDDEN),
                    _ => redact(value),
                }
            }
        }
        Value::String(text) => {
            if let std::borrow::Cow::Owned(hidden) = hide_in(text.as_bytes()) {
                *text = String::from_utf8_lossy(&hidden).into_owned();
            }
        }
        _ => {}
    }
}

fn text_of(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).into_owned())
}

/// One step further in a pointer; the name is taken off again when it is left.
fn with_step(pointer: &mut String, step: &str, inside: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    inside(pointer);
    pointer.truncate(length);
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Dictionary(_))
}

/// Each value that holds no others; a list of such values is one, so that what is put in moves nothing.
fn leaves(tree: &Value, pointer: &mut String, items: &mut Vec<Item>) {
    match tree {
        Value::Dictionary(members) => {
            for (name, value) in members {
                with_step(pointer, name, |pointer| leaves(value, pointer, items));
            }
        }
        Value::Array(values) if !values.iter().all(is_scalar) => {
            for (index, value) in values.iter().enumerate() {
                with_step(pointer, &index.to_string(), |pointer| {
                    leaves(value, pointer, items);
                });
            }
        }
        value => items.push(Item::named(pointer.as_str()).with("value", raw(value), shown(value))),
    }
}

/// What is where the steps lead, with the pointer to it and whether it is in a list.
fn at(
    tree: &Value,
    steps: &[Option<String>],
    pointer: &mut String,
    found: &mut impl FnMut(&str, &Value, bool),
) {
    walk(tree, steps, pointer, false, found);
}

fn walk(
    node: &Value,
    steps: &[Option<String>],
    pointer: &mut String,
    listed: bool,
    found: &mut impl FnMut(&str, &Value, bool),
) {
    let Some((step, rest)) = steps.split_first() else {
        return found(pointer, node, listed);
    };
    let is_step = |name: &str| step.as_ref().is_none_or(|step| step == name);
    match node {
        Value::Dictionary(members) => {
            for (name, value) in members.iter().filter(|(name, _)| is_step(name)) {
                with_step(pointer, name, |pointer| walk(value, rest, pointer, false, found));
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let index = index.to_string();
                if is_step(&index) {
                    with_step(pointer, &index, |pointer| walk(value, rest, pointer, true, found));
                }
            }
        }
        _ => {}
    }
}

fn item(watch: &Watch, pointer: &str, node: &Value, listed: bool) -> Item {
    // Of a list the number says nothing: what is put in before moves all that follow.
    let name = match pointer.rsplit_once('/') {
        Some((list, _)) if listed && is_scalar(node) => format!("{list}/{}", shown(node)),
        _ => pointer.to_owned(),
    };
    if watch.fields.is_empty() {
        return Item::named(name.as_str()).with("value", raw(node), shown(node));
    }
    let mut item = Item::named(name.as_str());
    for member in &watch.fields {
        if let Some(value) = member_of(node, member) {
            item = item.with(member.field(), raw(value), shown(value));
        }
    }
    item.called_by(&watch.keys())
}

fn member_of<'v>(node: &'v Value, member: &Member) -> Option<&'v Value> {
    // A name with a slash in it, or the way through several.
    let direct = node
        .as_dictionary()
        .and_then(|members| members.get(member.as_str()));
    direct.or_else(|| {
        member
            .as_str()
            .split('/')
            .try_fold(node, |node, name| match node {
                Value::Array(values) => values.get(name.parse::<usize>().ok()?),
                node => node.as_dictionary()?.get(name),
            })
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => plist::flat(value),
    }
}

fn raw(value: &Value) -> Raw {
    match value {
        Value::Array(values) => Raw::Words(values.iter().map(|value| Text::from(shown(value))).collect()),
        value => Raw::Text(shown(value).into()),
    }
}
