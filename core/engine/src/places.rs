//! Where things are when nobody says otherwise.

use crate::trust;
use assay_model::Os;
use assay_root::{Last, Root};
use std::env;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn home() -> PathBuf {
    env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// A folder of the XDG base directory specification: `$variable`, else `default` below the home.
fn xdg(variable: &str, default: &str) -> PathBuf {
    let set = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    set.unwrap_or_else(|| home().join(default))
}

/// The configuration file: the system's for root, and for others too unless they have their own.
#[must_use]
pub fn config() -> PathBuf {
    let own = xdg("XDG_CONFIG_HOME", ".config").join("assay/assay.toml");
    if !is_root() && own.exists() {
        own
    } else {
        PathBuf::from("/etc/assay/assay.toml")
    }
}

/// The state folder for scans of `root`: another root never meets this machine's baseline.
#[must_use]
pub fn state(root: &Path) -> PathBuf {
    let base = match (is_root(), cfg!(target_os = "macos")) {
        (true, false) => PathBuf::from("/var/lib/assay"),
        (true, true) => PathBuf::from("/Library/Application Support/Assay"),
        (false, false) => xdg("XDG_STATE_HOME", ".local/state").join("assay"),
        (false, true) => home().join("Library/Application Support/Assay"),
    };
    if root == Path::new("/") {
        return base;
    }
    let name = root.to_string_lossy().replace('%', "%25").replace('/', "%2F");
    base.join("roots").join(name)
}

/// The folders that modules are loaded from: those of the installation that `program`, the path of the running
/// executable, belongs to, then those for an organisation's own modules.
#[must_use]
pub fn modules(program: &Path) -> Vec<PathBuf> {
    let beside = program.parent().unwrap_or(Path::new("/"));
    // `PREFIX/bin/assay` has its modules in `PREFIX/lib/assay/modules`; a build folder has them beside it.
    let installed = beside.with_file_name("lib").join("assay/modules");
    let first = if installed.is_dir() {
        installed
    } else {
        beside.to_owned()
    };
    let own = if is_root() {
        PathBuf::from("/etc/assay/modules")
    } else {
        xdg("XDG_DATA_HOME", ".local/share").join("assay/modules")
    };
    vec![first, own]
}

/// The folders that watch lists are read from: those of the installation that `program` belongs to, then those for an
/// organisation's own.
#[must_use]
pub fn watch(program: &Path) -> Vec<PathBuf> {
    let beside = program.parent().unwrap_or(Path::new("/"));
    // `PREFIX/bin/assay` has its lists in `PREFIX/share/assay/watch.d`; a build folder, `target/PROFILE`, has them in
    // the sources.
    let installed = beside.with_file_name("share").join("assay/watch.d");
    let sources = program
        .ancestors()
        .nth(3)
        .filter(|tree| tree.join("core/engine").is_dir());
    let first = match sources {
        Some(tree) if !installed.is_dir() => tree.join("config/watch.d"),
        _ => installed,
    };
    let own = if is_root() {
        PathBuf::from("/etc/assay/watch.d")
    } else {
        xdg("XDG_CONFIG_HOME", ".config").join("assay/watch.d")
    };
    vec![first, own]
}

/// The program that loads modules, which is installed with the one that is running.
#[must_use]
pub fn host(program: &Path) -> PathBuf {
    let beside = program.parent().unwrap_or(Path::new("/"));
    let installed = beside.with_file_name("lib").join("assay/assay-host");
    if installed.exists() {
        installed
    } else {
        beside.join("assay-host")
    }
}

/// The folder of `assay_module.py`, which script modules in Python import: that of the installation that `host` belongs
/// to, or of the source tree that it was built in. `None` when there is none that is trusted.
#[must_use]
pub fn python(host: &Path) -> Option<PathBuf> {
    let host = host.canonicalize().ok()?;
    // `PREFIX/lib/assay/assay-host`; and `target/PROFILE/assay-host`, below the sources and, as a test leaves it, not.
    let source = host.ancestors().nth(3).map(|tree| tree.join("modules/python"));
    let folders = [source, Some(host.with_file_name("python"))];
    folders.into_iter().flatten().find(|folder| {
        // A colon would make two folders of it, the second of which anybody may have made.
        !folder.as_os_str().as_bytes().contains(&b':') && trust::open(&folder.join("assay_module.py")).is_ok()
    })
}

/// The system that `root` holds, told by the root itself.
#[must_use]
pub fn system_of(root: &Root) -> Os {
    let there = |path: &str| root.stat(Path::new(path), Last::Follow).ok().flatten().is_some();
    let macos = [
        "/System/Library/CoreServices",
        "/private/var/db",
        "/Library/LaunchDaemons",
        "/Users",
    ];
    let linux = [
        "/etc/os-release",
        "/usr/lib/os-release",
        "/usr/lib/systemd",
        "/etc/passwd",
        "/proc/version",
    ];
    let count = |signs: &[&str]| signs.iter().filter(|sign| there(sign)).count();
    let (macos, linux) = (count(&macos), count(&linux));
    match macos.cmp(&linux) {
        std::cmp::Ordering::Greater => Os::Macos,
        std::cmp::Ordering::Less => Os::Linux,
        std::cmp::Ordering::Equal if cfg!(target_os = "macos") => Os::Macos,
        std::cmp::Ordering::Equal => Os::Linux,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_says_itself_what_it_is() {
        for (files, expected) in [
            (&["etc/os-release", "etc/passwd"][..], Os::Linux),
            (
                &[
                    "System/Library/CoreServices/SystemVersion.plist",
                    "private/etc/passwd",
                    "Library/LaunchDaemons/x",
                ],
                Os::Macos,
            ),
            (&["Users/ana/x", "private/var/db/x"], Os::Macos),
        ] {
            let scratch = tempfile::tempdir().unwrap();
            for file in files {
                let path = scratch.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "").unwrap();
            }
            assert_eq!(
                system_of(&Root::open(scratch.path()).unwrap()),
                expected,
                "{files:?}"
            );
        }
    }

    #[test]
    fn another_root_has_another_state() {
        assert_ne!(state(Path::new("/mnt/a")), state(Path::new("/")));
        assert_ne!(state(Path::new("/mnt/a")), state(Path::new("/mnt%2Fa")));
    }
}
