//! macOS: StartupItems, rc scripts, login hooks and privileged helper tools.

use crate::parse;
use assay_sdk::{Entry, FileType, Last, OwnProgram, Result, Scan, Text, plist};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/System,}/Library/StartupItems/**",
    "/private/etc/rc*",
    "/private/etc/{rc.d,init.d}/*",
    "{/Library,~/Library}/Preferences/{com.apple.,}loginwindow.plist",
    "/Library/PrivilegedHelperTools/**",
];

const RC_SCRIPTS: &[&str] = &[
    "/private/etc/rc",
    "/private/etc/rc.common",
    "/private/etc/rc.local",
    "/private/etc/rc.shutdown",
    "/private/etc/rc.shutdown.local",
];
/// `com.apple.loginwindow` is the domain that is read; the other name is found on systems that were upgraded.
const HOOK_FILES: &[&str] = &["com.apple.loginwindow.plist", "loginwindow.plist"];
const HOOKS: &[&str] = &["LoginHook", "LogoutHook"];
/// What the Finder leaves in any folder that somebody looked into.
const FINDER_FILES: &[&str] = &[".DS_Store", ".localized"];
const PLIST_LIMIT: u64 = 4 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    startup_items(scan)?;
    rc_scripts(scan)?;
    login_hooks(scan)?;
    privileged_helpers(scan)
}

fn startup_items(scan: &mut Scan<'_>) -> Result<()> {
    for folder in ["/Library/StartupItems", "/System/Library/StartupItems"].map(Path::new) {
        for name in names(scan, folder) {
            let path = folder.join(&name);
            // A link that leads to no folder, for whatever reason, is told of as what it is.
            let followed = scan.root().stat(&path, Last::Follow).ok().flatten();
            let is_folder =
                followed.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
            let entry = if is_folder {
                startup_item(scan, &path, &name)
            } else {
                let own = scan.own_program("startup_item", &path);
                own.map(|own| own.entry.field("loose", true))
            };
            if let Some(entry) = entry {
                scan.entry(entry)?;
            }
        }
    }
    Ok(())
}

/// SystemStarter runs `X/X start` for each folder X that has a `StartupParameters.plist`.
fn startup_item(scan: &mut Scan<'_>, path: &Path, name: &OsStr) -> Option<Entry> {
    let program = path.join(name);
    let file = path.join("StartupParameters.plist");
    let content = scan.content(&file, PLIST_LIMIT);
    let source = if content.is_some() { &file } else { path };

    let executable = scan.own_program("startup_item", &program);
    let runs = content.is_some() && executable.as_ref().is_some_and(|own| own.executable);
    // A program that is not there yet is named too: the day it appears is news.
    let programs = match executable {
        Some(own) if own.entry.unparsable.is_none() => own.entry.programs,
        _ => vec![program.as_path().into()],
    };
    let target = scan.root().read_link(path).ok();
    let entry = Entry::new("startup_item", path, source)
        .maybe("inert", (!runs).then_some(true))
        .maybe("link_target", target.as_deref())
        .programs(programs);
    let parameters = match content {
        None => return Some(entry),
        Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
        Some(Err(why)) => Err(why),
    };
    Some(match parameters {
        Ok(parameters) => {
            let parameters = parse::startup_parameters(&parameters);
            entry
                .maybe("provides", parameters.provides)
                .maybe("requires", parameters.requires)
                .maybe("uses", parameters.uses)
                .maybe("order", parameters.order)
                .maybe("description", parameters.description)
        }
        Err(why) => entry.unparsable(why),
    })
}

/// Read by a shell, so that an execute bit means nothing.
fn rc_scripts(scan: &mut Scan<'_>) -> Result<()> {
    let mut paths: Vec<PathBuf> = RC_SCRIPTS.iter().map(PathBuf::from).collect();
    for folder in ["/private/etc/rc.d", "/private/etc/init.d"].map(Path::new) {
        paths.extend(names(scan, folder).into_iter().map(|name| folder.join(name)));
    }
    for path in paths {
        if let Some(own) = scan.own_program("rc_script", &path) {
            scan.entry(own.entry)?;
        }
    }
    Ok(())
}

fn login_hooks(scan: &mut Scan<'_>) -> Result<()> {
    // Root's home is named outright: a disk without an account database still has it.
    let mut homes: BTreeSet<PathBuf> = ["/", "/private/var/root"].map(PathBuf::from).into();
    homes.extend(scan.homes().into_iter().map(|home| home.path));
    for home in homes {
        for name in HOOK_FILES {
            let path = home.join("Library/Preferences").join(name);
            let parsed = match scan.content(&path, PLIST_LIMIT) {
                None => continue,
                Some(Ok(bytes)) => plist::parse(&bytes).map_err(|error| error.to_string()),
                Some(Err(why)) => Err(why),
            };
            for hook in HOOKS {
                let key = [hook.as_bytes(), b" of ", path.as_os_str().as_bytes()].concat();
                let entry = Entry::new("login_hook", key, &path);
                match &parsed {
                    Ok(parsed) => {
                        let Some(command) = parse::hook(parsed, hook) else {
                            continue;
                        };
                        let programs = hook_programs(scan, &command);
                        scan.entry(entry.field("command", command).programs(programs))?;
                    }
                    // One entry tells of a broken file: either hook may be in it.
                    Err(why) => {
                        scan.entry(entry.unparsable(why))?;
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}

/// A hook is a path, which may hold blanks, or a command line.
fn hook_programs(scan: &mut Scan<'_>, command: &str) -> Vec<Text> {
    let whole = Path::new(command);
    match scan.root().canonical(whole) {
        Ok(program) if whole.is_absolute() => vec![program.as_path().into()],
        _ => scan.programs().shell(command.as_bytes()),
    }
}

fn privileged_helpers(scan: &mut Scan<'_>) -> Result<()> {
    let folder = Path::new("/Library/PrivilegedHelperTools");
    for listed in scan.list(folder) {
        let path = folder.join(&listed.name);
        if is_finder_file(&listed.name) {
            continue;
        }
        let own = if listed.file_type == FileType::Directory {
            bundled_helper(scan, &path)
        } else {
            scan.own_program("privileged_helper", &path)
        };
        let Some(own) = own else { continue };
        let inert = own.entry.unparsable.is_none() && !own.executable;
        scan.entry(own.entry.maybe("inert", inert.then_some(true)))?;
    }
    Ok(())
}

/// A helper that is an application: the program is the one that its `Info.plist` names.
fn bundled_helper(scan: &mut Scan<'_>, path: &Path) -> Option<OwnProgram> {
    let program = scan.bundle(path)?.program;
    let found = program.and_then(|program| scan.own_program("privileged_helper", program.as_path()));
    let executable = found.as_ref().is_some_and(|own| own.executable);
    let programs = found.map(|own| own.entry.programs).unwrap_or_default();
    let entry = Entry::new("privileged_helper", path, path).programs(programs);
    Some(OwnProgram { entry, executable })
}

fn names(scan: &mut Scan<'_>, folder: &Path) -> Vec<OsString> {
    let listed = scan.list(folder).into_iter().map(|listed| listed.name);
    listed.filter(|name| !is_finder_file(name)).collect()
}

fn is_finder_file(name: &OsStr) -> bool {
    FINDER_FILES.iter().any(|finder| name == *finder)
}
