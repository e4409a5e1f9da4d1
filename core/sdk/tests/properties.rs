//! Whatever bytes come, the readers answer, soon and within their bounds; and what is written is read back.

use assay_sdk::archive::{self, Content, Object};
use assay_sdk::testkit::{BookmarkData, KeyedArchive};
use assay_sdk::{bookmark, ini, json, lines, plist};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text of a format with the given signs, and any bytes among it.
fn text_of(signs: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let sign = prop::sample::select(signs.as_bytes());
    vec(prop_oneof![8 => sign, 1 => any::<u8>()], 0..200)
}

/// A file that is right but for some bytes.
fn damaged(file: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = file.len();
    let changes = vec((0..length, any::<u8>()), 0..6);
    (Just(file), changes, 0..=length).prop_map(|(mut file, changes, end)| {
        for (at, byte) in changes {
            file[at] = byte;
        }
        file.truncate(end.max(file.len() / 2));
        file
    })
}

fn an_archive() -> KeyedArchive {
    let mut file = KeyedArchive::new();
    let url = file.url("Contents/x");
    let members = [
        file.uuid([7; 16]),
        file.date(0),
        file.add(plist::Value::Data(vec![1, 2])),
    ];
    let table = file.hash_table(&members);
    let item = file.object("Item", &[("url", url), ("table", table)]);
    let pairs = file.dictionary(&[("item", item.clone()), ("n", 3.into())]);
    file.set(&item, "container", pairs.clone());
    file.top("root", pairs)
}

fn a_bookmark() -> BookmarkData {
    let file = BookmarkData::new("/Volumes/Kit/A.app/Contents/x").volume("/Volumes/Kit", "Kit");
    file.disk_image("/Users/ana/kit.dmg")
        .display_name("A")
        .creator("ana")
}

/// Text that says something, without blanks at its ends.
fn said() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/$.:-]{1,6}( [a-zA-Z0-9/$.:-]{1,6}){0,2}"
}

/// An object as an archive may hold it, nested a little.
fn tree() -> impl Strategy<Value = Object> {
    let plain = |content| Object {
        class: String::new(),
        content,
    };
    let leaf = prop_oneof![
        any::<bool>().prop_map(Content::Bool),
        any::<i64>().prop_map(|number| Content::Int(number.into())),
        any::<u64>().prop_map(|number| Content::Int(number.into())),
        "\\PC{0,8}"
            .prop_filter("the name of nothing", |text| text != "$null")
            .prop_map(Content::Text),
        vec(any::<u8>(), 0..8).prop_map(Content::Data),
    ];
    leaf.prop_map(plain).prop_recursive(4, 24, 4, move |inner| {
        let fields = prop::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..4);
        let pairs = vec((said(), inner.clone()), 0..4).prop_map(move |pairs| {
            let pairs = pairs
                .into_iter()
                .map(|(key, value)| (plain(Content::Text(key)), value));
            Content::Pairs(pairs.collect())
        });
        prop_oneof![
            vec(inner, 0..4).prop_map(|items| ("NSArray", Content::List(items))),
            pairs.prop_map(|content| ("NSDictionary", content)),
            fields.prop_map(|fields| ("ItemRecord", Content::Fields(fields))),
        ]
        .prop_map(|(class, content)| Object {
            class: class.to_owned(),
            content,
        })
    })
}

fn written(file: &mut KeyedArchive, object: &Object) -> plist::Value {
    match &object.content {
        Content::Bool(value) => (*value).into(),
        Content::Int(number) => match i64::try_from(*number) {
            Ok(number) => number.into(),
            Err(_) => u64::try_from(*number).expect("64 bits").into(),
        },
        Content::Text(text) => file.add(text.as_str()),
        Content::Data(data) => file.add(plist::Value::Data(data.clone())),
        Content::List(items) => {
            let items: Vec<_> = items.iter().map(|item| written(file, item)).collect();
            file.list(&object.class, &items)
        }
        Content::Pairs(pairs) => {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(key, value)| (key.as_text().unwrap_or_default(), written(file, value)))
                .collect();
            file.dictionary(&pairs)
        }
        Content::Fields(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), written(file, value)))
                .collect();
            file.object(&object.class, &fields)
        }
        other => panic!("{other:?} is not made here"),
    }
}

proptest! {
    #[test]
    fn lines_are_never_empty_and_come_in_order(text in text_of("ab# ;\\\n\r\t"), syntax in 0..16_u8) {
        let mut all = lines::read(&text);
        if syntax & 1 != 0 { all = all.comments(b"#;") }
        if syntax & 2 != 0 { all = all.comments_after_blanks() }
        if syntax & 4 != 0 { all = all.joined_by(b" ") }
        if syntax & 8 != 0 { all = all.trimmed() }
        let all: Vec<_> = all.collect();
        prop_assert!(all.iter().all(|line| !line.text.is_empty()));
        prop_assert!(all.windows(2).all(|pair| pair[0].number < pair[1].number));
        prop_assert!(all.iter().map(|line| line.text.len()).sum::<usize>() <= text.len() * 2);
    }

    #[test]
    fn ini_files_are_read_whatever_they_are(text in text_of("ab=[]\"\\ ;#\n\r.-")) {
        for ini in [ini::parse(&text), ini::git(&text)] {
            let settings = ini.sections.iter().flat_map(|section| &section.settings);
            let held = |setting: &ini::Setting| {
                setting.key.as_bytes().len() + setting.value.as_ref().map_or(0, |value| value.as_bytes().len())
            };
            prop_assert!(settings.map(held).sum::<usize>() <= text.len());
        }
    }

    #[test]
    fn settings_are_read_back(sections in vec(("[a-z]{1,5}", vec(("[a-z][a-z-]{0,4}", said()), 0..4)), 0..4)) {
        let mut text = String::new();
        for (name, settings) in &sections {
            text += &format!("[{name}]\n# a comment\n");
            for (key, value) in settings {
                text += &format!("  {key} =  {value} \n");
            }
        }
        for ini in [ini::parse(text.as_bytes()), ini::git(text.as_bytes())] {
            prop_assert_eq!(ini.malformed, None);
            let read: Vec<(String, Vec<(String, String)>)> = ini
                .sections
                .iter()
                .map(|section| {
                    let value = |setting: &ini::Setting| setting.value.as_ref().map(ToString::to_string);
                    let settings = section.settings.iter();
                    let settings = settings.map(|s| (s.key.to_string(), value(s).unwrap_or_default()));
                    (section.name.to_string(), settings.collect())
                })
                .collect();
            prop_assert_eq!(&read, &sections);
        }
    }

    #[test]
    fn json_without_comments_is_as_long_and_is_the_same_where_there_were_none(text in text_of("[]{}\",:/*\\\n1a ")) {
        let without = json::without_comments(&text);
        prop_assert_eq!(without.len(), text.len());
        if let Ok(value) = json::parse(&text) {
            prop_assert_eq!(json::parse(&without).expect("still JSON"), value);
        }
    }

    #[test]
    fn archives_are_read_back(object in tree()) {
        let mut file = KeyedArchive::new();
        let root = written(&mut file, &object);
        let file = file.top("root", root);
        for bytes in [file.binary(), file.xml().into_bytes()] {
            let read = archive::parse(&bytes).expect("an archive");
            prop_assert_eq!(read.get("root"), Some(&object));
        }
    }

    #[test]
    fn damaged_archives_are_bounded(bytes in damaged(an_archive().binary())) {
        if let Ok(archive) = archive::parse(&bytes) {
            prop_assert!(matches!(archive.content, Content::Fields(_)));
        }
    }

    #[test]
    fn a_table_of_any_references_is_bounded(links in vec((0..12_u64, 0..12_u64, 0..12_u64), 1..12)) {
        let uid = |number| plist::Value::Uid(plist::Uid::new(number));
        let mut objects = vec![plist::Value::from("$null")];
        objects.extend(links.iter().map(|(class, a, b)| {
            let fields = [("$class", uid(*class)), ("NS.base", uid(*a)), ("NS.relative", uid(*b)), ("x", uid(*a)), ("y", uid(*b))];
            plist::Value::Dictionary(plist::Dictionary::from_iter(fields))
        }));
        let top = plist::Value::Dictionary(plist::Dictionary::from_iter([("root", uid(1))]));
        let archive = [("$objects", plist::Value::Array(objects)), ("$top", top)];
        let archive = archive::unfold(&plist::Value::Dictionary(plist::Dictionary::from_iter(archive)));
        prop_assert!(matches!(archive, Ok(_) | Err(archive::Error::TooLarge)));
    }

    #[test]
    fn bookmarks_are_read_back(names in vec("[^/\0]{1,12}", 1..6), volume in "[a-zA-Z ]{1,20}", image in "/[a-z]{1,9}") {
        let path = format!("/{}", names.join("/"));
        let file = BookmarkData::new(&path).volume("/", &volume).disk_image(&image).display_name("x");
        for bytes in [file.bytes(), file.alias_record()] {
            let read = bookmark::parse(&bytes).expect("a bookmark");
            prop_assert_eq!(read.path, Some(path.as_str().into()));
            prop_assert_eq!(read.volume_name, Some(volume.as_str().into()));
            prop_assert_eq!(read.disk_image, Some(image.as_str().into()));
            prop_assert_eq!((read.on_root_volume, read.display_name), (Some(true), Some("x".into())));
        }
    }

    #[test]
    fn damaged_bookmarks_are_bounded(bytes in prop_oneof![damaged(a_bookmark().bytes()), damaged(a_bookmark().alias_record())]) {
        if let Ok(bookmark) = bookmark::parse(&bytes) {
            let texts = [bookmark.path, bookmark.volume, bookmark.volume_url, bookmark.disk_image, bookmark.display_name];
            prop_assert!(texts.iter().flatten().all(|text| text.as_bytes().len() <= bytes.len()));
        }
    }

    #[test]
    fn any_bytes_at_all(bytes in vec(any::<u8>(), 0..300), magic in prop::sample::select(vec![&b""[..], b"book", b"alis", b"bplist00"])) {
        let bytes = [magic, &bytes].concat();
        // Each answers; what it says of noise does not matter.
        drop((archive::parse(&bytes), json::parse(&bytes), bookmark::parse(&bytes)));
        drop((ini::parse(&bytes), ini::git(&bytes), lines::read(&bytes).count()));
    }
}
