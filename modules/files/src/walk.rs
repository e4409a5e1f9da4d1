//! Finding the files of every watch in one walk: a folder that many globs lead into is listed once.
//!
//! Each path is a row of steps, and a *state* is how far along one of them a folder is. A folder whose states ask for
//! plain names only is not listed; those names are looked at. A plain name that is a link is followed, inside the
//! root. What a glob matches is not: links among many names may lead anywhere, and round and round.

use crate::globs::{Pattern, Step};
use crate::limits::Limits;
use assay_sdk::watch::{Format, Watch};
use assay_sdk::{FileType, Home, Listed, Scan};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Names that one scan looks at.
const MAX_NAMES: usize = 2_000_000;

/// What matched: the watches, by the path of the file, with links on the way to it resolved.
pub(crate) type Found = BTreeMap<PathBuf, BTreeMap<usize, Ways>>;

/// The homes, by their number, from which a watch came to a file; none for a path that begins at the root.
pub(crate) type Ways = BTreeSet<Option<usize>>;

/// How far along a pattern a folder is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    pattern: usize,
    /// The home that it began in.
    home: Option<usize>,
    /// The step that comes next.
    at: usize,
    /// Folders that `**` went down.
    depth: u8,
}

/// Finds the files of every watch.
pub(crate) fn walk(
    scan: &mut Scan<'_>,
    watches: &[Watch],
    patterns: &[Pattern],
    homes: &[Home],
    limits: &mut Limits,
) -> Found {
    let mut walk = Walk {
        watches,
        patterns,
        limits,
        found: Found::new(),
        todo: BTreeMap::new(),
        done: HashMap::new(),
        listed: HashMap::new(),
        names: 0,
    };
    let start = |home: Option<usize>| {
        let patterns = patterns.iter().enumerate();
        let of_this = patterns.filter(move |(_, pattern)| pattern.of_home == home.is_some());
        of_this.map(move |(pattern, _)| State {
            pattern,
            home,
            at: 0,
            depth: 0,
        })
    };
    walk.come(PathBuf::from("/"), start(None));
    for (index, home) in homes.iter().enumerate() {
        walk.come(home.path.clone(), start(Some(index)));
    }
    // In the order of their names: what lies above has said all it has to say of a folder before it is looked at.
    while let Some((folder, states)) = walk.todo.pop_first() {
        walk.folder(scan, &folder, states);
    }
    walk.found
}

struct Walk<'a> {
    watches: &'a [Watch],
    patterns: &'a [Pattern],
    limits: &'a mut Limits,
    found: Found,
    todo: BTreeMap<PathBuf, BTreeSet<State>>,
    /// States with which a folder was looked at already.
    done: HashMap<PathBuf, BTreeSet<State>>,
    /// What was listed, for when a link leads back to a folder.
    listed: HashMap<PathBuf, Rc<Vec<Listed>>>,
    names: usize,
}

/// What becomes of one name in a folder.
#[derive(Default)]
struct Matched {
    /// Watches whose path ends here, and the home that it began in.
    ends: BTreeSet<(usize, Option<usize>)>,
    /// States inside it, when it is a folder.
    inside: Vec<State>,
    /// Whether a plain name led here: then a link is followed.
    plain: Vec<State>,
    /// Watches that leave it out.
    excluded: BTreeSet<usize>,
}

impl Walk<'_> {
    /// A folder is to be looked at; `**` also stands for no folder at all.
    fn come(&mut self, folder: PathBuf, states: impl IntoIterator<Item = State>) {
        let mut all = Vec::new();
        for mut state in states {
            all.push(state);
            while matches!(self.steps(state).get(state.at), Some(Step::Deep))
                && state.at + 1 < self.steps(state).len()
            {
                state = State {
                    at: state.at + 1,
                    depth: 0,
                    ..state
                };
                all.push(state);
            }
        }
        if !all.is_empty() {
            self.todo.entry(folder).or_default().extend(all);
        }
    }

    fn steps(&self, state: State) -> &[Step] {
        &self.patterns[state.pattern].steps
    }

    fn folder(&mut self, scan: &mut Scan<'_>, folder: &Path, mut states: BTreeSet<State>) {
        let done = self.done.entry(folder.to_owned()).or_default();
        states.retain(|state| !done.contains(state) || self.patterns[state.pattern].excluded);
        done.extend(&states);
        // What only leaves something out needs no look; and what came here before left out what it must.
        states.extend(done.iter().filter(|state| self.patterns[state.pattern].excluded));
        if states.iter().all(|state| self.patterns[state.pattern].excluded) {
            return;
        }
        let (mut plain, mut globs) = (HashMap::<&OsStr, Vec<State>>::new(), Vec::new());
        for state in &states {
            match &self.patterns[state.pattern].steps[state.at] {
                Step::Name(name) => plain.entry(name.as_os_str()).or_default().push(*state),
                Step::Glob(_) | Step::Deep => globs.push(*state),
            }
        }
        let must_list = globs.iter().any(|state| !self.patterns[state.pattern].excluded);
        if self.names > MAX_NAMES {
            for state in &states {
                self.limits.met(self.patterns[state.pattern].watch, folder, || {
                    format!("not looked at: the lists lead to more than {MAX_NAMES} names")
                });
            }
            return;
        }
        let names: Vec<(OsString, FileType)> = if must_list {
            let listed = self.list(scan, folder);
            listed
                .iter()
                .map(|listed| (listed.name.clone(), listed.file_type))
                .collect()
        } else {
            let look = |name: &&OsStr| {
                let stat = scan.stat(&folder.join(name))?;
                Some(((*name).to_owned(), FileType::from_raw_mode(stat.st_mode)))
            };
            let mut names: Vec<&OsStr> = plain.keys().copied().collect();
            names.sort_unstable();
            names.iter().filter_map(look).collect()
        };
        self.names += names.len();
        for (name, file_type) in names {
            let plain = plain.get(name.as_os_str()).map(Vec::as_slice).unwrap_or_default();
            let path = folder.join(&name);
            let matched = self.matched(&path, &name, file_type, plain, &globs);
            self.go_on(scan, path, file_type, matched);
        }
    }

    fn list(&mut self, scan: &mut Scan<'_>, folder: &Path) -> Rc<Vec<Listed>> {
        if let Some(listed) = self.listed.get(folder) {
            return Rc::clone(listed);
        }
        let listed = Rc::new(scan.list(folder));
        self.listed.insert(folder.to_owned(), Rc::clone(&listed));
        listed
    }

    /// What the states of a folder make of one name in it.
    fn matched(
        &mut self,
        path: &Path,
        name: &OsStr,
        file_type: FileType,
        plain: &[State],
        globs: &[State],
    ) -> Matched {
        let mut matched = Matched::default();
        let is_folder = file_type == FileType::Directory;
        for (state, is_plain) in plain
            .iter()
            .map(|s| (*s, true))
            .chain(globs.iter().map(|s| (*s, false)))
        {
            let pattern = &self.patterns[state.pattern];
            let is_last = state.at + 1 == pattern.steps.len();
            let next = State {
                at: state.at + 1,
                depth: 0,
                ..state
            };
            match &pattern.steps[state.at] {
                Step::Glob(glob) if !glob.is_match(name) => continue,
                Step::Deep => {
                    if is_last && pattern.excluded {
                        matched.excluded.insert(pattern.watch);
                    } else if is_last {
                        matched.ends.insert((pattern.watch, state.home));
                    }
                    let deeper = State {
                        depth: state.depth.saturating_add(1),
                        ..state
                    };
                    let limit = self.watches[pattern.watch].max_depth;
                    if !is_folder {
                    } else if deeper.depth > limit && !pattern.excluded {
                        self.limits.met(pattern.watch, path, || {
                            format!("not looked at: deeper than the {limit} folders of `max_depth`")
                        });
                    } else {
                        matched.inside.push(deeper);
                    }
                }
                _ if is_last && pattern.excluded => _ = matched.excluded.insert(pattern.watch),
                _ if is_last => _ = matched.ends.insert((pattern.watch, state.home)),
                _ if is_plain => matched.plain.push(next),
                _ => matched.inside.push(next),
            }
        }
        matched
    }

    fn go_on(&mut self, scan: &mut Scan<'_>, path: PathBuf, file_type: FileType, matched: Matched) {
        let Matched {
            ends,
            mut inside,
            mut plain,
            excluded,
        } = matched;
        let stays = |state: &State| !excluded.contains(&self.patterns[state.pattern].watch);
        inside.retain(stays);
        plain.retain(stays);
        let is_folder = file_type == FileType::Directory;
        let counts = |watch: usize| {
            !excluded.contains(&watch) && (!is_folder || self.watches[watch].format == Format::Exists)
        };
        for (watch, home) in ends {
            if counts(watch) {
                let found = self.found.entry(path.clone()).or_default();
                found.entry(watch).or_default().insert(home);
            }
        }
        if is_folder {
            inside.extend(plain);
            self.come(path, inside);
        } else if file_type == FileType::Symlink
            && !plain.is_empty()
            && let Some(real) = scan.behind(&path)
            && is_folder_at(scan, &real)
        {
            self.come(real, plain);
        }
    }
}

fn is_folder_at(scan: &mut Scan<'_>, path: &Path) -> bool {
    let stat = scan.stat(path);
    stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}
