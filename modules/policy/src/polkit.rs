//! polkit's actions.

use crate::parse::polkit::{self, Action};
use assay_sdk::{Entry, Keys, Result, Scan, Value};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["{/usr/share,/usr/local/share,/etc}/polkit-1/actions/*.policy"];

const FOLDERS: [&str; 3] = [
    "/usr/share/polkit-1/actions",
    "/usr/local/share/polkit-1/actions",
    "/etc/polkit-1/actions",
];
/// NetworkManager's, with all languages, has 300 KB.
const LIMIT: u64 = 4 << 20;
/// What pkexec runs, when it is asked for that program.
const EXEC: &str = "org.freedesktop.policykit.exec.path";

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for folder in FOLDERS.map(Path::new) {
        for path in scan.files(folder, |name| name.ends_with(b".policy")) {
            file(scan, &path)?;
        }
    }
    Ok(())
}

fn file(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(content) = scan.content(path, LIMIT) else {
        return Ok(());
    };
    let actions = match content.and_then(|bytes| polkit::actions(&bytes)) {
        Ok(actions) => actions,
        Err(why) => return scan.entry(Entry::new("polkit_action", path, path).unparsable(why)),
    };
    let mut keys = Keys::default();
    for Action {
        id,
        any,
        inactive,
        active,
        annotations,
    } in actions
    {
        let key = keys.unique(crate::key(path, &id));
        let mut programs = Vec::new();
        for (_, program) in annotations.iter().filter(|(key, _)| key == EXEC) {
            programs.extend(scan.programs().argv(&[program.as_str().into()]));
        }
        let annotations: Vec<String> = annotations
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let entry = Entry::new("polkit_action", key, path)
            .maybe("allow_any", any)
            .maybe("allow_inactive", inactive)
            .maybe("allow_active", active)
            .maybe(
                "annotations",
                (!annotations.is_empty()).then(|| annotations.into_iter().collect::<Value>()),
            );
        scan.entry(entry.programs(programs))?;
    }
    Ok(())
}
