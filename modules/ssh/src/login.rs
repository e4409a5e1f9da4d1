//! What a login with SSH runs and sets, before any shell reads its own files.

use crate::access::loaded;
use crate::lister::{Lister, key_in};
use crate::parse;
use assay_sdk::secrets::hide;
use assay_sdk::{Entry, Result, Text};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

const VARIABLE: &str = "ssh_environment";

pub(crate) fn collect(lister: &mut Lister<'_, '_>) -> Result<()> {
    let system = lister.etc().join("sshrc");
    script(lister, &system)?;
    for home in lister.scan.homes() {
        script(lister, &home.path.join(".ssh/rc"))?;
        environment(lister, &home.path.join(".ssh/environment"))?;
    }
    Ok(())
}

/// A shell reads it, with or without an execute bit.
fn script(lister: &mut Lister<'_, '_>, path: &Path) -> Result<()> {
    match lister.scan.own_program("ssh_login_script", path) {
        Some(own) => lister.entry(own.entry),
        None => Ok(()),
    }
}

/// Of a variable that is set twice, the last one holds.
fn environment(lister: &mut Lister<'_, '_>, path: &Path) -> Result<()> {
    let lines = lister.lines(VARIABLE, path, true)?;
    let variables = lines
        .iter()
        .filter_map(|line| Some((parse::variable(line)?, line)));
    let variables: BTreeMap<Text, (Cow<'_, [u8]>, &Vec<u8>)> = variables
        .map(|((name, value), line)| (key_in(path, name), (hide(name, value), line)))
        .collect();
    for (key, (value, line)) in variables {
        let programs = loaded(lister, line);
        let entry = Entry::new(VARIABLE, key, path)
            .field("value", &*value)
            .programs(programs);
        lister.entry(entry)?;
    }
    Ok(())
}
