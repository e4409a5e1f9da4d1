//! The checks, in the order in which an author wants to know.

use super::copies::{self, Sample, Samples};
use super::hostile::{ACTS, Act, Plant, plausible};
use super::listing::{self, OUTSIDE, fault};
use super::places::{self, Place};
use super::report::{Found, Report, failed, failure, ok, skipped, warning};
use super::tree::{self, Tree};
use super::{Check, manifest};
use crate::engine::Engine;
use crate::run::Scan;
use crate::single::Single;
use assay_model::{Manifest, Operation, Os};
use assay_root::Root;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a module may take over a root of a few files.
const SCRATCH_DEADLINE: Duration = Duration::from_secs(10);
/// How often a live system is asked again whether it stays as it is.
const PATIENCE: usize = 3;
/// The user `nobody`, by the number that every Linux gives it, and none that a Mac gives to a person.
const NOBODY: u32 = 65534;
const SYSTEMS: [Os; 2] = [Os::Linux, Os::Macos];

/// What is known of the module so far.
pub(super) struct Suite<'a> {
    engine: &'a Engine,
    single: &'a Single,
    report: Report<'a>,
    slowest: Duration,
    scans: usize,
    written: Option<String>,
}

impl<'a> Suite<'a> {
    pub(super) fn new(engine: &'a Engine, single: &'a Single, report: Report<'a>) -> Self {
        Self {
            engine,
            single,
            report,
            slowest: Duration::ZERO,
            scans: 0,
            written: None,
        }
    }

    pub(super) fn run(mut self) -> io::Result<Vec<Check>> {
        let manifest = match self.describe() {
            Ok(manifest) => manifest,
            Err(found) => {
                self.report.add("protocol", found);
                return Ok(self.report.checks);
            }
        };
        self.report.add("manifest", prose(&manifest));
        let found = self.empty(&manifest)?;
        self.report.add("empty root", found);
        for os in SYSTEMS.into_iter().filter(|os| !manifest.platforms.contains(os)) {
            let found = self.other_system(os)?;
            self.report.add("other system", found);
        }
        let (found, samples) = self.keys();
        self.report.add("keys", found);
        if !samples.is_empty() {
            let found = self.copies(&manifest, &samples)?;
            self.report.add("copies", found);
        }
        if manifest.watch.is_empty() {
            let fix = "name the places in `watch`: what follows is put there";
            self.report
                .add("watch", warning("the manifest names no place", fix));
        }
        for act in ACTS {
            let found = self.hostile(act, &manifest, &samples)?;
            self.report.add(act.name, found);
        }
        let found = match self.written.take() {
            None => ok("every scratch root is as it was"),
            Some(how) => failed(how, "a module reads; it makes, changes and removes nothing"),
        };
        self.report.add("nothing written", found);
        let found = self.in_time();
        self.report.add("deadline", found);
        Ok(self.report.checks)
    }

    /// `hello` and `done`, and the walls that the host says it built.
    fn describe(&mut self) -> Result<Manifest, Found> {
        let answer = self.engine.ask(self.single, Operation::Describe);
        let scan = answer
            .scan
            .map_err(|why| failure("asked to describe itself: ", &why))?;
        let manifest = &scan.manifest;
        let said = format!(
            "it says `hello` as {} {}, and `done`",
            manifest.name, manifest.version
        );
        self.report.add("protocol", ok(said));
        let walls = scan.sandbox.active.join(", ");
        let found = if scan.sandbox.missing.is_empty() {
            ok(format!("it can write, run and connect to nothing: {walls}"))
        } else {
            let seen = format!("{walls}; missing: {}", scan.sandbox.missing.join("; "));
            warning(
                seen,
                "this machine lacks a wall, so that writing and connecting may not be stopped here",
            )
        };
        self.report.add("sandbox", found);
        Ok(scan.manifest)
    }

    /// What is not there at all is silent.
    fn empty(&mut self, manifest: &Manifest) -> io::Result<Found> {
        for os in &manifest.platforms {
            let scan = match self.ask(&Tree::empty(*os)?) {
                Ok(scan) => scan,
                Err(found) => return Ok(found),
            };
            if let Some(gap) = scan.gaps.first() {
                let seen = format!("a gap for `{}`, where nothing is", gap.path);
                let fix = "what does not exist (ENOENT, ENOTDIR) is silent; a gap is what exists and cannot be read";
                return Ok(failed(seen, fix));
            }
        }
        Ok(ok("nothing is listed where nothing is"))
    }

    /// A run asks every module about every root.
    fn other_system(&mut self, os: Os) -> io::Result<Found> {
        let fix = "for a root of another system list nothing, and succeed";
        Ok(match self.ask(&Tree::new(os)?) {
            Ok(scan) if scan.entries.is_empty() => ok(format!("nothing is listed on {}", os.as_str())),
            Ok(scan) => failed(format!("{} on {}", entries_of(&scan), os.as_str()), fix),
            Err(found) => failed(found.seen, fix),
        })
    }

    /// Two scans of the author's root give the same. On a live system something may change between them, but not
    /// every time.
    fn keys(&mut self) -> (Found, Samples) {
        let root = self.engine.root();
        let place = format!("in `{}`: ", root.path().display());
        let mut last: Option<Scan> = None;
        let mut differs = String::new();
        for _ in 0..=PATIENCE {
            let answer = self.engine.ask(self.single, Operation::Collect);
            self.took(answer.took);
            let scan = match answer.scan {
                Ok(scan) => scan,
                Err(why) => return (failure(&place, &why), Samples::new()),
            };
            if let Some((seen, fix)) = fault(&scan, root) {
                return (failed(format!("{place}{seen}"), fix), Samples::new());
            }
            if let Some(before) = last.replace(scan.clone()) {
                let Some(how) = listing::difference(&scan.manifest, &before, &scan) else {
                    return same_keys(root, &scan);
                };
                differs = how;
            }
        }
        let fix = "a key or a compared field holds nothing that changes by itself: no process, inode, time or number";
        (
            failed(format!("{place}{differs} differs from scan to scan"), fix),
            Samples::new(),
        )
    }

    /// The same files with other inodes, times and folders above them.
    fn copies(&mut self, manifest: &Manifest, samples: &Samples) -> io::Result<Found> {
        let mut scan = |second| {
            let tree = Tree::empty(self.engine.os())?;
            copies::place(&tree, samples, second);
            Ok::<_, io::Error>(self.ask(&tree))
        };
        let (first, second) = match (scan(false)?, scan(true)?) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(found), _) | (_, Err(found)) => return Ok(found),
        };
        // A module may learn kinds from what it reads.
        let manifest = if first.manifest.kinds.is_empty() {
            manifest
        } else {
            &first.manifest
        };
        Ok(match listing::difference(manifest, &first, &second) {
            None => {
                let (entries, files) = (entries_of(&first), number(samples.len(), "file", "files"));
                ok(format!("{entries} in each of two copies of {files}, the same"))
            }
            Some(how) => {
                let fix =
                    "a key or a compared field holds no inode, time, order of a folder, or path of the root";
                failed(format!("{how} differs between two copies of the same files"), fix)
            }
        })
    }

    fn hostile(&mut self, act: &Act, manifest: &Manifest, samples: &Samples) -> io::Result<Found> {
        let nothing = Samples::new();
        let (user, samples) = match act.is_about_rights().then(|| self.without_rights()) {
            None => (None, samples),
            // Others may look into that root: nothing of this machine is in it.
            Some(Ok(user)) => (user, &nothing),
            Some(Err(why)) => return Ok(skipped(why, "")),
        };
        let mut planted = 0;
        let mut silent: Option<BTreeSet<PathBuf>> = None;
        for os in &manifest.platforms {
            let places = targets(act, manifest, samples, *os);
            let tree = Tree::new(*os)?;
            if user.is_some() {
                tree.public()?;
            }
            fs::write(
                tree.outside(),
                format!("{OUTSIDE} {OUTSIDE}\n/{OUTSIDE} = /{OUTSIDE}\n"),
            )?;
            let made = act.plant(&tree, &places);
            planted += made.len();
            let scan = match self.ask_as(user, &tree) {
                Ok(scan) => scan,
                Err(found) => {
                    // The files that every root has are no place of this module.
                    let literal = made.iter().find(|place| place.literal).or(made.first());
                    let at = literal
                        .map(|place| place.path.display().to_string())
                        .unwrap_or_default();
                    let seen = format!("{}, such as at `{at}`: {}", act.what, found.seen);
                    return Ok(failed(seen, &format!("{}; {}", act.advice, found.fix)));
                }
            };
            // Of two systems, one may have no such place.
            let unsaid = listing::silent(&scan, &made);
            silent = Some(silent.map_or(unsaid.clone(), |before| &before & &unsaid));
        }
        let silent = silent.unwrap_or_default();
        Ok(match silent.first().filter(|_| act.is_gap) {
            _ if planted == 0 => skipped("there is no place to put them", ""),
            Some(path) => {
                let seen = format!("{}: nothing was said of `{}`", act.what, path.display());
                warning(seen, act.advice)
            }
            None => ok(format!("{} ({planted})", act.what)),
        })
    }

    /// The user to be, so that a right can be missing: for root another, who has to be able to start the host and to load
    /// the module. The reason when there is none.
    fn without_rights(&self) -> Result<Option<u32>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let (user, root) = (Some(NOBODY), Path::new("/"));
        let answer = self.single.ask_as(
            user,
            SCRATCH_DEADLINE,
            Operation::Describe,
            root,
            self.engine.os(),
        );
        match answer.scan {
            Ok(_) => Ok(user),
            Err(why) => Err(format!(
                "root may read everything, and the user nobody cannot run the module ({why}); try it as an ordinary user"
            )),
        }
    }

    /// Asks about a scratch root, and looks whether that is as it was afterwards.
    fn ask(&mut self, tree: &Tree) -> Result<Scan, Found> {
        self.ask_as(None, tree)
    }

    fn ask_as(&mut self, user: Option<u32>, tree: &Tree) -> Result<Scan, Found> {
        let before = tree.picture();
        let deadline = self.single.limits.deadline.min(SCRATCH_DEADLINE);
        let answer = self
            .single
            .ask_as(user, deadline, Operation::Collect, &tree.root(), tree.os);
        self.took(answer.took);
        let written = tree::difference(&before, &tree.picture());
        self.written = self.written.take().or(written);
        let on = format!("on {}: ", tree.os.as_str());
        let scan = answer.scan.map_err(|why| failure(&on, &why))?;
        let root = Root::open(&tree.root()).map_err(|error| failed(format!("{on}{error}"), ""))?;
        match fault(&scan, &root) {
            Some((seen, fix)) => Err(failed(format!("{on}{seen}"), fix)),
            None => Ok(scan),
        }
    }

    fn took(&mut self, took: Duration) {
        self.scans += 1;
        self.slowest = self.slowest.max(took);
    }

    fn in_time(&self) -> Found {
        let (slowest, deadline) = (self.slowest.as_millis(), self.single.limits.deadline);
        let seen = format!(
            "{} scans, the slowest took {slowest} ms of {} s",
            self.scans,
            deadline.as_secs()
        );
        if self.slowest * 2 > deadline {
            return warning(
                seen,
                "on a slower machine it would be killed: read less, or bound how much",
            );
        }
        ok(seen)
    }
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn entries_of(scan: &Scan) -> String {
    number(scan.entries.len(), "entry", "entries")
}

fn prose(manifest: &Manifest) -> Found {
    let faults = manifest::faults(manifest);
    if faults.is_empty() {
        let fields: usize = manifest.kinds.iter().map(|kind| kind.fields.len()).sum();
        let (kinds, fields) = (
            number(manifest.kinds.len(), "kind", "kinds"),
            number(fields, "field", "fields"),
        );
        return ok(format!("{kinds} and {fields}, each with a line of prose"));
    }
    let fix = "prose is for the person who gets the alert at night; the rest has its form in docs/modules.md";
    failed(faults.join("; "), fix)
}

fn same_keys(root: &Root, scan: &Scan) -> (Found, Samples) {
    let path = root.path().display();
    if scan.entries.is_empty() {
        let why = format!("`{path}` has nothing that it lists");
        return (
            skipped(why, "name a folder that has: `--root DIR`"),
            Samples::new(),
        );
    }
    let (entries, gaps) = (entries_of(scan), number(scan.gaps.len(), "gap", "gaps"));
    let seen = format!("{entries} and {gaps} in `{path}`, twice the same");
    (ok(seen), copies::gather(root, scan))
}

/// The places of a module, each with what a file there may hold: what the author's root has, or else what files of
/// such a name look like.
fn targets(act: &Act, manifest: &Manifest, samples: &Samples, os: Os) -> Vec<(Place, Vec<u8>)> {
    let names = match act.plant {
        Plant::StrangeName => places::strange_names(),
        _ => vec![b"x".to_vec()],
    };
    let mut targets: Vec<(Place, Vec<u8>)> = places::of(&manifest.watch, os, &names)
        .into_iter()
        .map(|place| {
            let content = plausible(&place.path);
            (place, content)
        })
        .collect();
    for (path, sample) in samples {
        let Sample::File { content, .. } = sample else {
            continue;
        };
        match targets.iter_mut().find(|(place, _)| place.path == *path) {
            Some((_, plausible)) => plausible.clone_from(content),
            None => {
                let place = Place {
                    path: path.clone(),
                    literal: false,
                };
                targets.push((place, content.clone()));
            }
        }
    }
    targets
}
