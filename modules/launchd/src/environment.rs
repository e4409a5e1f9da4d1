//! What launchd itself is told: variables it hands to everything it starts, and commands it runs at its start.
//!
//! `launchd.conf` holds launchctl commands, one a line (until 10.9, and of a user until 10.7). `environment.plist`
//! in `~/.MacOSX` holds variables (until 10.7). `launchctl config system|user path` writes the default `PATH` into
//! `com.apple.xpc.launchd/config`.

use crate::parse::{loaded, shown, type_of};
use assay_sdk::plist::{self, Value as Plist, flat};
use assay_sdk::{Entry, GapReason, Keys, Result, Scan, Text, split_words};
use std::path::Path;

pub(crate) const VARIABLE: &str = "launchd_variable";
pub(crate) const COMMAND: &str = "launchd_command";

pub(crate) const WATCH: &[&str] = &[
    "/private/etc/launchd.conf",
    "/private/var/db/com.apple.xpc.launchd/config/{system,user}.plist",
    "~/.launchd.conf",
    "~/.MacOSX/environment.plist",
];

const CONF: &str = "/private/etc/launchd.conf";
const CONFIGS: &[&str] = &[
    "/private/var/db/com.apple.xpc.launchd/config/system.plist",
    "/private/var/db/com.apple.xpc.launchd/config/user.plist",
];
/// Small, so that any line or value fits on a line of the protocol even when every byte of it is escaped.
const MAX_FILE: u64 = 32 << 10;

/// Lists the variables and commands.
pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    conf(scan, Path::new(CONF))?;
    for config in CONFIGS {
        variables(scan, Path::new(config))?;
    }
    for home in scan.homes() {
        conf(scan, &home.path.join(".launchd.conf"))?;
        variables(scan, &home.path.join(".MacOSX/environment.plist"))?;
    }
    Ok(())
}

/// A file's bytes; what is there and is no small file is a gap, which keeps the entries it had.
fn bytes(scan: &mut Scan<'_>, path: &Path) -> Result<Option<Vec<u8>>> {
    match scan.content(path, MAX_FILE) {
        Some(Err(why)) => scan.gap(path, GapReason::Unparsable, &why).map(|()| None),
        content => Ok(content.and_then(std::result::Result::ok)),
    }
}

fn variables(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(bytes) = bytes(scan, path)? else {
        return Ok(());
    };
    let why = match plist::parse(&bytes) {
        Ok(Plist::Dictionary(variables)) => {
            for (name, value) in &variables {
                let key = keyed(path, b" ", name.as_bytes());
                let value = value.as_string().map_or_else(|| flat(value), str::to_owned);
                variable(scan, key, name, &value, path)?;
            }
            return Ok(());
        }
        Ok(other) => format!("its top level is {}, no dictionary", type_of(&other)),
        Err(error) => error.to_string(),
    };
    scan.gap(path, GapReason::Unparsable, &why)
}

fn conf(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some(text) = bytes(scan, path)? else {
        return Ok(());
    };
    let mut keys = Keys::default();
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let words: Vec<Text> = split_words(line).into_iter().map(|word| word.text).collect();
        if let [command, name, value, ..] = words.as_slice()
            && *command == "setenv"
            && let (Some(name), Some(value)) = (name.as_str(), value.as_str())
        {
            let key = keys.unique(keyed(path, b" ", name.as_bytes()));
            variable(scan, key, name, value, path)?;
        } else {
            let key = keys.unique(keyed(path, b": ", line));
            let programs = scan.programs().argv(run_by(&words));
            scan.entry(Entry::new(COMMAND, key, path).programs(programs))?;
        }
    }
    Ok(())
}

fn variable(scan: &mut Scan<'_>, key: Text, name: &str, value: &str, path: &Path) -> Result<()> {
    let mut programs = Vec::new();
    for file in loaded(name, value) {
        programs.extend(scan.programs().argv(&[file]));
    }
    programs.dedup();
    let entry = Entry::new(VARIABLE, key, path).field("value", shown(name, value));
    scan.entry(entry.programs(programs))
}

/// The words of a launchctl command that are a command themselves, or the file it loads.
fn run_by(words: &[Text]) -> &[Text] {
    let after = |count: usize| words.get(count..).unwrap_or_default();
    match words.first().and_then(Text::as_str) {
        // bsexec PID program arguments; asuser UID program arguments
        Some("bsexec" | "asuser") => after(2),
        // submit -l label [-p file] -- program arguments
        Some("submit") => {
            let at = words.iter().position(|word| *word == "-p" || *word == "--");
            at.map_or(&[], |at| after(at + 1))
        }
        // load [-w] [-F] file
        Some("load" | "bootstrap") => {
            let at = words.iter().position(|word| word.as_bytes().starts_with(b"/"));
            at.map_or(&[], after)
        }
        _ => &[],
    }
}

fn keyed(path: &Path, between: &[u8], rest: &[u8]) -> Text {
    [Text::from(path).as_bytes(), between, rest].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_what_they_run() {
        for (line, expected) in [
            ("bsexec 1 /opt/a -v", "/opt/a -v"),
            ("submit -l x -- /opt/a b", "/opt/a b"),
            ("submit -l x -p /opt/a", "/opt/a"),
            ("submit -l x", ""),
            ("load -w /opt/x.plist", "/opt/x.plist"),
            ("bsexec", ""),
            ("umask 022", ""),
        ] {
            let words: Vec<Text> = split_words(line.as_bytes()).into_iter().map(|w| w.text).collect();
            let run: Vec<_> = run_by(&words).iter().map(ToString::to_string).collect();
            assert_eq!(run.join(" "), expected, "{line}");
        }
    }
}
