//! Which folders to watch, and whom it concerns when something happens in one of them.
//!
//! Modules name paths; what happens is told of folders without links. So each path becomes a way of *steps* to what it
//! leads to: every folder that is entered, every link that is followed, and the end; where something is missing, what would
//! come there.

use super::happening::{Happening, Wanted, below};
use super::patterns;
use crate::engine::OwnPlaces;
use crate::scope::{ModulePlaces, Places, Touched};
use assay_model::{Input, Text};
use assay_root::{FileType, Last, Root, Why};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Links to what is missing that are followed.
const MAX_LINKS: usize = 8;
/// Where the kernel answers: nothing there tells when it changes.
const OF_KERNEL: [&str; 2] = ["/proc", "/sys"];

/// Whom a location concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Concern {
    Module(Rc<str>),
    File(Rc<Text>),
    /// Assay's own folders and programs.
    Own,
    /// The database, which runs write to: it counts when it is another file.
    Database,
}

/// All that is watched, and whom it concerns.
#[derive(Default)]
pub(super) struct Index {
    modules: BTreeMap<String, Vec<Rc<Step>>>,
    files: BTreeMap<Text, Rc<Step>>,
    own: Vec<Rc<Step>>,
    database: Option<Rc<Step>>,
    /// By the bytes of the path on this machine.
    at: BTreeMap<OsString, Vec<Concern>>,
}

/// A step on the way to what a path leads to. The ways to many paths share their first steps.
struct Step {
    /// On this machine, without links.
    path: OsString,
    is: Is,
    /// A link that is followed, or where a way ends: whatever happens there concerns whoever goes this way.
    counts: bool,
    /// Where it comes from; of a link, where it leads to as well.
    from: Vec<Rc<Step>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Folder,
    File,
    /// Nobody would answer.
    Silent,
    /// A link, what nobody watches, or nothing.
    Other,
}

impl Step {
    fn new(path: impl Into<OsString>, is: Is, counts: bool, from: Vec<Rc<Self>>) -> Rc<Self> {
        Rc::new(Self {
            path: path.into(),
            is,
            counts,
            from,
        })
    }

    /// This step and all before it, each once.
    fn visit<'s>(&'s self, seen: &mut HashSet<*const Self>, tell: &mut dyn FnMut(&'s Self)) {
        if seen.insert(std::ptr::from_ref(self)) {
            tell(self);
            self.from.iter().for_each(|step| step.visit(seen, tell));
        }
    }
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
        let above = |path: &Path| {
            let folder = path
                .parent()
                .map(|folder| Step::new(folder, Is::Folder, false, Vec::new()));
            folder.into_iter().collect()
        };
        let folders = own.folders.iter().filter_map(|folder| folder.canonicalize().ok());
        let folders = folders.map(|folder| Step::new(&folder, Is::Folder, true, above(&folder)));
        let programs = own
            .programs
            .iter()
            .filter_map(|program| program.canonicalize().ok());
        let programs = programs.map(|program| Step::new(&program, Is::Other, true, above(&program)));
        self.own = folders.chain(programs).collect();
        let folder = own
            .database
            .parent()
            .and_then(|folder| folder.canonicalize().ok());
        self.database = folder.zip(own.database.file_name()).map(|(folder, name)| {
            let database = folder.join(name);
            Step::new(&database, Is::Other, true, above(&database))
        });
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
            let end = known.or_else(|| resolver.end(file.as_path(), MAX_LINKS));
            self.files.extend(end.map(|end| (file, end)));
        }
        self.at.clear();
        for (module, ends) in &self.modules {
            put(&mut self.at, &Concern::Module(module.as_str().into()), ends);
        }
        for (path, end) in &self.files {
            put(
                &mut self.at,
                &Concern::File(Rc::new(path.clone())),
                std::slice::from_ref(end),
            );
        }
        put(&mut self.at, &Concern::Own, &self.own);
        put(&mut self.at, &Concern::Database, self.database.as_slice());
    }

    fn visit<'s>(&'s self, tell: &mut dyn FnMut(&'s Step)) {
        let mut seen = HashSet::new();
        let modules = self.modules.values().flatten();
        let ends = modules
            .chain(self.files.values())
            .chain(&self.own)
            .chain(&self.database);
        ends.for_each(|end| end.visit(&mut seen, tell));
    }

    /// Everything that is to be watched.
    pub(super) fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        self.visit(&mut |step| match step.is {
            Is::Folder => _ = wanted.folders.insert(step.path.clone()),
            Is::File => _ = wanted.files.insert(step.path.clone()),
            Is::Silent | Is::Other => {}
        });
        wanted
    }

    /// Places where nobody would answer: file systems of a network.
    pub(super) fn silent(&self) -> BTreeSet<&Path> {
        let mut silent = BTreeSet::new();
        self.visit(&mut |step| {
            if step.is == Is::Silent {
                silent.insert(Path::new(&step.path));
            }
        });
        silent
    }

    /// Whom something that happened concerns.
    pub(super) fn concerned(&self, happening: &Happening) -> Concerned {
        let mut concerned = Concerned::default();
        let path = happening.path().into_os_string();
        self.tell(self.at.get(&path), happening, &mut concerned);
        // What is written to in a folder does not change it, but for those of Assay.
        let folder = self.at.get(happening.folder.as_os_str());
        concerned.own |= folder.is_some_and(|concerns| concerns.contains(&Concern::Own));
        if happening.renamed {
            for (_, concerns) in self.at.range(below(&path)) {
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
                Concern::Module(module) => _ = concerned.touched.modules.insert(module.to_string()),
                Concern::File(path) => _ = concerned.touched.files.insert((**path).clone()),
                Concern::Own => concerned.own = true,
                Concern::Database => concerned.own |= happening.renamed,
            }
        }
    }
}

/// Adds whom each step concerns that counts.
fn put(at: &mut BTreeMap<OsString, Vec<Concern>>, concern: &Concern, ends: &[Rc<Step>]) {
    let mut seen = HashSet::new();
    let mut put = |step: &Step| {
        if step.counts {
            let concerns = at.entry(step.path.clone()).or_default();
            if concerns.last() != Some(concern) {
                concerns.push(concern.clone());
            }
        }
    };
    ends.iter().for_each(|end| end.visit(&mut seen, &mut put));
}

/// Finds the ways, each folder once.
struct Resolver<'r> {
    root: &'r Root,
    folders: HashMap<OsString, Folder>,
}

/// What the path of a folder leads to.
#[derive(Clone)]
struct Folder {
    /// As far as it is there, without links, below the root.
    real: PathBuf,
    /// What is missing behind that.
    missing: PathBuf,
    way: Rc<Step>,
}

impl<'r> Resolver<'r> {
    fn new(root: &'r Root) -> Self {
        Self {
            root,
            folders: HashMap::new(),
        }
    }

    fn module(&mut self, places: &ModulePlaces) -> Vec<Rc<Step>> {
        if places.looked_at.is_empty() {
            let named = patterns::places(self.root, &places.patterns);
            return named
                .iter()
                .filter_map(|path| self.end(path, MAX_LINKS))
                .collect();
        }
        let looked_at = places.looked_at.iter();
        looked_at
            .filter_map(|Input(path, _)| self.end(path.as_path(), MAX_LINKS))
            .collect()
    }

    /// The last step of the way to a path; `None` where the kernel answers.
    fn end(&mut self, path: &Path, links: usize) -> Option<Rc<Step>> {
        if OF_KERNEL.iter().any(|place| path.starts_with(place)) {
            return None;
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            // The root folder, or a path that ends with `..`.
            return Some(self.folder(path, links).way);
        };
        let folder = self.folder(parent, links);
        let location = folder.real.join(&folder.missing).join(name);
        let (mut is, mut from) = (Is::Other, vec![folder.way]);
        if folder.missing.as_os_str().is_empty() {
            match self.look(&location) {
                Found::Link => from.extend(self.follow(&location, links)),
                Found::Is(found) => is = found,
            }
        }
        Some(Step::new(self.host(&location), is, true, from))
    }

    /// The way on from a link, step by step, so that what is missing is found too.
    fn follow(&mut self, link: &Path, links: usize) -> Option<Rc<Step>> {
        let target = self.root.read_link(link).ok()?;
        self.end(&joined(link, &target), links.checked_sub(1)?)
    }

    fn look(&self, location: &Path) -> Found {
        match self.root.stat(location, Last::Keep) {
            Ok(Some(stat)) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => Found::Is(Is::Folder),
                FileType::RegularFile => Found::Is(Is::File),
                FileType::Symlink => Found::Link,
                _ => Found::Is(Is::Other),
            },
            Err(error) if matches!(error.why, Why::NoAnswer) => Found::Is(Is::Silent),
            _ => Found::Is(Is::Other),
        }
    }

    fn folder(&mut self, path: &Path, links: usize) -> Folder {
        if let Some(known) = self.folders.get(path.as_os_str()) {
            return known.clone();
        }
        let found = self.find(path, links);
        self.folders.insert(path.into(), found.clone());
        found
    }

    fn find(&mut self, path: &Path, links: usize) -> Folder {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            let real = PathBuf::from("/");
            return Folder {
                way: Step::new(self.host(&real), Is::Folder, false, Vec::new()),
                missing: PathBuf::new(),
                real,
            };
        };
        let above = self.folder(parent, links);
        if !above.missing.as_os_str().is_empty() {
            let missing = above.missing.join(name);
            return Folder { missing, ..above };
        }
        let location = above.real.join(name);
        let host = self.host(&location);
        match self.look(&location) {
            Found::Is(Is::Folder) => Folder {
                real: location,
                missing: PathBuf::new(),
                way: Step::new(host, Is::Folder, false, vec![above.way]),
            },
            Found::Link => {
                let target = links.checked_sub(1).zip(self.root.read_link(&location).ok());
                let behind = target.map(|(links, target)| self.folder(&joined(&location, &target), links));
                let mut from = vec![above.way];
                from.extend(behind.as_ref().map(|behind| Rc::clone(&behind.way)));
                let way = Step::new(host, Is::Other, true, from);
                match behind {
                    Some(behind) => Folder { way, ..behind },
                    None => Folder {
                        real: above.real,
                        missing: name.into(),
                        way,
                    },
                }
            }
            Found::Is(is) => {
                // A file is none that anybody goes through.
                let is = if is == Is::Silent { is } else { Is::Other };
                Folder {
                    real: above.real,
                    missing: name.into(),
                    way: Step::new(host, is, false, vec![above.way]),
                }
            }
        }
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

/// What is at a location.
enum Found {
    Link,
    Is(Is),
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
