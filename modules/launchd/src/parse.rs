//! The bytes of a launchd property list as fields.

use crate::schema::{self, Key, Lookup, Shape};
use assay_sdk::plist::{self, Value as Plist, flat};
use assay_sdk::{Fields, Text, Value, secrets};

/// Bytes that the fields of one job may hold together: some sixty times what a large real one has, and still a
/// line of the protocol when every byte of it must be escaped.
const MAX_FIELDS: usize = 64 << 10;

/// How the `._` files begin in which other file systems keep what HFS+ and APFS keep beside a file.
const APPLE_DOUBLE: &[u8] = b"\0\x05\x16\x07";

/// A job as its property list describes it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Job {
    /// The fields of [`schema::KEYS`] that it has, and what is odd about it.
    pub(crate) fields: Fields,
    /// Variables of its environment that make programs load code; they are no part of its fields.
    pub(crate) injected: Vec<(String, String)>,
    /// `PATH` of its environment.
    pub(crate) path: Option<String>,
}

impl Job {
    /// A field that holds a string.
    pub(crate) fn text(&self, field: &str) -> Option<&Text> {
        match self.fields.get(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    /// The arguments, the program's name first.
    pub(crate) fn arguments(&self) -> &[Text] {
        match self.fields.get(schema::ARGUMENTS) {
            Some(Value::List(arguments)) => arguments,
            _ => &[],
        }
    }
}

/// What is odd about a property list, apart from what it says.
#[derive(Default)]
struct Odd {
    unknown: Vec<Text>,
    misspelled: Vec<Text>,
    wrong: Vec<Text>,
}

/// Reads a job of any form; the error says, for people, why it is none.
pub(crate) fn job(bytes: &[u8]) -> Result<Job, String> {
    for (magic, what) in [
        (&b"#!"[..], "a script"),
        (APPLE_DOUBLE, "the metadata of another file"),
    ] {
        if bytes.starts_with(magic) {
            return Err(format!("it is {what}, no property list"));
        }
    }
    let (plist, repeats) = plist::parse_noting_repeats(bytes).map_err(|error| error.to_string())?;
    let Plist::Dictionary(dictionary) = &plist else {
        return Err(format!("its top level is {}, no dictionary", type_of(&plist)));
    };
    let mut job = Job::default();
    let mut odd = Odd::default();
    let mut misspelled = Vec::new();
    for (written, value) in dictionary {
        match schema::lookup(written) {
            Lookup::Compared(key) => job.set(key, value, &mut odd),
            Lookup::Misspelled(key) => misspelled.push((written, key, value)),
            Lookup::Tuning => {}
            Lookup::Unknown => odd.unknown.push(written.as_str().into()),
        }
    }
    // The right spelling counts before a wrong one, and the order in the file for nothing.
    misspelled.sort_by_key(|(written, ..)| *written);
    for (written, key, value) in misspelled {
        odd.misspelled.push(written.as_str().into());
        if !job.fields.contains_key(key.field) {
            job.set(key, value, &mut odd);
        }
    }
    for (field, mut names) in [
        ("unknown_keys", odd.unknown),
        ("misspelled_keys", odd.misspelled),
        ("wrong_types", odd.wrong),
    ] {
        if !names.is_empty() {
            names.sort();
            job.fields.insert(field.to_owned(), Value::List(names));
        }
    }
    if repeats {
        job.fields.insert("repeated_keys".to_owned(), true.into());
    }
    let injected = job.injected.iter().map(|(name, value)| name.len() + value.len());
    if size(&job.fields) + injected.sum::<usize>() > MAX_FIELDS {
        return Err(format!("it says more than {MAX_FIELDS} bytes"));
    }
    Ok(job)
}

impl Job {
    fn set(&mut self, key: &Key, value: &Plist, odd: &mut Odd) {
        let (read, is_odd) = match (key.shape, value) {
            (Shape::Environment, Plist::Dictionary(variables)) => {
                (self.environment(variables, &mut odd.wrong), false)
            }
            // Not the value itself, for it may hold a secret.
            (Shape::Environment, _) => {
                odd.wrong
                    .push(format!("{} is {}", key.name, type_of(value)).into());
                (None, false)
            }
            (shape, value) => read(shape, value),
        };
        if is_odd {
            odd.wrong.push(format!("{}={}", key.name, flat(value)).into());
        }
        if let Some(read) = read {
            self.fields.insert(key.field.to_owned(), read);
        }
    }

    fn environment(&mut self, variables: &plist::Dictionary, wrong: &mut Vec<Text>) -> Option<Value> {
        let mut pairs = Vec::new();
        let mut variables: Vec<_> = variables.iter().collect();
        variables.sort_by_key(|(name, _)| *name);
        for (name, value) in variables {
            match value {
                Plist::String(value) if loads_code(name) => {
                    self.injected.push((name.clone(), value.clone()));
                }
                Plist::String(value) => {
                    pairs.push(format!("{name}={}", shown(name, value)).into());
                    if name == "PATH" {
                        self.path = Some(value.clone());
                    }
                }
                // launchd passes over these; they are still somebody's attempt.
                other => wrong.push(format!("{name}={}", shown(name, &flat(other))).into()),
            }
        }
        sorted(pairs)
    }
}

/// The value as its shape asks, and whether it is of another type than the manual's: what cannot be read
/// without guessing is only told as it stands.
fn read(shape: Shape, value: &Plist) -> (Option<Value>, bool) {
    match (shape, value) {
        (Shape::Text, Plist::String(text)) if !text.is_empty() => (Some(text.as_str().into()), false),
        (Shape::Text, Plist::Array(items)) => {
            let first = items.first().and_then(Plist::as_string);
            (first.map(Into::into), true)
        }
        (Shape::Switch, Plist::Boolean(on)) => (Some((*on).into()), false),
        (Shape::Switch, Plist::Integer(number)) => (number.as_signed().map(|n| (n != 0).into()), true),
        (Shape::Switch, Plist::String(text)) => (switch(text).map(Into::into), true),
        (Shape::Number, Plist::Integer(number)) => match number.as_signed() {
            Some(number) => (Some(number.into()), false),
            None => (None, true),
        },
        (Shape::Number, Plist::String(text)) => (text.parse::<i64>().ok().map(Into::into), true),
        (Shape::Arguments, Plist::Array(items)) => {
            let texts: Vec<Text> = items.iter().map(text_of).collect();
            (
                (!texts.is_empty()).then_some(Value::List(texts)),
                not_strings(items),
            )
        }
        (Shape::Arguments, Plist::String(text)) => (Some(Value::from_iter([text.as_str()])), true),
        (Shape::Names, Plist::Array(items)) => {
            (sorted(items.iter().map(text_of).collect()), not_strings(items))
        }
        (Shape::Names, Plist::String(text)) => (Some(Value::from_iter([text.as_str()])), false),
        (Shape::Table, Plist::Dictionary(table)) => {
            let pairs = table
                .iter()
                .map(|(name, value)| format!("{name}={}", flat(value)).into());
            (sorted(pairs.collect()), false)
        }
        (Shape::Times, Plist::Dictionary(_)) => (Some(Value::from_iter([flat(value)])), false),
        (Shape::Times, Plist::Array(items)) => {
            let odd = items.iter().any(|item| item.as_dictionary().is_none());
            (sorted(items.iter().map(|item| flat(item).into()).collect()), odd)
        }
        (Shape::Any, value) => (Some(flat(value).into()), false),
        _ => (None, true),
    }
}

fn switch(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "yes", "1"]) {
        Some(true)
    } else {
        is(&["false", "no", "0"]).then_some(false)
    }
}

/// A string as it is, and whatever else as it reads.
fn text_of(value: &Plist) -> Text {
    match value {
        Plist::String(text) => text.as_str().into(),
        other => flat(other).into(),
    }
}

fn not_strings(items: &[Plist]) -> bool {
    items.iter().any(|item| item.as_string().is_none())
}

/// A list whose order means nothing; an empty one is no field.
fn sorted(mut texts: Vec<Text>) -> Option<Value> {
    texts.sort();
    (!texts.is_empty()).then_some(Value::List(texts))
}

fn size(fields: &Fields) -> usize {
    let value_size = |value: &Value| match value {
        Value::Text(text) => text.as_bytes().len(),
        Value::List(texts) => texts.iter().map(|text| text.as_bytes().len() + 8).sum(),
        Value::Bool(_) | Value::Int(_) => 8,
    };
    fields.values().map(value_size).sum()
}

/// A type's name with its article, for messages.
pub(crate) fn type_of(value: &Plist) -> &'static str {
    match value {
        Plist::Array(_) => "an array",
        Plist::Dictionary(_) => "a dictionary",
        Plist::Boolean(_) => "a boolean",
        Plist::Data(_) => "data",
        Plist::Date(_) => "a date",
        Plist::Integer(_) | Plist::Real(_) => "a number",
        Plist::String(_) => "a string",
        _ => "of an unknown type",
    }
}

/// The value of a variable, unless its name says that it is a secret.
pub(crate) fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if secrets::is_secret_variable(name.as_bytes()) {
        "<hidden>"
    } else {
        value
    }
}

/// Whether a variable decides what code dyld, a shell or an interpreter loads into whatever is run.
fn loads_code(name: &str) -> bool {
    const NAMES: &[&str] = &["BASH_ENV", "ENV", "NODE_OPTIONS", "RUBYLIB", "RUBYOPT", "ZDOTDIR"];
    const BEGINNINGS: &[&str] = &["DYLD_", "__XPC_DYLD_", "LD_", "PERL5", "PYTHON"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
}

/// Files that a variable makes every program, or every shell, load.
pub(crate) fn loaded<'a>(name: &str, value: &'a str) -> impl Iterator<Item = Text> + use<'a> {
    let loads = matches!(
        name,
        "DYLD_INSERT_LIBRARIES" | "__XPC_DYLD_INSERT_LIBRARIES" | "LD_PRELOAD" | "BASH_ENV" | "ENV"
    );
    let files = value
        .split(':')
        .filter(move |file| loads && file.starts_with('/'));
    files.map(Into::into)
}

#[cfg(test)]
mod tests;
