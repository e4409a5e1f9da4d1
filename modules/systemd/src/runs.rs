//! What a unit makes run.

use crate::exec::{self, Specifiers};
use crate::folders::Tier;
use crate::settings::{self, Settings};
use assay_sdk::{Scan, Text};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Bytes of paths: more than a unit could use, and a bound for the record of a hostile one.
const MAX_BYTES: usize = 32 << 10;

/// The files that the commands of a unit run, and the libraries that its environment makes them load.
pub(crate) fn programs(scan: &mut Scan<'_>, tier: &Tier, unit: &[u8], settings: &Settings) -> Vec<Text> {
    // What runs is inside the image, and no file of this root.
    if let Some(image) = settings.text("root_image") {
        let image = image.starts_with(b"/").then(|| image.into());
        return image.into_iter().collect();
    }
    let specifiers = specifiers(tier, unit);
    let root = settings
        .text("root_directory")
        .filter(|root| root.starts_with(b"/") && *root != b"/");
    let folder = settings
        .text("working_directory")
        .map(optional)
        .filter(|folder| folder.starts_with(b"/"));
    let search: Vec<&[u8]> = settings.items("exec_search_path").collect();
    let search = std::str::from_utf8(&search.join(&b':'))
        .unwrap_or_default()
        .to_owned();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut add = |programs: Vec<Text>| {
        for program in programs {
            bytes += program.as_bytes().len();
            if bytes <= MAX_BYTES && seen.insert(program.clone()) {
                found.push(program);
            }
        }
        bytes <= MAX_BYTES
    };
    for line in settings.command_lines() {
        for mut argv in exec::commands(line, &specifiers) {
            if let Some(root) = root {
                for word in &mut argv {
                    if word.as_bytes().starts_with(b"/") {
                        *word = [root, word.as_bytes()].concat().into();
                    }
                }
            }
            let mut finder = scan.programs();
            if !search.is_empty() {
                finder = finder.path(&search);
            }
            if let Some(folder) = folder {
                finder = finder.folder(Path::new(OsStr::from_bytes(folder)));
            }
            if !add(finder.argv(&argv)) {
                return found;
            }
        }
    }
    for (name, value) in settings.environment() {
        add(settings::preloaded(name, value).map(Text::from).collect());
    }
    found
}

/// The files that a unit takes variables from, as far as they can be named.
pub(crate) fn environment_files(tier: &Tier, unit: &[u8], settings: &Settings) -> Vec<PathBuf> {
    let specifiers = specifiers(tier, unit);
    let files = settings
        .items("environment_file")
        .filter_map(|file| specifiers.expand(optional(file)));
    let files = files.filter(|file| file.starts_with(b"/"));
    files.map(|file| Text::from(file).as_path().to_owned()).collect()
}

fn specifiers<'a>(tier: &'a Tier, unit: &'a [u8]) -> Specifiers<'a> {
    Specifiers {
        unit,
        system: tier.system,
        home: tier.home.as_deref(),
    }
}

/// A path that may be missing has `-` before it.
fn optional(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"-").unwrap_or(path)
}

/// The unit that a timer, path or socket starts when it does not say.
pub(crate) fn default_trigger(unit: &[u8], settings: &Settings) -> Option<Vec<u8>> {
    let dot = unit.iter().rposition(|b| *b == b'.')?;
    let (stem, unit_type) = unit.split_at(dot);
    match unit_type {
        b".socket" if settings.is_on("accept") => Some([stem, b"@.service"].concat()),
        b".timer" | b".path" | b".socket" => Some([stem, b".service"].concat()),
        _ => None,
    }
}

/// The template that an instance such as `foo@bar.service` is made from.
pub(crate) fn template_of(unit: &[u8]) -> Option<Vec<u8>> {
    let at = unit.iter().position(|b| *b == b'@')?;
    let dot = unit.iter().rposition(|b| *b == b'.').filter(|dot| *dot > at)?;
    Some([&unit[..=at], &unit[dot..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_come_from_templates() {
        assert_eq!(template_of(b"a@b@c.service").as_deref(), Some(&b"a@.service"[..]));
        assert_eq!(template_of(b"a.service"), None);
        assert_eq!(template_of(b"a.b@c"), None);
    }

    #[test]
    fn what_is_triggered_is_named_by_the_trigger() {
        let mut settings = Settings::default();
        let trigger = |unit: &[u8], settings: &Settings| {
            default_trigger(unit, settings).map(|name| String::from_utf8_lossy(&name).into_owned())
        };
        assert_eq!(trigger(b"x.socket", &settings).as_deref(), Some("x.service"));
        settings.merge(b"[Socket]\nAccept=yes").expect("well-formed");
        assert_eq!(trigger(b"x.socket", &settings).as_deref(), Some("x@.service"));
        assert_eq!(trigger(b"y@1.timer", &settings).as_deref(), Some("y@1.service"));
        assert_eq!(trigger(b"x.service", &settings), None);
    }
}
