use assay_sdk::bookmark::parse;

/// No part of a path is longer; a path is its names with a slash before each.
const MAX_TEXT: usize = 4096;

/// Bookmarks and alias records, which login items and recent items are made of.
///
/// # Panics
/// When a text in one is longer than a path may be, or could not have come from those bytes.
pub fn bookmark(bytes: &[u8]) {
    let Ok(bookmark) = parse(bytes) else { return };
    let texts = [
        &bookmark.path,
        &bookmark.volume,
        &bookmark.volume_url,
        &bookmark.volume_name,
        &bookmark.volume_uuid,
        &bookmark.disk_image,
        &bookmark.display_name,
        &bookmark.creator,
    ];
    for text in texts.into_iter().flatten() {
        let length = text.as_bytes().len();
        assert!(
            length <= 2 * bytes.len() + MAX_TEXT,
            "{length} bytes out of {}",
            bytes.len()
        );
    }
    assert_eq!(parse(bytes), Ok(bookmark));
}
