use assay_sdk::archive::{Content, Error, MAX_BYTES, MAX_DEPTH, MAX_OBJECTS, Object, parse, unfold};
use assay_sdk::plist;

/// Archives of `NSKeyedArchiver`: background items, recent items, and whatever else an application keeps.
///
/// # Panics
/// When one unfolds beyond its bounds, or reads differently once it was written again.
pub fn archive(bytes: &[u8]) {
    let object = match parse(bytes) {
        Ok(object) => object,
        Err(Error::Plist(_)) => return,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let size = size(&object);
    // The object around those on top is none of the file.
    assert!(size.objects <= MAX_OBJECTS + 1 && size.depth <= MAX_DEPTH + 1 && size.bytes <= MAX_BYTES);
    let mut binary = Vec::new();
    let plist = plist::parse(bytes).expect("it was one");
    if plist.to_writer_binary(&mut binary).is_err() {
        return;
    }
    if let Ok(plist) = plist::parse(&binary) {
        let again = unfold(&plist).expect("the same archive");
        // As text, because a number that is none equals not even itself.
        assert_eq!(format!("{again:?}"), format!("{object:?}"));
    }
}

#[derive(Default)]
struct Size {
    objects: usize,
    bytes: usize,
    depth: usize,
}

fn size(object: &Object) -> Size {
    let (members, own): (Vec<&Object>, usize) = match &object.content {
        Content::List(members) => (members.iter().collect(), 0),
        Content::Pairs(pairs) => (pairs.iter().flat_map(|(key, value)| [key, value]).collect(), 0),
        Content::Fields(fields) => (fields.values().collect(), fields.keys().map(String::len).sum()),
        Content::Text(text) => (Vec::new(), text.len()),
        Content::Data(data) => (Vec::new(), data.len()),
        _ => (Vec::new(), 0),
    };
    let mut all = Size {
        objects: 1,
        bytes: own + object.class.len(),
        depth: 0,
    };
    for member in members {
        let member = size(member);
        all.objects += member.objects;
        all.bytes += member.bytes;
        all.depth = all.depth.max(member.depth + 1);
    }
    all
}
