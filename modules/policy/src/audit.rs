//! Plug-ins of the Linux audit daemon.

use assay_sdk::{Entry, Result, Scan, Text, Value, ini};
use std::path::Path;

pub(crate) const WATCH: &[&str] = &["/etc/{audit,audisp}/plugins.d/*.conf"];

const FOLDERS: [&str; 2] = ["/etc/audit/plugins.d", "/etc/audisp/plugins.d"];
const LIMIT: u64 = 256 << 10;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    for folder in FOLDERS.map(Path::new) {
        for path in scan.files(folder, |name| name.ends_with(b".conf")) {
            plugin(scan, &path)?;
        }
    }
    Ok(())
}

fn plugin(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let mut entry = Entry::new("audit_plugin", path, path);
    let said = match scan.content(path, LIMIT) {
        None => return Ok(()),
        Some(Ok(text)) => ini::parse(&text),
        Some(Err(why)) => return scan.entry(entry.unparsable(why)),
    };
    let (mut settings, mut programs): (Vec<Text>, Vec<Text>) = (Vec::new(), Vec::new());
    for setting in said.sections.iter().flat_map(|section| &section.settings) {
        let key = String::from_utf8_lossy(setting.key.as_bytes()).to_ascii_lowercase();
        let value = setting.value.clone().unwrap_or_default();
        match key.as_str() {
            "active" | "type" => entry = entry.field(&key, value.to_string().to_ascii_lowercase()),
            "path" => {
                programs = scan.programs().argv(std::slice::from_ref(&value));
                entry = entry.field("path", value);
            }
            "args" => entry = entry.field("arguments", value),
            _ => settings.push([setting.key.as_bytes(), b"=", value.as_bytes()].concat().into()),
        }
    }
    settings.sort();
    let settings = (!settings.is_empty()).then(|| settings.into_iter().collect::<Value>());
    scan.entry(entry.maybe("settings", settings).programs(programs))
}
