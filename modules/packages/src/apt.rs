//! apt: its options, and where it gets packages.

use crate::parse::{apt_conf, sources};
use crate::{MAX_FILE, key, unparsable};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "/etc/apt/apt.conf",
    "/etc/apt/apt.conf.d/*",
    "/usr/share/apt/conf.d/*",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/*",
];

/// Vendors put options there that the ones in /etc come after.
const CONF_FOLDERS: [&str; 2] = ["/usr/share/apt/conf.d", "/etc/apt/apt.conf.d"];

pub(crate) fn settings(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/apt/apt.conf")];
    for folder in CONF_FOLDERS {
        paths.extend(scan.files(Path::new(folder), |_| true));
    }
    for path in paths {
        let text = match scan.content(&path, MAX_FILE) {
            Some(Ok(text)) => text,
            Some(Err(why)) => {
                unparsable(scan, "apt_command", &path, &why)?;
                continue;
            }
            None => continue,
        };
        let inert = inert(&path, &["", "conf"]);
        let mut keys = Keys::default();
        for setting in apt_conf::settings(&text) {
            let name = match setting.listed {
                true => [&setting.name[..], &setting.value].join(&b' '),
                false => setting.name.clone(),
            };
            let (kind, programs) = match setting.is_command() {
                true => ("apt_command", scan.programs().shell(&setting.value)),
                false => ("apt_setting", Vec::new()),
            };
            let entry = Entry::new(kind, keys.unique(key(&path, &name)), &path)
                .field("value", setting.value)
                .maybe("inert", inert)
                .programs(programs);
            scan.entry(entry)?;
        }
    }
    Ok(())
}

pub(crate) fn sources(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
    paths.extend(scan.files(Path::new("/etc/apt/sources.list.d"), |_| true));
    for path in paths {
        // Also of what was put aside as `x.sources.disabled`.
        let name = path.file_name().unwrap_or_default().as_bytes();
        let in_stanzas = name.windows(8).any(|part| part == b".sources");
        let found = match scan.content(&path, MAX_FILE) {
            Some(Ok(text)) if in_stanzas => sources::deb822(&text).ok_or("names too many sources".to_owned()),
            Some(Ok(text)) => Ok(sources::one_line(&text)),
            Some(Err(why)) => Err(why),
            None => continue,
        };
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                unparsable(scan, "apt_source", &path, &why)?;
                continue;
            }
        };
        let inert = inert(&path, &["list", "sources"]);
        let mut keys = Keys::default();
        for source in found {
            let list = |words: Vec<Vec<u8>>| {
                (!words.is_empty()).then(|| words.into_iter().collect::<assay_sdk::Value>())
            };
            let entry = Entry::new("apt_source", keys.unique(key(&path, &source.name)), &path)
                .maybe("components", list(source.components))
                .maybe("options", list(source.options))
                .maybe("disabled", source.disabled.then_some(true))
                .maybe("inert", inert);
            scan.entry(entry)?;
        }
    }
    Ok(())
}

/// apt leaves out files of other names: those of editors and of dpkg, but also whatever hides among them.
fn inert(path: &Path, extensions: &[&str]) -> Option<&'static str> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let extension = path.extension().unwrap_or_default();
    let read = !name.starts_with(b".")
        && name.iter().all(plain)
        && extensions.iter().any(|wanted| extension == *wanted);
    // What apt names itself is not asked for its name.
    let is_main = path == Path::new("/etc/apt/apt.conf") || path == Path::new("/etc/apt/sources.list");
    (!read && !is_main).then_some("its name is none that apt reads")
}
