//! The strings of a watch list, each checked when it is read: only then is it known where it stands.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// A string that is checked when it is read.
pub(super) trait Checked: Sized {
    /// What it is, for messages.
    const WHAT: &'static str;
    fn checked(text: &str) -> Result<Self, String>;
}

/// Errors of a visitor, unlike others, know where the value stands.
pub(super) fn read<'de, T: Checked, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Read<T>(PhantomData<T>);
    impl<T: Checked> Visitor<'_> for Read<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::WHAT)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::checked(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Read(PhantomData))
}

macro_rules! checked {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read(deserializer)
            }
        }
        impl $name {
            /// As it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
checked!(Word, Technique, Member, Pointer, NameGlob, Comment);

/// Lower-case words joined by `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Word(String);

/// A technique of ATT&CK: `T1543` or `T1543.004`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Technique(String);

/// Where items are in a structured file: `/` alone for all of it; else `/`, then names, of which `*` stands for any; `~1` is a slash in a name, and
/// `~0` a tilde, as in RFC 6901.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pointer(String);

/// A glob over a name in a file; `*` and `?` stand for any sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameGlob(String);

/// Signs of which each begins a comment, `#;` for example; none when it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comment(String);

/// A part of a line or a member of an item, as the list names it, and as the field of an entry is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member(String, String);

impl Serialize for Member {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Member {
    /// What the field is called: `ProgramArguments` as `program_arguments`, `manifest/name` as `manifest_name`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.1
    }
}

impl Comment {
    /// What begins a comment nearly everywhere.
    pub(super) fn hash() -> Self {
        Self("#".to_owned())
    }
}

impl Pointer {
    /// The names on the way; `None` for any.
    #[must_use]
    pub fn steps(&self) -> Vec<Option<String>> {
        let steps = self.0.split('/').skip(if self.0 == "/" { 2 } else { 1 });
        steps
            .map(|step| (step != "*").then(|| step.replace("~1", "/").replace("~0", "~")))
            .collect()
    }
}

/// Bytes of a string in a list.
const MAX_STRING: usize = 512;

impl Checked for Word {
    const WHAT: &'static str = "a word of a-z, 0-9 and _";
    fn checked(text: &str) -> Result<Self, String> {
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(is_word) {
            return Err(format!(
                "`{text}` is not a word of a-z, 0-9 and _, such as `pip_setting`"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Checked for Technique {
    const WHAT: &'static str = "an ATT&CK technique";
    fn checked(text: &str) -> Result<Self, String> {
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        let sound = text
            .strip_prefix('T')
            .is_some_and(|rest| match rest.split_once('.') {
                Some((main, sub)) => digits(main, 4) && digits(sub, 3),
                None => digits(rest, 4),
            });
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a technique such as `T1543` or `T1543.004`"
            ))
        }
    }
}

impl Checked for Pointer {
    const WHAT: &'static str = "where items are";
    fn checked(text: &str) -> Result<Self, String> {
        if text.starts_with('/') && text.len() <= MAX_STRING {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not where items are, such as `/extensions/*`"
            ))
        }
    }
}

impl Checked for NameGlob {
    const WHAT: &'static str = "a glob";
    fn checked(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_STRING {
            return Err(format!("a glob has 1 to {MAX_STRING} bytes"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Checked for Comment {
    const WHAT: &'static str = "signs that begin a comment";
    fn checked(text: &str) -> Result<Self, String> {
        if text.len() <= 8 && text.bytes().all(|b| b.is_ascii_punctuation()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a row of signs that begin comments, such as `#;`"
            ))
        }
    }
}

impl Checked for Member {
    const WHAT: &'static str = "the name of a field";
    fn checked(text: &str) -> Result<Self, String> {
        let mut field = String::new();
        let mut lower = false;
        for sign in text.chars() {
            if sign.is_ascii_uppercase() && lower {
                field.push('_');
            }
            lower = sign.is_ascii_lowercase() || sign.is_ascii_digit();
            field.push(if sign.is_ascii_alphanumeric() {
                sign.to_ascii_lowercase()
            } else {
                '_'
            });
        }
        let field = field.trim_matches('_').to_owned();
        if field.is_empty() || text.len() > MAX_STRING || field.len() > 64 {
            return Err(format!(
                "`{text}` is not the name of a field, such as `command` or `manifest/name`"
            ));
        }
        Ok(Self(text.to_owned(), field))
    }
}
