//! Which folders to watch, and whom it concerns when something happens in one of them.
//!
//! Modules name paths; what happens is told of folders without links. So each path becomes the *locations* on the way to
//! what it leads to: every link that is followed, and the end; where something is missing, what would come there.

use super::happening::{Happening, Wanted};
use super::patterns;
use crate::engine::OwnPlaces;
use crate::scope::{ModulePlaces, Places, Touched};
use assay_model::{Input, Text};
use assay_root::{FileType, Last, Root, Why};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Links to what is missing that are followed.
const MAX_LINKS: usize = 8;
/// Where the kernel answers: nothing there tells when it changes.
const OF_KERNEL: [&str; 2] = ["/proc", "/sys"];

/// Whom a location concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    Module(String),
    File(Text),
    /// Assay's own folders and programs.
    Own,
    /// The database, which runs write to: it counts when it is another file.
    Database,
}

/// Locations of all that is watched.
#[derive(Default)]
pub(super) struct Index {
    modules: BTreeMap<String, Locations>,
    files: BTreeMap<Text, Locations>,
    own: Locations,
    database: Locations,
    /// By the bytes of the path on this machine.
    at: BTreeMap<Vec<u8>, Vec<Concern>>,
}

/// What one path, or all of a module, depends on; paths on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Locations {
    at: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
    /// What could not be followed, with the reason.
    silent: BTreeSet<PathBuf>,
}

/// Whom something that happened concerns.
#[derive(Default)]
pub(super) struct Concerned {
    /// Modules and files.
    pub(super) touched: Touched,
    /// Assay's own files: everything is to be looked at.
    pub(super) own: bool,
}

impl Concerned {
    pub(super) fn is_nobody(&self) -> bool {
        self.touched.is_empty() && !self.own
    }
}

impl Index {
    /// Assay's own folders and programs, and its database, by their paths on this machine.
    pub(super) fn own(&mut self, own: &OwnPlaces) {
        (self.own, self.database) = (Locations::default(), Locations::default());
        for folder in own.folders.iter().filter_map(|folder| folder.canonicalize().ok()) {
            self.own.add(folder.parent(), &folder);
            self.own.folders.insert(folder);
        }
        for program in own
            .programs
            .iter()
            .filter_map(|program| program.canonicalize().ok())
        {
            self.own.add(program.parent(), &program);
        }
        if let Some(folder) = own
            .database
            .parent()
            .and_then(|folder| folder.canonicalize().ok())
        {
            let name = own.database.file_name().unwrap_or_default();
            self.database.add(Some(&folder), &folder.join(name));
        }
    }

    /// Takes over what a run told; of `touched` the places may lead elsewhere by now.
    pub(super) fn update(&mut self, root: &Root, places: Places, touched: Option<&Touched>) {
        let mut resolver = Resolver::new(root);
        for (module, places) in places.modules {
            self.modules.insert(module, resolver.module(&places));
        }
        let is_same = |path: &Text| touched.is_some_and(|touched| !touched.files.contains(path));
        let mut before = std::mem::take(&mut self.files);
        for file in places.files {
            let known = before.remove(&file).filter(|_| is_same(&file));
            let locations = known.unwrap_or_else(|| {
                let mut locations = Locations::default();
                resolver.add(file.as_path(), &mut locations);
                locations
            });
            self.files.insert(file, locations);
        }
        self.at.clear();
        let modules = self
            .modules
            .iter()
            .map(|(name, found)| (Concern::Module(name.clone()), found));
        let files = self
            .files
            .iter()
            .map(|(path, found)| (Concern::File(path.clone()), found));
        for (concern, found) in modules
            .chain(files)
            .chain([(Concern::Own, &self.own), (Concern::Database, &self.database)])
        {
            for path in &found.at {
                self.at
                    .entry(path.as_os_str().as_bytes().to_vec())
                    .or_default()
                    .push(concern.clone());
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Locations> {
        self.modules
            .values()
            .chain(self.files.values())
            .chain([&self.own, &self.database])
    }

    /// Everything that is to be watched.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            folders: self.all().flat_map(|found| &found.folders).cloned().collect(),
            files: self.all().flat_map(|found| &found.files).cloned().collect(),
        }
    }

    /// Places where nobody would answer: file systems of a network.
    pub(super) fn silent(&self) -> BTreeSet<PathBuf> {
        self.all().flat_map(|found| &found.silent).cloned().collect()
    }

    /// Whom something that happened concerns.
    pub(super) fn concerned(&self, happening: &Happening) -> Concerned {
        let mut concerned = Concerned::default();
        let path = happening.path();
        let path = path.as_os_str().as_bytes();
        self.tell(self.at.get(path), happening, &mut concerned);
        // What is written to in a folder does not change it, but for those of Assay.
        let folder = self.at.get(happening.folder.as_os_str().as_bytes());
        concerned.own |= folder.is_some_and(|concerns| concerns.contains(&Concern::Own));
        if happening.renamed {
            // `0` is what comes after `/`.
            let mut below = path.to_vec();
            below.push(b'/');
            let mut end = path.to_vec();
            end.push(b'0');
            if path == b"/" {
                (below, end) = (b"/".to_vec(), b"0".to_vec());
            }
            for (_, concerns) in self.at.range(below..end) {
                self.tell(Some(concerns), happening, &mut concerned);
            }
            if happening.name.is_some() {
                self.tell(folder, happening, &mut concerned);
            }
        }
        concerned
    }

    fn tell(&self, concerns: Option<&Vec<Concern>>, happening: &Happening, concerned: &mut Concerned) {
        for concern in concerns.into_iter().flatten() {
            match concern {
                Concern::Module(module) => _ = concerned.touched.modules.insert(module.clone()),
                Concern::File(path) => _ = concerned.touched.files.insert(path.clone()),
                Concern::Own => concerned.own = true,
                Concern::Database => concerned.own |= happening.renamed,
            }
        }
    }
}

/// Finds locations, each folder once.
struct Resolver<'r> {
    root: &'r Root,
    folders: HashMap<PathBuf, Folder>,
}

/// What the path of a folder leads to.
#[derive(Clone, Default)]
struct Folder {
    /// As far as it is there, without links, below the root.
    real: PathBuf,
    /// What is missing behind that.
    missing: PathBuf,
    locations: Locations,
}

impl<'r> Resolver<'r> {
    fn new(root: &'r Root) -> Self {
        Self {
            root,
            folders: HashMap::new(),
        }
    }

    fn module(&mut self, places: &ModulePlaces) -> Locations {
        let mut found = Locations::default();
        for Input(path, _) in &places.looked_at {
            self.add(path.as_path(), &mut found);
        }
        if places.looked_at.is_empty() {
            for path in patterns::places(self.root, &places.patterns) {
                self.add(&path, &mut found);
            }
        }
        found
    }

    fn add(&mut self, path: &Path, found: &mut Locations) {
        self.add_at(path, found, MAX_LINKS);
    }

    fn add_at(&mut self, path: &Path, found: &mut Locations, links: usize) {
        if OF_KERNEL.iter().any(|place| path.starts_with(place)) {
            return;
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            // The root folder, or a path that ends with `..`.
            let folder = self.folder(path, links);
            found.extend(&folder.locations);
            return;
        };
        let folder = self.folder(parent, links);
        found.extend(&folder.locations);
        let location = folder.real.join(&folder.missing).join(name);
        found.at.insert(self.host(&location));
        if !folder.missing.as_os_str().is_empty() {
            return;
        }
        match self.root.stat(&location, Last::Keep) {
            Ok(Some(stat)) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => _ = found.folders.insert(self.host(&location)),
                FileType::RegularFile => _ = found.files.insert(self.host(&location)),
                FileType::Symlink => self.follow(&location, found, links),
                _ => {}
            },
            Err(error) if matches!(error.why, Why::NoAnswer) => _ = found.silent.insert(self.host(&location)),
            _ => {}
        }
    }

    /// Adds where a link leads, step by step, so that what is missing is found too.
    fn follow(&mut self, link: &Path, found: &mut Locations, links: usize) {
        if let (Some(links), Ok(target)) = (links.checked_sub(1), self.root.read_link(link)) {
            self.add_at(&joined(link, &target), found, links);
        }
    }

    fn folder(&mut self, path: &Path, links: usize) -> Folder {
        if let Some(known) = self.folders.get(path) {
            return known.clone();
        }
        let found = self.find(path, links);
        self.folders.insert(path.to_owned(), found.clone());
        found
    }

    fn find(&mut self, path: &Path, links: usize) -> Folder {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            let mut top = Folder {
                real: "/".into(),
                ..Folder::default()
            };
            top.locations.folders.insert(self.host(&top.real));
            return top;
        };
        let mut folder = self.folder(parent, links);
        if !folder.missing.as_os_str().is_empty() {
            folder.missing.push(name);
            return folder;
        }
        let location = folder.real.join(name);
        let host = self.host(&location);
        match self
            .root
            .stat(&location, Last::Keep)
            .map(|stat| stat.map(|stat| FileType::from_raw_mode(stat.st_mode)))
        {
            Ok(Some(FileType::Directory)) => {
                folder.real = location;
                folder.locations.folders.insert(host);
            }
            Ok(Some(FileType::Symlink)) => {
                folder.locations.at.insert(host);
                let target = self.root.read_link(&location);
                match (links.checked_sub(1), target) {
                    (Some(links), Ok(target)) => {
                        let behind = self.folder(&joined(&location, &target), links);
                        folder.locations.extend(&behind.locations);
                        (folder.real, folder.missing) = (behind.real, behind.missing);
                    }
                    _ => folder.missing = name.into(),
                }
            }
            other => {
                if other.is_err_and(|error| matches!(error.why, Why::NoAnswer)) {
                    folder.locations.silent.insert(host);
                }
                folder.missing = name.into();
            }
        }
        folder
    }

    /// The path on this machine.
    fn host(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix("/").unwrap_or(path);
        if below.as_os_str().is_empty() {
            return self.root.path().to_owned();
        }
        self.root.path().join(below)
    }
}

impl Locations {
    fn add(&mut self, folder: Option<&Path>, path: &Path) {
        self.folders.extend(folder.map(Path::to_owned));
        self.at.insert(path.to_owned());
    }

    fn extend(&mut self, other: &Self) {
        self.at.extend(other.at.iter().cloned());
        self.folders.extend(other.folders.iter().cloned());
        self.files.extend(other.files.iter().cloned());
        self.silent.extend(other.silent.iter().cloned());
    }
}

/// The target of a link, as an absolute path without `.` and `..`: names before `..` are folders without links by then.
fn joined(link: &Path, target: &Path) -> PathBuf {
    use std::path::Component;
    let mut path = link.parent().unwrap_or(Path::new("/")).to_owned();
    for component in target.components() {
        match component {
            Component::RootDir => path = "/".into(),
            Component::ParentDir => _ = path.pop(),
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    path
}
