//! Objects that `NSKeyedArchiver` wrote: background items, shared file lists, folder actions.
//!
//! Such a property list holds a table of objects that refer to each other by number, in circles too (a login item
//! names the container that lists it). Here it is unfolded to a tree, at most [`MAX_OBJECTS`] objects and
//! [`MAX_BYTES`] bytes large and [`MAX_DEPTH`] levels deep, with [`Content::Cycle`] where an object would hold itself.
//!
//! Source of the format: Foundation's archives themselves; the classes that are taken apart are `NSArray`, `NSSet`,
//! `NSOrderedSet`, `NSHashTable`, `NSDictionary`, `NSString`, `NSData`, `NSURL`, `NSUUID`, `NSDate` and `NSNull`, and
//! what is derived from them as Foundation names it. Every other object is a [`Content::Fields`].
//!
//! ```
//! use assay_sdk::{archive, testkit::KeyedArchive};
//! let mut file = KeyedArchive::new();
//! let path = file.add("/opt/helper");
//! let record = file.object("ItemRecord", &[("executablePath", path), ("type", 4.into())]);
//! let items = file.list("NSArray", &[record]);
//! let archive = archive::parse(&file.top("store", items).binary()).unwrap();
//!
//! let item = &archive.get("store").unwrap().items()[0];
//! assert_eq!(item.class, "ItemRecord");
//! assert_eq!(item.get("executablePath").and_then(|path| path.as_text()), Some("/opt/helper"));
//! assert_eq!(item.get("type").and_then(|number| number.as_int()), Some(4));
//! ```

mod unfold;

use crate::plist;
use std::collections::BTreeMap;

/// Objects that one archive may unfold to.
///
/// ```
/// # use assay_sdk::{archive, testkit::KeyedArchive};
/// // Seven lists that each name the next one ten times: 10^7 objects in some hundred bytes.
/// let mut file = KeyedArchive::new();
/// let innermost = file.add("x");
/// let all = (0..7).fold(innermost, |inner, _| file.list("NSArray", &vec![inner; 10]));
/// assert!(10_usize.pow(7) > archive::MAX_OBJECTS);
/// assert!(matches!(archive::parse(&file.top("root", all).binary()), Err(archive::Error::TooLarge)));
/// ```
pub const MAX_OBJECTS: usize = 200_000;
/// Bytes of text and data that one archive may unfold to.
///
/// ```
/// # use assay_sdk::{archive, plist, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let large = file.add(plist::Value::Data(vec![0; 1 << 20]));
/// let all = file.list("NSArray", &vec![large; archive::MAX_BYTES >> 20]);
/// assert!(matches!(archive::parse(&file.top("root", all).binary()), Err(archive::Error::TooLarge)));
/// ```
pub const MAX_BYTES: usize = 32 << 20;
/// Nesting that is followed.
///
/// ```
/// # use assay_sdk::{archive, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let innermost = file.add("x");
/// let deep = (0..archive::MAX_DEPTH).fold(innermost, |inner, _| file.list("NSArray", &[inner]));
/// assert!(matches!(archive::parse(&file.top("root", deep).binary()), Err(archive::Error::TooLarge)));
/// ```
pub const MAX_DEPTH: usize = 64;

/// Why bytes are no archive.
///
/// ```
/// let error = assay_sdk::archive::parse(b"{ a = b; }").unwrap_err();
/// assert_eq!(error.to_string(), "no archive: it has no $objects");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are no property list.
    #[error(transparent)]
    Plist(#[from] plist::Error),
    /// They are a property list, and no archive.
    #[error("no archive: {0}")]
    Malformed(&'static str),
    /// More than [`MAX_OBJECTS`] objects, [`MAX_BYTES`] bytes or [`MAX_DEPTH`] levels.
    #[error("archive unfolds beyond its bounds")]
    TooLarge,
}

/// An object: its class, and what it holds.
///
/// ```
/// use assay_sdk::{archive::{self, Content}, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let url = file.url("file:///Applications/X.app/");
/// let archive = archive::parse(&file.top("root", url).binary()).unwrap();
/// let url = archive.get("root").unwrap();
/// assert_eq!(url.class, "NSURL");
/// assert_eq!(url.content, Content::Text("file:///Applications/X.app/".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The name of its class; empty for a plain string, number, date or data.
    pub class: String,
    /// What it holds.
    pub content: Content,
}

/// What an object holds.
///
/// ```
/// use assay_sdk::{archive::{self, Content}, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let container = file.object("Container", &[]);
/// let item = file.object("Item", &[("container", container.clone())]);
/// file.set(&container, "item", item);
/// let archive = archive::parse(&file.top("root", container).binary()).unwrap();
/// let again = archive.get("root").unwrap().get("item").unwrap().get("container").unwrap();
/// assert_eq!((again.class.as_str(), &again.content), ("Container", &Content::Cycle));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing: `$null`, `NSNull`, or a number of an object that is not there.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number; the format has those of 64 bits, with and without sign.
    Int(i128),
    /// Any other number.
    Real(f64),
    /// A string; of an `NSURL` the whole of it, of an `NSUUID` its usual form in upper case.
    Text(String),
    /// Bytes; they may be an archive, a property list or a bookmark again.
    Data(Vec<u8>),
    /// A time, in seconds since 1970.
    Time(i64),
    /// The members of an array or a set, in their order.
    List(Vec<Object>),
    /// The pairs of a dictionary, in their order.
    Pairs(Vec<(Object, Object)>),
    /// The fields of any other object.
    Fields(BTreeMap<String, Object>),
    /// An object that this one is part of.
    Cycle,
}

impl Object {
    /// A field of an object, or what a dictionary has under a text.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let name = file.add("Sync");
    /// let dictionary = file.dictionary(&[("Name", name)]);
    /// let archive = archive::parse(&file.top("root", dictionary).binary()).unwrap();
    /// let name = archive.get("root").and_then(|root| root.get("Name"));
    /// assert_eq!(name.and_then(|name| name.as_text()), Some("Sync"));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Object> {
        match &self.content {
            Content::Fields(fields) => fields.get(name),
            Content::Pairs(pairs) => {
                let mut pairs = pairs.iter();
                pairs.find_map(|(key, value)| (key.as_text() == Some(name)).then_some(value))
            }
            _ => None,
        }
    }
    /// The members of a list; none of anything else.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let members = [file.add("a"), file.add("b")];
    /// let table = file.hash_table(&members);
    /// let archive = archive::parse(&file.top("root", table).binary()).unwrap();
    /// let members = archive.get("root").unwrap().items().iter();
    /// assert_eq!(members.filter_map(|member| member.as_text()).collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    #[must_use]
    pub fn items(&self) -> &[Object] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }
    /// The text of a string, URL or UUID.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let uuid = file.uuid([0xab; 16]);
    /// let archive = archive::parse(&file.top("root", uuid).binary()).unwrap();
    /// let uuid = archive.get("root").and_then(|uuid| uuid.as_text());
    /// assert_eq!(uuid, Some("ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB"));
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The bytes of data.
    ///
    /// ```
    /// # use assay_sdk::{archive, plist, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let data = file.add(plist::Value::Data(b"book".to_vec()));
    /// let archive = archive::parse(&file.top("root", data).binary()).unwrap();
    /// assert_eq!(archive.get("root").and_then(|data| data.as_data()), Some(&b"book"[..]));
    /// ```
    #[must_use]
    pub fn as_data(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Data(data) => Some(data),
            _ => None,
        }
    }
    /// A whole number, when an entry's field can hold it.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let archive = archive::parse(&file.top("version", u64::MAX.into()).top("old", 2.into()).binary()).unwrap();
    /// assert_eq!(archive.get("old").and_then(|number| number.as_int()), Some(2));
    /// assert_eq!(archive.get("version").and_then(|number| number.as_int()), None);
    /// ```
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match &self.content {
            Content::Int(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }
    /// Yes or no; a number is yes when it is not 0.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let archive = archive::parse(&file.top("hidden", true.into()).top("on", 0.into()).binary()).unwrap();
    /// assert_eq!(archive.get("hidden").and_then(|flag| flag.as_bool()), Some(true));
    /// assert_eq!(archive.get("on").and_then(|flag| flag.as_bool()), Some(false));
    /// ```
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.content {
            Content::Bool(value) => Some(*value),
            Content::Int(number) => Some(*number != 0),
            _ => None,
        }
    }
    /// A time, in seconds since 1970.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let date = file.date(1_700_000_000);
    /// let archive = archive::parse(&file.top("root", date).binary()).unwrap();
    /// assert_eq!(archive.get("root").and_then(|date| date.as_time()), Some(1_700_000_000));
    /// ```
    #[must_use]
    pub fn as_time(&self) -> Option<i64> {
        match &self.content {
            Content::Time(seconds) => Some(*seconds),
            _ => None,
        }
    }
}

/// Parses an archive, binary or XML. The answer has the archive's top objects as fields; `root` is the usual one.
///
/// ```
/// # use assay_sdk::{archive, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let name = file.add("Sync");
/// let file = file.top("root", name);
/// assert_eq!(archive::parse(&file.binary()).unwrap(), archive::parse(file.xml().as_bytes()).unwrap());
/// ```
///
/// # Errors
/// See [`Error`].
pub fn parse(bytes: &[u8]) -> Result<Object, Error> {
    unfold(&plist::parse(bytes)?)
}

/// As [`parse`], for an archive that is part of a property list already.
///
/// ```
/// # use assay_sdk::{archive, plist, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let name = file.add("Sync");
/// let plist = plist::parse(&file.top("root", name).binary()).unwrap();
/// assert!(archive::unfold(&plist).unwrap().get("root").is_some());
/// ```
///
/// # Errors
/// [`Error::Malformed`] and [`Error::TooLarge`].
pub fn unfold(plist: &plist::Value) -> Result<Object, Error> {
    unfold::unfold(plist)
}
