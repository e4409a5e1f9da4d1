//! PAM: the services, what they include, and the modules.

use crate::parse::pam::{self, Line, Rule, Stacks};
use assay_sdk::{Entry, FileType, Keys, Os, Result, Scan, Text, Value};
use std::collections::{HashSet, VecDeque};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{/private,/usr/local,}/etc/pam.conf",
    "{/private,/usr,/usr/local,}/etc/pam.d/*",
    "/usr/{lib,share}/pam.d/*",
    "{/usr,/usr/local,}/lib{,32,64}/{,*/}security/*",
    "{/usr,/usr/local,/opt/homebrew}/lib/pam/*",
];

const SERVICE_LIMIT: u64 = 256 << 10;
/// Files that includes may lead to, besides those of the folders.
const MAX_INCLUDED: usize = 256;

/// Where services and modules are.
struct Places {
    services: &'static [&'static str],
    confs: &'static [&'static str],
    modules: Vec<PathBuf>,
}

fn places(scan: &mut Scan<'_>) -> Places {
    match scan.os() {
        Os::Linux => Places {
            services: &[
                "/etc/pam.d",
                "/usr/lib/pam.d",
                "/usr/share/pam.d",
                "/usr/etc/pam.d",
            ],
            confs: &["/etc/pam.conf"],
            modules: linux_modules(scan),
        },
        Os::Macos => Places {
            services: &["/private/etc/pam.d", "/usr/local/etc/pam.d"],
            confs: &["/private/etc/pam.conf", "/usr/local/etc/pam.conf"],
            modules: ["/usr/lib/pam", "/usr/local/lib/pam", "/opt/homebrew/lib/pam"]
                .map(PathBuf::from)
                .into(),
        },
    }
}

/// `security` below every library folder, those of Debian's architectures among them.
fn linux_modules(scan: &mut Scan<'_>) -> Vec<PathBuf> {
    let mut modules = Vec::new();
    let libraries = [
        "/usr/lib",
        "/lib",
        "/usr/lib64",
        "/lib64",
        "/usr/lib32",
        "/usr/local/lib",
        "/usr/local/lib64",
    ];
    for library in folders(scan, libraries.map(PathBuf::from)) {
        modules.push(library.join("security"));
        if library.ends_with("lib") {
            let of_architecture = scan.list(&library).into_iter().filter(|listed| {
                listed.file_type == FileType::Directory && listed.name.to_string_lossy().contains("-linux-")
            });
            modules.extend(of_architecture.map(|listed| library.join(listed.name).join("security")));
        }
    }
    modules
}

/// Those folders that are there, by the way that is no link, each once: `/lib` is `/usr/lib` on most systems.
fn folders(scan: &mut Scan<'_>, names: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut real = HashSet::new();
    let mut found = Vec::new();
    for name in names {
        let canonical = scan.root().canonical(&name);
        found.extend(
            scan.or_gap(canonical)
                .filter(|folder| real.insert(folder.clone())),
        );
    }
    found
}

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let places = places(scan);
    let modules = folders(scan, places.modules);
    for folder in &modules {
        for path in scan.files(folder, |_| true) {
            if let Some(own) = scan.own_program("pam_module", &path) {
                scan.entry(own.entry)?;
            }
        }
    }
    let mut lister = Lister {
        modules: modules
            .iter()
            .filter_map(|folder| folder.to_str())
            .collect::<Vec<_>>()
            .join(":"),
        done: HashSet::new(),
        included: VecDeque::new(),
    };
    let services = folders(scan, places.services.iter().map(PathBuf::from));
    let mut files = Vec::new();
    for folder in &services {
        files.extend(scan.files(folder, |_| true));
    }
    // A link to another service of the folder adds nothing to it.
    files.sort_by_key(|path| scan.root().read_link(path).is_ok());
    for path in files {
        lister.file(scan, &path, pam::service, false)?;
    }
    let is_inert = scan.os() == Os::Linux && !services.is_empty();
    for path in places.confs.iter().map(Path::new) {
        lister.file(scan, path, pam::conf, is_inert)?;
    }
    for _ in 0..MAX_INCLUDED {
        let Some(path) = lister.included.pop_front() else {
            break;
        };
        lister.file(scan, &path, pam::service, false)?;
    }
    Ok(())
}

struct Lister {
    /// Folders of modules, as a search path.
    modules: String,
    done: HashSet<PathBuf>,
    /// Files elsewhere that are still to be read.
    included: VecDeque<PathBuf>,
}

impl Lister {
    fn file(
        &mut self,
        scan: &mut Scan<'_>,
        path: &Path,
        read: fn(&[u8]) -> Vec<Line>,
        inert: bool,
    ) -> Result<()> {
        if scan
            .root()
            .canonical(path)
            .is_ok_and(|real| !self.done.insert(real))
        {
            return Ok(());
        }
        let lines = match scan.content(path, SERVICE_LIMIT) {
            None => return Ok(()),
            Some(Ok(text)) => read(&text),
            Some(Err(why)) => return scan.entry(Entry::new("pam_rule", path, path).unparsable(why)),
        };
        let stacks = Stacks::of(&lines);
        let mut names = Names::default();
        for (index, line) in lines.iter().enumerate() {
            let entry = Entry::new("pam_rule", names.of(path, line), path)
                .maybe("position", i64::try_from(index + 1).ok())
                .maybe("inert", inert.then_some(true))
                .maybe("skips", some(&stacks.skips(index)));
            let entry = self.told(scan, path, line, entry);
            scan.entry(entry)?;
        }
        Ok(())
    }

    /// Adds what a line says to its entry, and what it includes to what is to be read.
    fn told(&mut self, scan: &mut Scan<'_>, path: &Path, line: &Line, entry: Entry) -> Entry {
        match line {
            Line::Malformed(_) => entry.field("malformed", true),
            Line::Include(file) => {
                self.include(path, file);
                entry
            }
            Line::Rule(rule) => {
                if rule.is_include() {
                    self.include(path, &rule.module);
                }
                entry
                    .field("control", rule.control.clone())
                    .maybe("arguments", some(&rule.arguments))
                    .programs(self.programs(scan, rule))
            }
        }
    }

    /// Services of the folders are read anyway; a path leads anywhere.
    fn include(&mut self, from: &Path, file: &Text) {
        let leads_elsewhere = file.as_bytes().contains(&b'/');
        if leads_elsewhere && let Some(folder) = from.parent() {
            self.included.push_back(folder.join(file.as_path()));
        }
    }

    /// The module, and the command that it is given.
    fn programs(&self, scan: &mut Scan<'_>, rule: &Rule) -> Vec<Text> {
        if rule.is_include() {
            return Vec::new();
        }
        let find = |scan: &mut Scan<'_>, argv: &[Text]| scan.programs().path(&self.modules).argv(argv);
        let mut programs = Vec::new();
        if scan.os() == Os::Macos {
            // OpenPAM takes the file of its own version before one without.
            let numbered = Text::from([rule.module.as_bytes(), b".2"].concat());
            programs = find(scan, &[numbered]);
            programs.retain(|program| scan.root().canonical(program.as_path()).is_ok());
        }
        if programs.is_empty() {
            programs = find(scan, std::slice::from_ref(&rule.module));
        }
        for program in scan.programs().argv(rule.command()) {
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
        programs
    }
}

fn some(items: &[Text]) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().cloned().collect())
}

/// What the lines of a file are called.
#[derive(Default)]
struct Names {
    keys: Keys,
    first_of: HashSet<Vec<u8>>,
}

impl Names {
    /// Type and module; where the module stands in the stack once more, with its control and arguments.
    fn of(&mut self, path: &Path, line: &Line) -> Text {
        let name = match line {
            Line::Malformed(line) => line.as_bytes().to_vec(),
            Line::Include(file) => [b"@include ", file.as_bytes()].concat(),
            Line::Rule(rule) => {
                let service = rule.service.iter().map(Text::as_bytes);
                let mut words: Vec<&[u8]> = service
                    .chain([rule.group.as_bytes(), rule.module.as_bytes()])
                    .collect();
                if !self.first_of.insert(words.join(&b' ')) {
                    words.push(rule.control.as_bytes());
                    words.extend(rule.arguments.iter().map(Text::as_bytes));
                }
                words.join(&b' ')
            }
        };
        let key = [path.as_os_str().as_bytes(), b": ", &name].concat();
        self.keys.unique(key.into())
    }
}
