//! Who is let in: the keys and names that the server looks for, where its settings say that they are.

use crate::key;
use crate::lister::{Budget, Lister, key_in};
use crate::parse::{self, KeyLine, KeyOption};
use crate::server::Named;
use assay_sdk::secrets::{hide_in, hide_in_code};
use assay_sdk::{Entry, Home, Os, Result, Text, Value, lines};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const KEY: &str = "authorized_key";
const PRINCIPAL: &str = "authorized_principal";
/// Read in each home unless the server is told otherwise, and listed even so: whoever plants a key may do that first.
const AT_HOME: &[&str] = &[".ssh/authorized_keys", ".ssh/authorized_keys2"];
/// Where other systems and other servers have theirs.
const LINUX: &[&str] = &[
    "/etc/ssh/authorized_keys/%u",
    "/etc/ssh/authorized_keys.d/%u",
    "/etc/dropbear/authorized_keys",
];
const MACOS: &[&str] = &["/etc/ssh/authorized_keys/%u", "%h/.ssh2/authorized_keys"];
/// A file with more lines that are none is no list.
const MAX_STRANGE: usize = 100;
/// Variables that make the login load a file.
const LOADING: &[&[u8]] = &[
    b"BASH_ENV",
    b"DYLD_INSERT_LIBRARIES",
    b"ENV",
    b"LD_AUDIT",
    b"LD_PRELOAD",
];

/// A file, and the home that it is in.
type Files = BTreeMap<PathBuf, Option<Home>>;

pub(crate) fn collect(lister: &mut Lister<'_, '_>, named: &Named) -> Result<()> {
    let usual = match lister.scan.os() {
        Os::Linux => LINUX,
        Os::Macos => MACOS,
    };
    let usual = AT_HOME.iter().chain(usual).map(|path| path.as_bytes());
    let templates: Vec<&[u8]> = usual.chain(named.keys.iter().map(Vec::as_slice)).collect();
    for (path, home) in files(lister, &templates)? {
        List::of(lister, &path, home.as_ref()).keys(lister, false)?;
    }
    let authorities: BTreeSet<PathBuf> = named.authorities.iter().map(|path| lister.path(path)).collect();
    for path in authorities.iter().filter(|path| path.is_absolute()) {
        List::of(lister, path, None).keys(lister, true)?;
    }
    let templates: Vec<&[u8]> = named.principals.iter().map(Vec::as_slice).collect();
    for (path, home) in files(lister, &templates)? {
        List::of(lister, &path, home.as_ref()).principals(lister)?;
    }
    Ok(())
}

/// The files that templates stand for. `%u` is the name of any account, also of one that no list here knows.
fn files(lister: &mut Lister<'_, '_>, templates: &[&[u8]]) -> Result<Files> {
    let mut files = Files::new();
    let homes = lister.scan.homes();
    let mut budget = Budget::default();
    for template in templates {
        let template = anybody(template);
        let below = match template.strip_prefix(b"%h") {
            Some(rest) => Some(rest.to_vec()),
            None if template.starts_with(b"/") => None,
            None => Some([b"/", &template[..]].concat()),
        };
        let Some(below) = below else {
            for path in lister.glob(&template, &mut budget)? {
                files.entry(path).or_default();
            }
            continue;
        };
        for home in &homes {
            let pattern = [home.path.as_os_str().as_bytes(), &below].concat();
            for path in lister.glob(&pattern, &mut budget)? {
                files.insert(path, Some(home.clone()));
            }
        }
    }
    Ok(files)
}

/// A template as a pattern for all accounts; `%h` is left at its beginning, where it means something.
fn anybody(template: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::new();
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        match (byte, if *byte == b'%' { bytes.next() } else { None }) {
            (b'%', Some(b'%')) => pattern.push(b'%'),
            (b'%', Some(b'h')) if pattern.is_empty() => pattern.extend_from_slice(b"%h"),
            (b'%', Some(_)) => pattern.push(b'*'),
            (byte, _) => pattern.push(*byte),
        }
    }
    pattern
}

/// A file with keys or names.
struct List<'p> {
    path: &'p Path,
    home: Option<&'p Home>,
    link_target: Option<Text>,
}

impl<'p> List<'p> {
    fn of(lister: &Lister<'_, '_>, path: &'p Path, home: Option<&'p Home>) -> Self {
        Self {
            path,
            home,
            link_target: lister.link_target(path),
        }
    }

    fn keys(&self, lister: &mut Lister<'_, '_>, authorities: bool) -> Result<()> {
        let Some(text) = lister.content(KEY, self.path)? else {
            return Ok(());
        };
        let mut strange = 0;
        for line in lines::read(&text).comments(b"#").trimmed() {
            let entry = match parse::key_line(&line.text) {
                Some(line) => self.key(lister, line, authorities),
                None => {
                    strange += 1;
                    if strange > MAX_STRANGE {
                        continue;
                    }
                    self.no_key(&line.text)
                }
            };
            lister.entry(entry)?;
        }
        if strange > MAX_STRANGE {
            lister.unparsable(KEY, self.path, "too many of its lines are no keys")?;
        }
        Ok(())
    }

    fn key(&self, lister: &mut Lister<'_, '_>, line: KeyLine, authority: bool) -> Entry {
        let KeyLine {
            options,
            key,
            comment,
        } = line;
        let authority = authority || options.iter().any(|option| option.name == "cert-authority");
        let users: Option<Value> = self
            .home
            .map(|home| home.users.iter().map(|user| Text::from(user.as_str())).collect());
        let name = key_in(self.path, key.fingerprint.as_bytes());
        Entry::new(KEY, name, self.path)
            .maybe("options", shown(&options))
            .maybe("authority", authority.then_some(true))
            .maybe("weak", key.weak)
            .maybe("link_target", self.link_target.clone())
            .field("type", key.algorithm)
            .maybe("bits", key.bits)
            .maybe(
                "comment",
                (!comment.is_empty()).then(|| hide_in(&comment).into_owned()),
            )
            .maybe("users", users)
            .programs(self.programs(lister, &options))
    }

    /// It may hold anything, a private key too, and so is not shown.
    fn no_key(&self, line: &[u8]) -> Entry {
        let name = format!("no key, {}", key::digest(line));
        Entry::new(KEY, key_in(self.path, name.as_bytes()), self.path)
            .field("reason", "sshd passes over a line that holds no key")
            .maybe("link_target", self.link_target.clone())
    }

    fn principals(&self, lister: &mut Lister<'_, '_>) -> Result<()> {
        for line in lister.lines(PRINCIPAL, self.path, self.home.is_some())? {
            let (options, name) = parse::principal(&line);
            let entry = Entry::new(PRINCIPAL, key_in(self.path, name), self.path)
                .maybe("options", shown(&options))
                .maybe("link_target", self.link_target.clone())
                .programs(self.programs(lister, &options));
            lister.entry(entry)?;
        }
        Ok(())
    }

    /// What options make a login run or load.
    fn programs(&self, lister: &mut Lister<'_, '_>, options: &[KeyOption]) -> Vec<Text> {
        let home = self.home.map_or(Path::new("/"), |home| &home.path);
        let mut programs = Vec::new();
        for option in options {
            let value = option.value.as_deref().unwrap_or_default();
            match option.name.as_str() {
                "command" => programs.extend(lister.scan.programs().folder(home).shell(value)),
                "environment" => programs.extend(loaded(lister, value)),
                _ => {}
            }
        }
        let mut all = HashSet::new();
        programs.retain(|program: &Text| all.insert(program.clone()));
        programs
    }
}

/// Files that a variable makes the login load.
pub(crate) fn loaded(lister: &mut Lister<'_, '_>, variable: &[u8]) -> Vec<Text> {
    let Some((_, value)) = parse::variable(variable).filter(|(name, _)| LOADING.contains(name)) else {
        return Vec::new();
    };
    let files = value.split(|byte| matches!(*byte, b':' | b' '));
    let files = files.filter(|file| file.starts_with(b"/"));
    files
        .flat_map(|file| lister.scan.programs().argv(&[file.into()]))
        .collect()
}

/// Options as they are written, without secrets; none at all is no field.
fn shown(options: &[KeyOption]) -> Option<Value> {
    let option = |option: &KeyOption| {
        let name = option.name.as_bytes();
        let value = option.value.as_deref().map(hide_in_code);
        value.map_or(name.to_vec(), |value| [name, b"=\"", &value, b"\""].concat())
    };
    (!options.is_empty()).then(|| options.iter().map(option).map(Text::from).collect())
}
