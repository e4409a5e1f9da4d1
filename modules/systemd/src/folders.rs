//! Where systemd looks for units, and in which order.
//!
//! The order is that of `path-lookup.c` of systemd. Folders under `/run` make tiers of their own: what is there is
//! gone after a reboot, and a unit that is shadowed for an hour must not look removed.

use assay_sdk::{Home, Scan, Text};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// Units of the system manager, the strongest folder first.
const SYSTEM: &[&str] = &[
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Units of every user's manager; `~` is the home and `%t` the user's run-time folder. What generators leave in
/// `%t` is not looked at: it comes and goes with each login, and is made from files that are watched where they are.
const USER: &[&str] = &[
    "~/.config/systemd/user.control",
    "%t/systemd/user.control",
    "%t/systemd/transient",
    "~/.config/systemd/user",
    "/etc/xdg/systemd/user",
    "/etc/systemd/user",
    "%t/systemd/user",
    "/run/systemd/user",
    "~/.local/share/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
];

/// A folder of units.
#[derive(Debug)]
pub(crate) struct Folder {
    pub path: PathBuf,
    /// Its place in the order of the whole manager: a unit in a folder of a lower rank wins.
    pub rank: usize,
}

impl Folder {
    /// Whether a generator filled it: its units are made from files that are watched where they are.
    pub(crate) fn is_generated(&self) -> bool {
        self.last().starts_with(b"generator")
    }
    /// Whether it holds what was made by a call and not by a file.
    pub(crate) fn is_transient(&self) -> bool {
        self.last() == b"transient"
    }
    fn last(&self) -> &[u8] {
        self.path.file_name().unwrap_or_default().as_bytes()
    }
}

/// Folders whose units make up one set, in which one unit of a name wins.
#[derive(Debug)]
pub(crate) struct Tier {
    /// The folders that are there, once each, the strongest first.
    pub folders: Vec<Folder>,
    /// Every folder of the manager, there or not: a link that leads elsewhere is suspicious.
    known: HashSet<PathBuf>,
    /// What stands before a unit's name in its key; nothing for the system's.
    prefix: Vec<u8>,
    pub system: bool,
    pub run_time: bool,
    /// The home of the one account whose units these are.
    pub home: Option<PathBuf>,
    /// One user's run-time folder: the desktop makes units there for each program that is started.
    pub session: bool,
}

impl Tier {
    /// Units of the system manager on disk.
    pub(crate) fn system(scan: &mut Scan<'_>) -> Self {
        let chosen = |path: &str| (!path.starts_with("/run/")).then(|| path.into());
        Self {
            system: true,
            ..Self::of(scan, SYSTEM, "", chosen)
        }
    }
    /// Units of the system manager until the next boot.
    pub(crate) fn system_run_time(scan: &mut Scan<'_>) -> Self {
        let chosen = |path: &str| path.starts_with("/run/").then(|| path.into());
        Self {
            system: true,
            run_time: true,
            ..Self::of(scan, SYSTEM, "", chosen)
        }
    }
    /// Units on disk of everybody's own manager.
    pub(crate) fn users(scan: &mut Scan<'_>) -> Self {
        let chosen = |path: &str| (path.starts_with('/') && !path.starts_with("/run/")).then(|| path.into());
        Self::of(scan, USER, "user:", chosen)
    }
    /// Units of everybody's own manager until the next boot.
    pub(crate) fn users_run_time(scan: &mut Scan<'_>) -> Self {
        let chosen = |path: &str| path.starts_with("/run/").then(|| path.into());
        Self {
            run_time: true,
            ..Self::of(scan, USER, "user:", chosen)
        }
    }
    /// Units in a home.
    pub(crate) fn home(scan: &mut Scan<'_>, home: &Home) -> Self {
        let chosen = |path: &str| Some(home.path.join(path.strip_prefix("~/")?));
        let mut tier = Self::of(scan, USER, "", chosen);
        tier.prefix = [home.path.as_os_str().as_bytes(), b":"].concat();
        tier.home = Some(home.path.clone());
        tier
    }
    /// Units in a user's run-time folder, one tier for each user that is logged in.
    pub(crate) fn sessions(scan: &mut Scan<'_>) -> Vec<Self> {
        let users = Path::new("/run/user");
        let names = scan.list(users).into_iter().map(|listed| users.join(listed.name));
        let tier = |folder: PathBuf| {
            let chosen = |path: &str| Some(folder.join(path.strip_prefix("%t/")?));
            let mut tier = Self::of(scan, USER, "", chosen);
            tier.prefix = [folder.as_os_str().as_bytes(), b":"].concat();
            tier.run_time = true;
            tier.session = true;
            tier
        };
        names.map(tier).collect()
    }

    fn of(
        scan: &mut Scan<'_>,
        table: &[&str],
        prefix: &str,
        chosen: impl Fn(&str) -> Option<PathBuf>,
    ) -> Self {
        let paths: Vec<Option<PathBuf>> = table.iter().map(|path| chosen(path)).collect();
        let (ranks, paths): (Vec<usize>, Vec<PathBuf>) = (0..)
            .zip(paths)
            .filter_map(|(rank, path)| Some((rank, path?)))
            .unzip();
        let folders = distinct(scan, &paths).into_iter();
        let known = table.iter().map(PathBuf::from).chain(paths.iter().cloned());
        Self {
            known: known.collect(),
            folders: folders
                .map(|(index, path)| Folder {
                    path,
                    rank: ranks.get(index).copied().unwrap_or(usize::MAX),
                })
                .collect(),
            prefix: prefix.as_bytes().to_vec(),
            system: false,
            run_time: false,
            home: None,
            session: false,
        }
    }

    /// The key of a unit, or of its drop-ins.
    pub(crate) fn key(&self, name: &[u8]) -> Text {
        // `user:x.service` may be the name of a system unit too, and must not take another's key.
        let prefix: &[u8] = if self.prefix.is_empty() && name.contains(&b':') {
            b"system:"
        } else {
            &self.prefix
        };
        [prefix, name].concat().into()
    }

    /// Whether `folder` is one where the manager finds units by itself.
    pub(crate) fn holds(&self, scan: &Scan<'_>, folder: &Path) -> bool {
        // `/lib/systemd/system` is known by name; a way round through other links has to be followed.
        self.known.contains(folder)
            || scan
                .root()
                .canonical(folder)
                .is_ok_and(|real| self.known.contains(&real))
    }
}

/// Those of `paths` that are there, once each, with where they stand in `paths`: `/lib` is most often a link to
/// `/usr/lib`, and Debian links `/etc/xdg/systemd/user` to `/etc/systemd/user`.
pub(crate) fn distinct(scan: &mut Scan<'_>, paths: &[PathBuf]) -> Vec<(usize, PathBuf)> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let real = scan.root().canonical(path);
        let Some(real) = scan.or_gap(real) else { continue };
        if seen.insert(real.clone()) {
            // Only a name from the table: were a home's folder a link to another's, both would claim its keys.
            let name = if paths.contains(&real) { real } else { path.clone() };
            found.push((index, name));
        }
    }
    found
}

/// Where the link `link` points, as an absolute path, without looking at what is there.
pub(crate) fn link_target(scan: &Scan<'_>, link: &Path) -> Option<PathBuf> {
    let target = scan.root().read_link(link).ok()?;
    let joined = link.parent()?.join(target);
    let mut path = PathBuf::from("/");
    for component in joined.components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => _ = path.pop(),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_and_run_time_share_one_order() {
        let system = SYSTEM.iter().filter(|path| path.starts_with("/run/")).count();
        assert_eq!((system, SYSTEM.len()), (7, 13));
        let folder = |path: &str| Folder {
            path: path.into(),
            rank: 0,
        };
        assert!(folder("/run/systemd/generator.late").is_generated());
        assert!(folder("/run/systemd/transient").is_transient());
        assert!(!folder("/run/systemd/system").is_generated());
    }
}
