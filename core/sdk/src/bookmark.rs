//! Bookmarks and alias records: how macOS remembers a file for a login item, a recent item or a folder action.
//!
//! [`parse`] reads both forms of bookmark data (`book`, `alis`) and the alias record of older systems. It trusts no
//! offset and no length: what does not lie within the bytes is as if it were not there, and no text is longer than a
//! path may be.
//!
//! Sources: the layout as the `mac_alias` library documents it; Apple's "Alias Manager Reference" for alias records.
//!
//! ```
//! use assay_sdk::{bookmark, testkit};
//! let bytes = testkit::BookmarkData::new("/Volumes/Kit/Run.app").volume("/Volumes/Kit", "Kit").bytes();
//! let bookmark = bookmark::parse(&bytes).unwrap();
//! assert_eq!(bookmark.path.unwrap(), "/Volumes/Kit/Run.app");
//! assert_eq!(bookmark.volume.unwrap(), "/Volumes/Kit");
//! ```

mod alias;
mod data;

use assay_model::Text;

/// A longer path opens nothing, on any system.
const MAX_TEXT: usize = 4096;

/// Why bytes are no bookmark.
///
/// ```
/// use assay_sdk::bookmark;
/// assert_eq!(bookmark::parse(b"bplist00").unwrap_err().to_string(), "no bookmark: neither `book`, `alis` nor an alias record");
/// assert_eq!(bookmark::parse(b"book").unwrap_err().to_string(), "no bookmark: cut off");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no bookmark: {0}")]
pub struct Error(&'static str);

/// What a bookmark says of the file that it stands for. All of it is what its writer knew; the file may be elsewhere
/// by now.
///
/// ```
/// use assay_sdk::{bookmark, testkit};
/// let bytes = testkit::BookmarkData::new("/Volumes/Kit/Run.app")
///     .volume("/Volumes/Kit", "Kit")
///     .disk_image("/Users/ana/Downloads/kit.dmg")
///     .display_name("Run")
///     .creator("ana")
///     .bytes();
/// let bookmark = bookmark::parse(&bytes).unwrap();
/// assert_eq!(bookmark.disk_image.unwrap(), "/Users/ana/Downloads/kit.dmg");
/// assert_eq!(bookmark.volume_name.unwrap(), "Kit");
/// assert_eq!(bookmark.volume_url.unwrap(), "file:///Volumes/Kit/");
/// assert_eq!((bookmark.display_name.unwrap(), bookmark.creator.unwrap()), ("Run".into(), "ana".into()));
/// assert_eq!((bookmark.volume_uuid, bookmark.on_root_volume), (None, Some(false)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// The file, absolute on the Mac that wrote it.
    pub path: Option<Text>,
    /// Where its volume was mounted.
    pub volume: Option<Text>,
    /// The same as a URL.
    pub volume_url: Option<Text>,
    /// The volume's name.
    pub volume_name: Option<Text>,
    /// The volume's UUID.
    pub volume_uuid: Option<Text>,
    /// Whether that was the volume of the system.
    pub on_root_volume: Option<bool>,
    /// The disk image that holds the volume: a login item on one runs what its author can exchange at will.
    pub disk_image: Option<Text>,
    /// What people saw as its name.
    pub display_name: Option<Text>,
    /// The account that made the bookmark.
    pub creator: Option<Text>,
}

/// Reads a bookmark or an alias record.
///
/// ```
/// use assay_sdk::{bookmark, testkit::BookmarkData};
/// let file = BookmarkData::new("/Applications/Notes.app").volume("/", "Macintosh HD");
/// let [new, old] = [file.bytes(), file.alias_record()].map(|bytes| bookmark::parse(&bytes).unwrap());
/// assert_eq!(new.path, old.path);
/// assert_eq!(new.volume_name, old.volume_name);
/// ```
///
/// # Errors
/// When they are none, or when their frame is broken. A part that makes no sense is left out.
pub fn parse(bytes: &[u8]) -> Result<Bookmark, Error> {
    if bytes.starts_with(b"book") || bytes.starts_with(b"alis") {
        data::parse(bytes)
    } else {
        alias::parse(bytes)
    }
}

/// The path in a URL of a file, the third way in which macOS remembers one; without the slash at the end that the URL
/// of a folder has.
///
/// ```
/// use assay_sdk::bookmark;
/// assert_eq!(bookmark::of_url("file:///Users/ana/My%20App.app/").unwrap(), "/Users/ana/My App.app");
/// assert_eq!(bookmark::of_url("file://localhost/opt/x").unwrap(), "/opt/x");
/// assert_eq!(bookmark::of_url("https://assay.invalid/x"), None);
/// ```
#[must_use]
pub fn of_url(url: &str) -> Option<Text> {
    let rest = url.strip_prefix("file://")?;
    let mut bytes = rest.strip_prefix("localhost").unwrap_or(rest).bytes();
    let hex = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let mut path = Vec::new();
    while let Some(byte) = bytes.next() {
        path.push(if byte == b'%' {
            hex(bytes.next()?)? << 4 | hex(bytes.next()?)?
        } else {
            byte
        });
    }
    while path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    (path.starts_with(b"/") && path.len() <= MAX_TEXT).then(|| path.into())
}

/// Joins names to an absolute path; `None` when it would be longer than a path may be.
fn joined<'a>(names: impl Iterator<Item = &'a [u8]>) -> Option<Text> {
    let mut path = Vec::new();
    for name in names.filter(|name| *name != b"/") {
        path.push(b'/');
        path.extend_from_slice(name);
        if path.len() > MAX_TEXT {
            return None;
        }
    }
    if path.is_empty() { None } else { Some(path.into()) }
}
