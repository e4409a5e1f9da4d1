//! logrotate: scripts that run as root once a day, and what becomes of logs.

use crate::parse::logrotate;
use crate::{bounded, content, files, key};
use assay_sdk::{Entry, Keys, Result, Scan};
use std::os::unix::ffi::OsStrExt as _;

pub(crate) const WATCH: &[&str] = &[
    "/etc/logrotate.conf",
    "/etc/logrotate.d/*",
    "/usr/etc/logrotate.conf",
    "/usr/etc/logrotate.d/*",
];
/// Of users who run it themselves.
const OF_HOMES: [&str; 2] = [".config/logrotate.conf", ".config/logrotate/*"];

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths = files(scan, WATCH);
    for home in scan.homes() {
        let places = OF_HOMES.map(|place| home.path.join(place));
        let places: Vec<&str> = places.iter().filter_map(|place| place.to_str()).collect();
        paths.extend(files(scan, &places));
    }
    for path in paths {
        let Some(text) = content(scan, "logrotate_command", &path)? else {
            continue;
        };
        let in_folder = !path.ends_with("logrotate.conf");
        let name = path.file_name().unwrap_or_default().as_bytes();
        let inert =
            (in_folder && logrotate::is_taboo(name)).then_some("its name is none that logrotate reads");
        let mut keys = Keys::default();
        let directives = bounded(scan, "logrotate_command", &path, logrotate::directives(&text))?;
        for directive in directives {
            let name = [&directive.logs[..], &directive.name].join(&b' ');
            let name = keys.unique(key(&path, name.trim_ascii_start()));
            let entry = if directive.runs {
                let programs = scan.programs().shell(&directive.value);
                Entry::new("logrotate_command", name, &path)
                    .field("command", directive.value)
                    .programs(programs)
            } else {
                let value = (!directive.value.is_empty()).then_some(directive.value);
                Entry::new("logrotate_setting", name, &path).maybe("value", value)
            };
            scan.entry(entry.maybe("inert", inert))?;
        }
    }
    Ok(())
}
