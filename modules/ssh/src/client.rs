//! The client: settings of the system and of each user with which `ssh` runs, loads or trusts something.

use crate::config::{Config, Setting};
use crate::lister::{Lister, key_in};
use crate::parse;
use crate::server::first_there;
use assay_sdk::secrets::hide_in_code;
use assay_sdk::{Entry, Os, Result, Text};
use std::collections::HashSet;
use std::path::Path;

const KIND: &str = "ssh_client_setting";
const LINUX: &[&str] = &["/etc/ssh/ssh_config", "/usr/etc/ssh/ssh_config"];
const MACOS: &[&str] = &["/private/etc/ssh/ssh_config", "/private/etc/ssh_config"];

/// Command lines, of which the rest of the line is one; that of `remotecommand` runs elsewhere.
const COMMANDS: &[&str] = &[
    "knownhostscommand",
    "localcommand",
    "proxycommand",
    "remotecommand",
];
/// Programs and libraries.
const FILES: &[&str] = &[
    "pkcs11provider",
    "securitykeyprovider",
    "smartcarddevice",
    "xauthlocation",
];
/// Whom it trusts, and what it hands out.
const TRUST: &[&str] = &[
    "enablesshkeysign",
    "forwardagent",
    "forwardx11",
    "forwardx11trusted",
    "globalknownhostsfile",
    "hostkeyalias",
    "identityagent",
    "nohostauthenticationforlocalhost",
    "permitlocalcommand",
    "proxyjump",
    "stricthostkeychecking",
    "tunnel",
    "userknownhostsfile",
    "verifyhostkeydns",
];
/// Their values add up.
const LINES: &[&str] = &["remoteforward", "sendenv", "setenv"];

pub(crate) fn collect(lister: &mut Lister<'_, '_>) -> Result<()> {
    let paths = match lister.scan.os() {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    };
    let path = first_there(lister, paths);
    let system = Config {
        kind: KIND,
        path,
        folder: lister.etc(),
        home: None,
    };
    settings(lister, &system)?;
    for home in lister.scan.homes() {
        let folder = home.path.join(".ssh");
        let user = Config {
            kind: KIND,
            path: &folder.join("config"),
            folder: &folder,
            home: Some(&home.path),
        };
        settings(lister, &user)?;
    }
    Ok(())
}

fn settings(lister: &mut Lister<'_, '_>, config: &Config<'_>) -> Result<()> {
    let mut told = HashSet::new();
    for setting in config.read(lister)? {
        let Some((name, value)) = value(&setting) else {
            continue;
        };
        let key = key_in(config.path, &hide_in_code(&setting.name(&name)));
        if !told.insert(key.clone()) {
            continue;
        }
        let programs = programs(lister, config, &setting.keyword, &value);
        let entry = Entry::new(KIND, key, &setting.source)
            .field("value", &*hide_in_code(&value))
            .programs(programs);
        lister.entry(entry)?;
    }
    Ok(())
}

/// What a setting is called and what it says, if it is one of those that count.
fn value(setting: &Setting) -> Option<(Vec<u8>, Vec<u8>)> {
    let keyword = setting.keyword.as_str();
    if keyword == "match" {
        let criteria = parse::criteria(&setting.rest);
        return parse::executed(&criteria).map(|command| (b"exec".to_vec(), command.to_vec()));
    }
    if COMMANDS.contains(&keyword) {
        return Some((keyword.into(), setting.rest.clone()));
    }
    let counts = [FILES, TRUST, LINES]
        .iter()
        .any(|keywords| keywords.contains(&keyword));
    let value = counts.then(|| parse::arguments(&setting.rest))?.join(&b' ');
    let name = if LINES.contains(&keyword) {
        [keyword.as_bytes(), b" ", &value].concat()
    } else {
        keyword.into()
    };
    Some((name, value))
}

fn programs(lister: &mut Lister<'_, '_>, config: &Config<'_>, keyword: &str, value: &[u8]) -> Vec<Text> {
    let value = config.at_home(value);
    let folder = config.home.unwrap_or(Path::new("/"));
    let finder = lister.scan.programs().folder(folder);
    match keyword {
        "knownhostscommand" | "localcommand" | "match" | "proxycommand" => finder.shell(&value),
        _ if FILES.contains(&keyword) => finder.argv(&[value.into()]),
        _ => Vec::new(),
    }
}
