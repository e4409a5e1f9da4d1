//! What watch lists name: files, and the lines, settings and values in them.
//!
//! The lists are TOML (`docs/watch.md`); the core reads and checks them, and hands them over as this module's
//! configuration. All paths of all lists are walked together once.
//!
//! What it sees: whatever a list says, with the order of lines and members left out of account. What it cannot see:
//! a format that it does not know is compared byte by byte or line by line, `include` lines are not followed, and
//! values whose name speaks of a secret are hidden, so that a change of one is not told.
//!
//! **Privacy.** A path of a home may be a link to what is another's. So a file that neither the owner of the home nor
//! everybody may read is one entry, of which the bytes are compared.

mod globs;
mod limits;
mod read;
mod secrets;
mod sections;
mod tree;
mod walk;

use assay_sdk::watch::{FILE, FilesConfig, Format, Watch};
use assay_sdk::{
    Entry, Error, FileType, Home, Keys, Kind, Manifest, Module, PRIVATE, Result, Scan, Text, export_module,
};
use limits::{Limits, MAX_OF_FILE};
use read::{Filter, Item, Raw};
use std::collections::BTreeMap;
use std::path::Path;
use walk::Ways;

/// The module.
pub struct Files;

impl Module for Files {
    fn manifest() -> Manifest {
        Manifest::new("files", env!("CARGO_PKG_VERSION"), "what watch lists name")
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let config = serde_json::Value::Object(scan.config().clone());
        let config: FilesConfig = serde_json::from_value(config)
            .map_err(|error| Error::Other(format!("the watch lists that the core gave: {error}")))?;
        let of_this_system =
            |watched: &assay_sdk::watch::Watched| watched.watch.platforms.contains(&scan.os());
        let watched: Vec<_> = config.watches.into_iter().filter(of_this_system).collect();
        let kinds: Vec<Kind> = watched.iter().map(|w| w.watch.declares(&w.definition)).collect();
        scan.kinds(&kinds)?;
        let watches: Vec<Watch> = watched.into_iter().map(|watched| watched.watch).collect();
        Files::list(scan, &watches)
    }
}

impl Files {
    fn list(scan: &mut Scan<'_>, watches: &[Watch]) -> Result<()> {
        let patterns = globs::patterns(watches)?;
        let filters = watches.iter().map(|watch| {
            Ok(Filter {
                only: globs::names(&watch.only)?,
                ignore: globs::names(&watch.ignore)?,
            })
        });
        let homes = if patterns.iter().any(|pattern| pattern.of_home) {
            scan.homes()
        } else {
            Vec::new()
        };
        let mut lister = Lister {
            watches,
            homes: &homes,
            filters: filters.collect::<Result<_>>()?,
            limits: Limits::new(watches.len()),
            keys: watches.iter().map(|_| Keys::default()).collect(),
        };
        let found = walk::walk(scan, watches, &patterns, &homes, &mut lister.limits);
        for (path, wanted) in &found {
            lister.file(scan, path, wanted)?;
        }
        lister.limits.tell(scan, watches)
    }
}

/// What a file holds, or why it cannot be told.
type Content = std::result::Result<Vec<u8>, String>;

struct Lister<'a> {
    watches: &'a [Watch],
    homes: &'a [Home],
    filters: Vec<Filter>,
    limits: Limits,
    /// Names in a file come from whoever wrote it, and two files may make one key: each is unique in its kind.
    keys: Vec<Keys>,
}

impl Lister<'_> {
    /// Lists what the watches want of one file, which is read once for all that came to it by the same ways.
    fn file(&mut self, scan: &mut Scan<'_>, path: &Path, wanted: &BTreeMap<usize, Ways>) -> Result<()> {
        let mut in_it: BTreeMap<&Ways, Vec<usize>> = BTreeMap::new();
        for (index, ways) in wanted {
            let watch = &self.watches[*index];
            if !self.limits.takes_file(*index, watch, path) {
                continue;
            }
            match watch.format {
                Format::Opaque | Format::Exists => self.whole(scan, *index, path)?,
                _ => in_it.entry(ways).or_default().push(*index),
            }
        }
        for (ways, watches) in in_it {
            let limits = watches.iter().map(|index| self.watches[*index].max_bytes);
            let limit = u64::from(limits.max().unwrap_or_default());
            let Some(content) = self.content(scan, path, limit, ways) else {
                continue;
            };
            for index in watches {
                self.inside(scan, index, path, &content)?;
            }
        }
        Ok(())
    }

    /// What a file holds, as far as somebody of those whose homes led to it may read it.
    fn content(&self, scan: &mut Scan<'_>, path: &Path, limit: u64, ways: &Ways) -> Option<Content> {
        if ways.contains(&None) {
            return scan.content(path, limit);
        }
        let mut homes = ways.iter().flatten().map(|home| &self.homes[*home]);
        let is_told = |content: &Option<Content>| !matches!(content, Some(Err(why)) if why == PRIVATE);
        homes
            .find_map(|home| Some(scan.content_for(home, path, limit)).filter(is_told))
            .unwrap_or_else(|| Some(Err(PRIVATE.to_owned())))
    }

    /// The file itself is the entry.
    fn whole(&mut self, scan: &mut Scan<'_>, index: usize, path: &Path) -> Result<()> {
        let watch = &self.watches[index];
        let kind = watch.kind.as_str();
        let entry = if watch.format == Format::Exists {
            let Some(stat) = scan.stat(path) else {
                return Ok(());
            };
            let file_type = FileType::from_raw_mode(stat.st_mode);
            let target = (file_type == FileType::Symlink).then(|| scan.root().read_link(path));
            let target = target.and_then(|target| scan.or_gap(target));
            let programs = runs(scan, watch, path, kind);
            Entry::new(kind, path, path)
                .field("type", type_name(file_type))
                .maybe("link_target", target.as_deref())
                .programs(programs)
        } else {
            let Some(own) = scan.own_program(kind, path) else {
                return Ok(());
            };
            let mut entry = own.entry;
            if watch.program.is_none() {
                // The bytes that count are those of the file that a link leads to.
                if let Some(real) = entry.programs.pop() {
                    entry.source = real;
                }
            }
            entry
        };
        if self
            .limits
            .takes_entries(index, 1, entry.key.as_bytes().len(), path)
        {
            scan.entry(entry)?;
        }
        Ok(())
    }

    /// What stands in the file are the entries.
    fn inside(&mut self, scan: &mut Scan<'_>, index: usize, path: &Path, content: &Content) -> Result<()> {
        let watch = &self.watches[index];
        let limit = watch.max_bytes;
        let items = match content {
            Ok(bytes) if bytes.len() > limit as usize => Err(format!("larger than {limit} bytes")),
            Ok(bytes) => read::items(watch, &self.filters[index], bytes),
            Err(why) => Err(why.clone()),
        };
        let items = items.and_then(|items| match items.len() {
            count if count > MAX_OF_FILE => Err(format!("holds more than {MAX_OF_FILE} entries")),
            _ => Ok(items),
        });
        let items = match items {
            Ok(items) => items,
            Err(why) => return self.unparsable(scan, index, path, &why),
        };
        let size: usize = items
            .iter()
            .map(|item| item.size() + path.as_os_str().len())
            .sum();
        if !self.limits.takes_entries(index, items.len(), size, path) {
            return Ok(());
        }
        for item in items {
            let path_bytes = path.as_os_str().as_encoded_bytes();
            let key = match &item.name[..] {
                b"" => path_bytes.to_vec(),
                name => [path_bytes, b": ", name].concat(),
            };
            let mut entry = Entry::new(watch.kind.as_str(), self.keys[index].unique(key.into()), path);
            entry.programs = run_by(scan, watch, path, &item);
            entry.fields.extend(item.fields);
            scan.entry(entry)?;
        }
        Ok(())
    }

    /// A file that is there and makes no sense: it stands for all that it held.
    fn unparsable(&mut self, scan: &mut Scan<'_>, index: usize, path: &Path, why: &str) -> Result<()> {
        let kind = self.watches[index].kind.as_str();
        let mut entry = Entry::new(kind, self.keys[index].unique(path.into()), path).unparsable(why);
        // Its bytes are what the core can still compare: those of the file that a link leads to.
        if let Ok(real) = scan.root().canonical(path) {
            entry.source = real.as_path().into();
        }
        scan.entry(entry)
    }
}

/// The file itself, with what a link leads to, when that is what is run.
fn runs(scan: &mut Scan<'_>, watch: &Watch, path: &Path, kind: &str) -> Vec<Text> {
    let is_run = watch
        .program
        .as_ref()
        .is_some_and(|program| program.as_str() == FILE);
    let own = if is_run {
        scan.own_program(kind, path)
    } else {
        None
    };
    own.map(|own| own.entry.programs).unwrap_or_default()
}

/// What an entry makes run, by the fields that the list names.
fn run_by(scan: &mut Scan<'_>, watch: &Watch, path: &Path, item: &Item) -> Vec<Text> {
    let folder = path.parent().unwrap_or(path);
    let field = |word: &Option<assay_sdk::watch::Word>| {
        word.as_ref().and_then(|word| item.raw(word.as_str())).cloned()
    };
    let mut programs = runs(scan, watch, path, watch.kind.as_str());
    let of_path = match field(&watch.program) {
        Some(Raw::Text(text)) if !text.is_empty() => vec![text],
        Some(Raw::Words(words)) => words,
        _ => Vec::new(),
    };
    let of_command = match field(&watch.command) {
        Some(Raw::Text(line)) => scan.programs().folder(folder).shell(line.as_bytes()),
        Some(Raw::Words(words)) => scan.programs().folder(folder).argv(&words),
        None => Vec::new(),
    };
    let of_path = if of_path.is_empty() {
        Vec::new()
    } else {
        scan.programs().folder(folder).argv(&of_path)
    };
    for program in of_path.into_iter().chain(of_command) {
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    programs
}

fn type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "file",
        FileType::Directory => "folder",
        FileType::Symlink => "link",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        _ => "device",
    }
}

export_module!(Files);
