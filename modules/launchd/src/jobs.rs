//! Jobs: where their property lists lie, and one entry for each.

use crate::parse::{self, Job};
use crate::schema;
use assay_sdk::{Entry, FileType, GapReason, Last, Listed, Result, Scan, Stat, Text};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const DAEMON: &str = "launch_daemon";
pub(crate) const AGENT: &str = "launch_agent";
pub(crate) const BUNDLED_DAEMON: &str = "bundled_launch_daemon";
pub(crate) const BUNDLED_AGENT: &str = "bundled_launch_agent";
pub(crate) const INJECTION: &str = "launchd_injection";

pub(crate) const WATCH: &[&str] = &[
    "/{Library,System/Library,Library/Apple/System/Library}/{LaunchDaemons,LaunchAgents}",
    "/System/Cryptexes/*/System/Library/{LaunchDaemons,LaunchAgents}",
    "/private/var/db/ManagedConfigurationFiles/BackgroundTaskServices/{LaunchDaemons,LaunchAgents}",
    "~/Library/{LaunchDaemons,LaunchAgents}",
    "/Applications/{*.app,*/*.app}/Contents/Library/{LaunchDaemons,LaunchAgents}",
    "~/Applications/{*.app,*/*.app}/Contents/Library/{LaunchDaemons,LaunchAgents}",
];

/// Folders that hold `LaunchDaemons` and `LaunchAgents`, in the order in which launchd comes upon them.
const SYSTEM: &[(&str, &str)] = &[
    ("/System/Library", "apple"),
    ("/Library/Apple/System/Library", "apple"),
    ("/Library", "machine"),
    (
        "/private/var/db/ManagedConfigurationFiles/BackgroundTaskServices",
        "managed",
    ),
];
const CRYPTEXES: &str = "/System/Cryptexes";
/// Where launchd looks for a program that is named without a folder (`_PATH_STDPATH`).
const STANDARD_PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";
/// The largest real one is below 100 KB.
const MAX_PLIST: u64 = 4 << 20;
const MAX_JOBS: usize = 50_000;
/// Bytes of the paths that one job runs, which go on one line of the protocol with its fields.
const MAX_PROGRAMS: usize = 64 << 10;

/// Lists all jobs.
pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let homes = scan.homes();
    let mut jobs = Jobs {
        scan,
        visited: HashSet::new(),
        daemons: Labels::new(),
        agents: Labels::new(),
        home_agents: Labels::new(),
    };
    for (library, place) in SYSTEM {
        jobs.library(Path::new(library), place)?;
    }
    for cryptex in jobs.scan.list(Path::new(CRYPTEXES)) {
        let library = Path::new(CRYPTEXES).join(cryptex.name).join("System/Library");
        jobs.library(&library, "apple")?;
    }
    jobs.applications(Path::new("/Applications"))?;
    for home in homes {
        jobs.home_agents.clear();
        jobs.folder(&Folder::new(
            AGENT,
            "user",
            home.path.join("Library/LaunchAgents"),
        ))?;
        let mut daemons = Folder::new(DAEMON, "user", home.path.join("Library/LaunchDaemons"));
        daemons.inert = true;
        jobs.folder(&daemons)?;
        jobs.applications(&home.path.join("Applications"))?;
    }
    Ok(())
}

/// One folder of property lists.
struct Folder {
    kind: &'static str,
    place: &'static str,
    path: PathBuf,
    /// The application it is in.
    application: Option<PathBuf>,
    inert: bool,
}

impl Folder {
    fn new(kind: &'static str, place: &'static str, path: PathBuf) -> Self {
        Self {
            kind,
            place,
            path,
            application: None,
            inert: false,
        }
    }
}

/// The first file that claimed a label: its path, and the same with links resolved.
type Labels = HashMap<Text, (PathBuf, PathBuf)>;

struct Jobs<'s, 'a> {
    scan: &'s mut Scan<'a>,
    /// A home may be any folder, `/System` too: no folder gives its entries twice.
    visited: HashSet<PathBuf>,
    daemons: Labels,
    agents: Labels,
    /// Of the home at hand: sessions of two users do not meet, so what one has claims no label of the other.
    home_agents: Labels,
}

impl Jobs<'_, '_> {
    fn library(&mut self, library: &Path, place: &'static str) -> Result<()> {
        self.folder(&Folder::new(DAEMON, place, library.join("LaunchDaemons")))?;
        self.folder(&Folder::new(AGENT, place, library.join("LaunchAgents")))
    }

    /// The applications in a folder and in the folders in it.
    fn applications(&mut self, folder: &Path) -> Result<()> {
        for listed in self.scan.list(folder) {
            let path = folder.join(&listed.name);
            if has_extension(&listed.name, b".app") {
                self.application(&path)?;
            } else if self.is_folder(&path, listed.file_type) {
                for inner in self.scan.list(&path) {
                    if has_extension(&inner.name, b".app") {
                        self.application(&path.join(inner.name))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn application(&mut self, path: &Path) -> Result<()> {
        let library = path.join("Contents/Library");
        for (kind, name) in [(BUNDLED_DAEMON, "LaunchDaemons"), (BUNDLED_AGENT, "LaunchAgents")] {
            let mut folder = Folder::new(kind, "application", library.join(name));
            folder.application = Some(path.to_owned());
            self.folder(&folder)?;
        }
        Ok(())
    }

    fn is_folder(&self, path: &Path, file_type: FileType) -> bool {
        let is_folder = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        match file_type {
            FileType::Directory => true,
            FileType::Symlink => {
                let led_to = self.scan.root().stat(path, Last::Follow);
                led_to.ok().flatten().is_some_and(is_folder)
            }
            _ => false,
        }
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        if !self.visited.insert(folder.path.clone()) {
            return Ok(());
        }
        let listed = self.scan.list(&folder.path).into_iter();
        let mut plists = listed
            .filter(|listed| has_extension(&listed.name, b".plist"))
            .peekable();
        if plists.peek().is_none() {
            return Ok(());
        }
        let real = self.scan.root().canonical(&folder.path);
        let real = real.unwrap_or_else(|_| folder.path.clone());
        for plist in plists.by_ref().take(MAX_JOBS) {
            self.plist(folder, &real, &plist)?;
        }
        if plists.next().is_some() {
            let text = format!("more than {MAX_JOBS} property lists");
            self.scan.gap(&folder.path, GapReason::TooBig, &text)?;
        }
        Ok(())
    }

    fn plist(&mut self, folder: &Folder, real_folder: &Path, listed: &Listed) -> Result<()> {
        let path = folder.path.join(&listed.name);
        let is_link = listed.file_type == FileType::Symlink;
        let mut entry = Entry::new(folder.kind, path.as_path(), &path)
            .field("place", folder.place)
            .maybe("inert", folder.inert.then_some(true));
        if is_link && let Ok(target) = self.scan.root().read_link(&path) {
            entry = entry.field("link_target", target.as_path());
        }
        let Some(content) = self.scan.content(&path, MAX_PLIST) else {
            return Ok(());
        };
        let job = match content.and_then(|bytes| parse::job(&bytes)) {
            Ok(job) => job,
            Err(why) => return self.scan.entry(entry.unparsable(why)),
        };
        let programs = programs(self.scan, &job, folder.application.as_deref());
        let length: usize = programs.iter().map(|program| program.as_bytes().len()).sum();
        if length > MAX_PROGRAMS {
            let why = format!("the paths it runs take more than {MAX_PROGRAMS} bytes");
            return self.scan.entry(entry.unparsable(why));
        }
        if let Some(label) = job.text(schema::LABEL) {
            let is_named_so = file_stem(&listed.name) == label.as_bytes();
            let real = if is_link {
                self.scan.root().canonical(&path).unwrap_or_else(|_| path.clone())
            } else {
                real_folder.join(&listed.name)
            };
            entry = entry
                .maybe("label_differs", (!is_named_so).then_some(true))
                .maybe("label_also_in", self.claim(folder, label, &path, real));
        }
        entry.fields.extend(job.fields);
        self.scan.entry(entry.programs(programs))?;
        self.injections(&path, &job.injected)
    }

    /// Code that a job loads besides its program: an attack of its own, also on a job that was there before.
    fn injections(&mut self, path: &Path, variables: &[(String, String)]) -> Result<()> {
        for (name, value) in variables {
            let key = [path.as_os_str().as_bytes(), b" ", name.as_bytes()].concat();
            let mut programs = Vec::new();
            for file in parse::loaded(name, value) {
                programs.extend(self.scan.programs().argv(&[file]));
            }
            let entry = Entry::new(INJECTION, key, path).field("value", parse::shown(name, value));
            self.scan.entry(entry.programs(programs))?;
        }
        Ok(())
    }

    /// Notes who has a label, and answers who had it before.
    ///
    /// Only the later of two files says so: that a second one comes is one change, not two. And it names only the
    /// first, lest a thousand files of one label say so a million times.
    fn claim(&mut self, folder: &Folder, label: &Text, path: &Path, real: PathBuf) -> Option<Text> {
        let (labels, outer) = match (folder.kind, folder.place) {
            (DAEMON, _) if !folder.inert => (&mut self.daemons, None),
            (AGENT, "user") => (&mut self.home_agents, self.agents.get(label)),
            (AGENT, _) => (&mut self.agents, None),
            // Nobody knows which of the others are loaded.
            _ => return None,
        };
        let Some((first, first_real)) = outer.or_else(|| labels.get(label)) else {
            labels.insert(label.clone(), (path.to_owned(), real));
            return None;
        };
        // A link and what it leads to are one file.
        (*first_real != real).then(|| first.as_path().into())
    }
}

/// The files that a job runs.
fn programs(scan: &mut Scan<'_>, job: &Job, application: Option<&Path>) -> Vec<Text> {
    let in_bundle = |program: &Text| Some(application?.join(program.as_path()).as_path().into());
    let executed = match job.text(schema::PROGRAM) {
        Some(program) => Some(program.clone()),
        None => job.text(schema::BUNDLE_PROGRAM).and_then(in_bundle),
    };
    let names_itself = usize::from(executed.is_some());
    let mut argv: Vec<Text> = executed.into_iter().collect();
    argv.extend(job.arguments().iter().skip(names_itself).cloned());
    if let Some(root) = job.text(schema::ROOT_DIRECTORY) {
        for word in argv.iter_mut().filter(|word| word.as_bytes().starts_with(b"/")) {
            *word = [root.as_bytes(), word.as_bytes()].concat().into();
        }
    }
    let folder = job
        .text(schema::WORKING_DIRECTORY)
        .map_or(Path::new("/"), Text::as_path);
    let path = job.path.as_deref().unwrap_or(STANDARD_PATH);
    let mut programs = scan.programs().path(path).folder(folder).argv(&argv);
    let mut named = HashSet::new();
    programs.retain(|program| named.insert(program.clone()));
    programs
}

/// Whether a name ends so, in any case: APFS does not tell `X.PLIST` from `x.plist`.
fn has_extension(name: &OsStr, extension: &[u8]) -> bool {
    let name = name.as_bytes();
    let tail = name
        .len()
        .checked_sub(extension.len())
        .and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(extension))
}

/// The name without `.plist`.
fn file_stem(name: &OsStr) -> &[u8] {
    let bytes = name.as_bytes();
    bytes
        .get(..bytes.len().saturating_sub(b".plist".len()))
        .unwrap_or(bytes)
}
