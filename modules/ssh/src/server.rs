//! The server: every setting of `sshd_config` that holds, under its `Match` lines, and the files that it names.

use crate::config::{Config, Setting};
use crate::lister::{Lister, key};
use crate::parse;
use assay_sdk::secrets::hide_in_code;
use assay_sdk::{Entry, Last, Os, Result, Text};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

const KIND: &str = "sshd_setting";
/// The first that is there is read: SUSE's own is used while root has none, and Macs had theirs in `/etc` itself.
const LINUX: &[&str] = &["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"];
const MACOS: &[&str] = &["/private/etc/ssh/sshd_config", "/private/etc/sshd_config"];

/// Their values add up, in any order, so each is an entry of its own.
const WORDS: &[&str] = &[
    "acceptenv",
    "allowgroups",
    "allowusers",
    "denygroups",
    "denyusers",
];
const LINES: &[&str] = &["hostcertificate", "hostkey", "listenaddress", "port"];
/// The rest of the line is one value, quotes and all.
const RAW: &[&str] = &[
    "authorizedkeyscommand",
    "authorizedprincipalscommand",
    "forcecommand",
    "versionaddendum",
];
/// Programs and libraries that are named alone.
const FILES: &[&str] = &[
    "securitykeyprovider",
    "sshdauthpath",
    "sshdsessionpath",
    "xauthlocation",
];

const MAX_ENTRIES: usize = 20_000;
/// Files of one kind that settings may name, under all their `Match` lines.
const MAX_NAMED: usize = 64;

/// Files that settings name, as written there.
#[derive(Default)]
pub(crate) struct Named {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) authorities: Vec<Vec<u8>>,
    pub(crate) principals: Vec<Vec<u8>>,
    pub(crate) host_keys: Vec<Vec<u8>>,
}

pub(crate) fn collect(lister: &mut Lister<'_, '_>) -> Result<Named> {
    let paths = match lister.scan.os() {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    };
    let path = first_there(lister, paths);
    let config = Config {
        kind: KIND,
        path,
        folder: lister.etc(),
        home: None,
    };
    let mut told = HashSet::new();
    let mut before: HashMap<Vec<u8>, Rc<Text>> = HashMap::new();
    let mut named = Named::default();
    for setting in config.read(lister)? {
        named.take(&setting);
        for (name, value) in values(&setting) {
            let key = key(setting.name(&name));
            if told.len() >= MAX_ENTRIES {
                return lister
                    .unparsable(KIND, path, "it holds more than anybody writes")
                    .map(|()| named);
            }
            if !told.insert(key.clone()) {
                continue;
            }
            let after = (!setting.scope.is_empty() && !adds_up(&setting.keyword))
                .then(|| before.insert(name, Rc::clone(&setting.scope)))
                .flatten();
            let programs = programs(lister, &setting.keyword, &value);
            let entry = Entry::new(KIND, key, &setting.source)
                .field("value", &*hide_in_code(&value))
                .maybe("after", after.map(|scope| Text::clone(&scope)))
                .programs(programs);
            lister.entry(entry)?;
        }
    }
    Ok(named)
}

/// The first path at which something is, whatever it is.
pub(crate) fn first_there(lister: &Lister<'_, '_>, paths: &[&'static str]) -> &'static Path {
    let root = lister.scan.root();
    let there = |path: &&&str| !matches!(root.stat(Path::new(path), Last::Keep), Ok(None));
    let found = paths.iter().find(there).or(paths.first());
    Path::new(found.copied().unwrap_or("/"))
}

fn adds_up(keyword: &str) -> bool {
    WORDS.contains(&keyword) || LINES.contains(&keyword)
}

/// What a setting is called, and its value; one that adds up is told by its value too.
fn values(setting: &Setting) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keyword = setting.keyword.as_str();
    let words = parse::arguments(&setting.rest);
    let named = |word: &[u8]| [keyword.as_bytes(), b" ", word].concat();
    match keyword {
        "match" => Vec::new(),
        _ if WORDS.contains(&keyword) => words.into_iter().map(|word| (named(&word), word)).collect(),
        "subsystem" => {
            let (name, command) = parse::word(&setting.rest);
            vec![(named(name), command.to_vec())]
        }
        _ if RAW.contains(&keyword) => vec![(keyword.into(), setting.rest.clone())],
        _ => {
            let value = words.join(&b' ');
            let name = if LINES.contains(&keyword) {
                named(&value)
            } else {
                keyword.into()
            };
            vec![(name, value)]
        }
    }
}

fn programs(lister: &mut Lister<'_, '_>, keyword: &str, value: &[u8]) -> Vec<Text> {
    let finder = lister.scan.programs();
    match keyword {
        "forcecommand" | "subsystem" => finder.shell(value),
        "authorizedkeyscommand" | "authorizedprincipalscommand" => {
            let argv: Vec<Text> = parse::arguments(value).into_iter().map(Text::from).collect();
            finder.argv(&argv)
        }
        _ if FILES.contains(&keyword) => finder.argv(&[value.into()]),
        _ => Vec::new(),
    }
}

impl Named {
    fn take(&mut self, setting: &Setting) {
        let into = match setting.keyword.as_str() {
            "authorizedkeysfile" => &mut self.keys,
            "authorizedprincipalsfile" => &mut self.principals,
            "trustedusercakeys" => &mut self.authorities,
            "hostkey" => &mut self.host_keys,
            _ => return,
        };
        for word in parse::arguments(&setting.rest) {
            if word != b"none" && !into.contains(&word) && into.len() < MAX_NAMED {
                into.push(word);
            }
        }
    }
}
