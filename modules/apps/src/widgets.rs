//! Widgets in Notification Center, which starts the extensions that they are of at login.

use crate::parse;
use assay_sdk::{Entry, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;

pub(crate) const WATCH: &[&str] = &[
    "~/Library/Containers/com.apple.notificationcenterui/Data/Library/Preferences/com.apple.notificationcenterui.plist",
];

const PREFERENCES: &str = "Library/Containers/com.apple.notificationcenterui/Data/Library/Preferences/com.apple.notificationcenterui.plist";
const LIMIT: u64 = 8 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for home in scan.homes() {
        let path = home.path.join(PREFERENCES);
        let Some(content) = scan.content(&path, LIMIT) else {
            continue;
        };
        let widgets = match content.and_then(|bytes| parse::widgets(&bytes)) {
            Ok(widgets) => widgets,
            Err(why) => {
                scan.entry(Entry::new("widget", path.as_path(), &path).unparsable(why))?;
                continue;
            }
        };
        for widget in widgets {
            let name = format!("{} of {} in ", widget.widget, widget.extension);
            let key = [name.as_bytes(), path.as_os_str().as_bytes()].concat();
            scan.entry(Entry::new("widget", key, &path))?;
        }
    }
    Ok(())
}
