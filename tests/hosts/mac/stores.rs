//! Stores that macOS keeps of what opens at login, as archives of objects.

use super::system::ANA;
use super::vendor::Vendor;
use assay_sdk::plist::Value;
use assay_sdk::testkit::{BookmarkData, KeyedArchive};

pub(super) const BACKGROUND_ITEMS: &str =
    "/private/var/db/com.apple.backgroundtaskmanagement/BackgroundItems-v13.btm";

/// As Background Task Management names root.
pub(super) const ROOT: &str = "FFFFEEEE-DDDD-CCCC-BBBB-AAAA00000000";

// Types of items; LEGACY is a property list that an installer put there itself.
const APP: i64 = 0x2;
const LOGIN_ITEM: i64 = 0x4;
const AGENT: i64 = 0x8;
const DAEMON: i64 = 0x10;
const DEVELOPER: i64 = 0x20;
const LEGACY: i64 = 0x1_0000;
/// Enabled, allowed, and the user was told.
const DISPOSITION: i64 = 11;

/// The database of Background Task Management, with the items of these vendors.
pub(super) fn background_items(vendors: &[&Vendor]) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let (mut of_user, mut of_root) = (Vec::new(), Vec::new());
    for vendor in vendors {
        let (id, name) = (vendor.identifier, vendor.name);
        let mut add = |kind, id: &str, more: &[_]| item(&mut file, vendor, kind, id, more);
        let app = [
            ("url", address(&vendor.app())),
            ("bundleIdentifier", id.to_owned()),
        ];
        let menu = [
            (
                "url",
                encoded(&format!("Contents/Library/LoginItems/{name} Menu.app")),
            ),
            ("container", format!("2.{id}")),
            ("bundleIdentifier", format!("{id}.menu")),
        ];
        let agent = [
            ("url", address(&vendor.agent())),
            ("executablePath", vendor.agent_program()),
            ("container", vendor.developer.to_owned()),
        ];
        let daemon = [
            ("url", address(&vendor.daemon())),
            ("executablePath", vendor.helper()),
        ];
        of_user.extend([
            add(DEVELOPER, vendor.developer, &[]),
            add(APP, &format!("2.{id}"), &app),
            add(LOGIN_ITEM, &format!("4.{id}.menu"), &menu),
            add(AGENT | LEGACY, &format!("8.{id}.agent"), &agent),
        ]);
        of_root.push(add(DAEMON | LEGACY, &format!("16.{id}.helper"), &daemon));
    }
    let (of_user, of_root) = (file.list("NSArray", &of_user), file.list("NSArray", &of_root));
    let items = file.dictionary(&[(ANA, of_user), (ROOT, of_root)]);
    let payloads = file.dictionary(&[]);
    let store = [
        ("itemsByUserIdentifier", items),
        ("mdmPayloadsByIdentifier", payloads),
    ];
    let store = file.object("Storage", &store);
    file.top("version", 13.into()).top("store", store).binary()
}

fn item(
    file: &mut KeyedArchive,
    vendor: &Vendor,
    kind: i64,
    id: &str,
    more: &[(&'static str, String)],
) -> Value {
    let mut fields: Vec<(&str, Value)> = vec![
        ("type", kind.into()),
        ("disposition", DISPOSITION.into()),
        ("generation", 1.into()),
        ("identifier", file.add(id)),
        ("developerName", file.add(vendor.developer)),
        ("teamIdentifier", file.add(vendor.team)),
    ];
    for (name, text) in more {
        let is_url = *name == "url";
        let value = if is_url {
            file.url(text)
        } else {
            file.add(text.as_str())
        };
        fields.push((name, value));
    }
    file.object("ItemRecord", &fields)
}

fn address(path: &str) -> String {
    format!("file://{}", encoded(path))
}

fn encoded(path: &str) -> String {
    path.replace(' ', "%20")
}

/// The list of what somebody opens at login by hand.
pub(super) fn login_items(name: &str, path: &str) -> Vec<u8> {
    let mut file = KeyedArchive::new();
    let bookmark = BookmarkData::new(path).volume("/", "Macintosh HD").bytes();
    let (bookmark, name) = (file.add(Value::Data(bookmark)), file.add(name));
    let item = file.dictionary(&[("Name", name), ("Bookmark", bookmark), ("visibility", 0.into())]);
    let items = file.list("NSArray", &[item]);
    let root = file.dictionary(&[("items", items)]);
    file.top("root", root).binary()
}
