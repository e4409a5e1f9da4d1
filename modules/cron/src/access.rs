//! Entries of the lists of users who may, or may not, use crontab(1) and at(1).

use crate::lister::Lister;
use crate::places::Places;
use assay_sdk::{Entry, Result, Value};
use std::path::Path;

const LIMIT: u64 = 64 << 10;

pub(crate) fn list(lister: &mut Lister<'_, '_>, places: &Places) -> Result<()> {
    for path in places.access_lists.iter().map(Path::new) {
        if !lister.is_new("access", path) {
            continue;
        }
        let target = lister.scan.root().read_link(path).ok();
        let entry = Entry::new("cron_access", path, path).maybe("link_target", target.as_deref());
        match lister.scan.content(path, LIMIT) {
            // An empty list counts: at.deny without a line lets everybody in.
            Some(Ok(text)) => lister.scan.entry(entry.field("users", users(&text)))?,
            Some(Err(why)) => lister.scan.entry(entry.unparsable(why))?,
            None => {}
        }
    }
    Ok(())
}

fn users(text: &[u8]) -> Value {
    let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let mut users: Vec<&[u8]> = lines
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .collect();
    users.sort_unstable();
    users.dedup();
    users.into_iter().collect()
}
