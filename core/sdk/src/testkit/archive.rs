//! Archives for tests of what reads them.

use crate::plist::{Dictionary, Uid, Value};

/// Writes what `NSKeyedArchiver` would. Each call that adds an object answers with a reference to it, which goes
/// wherever a value does; numbers and booleans may stand there themselves.
///
/// ```
/// use assay_sdk::{archive, testkit::KeyedArchive};
/// let mut file = KeyedArchive::new();
/// let name = file.add("Sync");
/// let item = file.object("Item", &[("name", name), ("hidden", true.into())]);
/// let members = file.list("NSArray", &[item.clone()]);
/// file.set(&item, "container", members.clone());
/// let archive = archive::parse(&file.top("root", members).binary()).unwrap();
/// assert_eq!(archive.get("root").unwrap().items()[0].get("hidden").unwrap().as_bool(), Some(true));
/// ```
#[derive(Clone, Debug)]
pub struct KeyedArchive {
    objects: Vec<Value>,
    top: Dictionary,
}

impl Default for KeyedArchive {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::expect_used, reason = "a file that cannot be made is a failed test")]
impl KeyedArchive {
    /// An archive of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            objects: vec!["$null".into()],
            top: Dictionary::new(),
        }
    }
    /// A string, a date, data, or any other plain value.
    pub fn add(&mut self, value: impl Into<Value>) -> Value {
        self.objects.push(value.into());
        Value::Uid(Uid::new(self.objects.len() as u64 - 1))
    }
    /// An object of a class, with its fields.
    pub fn object(&mut self, class: &str, fields: &[(&str, Value)]) -> Value {
        let mut described = Dictionary::new();
        described.insert("$classname".to_owned(), class.into());
        described.insert(
            "$classes".to_owned(),
            Value::Array(vec![class.into(), "NSObject".into()]),
        );
        let class = self.add(Value::Dictionary(described));
        let mut object = Dictionary::new();
        object.insert("$class".to_owned(), class);
        object.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        self.add(Value::Dictionary(object))
    }
    /// An array or a set.
    pub fn list(&mut self, class: &str, members: &[Value]) -> Value {
        self.object(class, &[("NS.objects", Value::Array(members.to_vec()))])
    }
    /// An `NSHashTable`, as background items are kept in up to macOS 12.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let members = [file.add("a")];
    /// let table = file.hash_table(&members);
    /// let archive = archive::parse(&file.top("root", table).binary()).unwrap();
    /// assert_eq!(archive.get("root").unwrap().items().len(), 1);
    /// ```
    pub fn hash_table(&mut self, members: &[Value]) -> Value {
        let names: Vec<String> = (0..members.len() + 2)
            .map(|number| format!("${number}"))
            .collect();
        let null = Value::Uid(Uid::new(0));
        let values = [Value::from(0)]
            .into_iter()
            .chain(members.iter().cloned())
            .chain([null]);
        let fields: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
        self.object("NSHashTable", &fields)
    }
    /// An `NSDictionary` with strings for keys.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let pairs = file.dictionary(&[("version", 2.into())]);
    /// let archive = archive::parse(&file.top("root", pairs).binary()).unwrap();
    /// assert_eq!(archive.get("root").unwrap().get("version").unwrap().as_int(), Some(2));
    /// ```
    pub fn dictionary(&mut self, pairs: &[(&str, Value)]) -> Value {
        let keys = pairs.iter().map(|(key, _)| self.add(*key)).collect();
        let values = pairs.iter().map(|(_, value)| value.clone()).collect();
        let fields = [
            ("NS.keys", Value::Array(keys)),
            ("NS.objects", Value::Array(values)),
        ];
        self.object("NSDictionary", &fields)
    }
    /// An `NSURL` without a base.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let url = file.url("file:///opt/x");
    /// let archive = archive::parse(&file.top("root", url).binary()).unwrap();
    /// assert_eq!(archive.get("root").unwrap().as_text(), Some("file:///opt/x"));
    /// ```
    pub fn url(&mut self, url: &str) -> Value {
        let relative = self.add(url);
        self.object(
            "NSURL",
            &[("NS.base", Value::Uid(Uid::new(0))), ("NS.relative", relative)],
        )
    }
    /// An `NSUUID`.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let uuid = file.uuid([0; 16]);
    /// let archive = archive::parse(&file.top("root", uuid).binary()).unwrap();
    /// assert_eq!(archive.get("root").unwrap().class, "NSUUID");
    /// ```
    pub fn uuid(&mut self, bytes: [u8; 16]) -> Value {
        self.object("NSUUID", &[("NS.uuidbytes", Value::Data(bytes.to_vec()))])
    }
    /// An `NSDate`, given in seconds since 1970.
    ///
    /// ```
    /// # use assay_sdk::{archive, testkit::KeyedArchive};
    /// let mut file = KeyedArchive::new();
    /// let date = file.date(60);
    /// let archive = archive::parse(&file.top("root", date).binary()).unwrap();
    /// assert_eq!(archive.get("root").unwrap().as_time(), Some(60));
    /// ```
    pub fn date(&mut self, seconds: i32) -> Value {
        let since_2001 = f64::from(seconds) - 978_307_200.0;
        self.object("NSDate", &[("NS.time", Value::Real(since_2001))])
    }
    /// Sets a field of an object that is there already, which is how circles come about.
    ///
    /// # Panics
    /// When `object` is no reference to an object with fields.
    pub fn set(&mut self, object: &Value, field: &str, value: Value) {
        let number = object.as_uid().and_then(|uid| usize::try_from(uid.get()).ok());
        let object = number.and_then(|number| self.objects.get_mut(number)?.as_dictionary_mut());
        object
            .expect("an object with fields")
            .insert(field.to_owned(), value);
    }
    /// Names an object that a reader begins with.
    #[must_use]
    pub fn top(mut self, name: &str, object: Value) -> Self {
        self.top.insert(name.to_owned(), object);
        self
    }

    fn plist(&self) -> Value {
        let mut archive = Dictionary::new();
        archive.insert("$archiver".to_owned(), "NSKeyedArchiver".into());
        archive.insert("$version".to_owned(), 100_000.into());
        archive.insert("$top".to_owned(), Value::Dictionary(self.top.clone()));
        archive.insert("$objects".to_owned(), Value::Array(self.objects.clone()));
        Value::Dictionary(archive)
    }
    /// The usual form.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn binary(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.plist().to_writer_binary(&mut bytes).expect("writes");
        bytes
    }
    /// The form with a dictionary `CF$UID` for each reference.
    ///
    /// ```
    /// # use assay_sdk::testkit::KeyedArchive;
    /// let mut file = KeyedArchive::new();
    /// let name = file.add("Sync");
    /// assert!(file.top("root", name).xml().contains("<key>CF$UID</key>"));
    /// ```
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn xml(&self) -> String {
        let mut bytes = Vec::new();
        spelled(self.plist()).to_writer_xml(&mut bytes).expect("writes");
        String::from_utf8(bytes).expect("XML is UTF-8")
    }
}

/// The same with references as XML spells them.
fn spelled(value: Value) -> Value {
    match value {
        Value::Uid(uid) => Value::Dictionary(Dictionary::from_iter([("CF$UID", Value::from(uid.get()))])),
        Value::Array(items) => Value::Array(items.into_iter().map(spelled).collect()),
        Value::Dictionary(pairs) => Value::Dictionary(
            pairs
                .into_iter()
                .map(|(key, value)| (key, spelled(value)))
                .collect(),
        ),
        other => other,
    }
}
