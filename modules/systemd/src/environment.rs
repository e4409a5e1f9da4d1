//! Variables that systemd sets for everything it starts: `environment.d`, and the managers' own configuration.
//!
//! See environment.d(5) and systemd-system.conf(5).

use crate::exec;
use crate::files::{self, Content};
use crate::folders;
use crate::parse::{self, Malformed};
use crate::settings::{preloaded, shown};
use crate::units::Known;
use assay_sdk::{Entry, FileType, Result, Scan, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const KIND: &str = "systemd_environment";
/// Belongs to PAM, and to the module that watches that.
const PAM: &str = "/etc/environment";
/// Far more than any system has.
const MAX_FILES: usize = 1000;
/// The strongest first; `/lib` is the same as `/usr/lib` but on old systems.
const PREFIXES: [&str; 5] = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
/// Settings of `[Manager]` that hold variables.
const SETTINGS: [&str; 2] = ["DefaultEnvironment", "ManagerEnvironment"];

/// Lists the variables of `environment.d` and of the managers' configuration.
pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let below = |folder: &str| PREFIXES.map(|prefix| Path::new(prefix).join(folder));
    environment_d(scan, &below("environment.d"))?;
    manager(scan, &below("systemd"), "system.conf")?;
    manager(scan, &below("systemd"), "user.conf")?;
    for home in scan.homes() {
        environment_d(scan, &[home.path.join(".config/environment.d")])?;
        manager(scan, &[home.path.join(".config/systemd")], "user.conf")?;
    }
    Ok(())
}

/// The variables that make programs load code, in the files that units name as `EnvironmentFile=`: the
/// rest of such a file is its program's own business.
pub(crate) fn named_by_units(scan: &mut Scan<'_>, tiers: [&Known; 2]) -> Result<()> {
    let named: BTreeSet<_> = tiers.iter().flat_map(|tier| &tier.environment_files).collect();
    let mut told = BTreeSet::new();
    for (path, by) in named.into_iter().take(MAX_FILES) {
        // PAM's own, and watched as such.
        if path == Path::new(PAM) || told.contains(path) {
            continue;
        }
        by.iter().for_each(|by| scan.begin_named_by(by));
        let content = scan.content(path, files::LIMIT);
        by.iter().for_each(|_| scan.end_named_by());
        let Some(Ok(text)) = content else {
            continue;
        };
        told.insert(path);
        let mut variables = BTreeMap::new();
        parse::environment(&text, |name, value| {
            if loads_code(name) {
                variables.insert(name.to_vec(), value);
            }
        });
        for (name, value) in &variables {
            scan.entry(describe(path, "EnvironmentFile", name, value))?;
        }
    }
    Ok(())
}

/// Whether a variable decides what code the dynamic linker, a shell or an interpreter loads.
fn loads_code(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "BASH_ENV",
        "ENV",
        "GCONV_PATH",
        "GIO_EXTRA_MODULES",
        "GTK_MODULES",
        "JAVA_TOOL_OPTIONS",
        "NODE_OPTIONS",
        "PATH",
        "RUBYLIB",
        "RUBYOPT",
        "SHELL",
        "ZDOTDIR",
    ];
    const BEGINNINGS: &[&str] = &["LD_", "PERL5", "PYTHON"];
    NAMES.iter().any(|known| name == known.as_bytes())
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin.as_bytes()))
}

fn environment_d(scan: &mut Scan<'_>, folders: &[PathBuf]) -> Result<()> {
    let folders = present(scan, folders);
    for (path, file_type) in files::conf_files(scan, &folders) {
        // systemd ships a link to it; it is watched as what it is.
        let is_pam = |target: PathBuf| target == Path::new(PAM);
        if file_type == FileType::Symlink && folders::link_target(scan, &path).is_some_and(is_pam) {
            continue;
        }
        let Some(text) = read(scan, &path, file_type)? else {
            continue;
        };
        let mut variables = BTreeMap::new();
        parse::environment(&text, |name, value| _ = variables.insert(name.to_vec(), value));
        for (name, value) in &variables {
            scan.entry(describe(&path, "", name, value))?;
        }
    }
    Ok(())
}

/// The configuration file `name` of a manager and its drop-ins.
fn manager(scan: &mut Scan<'_>, folders: &[PathBuf], name: &str) -> Result<()> {
    let folders = present(scan, folders);
    let mut paths = Vec::new();
    // Of the file itself the strongest counts alone; drop-ins of every folder are applied after it.
    for folder in &folders {
        let path = folder.join(name);
        if let Some(stat) = scan.stat(&path) {
            paths.push((path, FileType::from_raw_mode(stat.st_mode)));
            break;
        }
    }
    let drop_ins: Vec<PathBuf> = folders
        .iter()
        .map(|folder| folder.join(format!("{name}.d")))
        .collect();
    paths.extend(files::conf_files(scan, &drop_ins));
    for (path, file_type) in paths {
        let Some(text) = read(scan, &path, file_type)? else {
            continue;
        };
        let (variables, parsed) = manager_variables(&text);
        for ((setting, name), value) in &variables {
            scan.entry(describe(&path, setting, name, value))?;
        }
        if let Err(why) = parsed {
            scan.entry(Entry::new(KIND, path.as_path(), &path).unparsable(why.to_string()))?;
        }
    }
    Ok(())
}

type ManagerVariables = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

/// The variables of a manager's configuration by setting and name, up to where the file breaks off.
fn manager_variables(text: &[u8]) -> (ManagerVariables, std::result::Result<(), Malformed>) {
    let mut variables = ManagerVariables::new();
    let parsed = parse::assignments(text, |section, key, value| {
        let Some(setting) = SETTINGS.iter().find(|setting| key == setting.as_bytes()) else {
            return;
        };
        if section != b"Manager" {
            return;
        }
        if value.is_empty() {
            variables.retain(|(known, _), _| known != setting);
        }
        for word in exec::words(value) {
            if let Some((name, value)) = parse::split_assignment(&word) {
                variables.insert((*setting, name.to_vec()), value.to_vec());
            }
        }
    });
    (variables, parsed)
}

/// The bytes of a file; one that cannot be understood is an entry.
fn read(scan: &mut Scan<'_>, path: &Path, file_type: FileType) -> Result<Option<Vec<u8>>> {
    match files::read(scan, path, file_type) {
        Content::Text(text) => Ok(Some(text)),
        Content::Null | Content::Unknown => Ok(None),
        Content::Unreadable(why) => {
            let entry = Entry::new(KIND, path, path).unparsable(why);
            scan.entry(files::with_target(scan, entry, path, file_type))?;
            Ok(None)
        }
    }
}

/// An entry whose key is the file, the setting, and the variable's name.
fn describe(path: &Path, setting: &str, name: &[u8], value: &[u8]) -> Entry {
    let mut key = path.as_os_str().as_bytes().to_vec();
    for word in [setting.as_bytes(), name] {
        if !word.is_empty() {
            key.push(b' ');
            key.extend_from_slice(word);
        }
    }
    let programs = preloaded(name, value).map(Text::from).collect();
    let entry = Entry::new(KIND, key, path).field("value", shown(name, value));
    entry.programs(programs)
}

fn present(scan: &mut Scan<'_>, folders: &[PathBuf]) -> Vec<PathBuf> {
    folders::distinct(scan, folders)
        .into_iter()
        .map(|(_, folder)| folder)
        .collect()
}
