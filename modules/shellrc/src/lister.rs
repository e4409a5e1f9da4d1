//! Entries of the start-up files, and of what they load.

use crate::effects::{self, Effects};
use crate::parse::{self, Statement};
use crate::places::{self, Folder, Places};
use crate::variables::Variables;
use assay_sdk::{
    Entry, FileType, GapReason, Home, Keys, Last, Os, PRIVATE, Result, Scan, Text, Why, secrets,
};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A start-up file of a megabyte is none that anybody wrote.
const FILE_LIMIT: u64 = 1 << 20;
/// What is loaded and larger is a program of its own: nvm.sh, oh-my-zsh's libraries.
const LOADED_LIMIT: u64 = 64 << 10;
const MAX_STATEMENTS: usize = 5000;
/// Statements of one home, or of the system, and bytes of their files: of further files there the bytes are compared,
/// lest one account's files keep root from seeing those of the others.
const MAX_OF_PLACE: usize = 10_000;
const MAX_TEXT: usize = 4 << 20;
/// Files in one folder; of more there is a gap.
const MAX_FILES: usize = 1000;
/// Bytes of a statement's first line that it is known by.
const MAX_HEAD: usize = 500;
/// Bytes of a statement that are told, and looked into.
const MAX_CODE: usize = 64 << 10;
/// Programs of a statement.
const MAX_PROGRAMS: usize = 64;
/// Files that load files that load files.
const MAX_DEPTH: usize = 4;
/// Files that are loaded by those of one place.
const MAX_LOADED: usize = 200;

pub(crate) struct Lister<'s, 'a> {
    scan: &'s mut Scan<'a>,
    keys: Keys,
    /// What was listed, links resolved.
    seen: HashSet<PathBuf>,
    /// Start-up files that have their turn: none is called by what loads it.
    starts: HashSet<PathBuf>,
    /// Places that were looked at, and files whose bytes are an entry: two ways may lead to one.
    visited: HashSet<PathBuf>,
    bytes: HashSet<PathBuf>,
}

/// Whose files are being read.
struct Place<'h> {
    home: Option<&'h Home>,
    variables: Variables,
    loaded: usize,
    statements: usize,
    text: usize,
}

impl<'h> Place<'h> {
    fn new(home: Option<&'h Home>, variables: Variables) -> Self {
        Self {
            home,
            variables,
            loaded: 0,
            statements: 0,
            text: 0,
        }
    }
}

impl<'s, 'a> Lister<'s, 'a> {
    pub(crate) fn new(scan: &'s mut Scan<'a>) -> Self {
        Self {
            scan,
            keys: Keys::default(),
            seen: HashSet::new(),
            starts: HashSet::new(),
            visited: HashSet::new(),
            bytes: HashSet::new(),
        }
    }

    pub(crate) fn collect(mut self) -> Result<()> {
        let mut system = Place::new(None, Variables::default());
        let places = places::of_system(self.scan.os());
        self.places(&mut system, Path::new("/"), &places)?;
        if self.scan.os() == Os::Linux {
            for folder in places::SKELETONS.map(Path::new) {
                let mut place = Place::new(None, system.variables.at_home(folder));
                self.places(&mut place, folder, &places::OF_SKELETON)?;
            }
        }
        for home in self.scan.homes() {
            let mut place = Place::new(Some(&home), system.variables.at_home(&home.path));
            self.home(&mut place, &home.path)?;
        }
        Ok(())
    }

    fn home(&mut self, place: &mut Place<'_>, home: &Path) -> Result<()> {
        self.places(place, home, &places::OF_HOME)?;
        if self.scan.os() == Os::Macos {
            self.places(place, home, &places::OF_HOME_MACOS)?;
        }
        for listed in self.scan.list(&home.join(places::PLUGINS)) {
            if listed.file_type == FileType::Directory {
                let folder = home.join(places::PLUGINS).join(listed.name);
                self.folder(place, &folder, places::PLUGIN_ENDINGS)?;
            }
        }
        if let Some(folder) = place.variables.get(b"ZDOTDIR") {
            for name in places::OF_ZDOTDIR {
                self.start_file(place, &Path::new(OsStr::from_bytes(&folder)).join(name))?;
            }
        }
        for name in [&b"ENV"[..], b"BASH_ENV"] {
            if let Some(file) = place.variables.get(name) {
                self.load(place, Path::new(OsStr::from_bytes(&file)), MAX_DEPTH)?;
            }
        }
        self.hidden_profiles(home)
    }

    fn places(&mut self, place: &mut Place<'_>, base: &Path, places: &Places) -> Result<()> {
        let files: Vec<PathBuf> = places.files.iter().map(|file| base.join(file)).collect();
        let there = files
            .iter()
            .filter_map(|file| self.scan.root().canonical(file).ok());
        self.starts.extend(there);
        for file in &files {
            self.start_file(place, file)?;
        }
        for Folder { path, endings } in places.folders {
            self.folder(place, &base.join(path), endings)?;
        }
        Ok(())
    }

    fn folder(&mut self, place: &mut Place<'_>, folder: &Path, endings: &[&str]) -> Result<()> {
        let wanted = |name: &[u8]| endings.iter().any(|end| name.ends_with(end.as_bytes()));
        let files = self.scan.files(folder, wanted);
        if files.len() > MAX_FILES {
            self.scan.gap(
                folder,
                GapReason::TooBig,
                "more than 1000 files; the first are read",
            )?;
        }
        for path in files.into_iter().take(MAX_FILES) {
            if !path.as_os_str().as_bytes().ends_with(b".zwc") {
                self.start_file(place, &path)?;
            }
        }
        Ok(())
    }

    /// A file that a shell reads when it finds it.
    fn start_file(&mut self, place: &mut Place<'_>, path: &Path) -> Result<()> {
        if !path.is_absolute() || !self.visited.insert(path.to_owned()) {
            return Ok(());
        }
        self.compiled(path)?;
        if !self.is_new_file(path) {
            return self.odd(path);
        }
        match self.content(place, path, FILE_LIMIT) {
            None => Ok(()),
            Some(Ok(text)) => self.statements(place, path, &text, MAX_DEPTH),
            Some(Err(why)) if why == PRIVATE => self.as_bytes(path),
            Some(Err(why)) => self.unparsable(path, &why),
        }
    }

    /// A file that another one loads.
    fn load(&mut self, place: &mut Place<'_>, path: &Path, depth: usize) -> Result<()> {
        if depth == 0 || place.loaded >= MAX_LOADED || !path.is_absolute() {
            return Ok(());
        }
        place.loaded += 1;
        match self.scan.root().canonical(path) {
            Ok(real) if self.starts.contains(&real) => return Ok(()),
            Err(error) if matches!(error.why, Why::Permission | Why::NoAnswer | Why::Io(_)) => {
                self.scan.or_gap::<()>(Err(error));
            }
            _ => {}
        }
        if !self.is_new_file(path) {
            return Ok(());
        }
        match self.content(place, path, LOADED_LIMIT) {
            None => Ok(()),
            Some(Ok(text)) => self.statements(place, path, &text, depth - 1),
            Some(Err(_)) => self.as_bytes(path),
        }
    }

    /// What a file holds that the system or a home led to.
    fn content(
        &mut self,
        place: &Place<'_>,
        path: &Path,
        limit: u64,
    ) -> Option<std::result::Result<Vec<u8>, String>> {
        let content = match place.home {
            Some(home) => self.scan.content_for(home, path, limit),
            None => self.scan.content(path, limit),
        };
        if matches!(&content, Some(Err(why)) if why == PRIVATE)
            && let Ok(real) = self.scan.root().canonical(path)
        {
            // Whoever may read it has its turn.
            self.seen.remove(&real);
        }
        content
    }

    /// Whether a file is a regular one that was not listed yet.
    fn is_new_file(&mut self, path: &Path) -> bool {
        let Ok(real) = self.scan.root().canonical(path) else {
            return false;
        };
        let stat = self.scan.root().stat(&real, Last::Keep).ok().flatten();
        let is_file = stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        is_file && self.seen.insert(real)
    }

    /// Something that is no readable file, where one belongs.
    fn odd(&mut self, path: &Path) -> Result<()> {
        match self.scan.root().canonical(path) {
            Ok(real) if self.seen.contains(&real) => Ok(()),
            _ => match self.scan.content(path, FILE_LIMIT) {
                Some(Err(why)) => self.unparsable(path, &why),
                _ => Ok(()),
            },
        }
    }

    fn statements(&mut self, place: &mut Place<'_>, path: &Path, text: &[u8], depth: usize) -> Result<()> {
        place.text += text.len();
        if place.text > MAX_TEXT {
            return self.as_bytes(path);
        }
        let statements = parse::statements(text);
        if statements.len() > MAX_STATEMENTS {
            return self.unparsable(path, "more than 5000 statements");
        }
        place.statements += statements.len();
        if place.statements > MAX_OF_PLACE {
            return self.as_bytes(path);
        }
        for statement in &statements {
            if statement.code.len() > MAX_CODE {
                let entry = self
                    .known_by(path, statement)
                    .unparsable("longer than 65536 bytes");
                self.scan.entry(entry)?;
                continue;
            }
            let effects = effects::effects(&statement.code, &mut place.variables);
            let entry = self
                .known_by(path, statement)
                .field("code", &*secrets::hide_in_code(&statement.code))
                .maybe("remark", effects.remark.as_deref())
                .programs(self.programs(&effects));
            self.scan.entry(entry)?;
            if !effects.loads.is_empty() {
                self.scan.begin_named_by(path);
                for file in &effects.loads {
                    self.load(place, Path::new(OsStr::from_bytes(file)), depth)?;
                }
                self.scan.end_named_by();
            }
        }
        Ok(())
    }

    /// The entry of a statement, which is known by its file and its first line.
    fn known_by(&mut self, path: &Path, statement: &Statement) -> Entry {
        let head = statement.head();
        let head = secrets::hide_in_code(head.get(..MAX_CODE).unwrap_or(head));
        // What is longer is told whole by its code.
        let head = head.get(..MAX_HEAD).unwrap_or(&head);
        let key = [path.as_os_str().as_bytes(), b": ", head].concat();
        Entry::new("shell_code", self.keys.unique(key.into()), path).field("line", statement.line)
    }

    /// The files that a statement names by their paths. Bare names are not looked up: the tools of the system are in
    /// every such file, and each of their updates would be a change.
    fn programs(&mut self, effects: &Effects) -> Vec<Text> {
        let mut programs = Vec::new();
        for words in &effects.runs {
            let words: Vec<Text> = words.iter().map(|word| word.as_slice().into()).collect();
            programs.extend(self.scan.programs().path("").argv(&words));
        }
        for script in &effects.scripts {
            programs.extend(self.scan.programs().path("").shell(script));
        }
        let mut seen = HashSet::new();
        programs.retain(|program| seen.insert(program.clone()));
        programs.truncate(MAX_PROGRAMS);
        programs
    }

    /// The word code of zsh, which is run in the place of the text beside it when it is newer.
    fn compiled(&mut self, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let is_of_zsh = name.starts_with(b".z") || name.starts_with(b"z") || name.ends_with(b"zsh");
        if !is_of_zsh {
            return Ok(());
        }
        let compiled = [path.as_os_str().as_bytes(), b".zwc"].concat();
        self.as_bytes(Path::new(OsStr::from_bytes(&compiled)))
    }

    /// A file of which only the bytes are compared.
    fn as_bytes(&mut self, path: &Path) -> Result<()> {
        if !self.bytes.insert(path.to_owned()) {
            return Ok(());
        }
        match self.scan.own_program("shell_script", path) {
            Some(own) => self.scan.entry(own.entry),
            None => Ok(()),
        }
    }

    fn unparsable(&mut self, path: &Path, why: &str) -> Result<()> {
        let key = self.keys.unique(path.into());
        self.scan
            .entry(Entry::new("shell_code", key, path).unparsable(why))
    }

    fn hidden_profiles(&mut self, home: &Path) -> Result<()> {
        let there = places::LOGIN_FILES.map(|name| home.join(name));
        let mut there = there
            .iter()
            .filter(|path| self.scan.stat(path).is_some())
            .collect::<Vec<_>>()
            .into_iter();
        let Some(first) = there.next() else {
            return Ok(());
        };
        for hidden in there {
            let by = first.file_name().unwrap_or_default().as_bytes();
            self.scan
                .entry(Entry::new("hidden_profile", hidden.as_path(), first).field("by", by))?;
        }
        Ok(())
    }
}
