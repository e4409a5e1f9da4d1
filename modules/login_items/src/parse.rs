//! The formats: bytes in, structs out.

pub(crate) mod background;
pub(crate) mod items;
pub(crate) mod shortcuts;

use assay_sdk::archive::{Content, Object};

/// An object as one line of text with sorted keys, as `plist::flat` writes property lists. Data is left out: it is a
/// bookmark or the like, which says the same in other bytes after a restart.
fn flat(object: &Object) -> Option<String> {
    let members = |items: &[Object]| items.iter().filter_map(flat).collect::<Vec<_>>();
    let in_braces = |mut pairs: Vec<String>| {
        pairs.sort();
        format!("{{{}}}", pairs.join(", "))
    };
    Some(match &object.content {
        Content::Null | Content::Cycle | Content::Data(_) => return None,
        Content::Bool(value) => value.to_string(),
        Content::Int(value) => value.to_string(),
        Content::Real(value) => value.to_string(),
        Content::Time(value) => value.to_string(),
        Content::Text(text) => text.clone(),
        Content::List(items) if object.class.ends_with("Array") || object.class.contains("Ordered") => {
            format!("({})", members(items).join(", "))
        }
        Content::List(items) => in_braces(members(items)),
        Content::Pairs(pairs) => {
            let pairs = pairs
                .iter()
                .filter_map(|(key, value)| Some(format!("{}={}", flat(key)?, flat(value)?)));
            in_braces(pairs.collect())
        }
        Content::Fields(fields) => {
            let pairs = fields
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", flat(value)?)));
            in_braces(pairs.collect())
        }
    })
}
