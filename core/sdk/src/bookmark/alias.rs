//! Alias records, versions 2 and 3: what login items were kept in up to macOS 10.12. Big-endian.

use super::{Bookmark, Error, MAX_TEXT};
use assay_model::Text;
use std::path::Path;

const NO_BOOKMARK: Error = Error("neither `book`, `alis` nor an alias record");
/// Where the tagged values begin.
const TAGS_OF_2: usize = 150;
const TAGS_OF_3: usize = 58;

pub(super) fn parse(bytes: &[u8]) -> Result<Bookmark, Error> {
    let (mut bookmark, image) = record(bytes)?;
    // The image may lie on an image; one step is enough to know where the file comes from.
    let image = image.and_then(|image| record(image).ok());
    bookmark.disk_image = image.and_then(|(image, _)| image.path);
    Ok(bookmark)
}

/// One record, and that of the disk image which holds the volume.
fn record(bytes: &[u8]) -> Result<(Bookmark, Option<&[u8]>), Error> {
    let size = be(bytes, 4).map(usize::from).ok_or(NO_BOOKMARK)?;
    let record = bytes.get(..size).ok_or(NO_BOOKMARK)?;
    let (tags, volume_name) = match be(record, 6) {
        Some(2) => (TAGS_OF_2, pascal(record, 10, 27)),
        Some(3) => (TAGS_OF_3, None),
        _ => return Err(NO_BOOKMARK),
    };
    let mut bookmark = Bookmark {
        volume_name,
        ..Bookmark::default()
    };
    let mut path: Option<&[u8]> = None;
    let mut image = None;
    let mut at = tags;
    while let (Some(tag), Some(length)) = (be(record, at), be(record, at + 2)) {
        let length = usize::from(length);
        let Some(value) = record.get(at + 4..at + 4 + length).filter(|_| tag != 0xffff) else {
            break;
        };
        match tag {
            14 => bookmark.display_name = utf16(value),
            15 => bookmark.volume_name = utf16(value),
            18 => path = Some(value).filter(|value| value.len() <= MAX_TEXT),
            19 if value.len() <= MAX_TEXT => bookmark.volume = Some(value.into()),
            20 => image = Some(value),
            _ => {}
        }
        // Each begins at an even place.
        at += 4 + length + length % 2;
    }
    bookmark.path = path.map(|path| below(bookmark.volume.as_ref(), path));
    bookmark.on_root_volume = bookmark.volume.as_ref().map(|volume| *volume == *"/");
    Ok((bookmark, image))
}

/// The path is below the mount point.
fn below(volume: Option<&Text>, path: &[u8]) -> Text {
    let volume = volume.map_or(Path::new("/"), Text::as_path);
    let path: Text = path.strip_prefix(b"/").unwrap_or(path).into();
    volume.join(path.as_path()).as_path().into()
}

fn be(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(two.try_into().ok()?))
}

/// A string of at most `limit` bytes that its length precedes.
fn pascal(bytes: &[u8], at: usize, limit: usize) -> Option<Text> {
    let length = usize::from(*bytes.get(at)?).min(limit);
    let text = bytes.get(at + 1..at + 1 + length)?;
    (!text.is_empty()).then(|| text.into())
}

/// The number of its units, and then as many.
fn utf16(value: &[u8]) -> Option<Text> {
    let units = usize::from(be(value, 0)?);
    let text = value
        .get(2..)?
        .get(..units * 2)
        .filter(|text| text.len() <= MAX_TEXT)?;
    let units = text
        .chunks_exact(2)
        .map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some(text.into())
}
