//! Finding repositories, projects and environments: a walk that lists each folder once, within bounds.

use assay_sdk::{FileType, GapReason, Os, Result, Scan};
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

/// Folders that are listed below one start, and in all.
const MAX_FOLDERS: usize = 10_000;
const MAX_ALL: usize = 50_000;
/// Folders between a start and a repository; between a repository and a project in it.
const DEPTH: usize = 6;
const DEPTH_IN_REPOSITORY: usize = 2;

/// Folders of packages, of caches and of media: large, and nobody's work.
const SKIPPED: &[&str] = &[
    "node_modules",
    "bower_components",
    "site-packages",
    "__pycache__",
    "Library",
    "Applications",
    "Pictures",
    "Photos",
    "Music",
    "Movies",
    "Videos",
    "snap",
    "DerivedData",
    "Pods",
];
/// Homes of accounts that are no people: parts of the system.
const OF_SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/System",
    "/Library",
    "/private/etc",
    "/private/var/db",
    "/private/var/run",
    "/private/tmp",
    "/var/run",
    "/var/cache",
    "/var/db",
    "/opt/homebrew",
];

/// What was found; every path once.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Folders that git keeps a repository in, each with the folder that it is the repository of.
    pub(crate) repositories: Vec<Place>,
    /// Folders in which something of an editor or an agent lies.
    pub(crate) projects: Vec<PathBuf>,
    /// Folders `.husky`.
    pub(crate) husky: Vec<PathBuf>,
    /// Folders `*.xcodeproj`.
    pub(crate) xcode: Vec<PathBuf>,
    /// Python environments.
    pub(crate) environments: Vec<PathBuf>,
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) git: PathBuf,
    pub(crate) work: PathBuf,
    /// The home that `~` stands for in its settings.
    pub(crate) home: Option<PathBuf>,
}

/// A folder to be listed.
struct Next {
    folder: PathBuf,
    /// How many folders further down are entered.
    left: usize,
    in_repository: bool,
    /// Whether hidden folders in it are looked into.
    is_home: bool,
}

pub(crate) fn search(scan: &mut Scan<'_>) -> Result<Found> {
    let mut starts: Vec<(PathBuf, Option<PathBuf>)> = Vec::new();
    for home in scan.homes() {
        if !OF_SYSTEM.iter().any(|folder| home.path.starts_with(folder)) {
            starts.push((home.path.clone(), Some(home.path)));
        }
    }
    let shared: &[&str] = match scan.os() {
        Os::Linux => &["/srv", "/opt", "/var/www"],
        Os::Macos => &["/Users/Shared"],
    };
    starts.extend(shared.iter().map(|folder| (PathBuf::from(folder), None)));
    let mut walk = Walk::of_at_most(MAX_FOLDERS);
    // etckeeper.
    walk.repository(scan, Path::new("/etc"), None, FileType::Directory);
    for (start, home) in starts {
        walk.from(scan, &start, home.as_deref())?;
    }
    Ok(walk.found)
}

struct Walk {
    /// Folders that are listed below one start.
    limit: usize,
    found: Found,
    listed: HashSet<PathBuf>,
    repositories: HashSet<PathBuf>,
}

impl Walk {
    fn of_at_most(limit: usize) -> Self {
        Self {
            limit,
            found: Found::default(),
            listed: HashSet::new(),
            repositories: HashSet::new(),
        }
    }

    fn from(&mut self, scan: &mut Scan<'_>, start: &Path, home: Option<&Path>) -> Result<()> {
        let Some(start) = scan.behind(start) else {
            return Ok(());
        };
        let mut todo = VecDeque::from([Next {
            folder: start.clone(),
            left: DEPTH,
            in_repository: false,
            is_home: home.is_some(),
        }]);
        let mut count = 0;
        while let Some(next) = todo.pop_front() {
            // One home may lie in another one.
            if !self.listed.insert(next.folder.clone()) {
                continue;
            }
            count += 1;
            if count > self.limit || self.listed.len() > MAX_ALL {
                return scan.gap(
                    &start,
                    GapReason::TooBig,
                    "not searched for repositories to its end: it holds too many folders",
                );
            }
            self.folder(scan, next, home, &mut todo);
        }
        Ok(())
    }

    fn folder(&mut self, scan: &mut Scan<'_>, next: Next, home: Option<&Path>, todo: &mut VecDeque<Next>) {
        let listed = scan.list(&next.folder);
        let has =
            |name: &str, wanted: FileType| listed.iter().any(|l| l.name == name && l.file_type == wanted);
        if has("pyvenv.cfg", FileType::RegularFile) {
            self.found.environments.push(next.folder);
            return;
        }
        let is_bare = has("HEAD", FileType::RegularFile)
            && has("objects", FileType::Directory)
            && has("refs", FileType::Directory);
        if is_bare {
            self.add(next.folder.clone(), next.folder, home);
            return;
        }
        let git = listed.iter().find(|l| l.name == ".git").map(|l| l.file_type);
        if let Some(file_type) = git {
            self.repository(scan, &next.folder, home, file_type);
        }
        let in_repository = next.in_repository || git.is_some();
        let left = match (next.in_repository, git.is_some()) {
            (false, true) => DEPTH_IN_REPOSITORY.min(next.left),
            _ => next.left,
        };
        let mut is_project = false;
        for entry in &listed {
            let Some(name) = entry.name.to_str() else { continue };
            let path = next.folder.join(name);
            match name {
                ".vscode" | ".cursor" | ".claude" | ".gemini" | ".devcontainer" | ".devcontainer.json"
                | ".mcp.json" => {
                    is_project = true;
                }
                ".husky" => self.found.husky.push(path.clone()),
                _ => {}
            }
            if entry.file_type != FileType::Directory || SKIPPED.contains(&name) {
                continue;
            }
            if name.ends_with(".xcodeproj") {
                self.found.xcode.push(path);
                continue;
            }
            let is_environment = matches!(name, ".venv" | ".env" | ".virtualenv");
            let hidden = name.starts_with('.');
            if name == ".git" || left == 0 || (hidden && !next.is_home && !is_environment) {
                continue;
            }
            todo.push_back(Next {
                folder: path,
                left: if hidden { 0 } else { left - 1 },
                in_repository,
                is_home: false,
            });
        }
        if is_project {
            self.found.projects.push(next.folder);
        }
    }

    /// A `.git` in a folder: the repository, or a file that says where it is.
    fn repository(&mut self, scan: &mut Scan<'_>, work: &Path, home: Option<&Path>, file_type: FileType) {
        const LINK_LIMIT: u64 = 64 << 10;
        let git = work.join(".git");
        let git = if file_type == FileType::RegularFile {
            let Some(text) = scan.read(&git, LINK_LIMIT) else {
                return;
            };
            let Some(target) = crate::parse::git::link(&text) else {
                return;
            };
            work.join(target.as_path())
        } else {
            git
        };
        self.add(git, work.to_owned(), home);
    }

    fn add(&mut self, git: PathBuf, work: PathBuf, home: Option<&Path>) {
        if self.repositories.insert(git.clone()) {
            let home = home.map(Path::to_owned);
            self.found.repositories.push(Place { git, work, home });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sdk::testkit::Fixture;

    #[test]
    fn a_home_of_too_many_folders_is_a_gap_and_what_was_found_stays() {
        let mut fixture = Fixture::new().folder("/home/ana/a/.git");
        for number in 0..9 {
            fixture = fixture.folder(&format!("/home/ana/b/{number}"));
        }
        let home = Path::new("/home/ana");
        for (limit, gaps) in [(12, 0), (11, 1)] {
            let mut walk = Walk::of_at_most(limit);
            let seen = fixture.scan(|scan| walk.from(scan, home, Some(home)));
            assert_eq!(seen.gaps.len(), gaps, "{limit}: {:?}", seen.gaps);
            assert_eq!(walk.found.repositories.len(), 1);
        }
    }
}
