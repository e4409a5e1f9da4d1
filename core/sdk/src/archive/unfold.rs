//! From the table of objects to a tree.

use super::{Content, Error, MAX_BYTES, MAX_DEPTH, MAX_OBJECTS, Object};
use crate::plist::{Date, Dictionary, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds from 1970 to 2001, where Foundation begins to count.
const EPOCH: i64 = 978_307_200;

pub(super) fn unfold(plist: &Value) -> Result<Object, Error> {
    let archive = plist.as_dictionary();
    let member = |name| archive.and_then(|archive| archive.get(name));
    let objects = member("$objects").and_then(Value::as_array);
    let objects = objects.ok_or(Error::Malformed("it has no $objects"))?;
    let top = member("$top").and_then(Value::as_dictionary);
    let top = top.ok_or(Error::Malformed("it has no $top"))?;
    let mut unfolding = Unfolding {
        objects,
        above: vec![false; objects.len()],
        depth: 0,
        left: MAX_OBJECTS,
        bytes: MAX_BYTES,
    };
    let content = unfolding.fields(top)?;
    Ok(plain(content))
}

struct Unfolding<'a> {
    objects: &'a [Value],
    /// Of each object, whether the one that is read now is part of it.
    above: Vec<bool>,
    depth: usize,
    left: usize,
    bytes: usize,
}

impl<'a> Unfolding<'a> {
    /// A value where it is used: a reference to an object, or a plain value.
    fn value(&mut self, value: &'a Value) -> Result<Object, Error> {
        self.left = self.left.checked_sub(1).ok_or(Error::TooLarge)?;
        if self.depth >= MAX_DEPTH {
            return Err(Error::TooLarge);
        }
        self.depth += 1;
        let object = match reference(value) {
            Some(number) => self.object(number),
            None => self.content(value).map(plain),
        };
        self.depth -= 1;
        object
    }

    fn object(&mut self, number: usize) -> Result<Object, Error> {
        let objects = self.objects;
        let Some(value) = objects.get(number).filter(|_| number != 0) else {
            return Ok(plain(Content::Null));
        };
        let Some(fields) = value.as_dictionary() else {
            return self.content(value).map(plain);
        };
        let class = self.class_of(fields);
        self.take(class.len())?;
        let content = if self.above[number] {
            Content::Cycle
        } else {
            self.above[number] = true;
            let content = self.instance(class, fields);
            self.above[number] = false;
            content?
        };
        Ok(Object {
            class: class.to_owned(),
            content,
        })
    }

    fn class_of(&self, fields: &'a Dictionary) -> &'a str {
        let class = fields.get("$class").and_then(reference);
        let class = class.and_then(|number| self.objects.get(number)?.as_dictionary());
        let name = class.and_then(|class| class.get("$classname")?.as_string());
        name.unwrap_or_default()
    }

    fn instance(&mut self, class: &str, fields: &'a Dictionary) -> Result<Content, Error> {
        let resolved = |name| fields.get(name).map(|value| self.resolved(value));
        match class {
            "NSArray"
            | "NSMutableArray"
            | "NSSet"
            | "NSMutableSet"
            | "NSOrderedSet"
            | "NSMutableOrderedSet" => self.list(fields.get("NS.objects")),
            "NSHashTable" => self.hash_table(fields),
            "NSDictionary" | "NSMutableDictionary" => {
                self.pairs(fields.get("NS.keys"), fields.get("NS.objects"))
            }
            "NSString" | "NSMutableString" => match resolved("NS.string").or(resolved("NS.bytes")) {
                Some(text) => self.text(text),
                None => self.fields(fields),
            },
            "NSData" | "NSMutableData" => match resolved("NS.data").or(resolved("NS.bytes")) {
                Some(data) => self.content(data),
                None => self.fields(fields),
            },
            "NSURL" => self.url(fields, 0).map(Content::Text),
            "NSUUID" => match resolved("NS.uuidbytes").and_then(Value::as_data) {
                Some(bytes) => Ok(Content::Text(uuid(bytes))),
                None => self.fields(fields),
            },
            "NSDate" => match resolved("NS.time").and_then(number) {
                Some(seconds) => Ok(Content::Time(from_2001(seconds))),
                None => self.fields(fields),
            },
            "NSNull" => Ok(Content::Null),
            _ => self.fields(fields),
        }
    }

    /// What a reference leads to, which is no reference again.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        reference(value)
            .and_then(|number| self.objects.get(number))
            .unwrap_or(value)
    }

    fn list(&mut self, members: Option<&'a Value>) -> Result<Content, Error> {
        let members = members.and_then(Value::as_array).into_iter().flatten();
        members
            .map(|member| self.value(member))
            .collect::<Result<_, _>>()
            .map(Content::List)
    }

    /// `$0` holds options, and members follow as `$1`, `$2` … up to a `$null`.
    fn hash_table(&mut self, fields: &'a Dictionary) -> Result<Content, Error> {
        let mut members = Vec::new();
        for number in 1.. {
            let Some(value) = fields.get(&format!("${number}")) else {
                break;
            };
            if reference(value) == Some(0) {
                break;
            }
            members.push(self.value(value)?);
        }
        Ok(Content::List(members))
    }

    fn pairs(&mut self, keys: Option<&'a Value>, values: Option<&'a Value>) -> Result<Content, Error> {
        let keys = keys.and_then(Value::as_array).into_iter().flatten();
        let values = values.and_then(Value::as_array).into_iter().flatten();
        let pairs = keys
            .zip(values)
            .map(|(key, value)| Ok((self.value(key)?, self.value(value)?)));
        pairs.collect::<Result<_, Error>>().map(Content::Pairs)
    }

    fn fields(&mut self, fields: &'a Dictionary) -> Result<Content, Error> {
        let fields = fields.iter().filter(|(name, _)| *name != "$class");
        let fields = fields.map(|(name, value)| {
            self.take(name.len())?;
            Ok((name.clone(), self.value(value)?))
        });
        fields.collect::<Result<_, Error>>().map(Content::Fields)
    }

    /// The text of a string object, which is a string or its bytes.
    fn text(&mut self, value: &'a Value) -> Result<Content, Error> {
        match value {
            Value::Data(bytes) => {
                self.take(bytes.len())?;
                Ok(Content::Text(String::from_utf8_lossy(bytes).into_owned()))
            }
            value => self.content(value),
        }
    }

    /// The address and, when it is relative, the folder of its base before it.
    fn url(&mut self, fields: &'a Dictionary, above: usize) -> Result<String, Error> {
        let relative = fields.get("NS.relative").map(|value| self.resolved(value));
        let relative = match relative.map(|relative| self.instance_text(relative)) {
            Some(text) => text?,
            None => String::new(),
        };
        let base = fields.get("NS.base").map(|value| self.resolved(value));
        let Some(base) = base.and_then(Value::as_dictionary).filter(|_| above < 8) else {
            return Ok(relative);
        };
        if relative.contains("://") {
            return Ok(relative);
        }
        let base = self.url(base, above + 1)?;
        // An absolute path replaces that of the base; what is before it is scheme and host.
        let kept = match (relative.starts_with('/'), base.find("://")) {
            (true, Some(scheme)) => base[scheme + 3..].find('/').map(|at| scheme + 3 + at),
            (true, None) => Some(0),
            (false, _) => base.rfind('/').map(|at| at + 1),
        };
        Ok(format!("{}{relative}", &base[..kept.unwrap_or(base.len())]))
    }

    /// A string, or an object that holds one.
    fn instance_text(&mut self, value: &'a Value) -> Result<String, Error> {
        let value = match value.as_dictionary().and_then(|fields| fields.get("NS.string")) {
            Some(text) => self.resolved(text),
            None => value,
        };
        let text = value.as_string().unwrap_or_default();
        self.take(text.len())?;
        Ok(text.to_owned())
    }

    /// A plain value; lists and dictionaries of plain values are there too.
    fn content(&mut self, value: &'a Value) -> Result<Content, Error> {
        match value {
            Value::Array(_) => self.list(Some(value)),
            Value::Dictionary(fields) => self.fields(fields),
            Value::Boolean(value) => Ok(Content::Bool(*value)),
            Value::Data(data) => {
                self.take(data.len())?;
                Ok(Content::Data(data.clone()))
            }
            Value::Date(date) => Ok(Content::Time(since_1970(*date))),
            Value::Integer(value) => {
                let unsigned = value.as_unsigned().map(i128::from);
                Ok(Content::Int(
                    value.as_signed().map(i128::from).or(unsigned).unwrap_or_default(),
                ))
            }
            Value::Real(value) => Ok(Content::Real(*value)),
            Value::String(text) => {
                self.take(text.len())?;
                Ok(Content::Text(text.clone()))
            }
            _ => Ok(Content::Null),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Error::TooLarge)?;
        Ok(())
    }
}

fn plain(content: Content) -> Object {
    Object {
        class: String::new(),
        content,
    }
}

/// The number of the object that a value refers to: a type of its own in a binary property list, a dictionary of one
/// pair in XML.
fn reference(value: &Value) -> Option<usize> {
    let number = match value {
        Value::Uid(uid) => uid.get(),
        Value::Dictionary(pair) if pair.len() == 1 => pair.get("CF$UID")?.as_unsigned_integer()?,
        _ => return None,
    };
    // What is beyond the table is not there, however far.
    Some(usize::try_from(number).unwrap_or(usize::MAX))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(value) => Some(*value),
        #[expect(clippy::cast_precision_loss, reason = "seconds of a date")]
        Value::Integer(value) => value.as_signed().map(|value| value as f64),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of no number, or of one too large, saturates"
)]
fn from_2001(seconds: f64) -> i64 {
    (seconds.floor() as i64).saturating_add(EPOCH)
}

fn since_1970(date: Date) -> i64 {
    match SystemTime::from(date).duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    }
}

/// 16 bytes as `XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX`; of another number of bytes, all of them.
fn uuid(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().take(64).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        _ = write!(text, "{byte:02X}");
    }
    text
}
