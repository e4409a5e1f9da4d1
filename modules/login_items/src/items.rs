//! Login items of macOS up to 12: three stores in each home, one form of entry.

use crate::parse::items::{self, Item};
use crate::target::Target;
use assay_sdk::{Entry, GapReason, Keys, Result, Scan, Text, Value};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub(crate) const WATCH: &[&str] = &[
    "~/Library/Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems*.btm",
    "~/Library/Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl*",
    "~/Library/Preferences/com.apple.loginitems.plist",
];

type Parser = fn(&[u8]) -> std::result::Result<Vec<Item>, String>;

/// The stores below `Library`. The folder of shared file lists holds recent documents besides, which are none of ours.
const STORES: &[(&str, Parser)] = &[
    (
        "Application Support/com.apple.backgroundtaskmanagementagent/backgrounditems.btm",
        items::containers,
    ),
    (
        "Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl",
        items::shared_list,
    ),
    (
        "Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl2",
        items::shared_list,
    ),
    (
        "Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl3",
        items::shared_list,
    ),
    (
        "Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl4",
        items::shared_list,
    ),
    ("Preferences/com.apple.loginitems.plist", items::alias_list),
];
const LIMIT: u64 = 8 << 20;
/// Each is looked up in the root; nobody has a hundred.
const MAX_ITEMS: usize = 2_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        for (store, parse) in STORES {
            let path = home.path.join("Library").join(store);
            let Some(content) = scan.content(&path, LIMIT) else {
                continue;
            };
            match content.and_then(|bytes| parse(&bytes)) {
                Ok(items) => list(scan, &path, items)?,
                Err(why) => scan.entry(Entry::new("login_item", path.as_path(), &path).unparsable(why))?,
            }
        }
    }
    Ok(())
}

fn list(scan: &mut Scan<'_>, path: &Path, mut items: Vec<Item>) -> Result<()> {
    items.sort();
    if items.len() > MAX_ITEMS {
        scan.gap(
            path,
            GapReason::TooBig,
            &format!("more than {MAX_ITEMS} login items"),
        )?;
    }
    let mut keys = Keys::default();
    for item in items.into_iter().take(MAX_ITEMS) {
        let programs = item
            .path
            .as_ref()
            .map(|target| Target::of(scan, path, target).programs);
        let name = item.name.as_deref().map(str::as_bytes);
        let name = name
            .or(item.path.as_ref().map(Text::as_bytes))
            .unwrap_or(b"an item without a path");
        let key = [name, b" in ", path.as_os_str().as_bytes()].concat();
        let options = (!item.options.is_empty()).then(|| Value::from_iter(item.options));
        let entry = Entry::new("login_item", keys.unique(key.into()), path)
            .maybe("path", item.path)
            .maybe("hidden", item.hidden)
            .maybe("volume", item.volume)
            .maybe("disk_image", item.disk_image)
            .maybe("options", options)
            .programs(programs.unwrap_or_default());
        scan.entry(entry)?;
    }
    Ok(())
}
