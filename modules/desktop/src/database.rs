//! GNOME's settings, of which each user has a database.

use crate::parse;
use assay_sdk::{Entry, Keys, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &["~/.config/dconf/user", "/etc/dconf/db/*"];

const DATABASE_LIMIT: u64 = 16 << 20;
/// What a path ends in that names a command, code to load, or where traffic goes. The rest, windows and colours, changes
/// all day.
const ENDINGS: &[&str] = &[
    "/command",
    "/action",
    "/binding",
    "/exec",
    "-command",
    "/enabled-extensions",
    "/disable-user-extensions",
    "/enabled-applets",
    "/enabled-desklets",
    "/custom-keybindings",
    "/custom-list",
    "/autoconfig-url",
    "/proxy/mode",
    "/host",
    "/required-components-list",
];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let system = Path::new("/etc/dconf/db");
    let mut paths: Vec<PathBuf> = scan.files(system, |name| !name.starts_with(b"."));
    paths.extend(
        scan.homes()
            .iter()
            .map(|home| home.path.join(".config/dconf/user")),
    );
    let mut keys = Keys::default();
    for path in paths {
        let wanted = |path: &[u8]| ENDINGS.iter().any(|end| path.ends_with(end.as_bytes()));
        let settings = match scan.content(&path, DATABASE_LIMIT) {
            None => continue,
            Some(content) => content.and_then(|bytes| parse::settings(&bytes, wanted)),
        };
        let settings = match settings {
            Ok(settings) => settings,
            Err(why) => {
                scan.entry(Entry::new("gnome_setting", path.as_path(), &path).unparsable(why))?;
                continue;
            }
        };
        for setting in settings {
            let key = [path.as_os_str().as_bytes(), b": ", setting.path.as_bytes()].concat();
            let is_command = ["/command", "/action", "/exec", "-command"];
            let programs = if is_command
                .iter()
                .any(|end| setting.path.as_bytes().ends_with(end.as_bytes()))
            {
                scan.programs().shell(setting.value.as_bytes())
            } else {
                Vec::new()
            };
            let entry = Entry::new("gnome_setting", keys.unique(key.into()), &path)
                .field("value", setting.value)
                .programs(programs);
            scan.entry(entry)?;
        }
    }
    Ok(())
}
