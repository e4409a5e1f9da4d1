//! The stores of background and login items, as macOS writes them.

use super::ANA;
use assay_sdk::plist::{Dictionary, Value};
use assay_sdk::testkit::{BookmarkData, Fixture, KeyedArchive};

/// An item of Background Task Management: a function of the archive, so that tests can change one field.
#[derive(Clone)]
pub(crate) struct Item(pub(crate) Vec<(&'static str, Field)>);

#[derive(Clone)]
pub(crate) enum Field {
    Text(&'static str),
    Number(i64),
    List(&'static [&'static str]),
    Url(&'static str),
}
pub(crate) use Field::{List, Number, Text, Url};

impl Item {
    pub(crate) fn with(&self, name: &'static str, value: Field) -> Self {
        let mut fields: Vec<_> = self.0.iter().filter(|(old, _)| *old != name).cloned().collect();
        fields.push((name, value));
        Self(fields)
    }
    fn add_to(&self, file: &mut KeyedArchive) -> Value {
        let mut fields = Vec::new();
        for (name, value) in &self.0 {
            let value = match value {
                Text(text) => file.add(*text),
                Number(number) => Value::from(*number),
                List(items) => {
                    let items: Vec<Value> = items.iter().map(|item| file.add(*item)).collect();
                    file.list("NSArray", &items)
                }
                Url(url) => file.url(url),
            };
            fields.push((*name, value));
        }
        file.object("ItemRecord", &fields)
    }
}

pub(crate) fn daemon() -> Item {
    Item(vec![
        ("identifier", Text("16.org.sample.syncd")),
        ("name", Text("syncd")),
        ("type", Number(0x1_0010)),
        ("disposition", Number(11)),
        ("generation", Number(4)),
        ("url", Url("file:///Library/LaunchDaemons/org.sample.syncd.plist")),
        ("executablePath", Text("/bin/sh")),
        ("programArguments", List(&["sh", "/opt/sync/run.sh"])),
        ("developerName", Text("Sample Corp")),
        ("teamIdentifier", Text("AB12CD34EF")),
        (
            "associatedBundleIdentifiers",
            List(&["org.sample.b", "org.sample.a"]),
        ),
    ])
}

pub(crate) fn database(items: &[Item]) -> Vec<u8> {
    database_of("mdmPayloadsByIdentifier", &[(ANA, items)]).binary()
}

pub(crate) fn database_of(policies: &str, users: &[(&str, &[Item])]) -> KeyedArchive {
    let mut file = KeyedArchive::new();
    let mut lists = Vec::new();
    for (user, items) in users {
        let items: Vec<Value> = items.iter().map(|item| item.add_to(&mut file)).collect();
        lists.push((*user, file.list("NSArray", &items)));
    }
    let users = file.dictionary(&lists);
    let team = file.add("AB12CD34EF");
    let rule = file.object("Rule", &[("teamIdentifier", team), ("allowed", true.into())]);
    let rules = file.list("NSArray", &[rule]);
    let payloads = file.dictionary(&[("org.sample.payload", rules)]);
    let store = file.object(
        "Storage",
        &[("itemsByUserIdentifier", users), (policies, payloads)],
    );
    file.top("version", 13.into()).top("store", store)
}

pub(crate) fn bookmark(path: &str) -> Value {
    Value::Data(BookmarkData::new(path).volume("/", "Macintosh HD").bytes())
}

/// The store of macOS 10.13 to 12, with the circle of every real one.
pub(crate) fn containers(hidden: bool, kind: i64, election: i64, bookmark: Value) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let data = file.add(bookmark);
    let mark = file.object("Bookmark", &[("data", data)]);
    let fields = [
        ("hidden", hidden.into()),
        ("type", kind.into()),
        ("loginItemType", 1.into()),
        ("bookmark", mark),
    ];
    let item = file.object("BackgroundLoginItem", &fields);
    let items = file.hash_table(std::slice::from_ref(&item));
    let id = file.uuid([7; 16]);
    let fields = [
        ("internalItems", items),
        ("identifier", id),
        ("userElection", election.into()),
    ];
    let container = file.object("BackgroundItemContainer", &fields);
    file.set(&item, "container", container.clone());
    let all = file.list("NSArray", &[container]);
    let items = file.object("BackgroundItems", &[("allContainers", all)]);
    let root = file.dictionary(&[("version", 2.into()), ("backgroundItems", items)]);
    file.top("root", root).binary()
}

pub(crate) fn shared_list(name: &str, visibility: i64, bookmark: Value) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let mark = file.add(bookmark);
    let name = file.add(name);
    let item = file.dictionary(&[
        ("Name", name),
        ("Bookmark", mark),
        ("visibility", visibility.into()),
    ]);
    let items = file.list("NSArray", &[item]);
    let root = file.dictionary(&[("items", items)]);
    file.top("root", root).binary()
}

pub(crate) fn aliases(path: &str, hidden: bool, flags: i64) -> Vec<u8> {
    let mut properties = Dictionary::new();
    properties.insert(
        "com.apple.LSSharedFileList.ItemIsHidden".to_owned(),
        hidden.into(),
    );
    let mut item = Dictionary::new();
    item.insert("Name".to_owned(), "Updater".into());
    item.insert("Flags".to_owned(), flags.into());
    item.insert(
        "Alias".to_owned(),
        Value::Data(BookmarkData::new(path).volume("/", "HD").alias_record()),
    );
    item.insert("CustomItemProperties".to_owned(), Value::Dictionary(properties));
    alias_file(item)
}

pub(crate) fn alias_file(item: Dictionary) -> Vec<u8> {
    let list = Dictionary::from_iter([("CustomListItems", Value::Array(vec![Value::Dictionary(item)]))]);
    let file = Dictionary::from_iter([("SessionItems", Value::Dictionary(list))]);
    let mut bytes = Vec::new();
    Value::Dictionary(file)
        .to_writer_binary(&mut bytes)
        .expect("writes");
    bytes
}

pub(crate) fn app(fixture: Fixture, path: &str, identifier: &str) -> Fixture {
    let name = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".app");
    let info = format!("{{ CFBundleIdentifier = \"{identifier}\"; CFBundleExecutable = \"{name}\"; }}");
    let fixture = fixture.file(&format!("{path}/Contents/Info.plist"), info);
    fixture.script(&format!("{path}/Contents/MacOS/{name}"), "")
}
