//! What stands for machines and users: host keys, private keys, and lists of hosts that are trusted.

use crate::key::{self, PublicKey};
use crate::lister::{Lister, key_in};
use crate::parse;
use crate::server::Named;
use assay_sdk::{Entry, FileType, Result};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const KNOWN: &str = "ssh_known_host";
const TRUSTED: &str = "ssh_trusted_host";

pub(crate) fn collect(lister: &mut Lister<'_, '_>, named: &Named) -> Result<()> {
    let ssh = lister.etc();
    let etc = ssh.parent().unwrap_or(ssh);
    let mut keys = keys_of_folder(lister, ssh);
    let paths = |lister: &Lister<'_, '_>, written: &[Vec<u8>]| -> BTreeSet<PathBuf> {
        let paths = written.iter().map(|path| lister.path(path));
        paths.filter(|path| path.is_absolute()).collect()
    };
    keys.extend(paths(lister, &named.host_keys));
    // These are told by what they sign.
    for path in &keys - &paths(lister, &named.authorities) {
        key_file(lister, "ssh_host_key", &path, true)?;
    }
    for name in ["ssh_known_hosts", "ssh_known_hosts2"] {
        known_hosts(lister, &ssh.join(name))?;
    }
    for path in [
        etc.join("hosts.equiv"),
        etc.join("shosts.equiv"),
        ssh.join("shosts.equiv"),
    ] {
        trusted_hosts(lister, &path, false)?;
    }
    for home in lister.scan.homes() {
        for name in [".rhosts", ".shosts"] {
            trusted_hosts(lister, &home.path.join(name), true)?;
        }
        let folder = home.path.join(".ssh");
        for listed in lister.list(&folder).iter() {
            let name = listed.name.as_bytes();
            let wanted = name.starts_with(b"id_") && !name.ends_with(b".pub");
            if wanted && listed.file_type != FileType::Directory {
                key_file(lister, "ssh_private_key", &folder.join(&listed.name), false)?;
            }
        }
    }
    Ok(())
}

/// Keys of the host, and public keys without a private one beside them: a pair is one thing.
fn keys_of_folder(lister: &mut Lister<'_, '_>, folder: &Path) -> BTreeSet<PathBuf> {
    let listed = lister.list(folder);
    let names: BTreeSet<&[u8]> = listed
        .iter()
        .filter(|listed| listed.file_type != FileType::Directory)
        .map(|listed| listed.name.as_bytes())
        .collect();
    let is_key = |name: &[u8]| name.starts_with(b"ssh_host_") && name.ends_with(b"_key");
    let wanted = names.iter().filter(|name| match name.strip_suffix(b".pub") {
        Some(private) => !(is_key(private) && names.contains(private)),
        None => is_key(name),
    });
    wanted
        .map(|name| folder.join(std::ffi::OsStr::from_bytes(name)))
        .collect()
}

/// An entry for a file that holds one key. What holds none is an entry where one was `expected`.
fn key_file(lister: &mut Lister<'_, '_>, kind: &'static str, path: &Path, expected: bool) -> Result<()> {
    let Some(text) = lister.content(kind, path)? else {
        return Ok(());
    };
    let entry = Entry::new(kind, path, path).maybe("link_target", lister.link_target(path));
    let public = || parse::key_at(text.trim_ascii()).map(|(key, _)| key);
    let entry = if let Some(private) = key::private(&text) {
        let entry = entry
            .field("format", private.format)
            .field("encrypted", private.encrypted);
        match private.public {
            Some(public) => described(entry, public),
            None => entry,
        }
    } else if let Some(public) = public() {
        described(entry, public)
    } else if expected {
        entry.unparsable("holds no key")
    } else {
        return Ok(());
    };
    lister.entry(entry)
}

fn described(entry: Entry, key: PublicKey) -> Entry {
    entry
        .field("fingerprint", key.fingerprint)
        .field("type", key.algorithm)
        .maybe("bits", key.bits)
        .maybe("weak", key.weak)
}

fn known_hosts(lister: &mut Lister<'_, '_>, path: &Path) -> Result<()> {
    for line in lister.lines(KNOWN, path, false)? {
        let Some((hosts, key)) = parse::known_host(&line) else {
            continue;
        };
        let name = key_in(path, &[&hosts, &b" "[..], key.fingerprint.as_bytes()].concat());
        let entry = Entry::new(KNOWN, name, path)
            .field("type", key.algorithm)
            .maybe("bits", key.bits)
            .maybe("weak", key.weak);
        lister.entry(entry)?;
    }
    Ok(())
}

/// `host user` lines. In a home no link is followed, as rlogind and sshd do not.
fn trusted_hosts(lister: &mut Lister<'_, '_>, path: &Path, at_home: bool) -> Result<()> {
    let target = lister.link_target(path);
    for line in lister.lines(TRUSTED, path, at_home)? {
        let words: Vec<&[u8]> = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .collect();
        let entry = Entry::new(TRUSTED, key_in(path, &words.join(&b' ')), path)
            .maybe("anyone", words.contains(&&b"+"[..]).then_some(true))
            .maybe("link_target", target.clone());
        lister.entry(entry)?;
    }
    Ok(())
}
