//! Files made to take all memory or all time, one for each bound that keeps them from it.

use assay_sdk::testkit::{BookmarkData, KeyedArchive};
use assay_sdk::{archive, bookmark};

/// The bookmark of `/a` with one place overwritten.
fn bookmark_with(place: impl Fn(&[u8]) -> usize, words: &[u32]) -> Vec<u8> {
    let mut bytes = BookmarkData::new("/a").volume("/Volumes/B", "B").bytes();
    let at = place(&bytes);
    for (word, place) in words.iter().zip(bytes[at..].chunks_exact_mut(4)) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

fn first_table(bytes: &[u8]) -> usize {
    48 + u32::from_le_bytes([bytes[48], bytes[49], bytes[50], bytes[51]]) as usize
}

#[test]
fn a_chain_of_tables_that_never_ends_is_left() {
    let first = first_table(&BookmarkData::new("/a").volume("/Volumes/B", "B").bytes());
    let bytes = bookmark_with(
        |bytes| first_table(bytes) + 12,
        &[u32::try_from(first - 48).expect("small")],
    );
    assert_eq!(
        bookmark::parse(&bytes).expect("a bookmark").path,
        Some("/a".into())
    );
}

#[test]
fn offsets_and_counts_out_of_range_are_as_if_they_were_not_there() {
    // The offset of the path, that of the first table, the number of items, the next table.
    let path = bookmark_with(|bytes| first_table(bytes) + 24, &[u32::MAX]);
    let read = bookmark::parse(&path).expect("the rest of it");
    assert_eq!((read.path, read.volume_name), (None, Some("B".into())));
    assert!(bookmark::parse(&bookmark_with(|_| 48, &[u32::MAX])).is_err());
    assert!(bookmark::parse(&bookmark_with(|_| 12, &[u32::MAX])).is_err());
    let count = bookmark_with(|bytes| first_table(bytes) + 16, &[u32::MAX]);
    assert_eq!(
        bookmark::parse(&count).expect("a bookmark").path,
        Some("/a".into())
    );
    assert!(bookmark::parse(&bookmark_with(|bytes| first_table(bytes) + 12, &[u32::MAX])).is_err());
}

/// Half a million names that are all the same long one: gigabytes of path in some megabytes.
#[test]
fn a_path_of_many_long_names_is_no_path() {
    let mut data = vec![0; 4];
    let name = vec![b'n'; 4000];
    data.extend([4000_u32, 0x101].iter().flat_map(|word| word.to_le_bytes()));
    data.extend(&name);
    let list = u32::try_from(data.len()).expect("small");
    data.extend([2_000_000_u32, 0x601].iter().flat_map(|word| word.to_le_bytes()));
    data.extend(4_u32.to_le_bytes().repeat(500_000));
    let table = u32::try_from(data.len()).expect("small");
    data[..4].copy_from_slice(&table.to_le_bytes());
    let words = [24, 0xffff_fffe, 1, 0, 1, 0x1004, list, 0];
    data.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    let header = [&b"book"[..], &[0; 8], &48_u32.to_le_bytes(), &[0; 32], &data].concat();
    assert_eq!(bookmark::parse(&header).expect("a bookmark").path, None);
}

#[test]
fn a_url_that_is_its_own_base_is_left() {
    let mut file = KeyedArchive::new();
    let part = file.add("x/");
    let url = file.object("NSURL", &[("NS.relative", part)]);
    file.set(&url, "NS.base", url.clone());
    let read = archive::parse(&file.top("root", url).binary()).expect("an archive");
    let text = read.get("root").and_then(|url| url.as_text()).expect("a text");
    assert!(text.len() < 100, "{text}");
}

#[test]
fn urls_are_put_together_as_foundation_does() {
    for (base, relative, expected) in [
        (
            "file:///Applications/X.app/",
            "Contents/y",
            "file:///Applications/X.app/Contents/y",
        ),
        ("file:///Applications/X.app", "y", "file:///Applications/y"),
        ("file:///Applications/", "/opt/y", "file:///opt/y"),
        ("file:///Applications/", "https://h/z", "https://h/z"),
        ("", "Contents/y", "Contents/y"),
    ] {
        let mut file = KeyedArchive::new();
        let base = file.url(base);
        let relative = file.add(relative);
        let url = file.object("NSURL", &[("NS.base", base), ("NS.relative", relative)]);
        let read = archive::parse(&file.top("root", url).binary()).expect("an archive");
        assert_eq!(read.get("root").and_then(|url| url.as_text()), Some(expected));
    }
}

/// Two objects that hold each other many times over double with each level.
#[test]
fn objects_that_hold_each_other_are_bounded() {
    let mut file = KeyedArchive::new();
    let items: Vec<_> = (0..40).map(|_| file.object("Item", &[])).collect();
    for item in &items {
        let all = file.list("NSArray", &items);
        file.set(item, "others", all);
    }
    let file = file.top("root", items[0].clone());
    assert!(matches!(
        archive::parse(&file.binary()),
        Err(archive::Error::TooLarge)
    ));
}

#[test]
fn strings_and_data_of_every_class_are_taken_apart() {
    let mut file = KeyedArchive::new();
    let text = file.add("a");
    let bytes = file.add(assay_sdk::plist::Value::Data(b"b\xff".to_vec()));
    let members = [
        file.object("NSMutableString", &[("NS.string", text)]),
        file.object("NSString", &[("NS.bytes", bytes.clone())]),
        file.object("NSMutableData", &[("NS.data", bytes)]),
        file.object("NSNull", &[]),
        file.object("NSString", &[]),
        file.object("NSDate", &[("NS.time", f64::NAN.into())]),
    ];
    let set = file.list("NSOrderedSet", &members);
    let read = archive::parse(&file.top("root", set).binary()).expect("an archive");
    let contents: Vec<_> = read
        .get("root")
        .expect("the set")
        .items()
        .iter()
        .map(|item| &item.content)
        .collect();
    use archive::Content::{Data, Fields, Null, Text, Time};
    let expected = [
        Text("a".into()),
        Text("b\u{fffd}".into()),
        Data(b"b\xff".to_vec()),
        Null,
        Fields(std::collections::BTreeMap::new()),
        Time(978_307_200),
    ];
    assert_eq!(contents, expected.iter().collect::<Vec<_>>());
}
