//! What a command runs: through interpreters, wrappers, `sh -c` and links.

mod known;

use crate::words::{self, Command};
use assay_model::Text;
use assay_root::Root;
use known::{BUILTINS, INTERPRETERS, SHELLS, WRAPPERS};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Where a bare name is looked for when nothing else is said (`_PATH_STDPATH`, and the same after usrmerge).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MAX_DEPTH: usize = 4;
const MAX_PROGRAMS: usize = 64;
/// A longer path opens nothing, on any system (`PATH_MAX` of Linux; macOS has 1024).
const MAX_PATH: usize = 4096;
/// Folders of a `PATH` that are searched, and bare names of one command that may be missing from all of them:
/// both come from whoever wrote the command, and their product is spent in system calls.
const MAX_FOLDERS: usize = 32;
const MAX_MISSED: usize = 256;

/// Resolved paths of one scan: the same `/bin/sh` is resolved once.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    canonical: HashMap<PathBuf, Option<PathBuf>>,
}

impl Programs {
    pub(crate) fn finder<'a>(&'a mut self, root: &'a Root) -> Finder<'a> {
        Finder {
            memory: self,
            root,
            path: DEFAULT_PATH.to_owned(),
            folder: None,
            missed: 0,
        }
    }
}

/// Finds the programs of a command; see [`Scan::programs`](crate::Scan::programs).
///
/// The answer names files in the order in which they run, links resolved. A program that is not there is named
/// as it was written: that it appears one day is news.
///
/// ```
/// # let fixture = assay_sdk::testkit::Fixture::new().script("/opt/bin/tool", "").script("/srv/run", "").file("/usr/bin/python3", "");
/// # fixture.scan(|scan| {
/// // Each of these is one question; the answers are paths.
/// let tool = scan.programs().path("/opt/bin:/bin").shell(b"tool --now");
/// let run = scan.programs().folder("/srv".as_ref()).argv(&["./run".into(), "-v".into()]);
/// let code = scan.programs().argv(&["/usr/bin/python3".into(), "/missing/x.py".into()]);
/// assert_eq!(tool, ["/opt/bin/tool"]);
/// assert_eq!(run, ["/srv/run"]);
/// assert_eq!(code, ["/usr/bin/python3", "/missing/x.py"]);
/// # Ok(())
/// # });
/// ```
pub struct Finder<'a> {
    memory: &'a mut Programs,
    root: &'a Root,
    path: String,
    folder: Option<PathBuf>,
    missed: usize,
}

impl Finder<'_> {
    /// Looks bare names up in these folders, separated by `:`, instead of the usual ones.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }
    /// Takes relative names as relative to this folder, if that is absolute itself.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = folder.is_absolute().then(|| folder.to_owned());
        self
    }

    /// The programs of a list of arguments, the program first.
    pub fn argv(mut self, argv: &[Text]) -> Vec<Text> {
        let mut found = Vec::new();
        self.run(argv, MAX_DEPTH, &mut found);
        found
    }

    /// The programs of a line or a whole script in the shell's language.
    pub fn shell(mut self, script: &[u8]) -> Vec<Text> {
        let mut found = Vec::new();
        self.script(script, MAX_DEPTH, &mut found);
        found
    }

    fn script(&mut self, script: &[u8], depth: usize, found: &mut Vec<Text>) {
        for Command { words, .. } in words::split_commands(script) {
            let argv: Vec<Text> = words.into_iter().map(|word| word.text).collect();
            self.run(&argv, depth, found);
        }
    }

    fn run(&mut self, argv: &[Text], depth: usize, found: &mut Vec<Text>) {
        let Some((first, arguments)) = argv.split_first() else {
            return;
        };
        let name = base_name(first);
        // `/opt/test` is a file to be watched like any other, only `test` is the shell's own.
        let bare = !first.as_bytes().contains(&b'/');
        let builtin = bare && BUILTINS.contains(&name.as_str());
        // `cd /srv && ./run`: what follows runs there.
        if bare
            && name == "cd"
            && let Some(folder) = arguments.first().filter(|a| a.as_bytes().starts_with(b"/"))
        {
            self.folder = Some(folder.as_path().to_owned());
        }
        if depth == 0 || found.len() >= MAX_PROGRAMS || builtin || first.is_empty() {
            return;
        }
        match name.as_str() {
            "." | "source" if bare => {
                if let Some(file) = arguments.first() {
                    self.add(file, found);
                }
                return;
            }
            "eval" | "exec" | "command" if bare => {}
            _ => self.add(first, found),
        }
        // `python3.11` is python.
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        if SHELLS.contains(&name.as_str()) {
            self.interpreted(family, arguments, true, depth, found);
        } else if INTERPRETERS.contains(&family) {
            self.interpreted(family, arguments, false, depth, found);
        } else if WRAPPERS.contains(&name.as_str()) {
            self.wrapped(&name, arguments, depth, found);
        } else if name == "run-parts"
            && let Some(folder) = arguments.iter().rfind(|a| a.as_bytes().starts_with(b"/"))
        {
            self.add(folder, found);
        }
    }

    fn interpreted(
        &mut self,
        family: &str,
        arguments: &[Text],
        shell: bool,
        depth: usize,
        found: &mut Vec<Text>,
    ) {
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let bytes = argument.as_bytes();
            // `-c`, and `-lc`: a command follows. Other interpreters take code there, which names no file.
            if bytes.starts_with(b"-") && !bytes.starts_with(b"--") && bytes.ends_with(b"c") {
                if shell && let Some(script) = arguments.next() {
                    self.script(script.as_bytes(), depth - 1, found);
                }
                return;
            }
            match bytes {
                b"-e" | b"-E" | b"-r" | b"-m" | b"-M" if !shell => return,
                b"-o" | b"-O" | b"--rcfile" | b"--init-file" | b"-l" | b"-jar" | b"-a" | b"-b"
                    if bytes == b"--rcfile"
                        || bytes == b"--init-file"
                        || (shell && bytes != b"-l" && bytes.len() == 2) =>
                {
                    arguments.next();
                }
                // `osascript -l JavaScript file`: the language is no file.
                b"-l" | b"-s" if family == "osascript" => _ = arguments.next(),
                b"-W" | b"-X" if family == "python" => _ = arguments.next(),
                _ if bytes.starts_with(b"-") => {}
                _ => {
                    self.add_script(argument, found);
                    return;
                }
            }
        }
    }

    fn wrapped(&mut self, name: &str, arguments: &[Text], depth: usize, found: &mut Vec<Text>) {
        if name == "eval" {
            let line = arguments
                .iter()
                .map(Text::as_bytes)
                .collect::<Vec<_>>()
                .join(&b' ');
            return self.script(&line, depth - 1, found);
        }
        let mut rest = arguments;
        let mut shell_line = None;
        while let [first, after @ ..] = rest {
            let bytes = first.as_bytes();
            if matches!(bytes, b"-c" | b"--command" | b"-S" | b"--split-string")
                && matches!(name, "su" | "flock" | "runuser" | "env")
            {
                shell_line = after.first();
                break;
            }
            let takes_value = matches!(
                (name, bytes),
                ("nice", b"-n")
                    | ("ionice", b"-c" | b"-n" | b"-p")
                    | ("timeout", b"-k" | b"-s")
                    | ("env", b"-u" | b"-C")
                    | ("sudo" | "doas", b"-u" | b"-g" | b"-C" | b"-p")
                    | ("flock", b"-w" | b"-E")
                    | ("exec", b"-a")
                    | ("systemd-cat", b"-t" | b"-p")
                    | ("xargs", b"-n" | b"-I" | b"-P" | b"-d")
                    | ("runuser", b"-u" | b"-s")
                    | ("taskset" | "chrt", b"-p")
                    | ("systemd-run", b"-p" | b"-u")
                    | ("setpriv", b"--reuid" | b"--regid")
            );
            let skipped = bytes.starts_with(b"-")
                || words::is_assignment(bytes)
                || (matches!(name, "timeout" | "taskset" | "chrt" | "nice" | "ionice")
                    && bytes.first().is_some_and(u8::is_ascii_digit))
                || (name == "su" && !bytes.starts_with(b"/"));
            if takes_value {
                rest = after.get(1..).unwrap_or_default();
            } else if skipped {
                rest = after;
            } else if name == "flock" {
                // The lock file, then the command.
                if after.first().is_some_and(|next| next.as_bytes() == b"-c") {
                    shell_line = after.get(1);
                } else {
                    self.run(after, depth - 1, found);
                }
                break;
            } else {
                return self.run(rest, depth - 1, found);
            }
        }
        if let Some(line) = shell_line {
            self.script(line.as_bytes(), depth - 1, found);
        }
    }

    /// Names the file that an interpreter reads: unlike a program, it is looked for where the command runs.
    fn add_script(&mut self, word: &Text, found: &mut Vec<Text>) {
        let there = self
            .folder
            .as_deref()
            .map(|folder| folder.join(word.as_path()))
            .filter(|path| self.canonical(path).is_some());
        match there {
            Some(path) => self.add(&path.as_path().into(), found),
            None => self.add(word, found),
        }
    }

    /// Names the file that `word` stands for, once.
    fn add(&mut self, word: &Text, found: &mut Vec<Text>) {
        let bytes = word.as_bytes();
        if bytes.len() > MAX_PATH || bytes.iter().any(|byte| matches!(byte, 0 | b'$' | b'`')) {
            return;
        }
        let written = Path::new(OsStr::from_bytes(bytes));
        let program: Text = if bytes.starts_with(b"/") {
            self.canonical(written).as_deref().unwrap_or(written).into()
        } else if bytes.contains(&b'/') {
            let Some(folder) = &self.folder else { return };
            let joined = folder.join(written);
            self.canonical(&joined).as_deref().unwrap_or(&joined).into()
        } else {
            if self.missed >= MAX_MISSED {
                return;
            }
            let folders = self.path.split(':').filter(|folder| folder.starts_with('/'));
            let candidates: Vec<PathBuf> = folders
                .take(MAX_FOLDERS)
                .map(|folder| Path::new(folder).join(written))
                .collect();
            match candidates.iter().find_map(|path| self.canonical(path)) {
                Some(path) => path.as_path().into(),
                None => {
                    self.missed += 1;
                    return;
                }
            }
        };
        if !found.contains(&program) && found.len() < MAX_PROGRAMS {
            found.push(program);
        }
    }

    fn canonical(&mut self, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.memory.canonical.get(path) {
            return known.clone();
        }
        let found = self.root.canonical(path).ok();
        self.memory.canonical.insert(path.to_owned(), found.clone());
        found
    }
}

fn base_name(word: &Text) -> String {
    let bytes = word.as_bytes();
    let base = bytes.rsplit(|b| *b == b'/').next().unwrap_or(bytes);
    String::from_utf8_lossy(base.strip_prefix(b"-").unwrap_or(base)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Fixture;

    #[test]
    fn a_hostile_command_costs_little_and_names_only_absolute_paths() {
        let fixture = Fixture::new().file("/usr/bin/x", "");
        let root = fixture.root();
        let mut memory = Programs::default();
        let script: String = (0..20_000).map(|n| format!("no{n}\n")).collect();
        let path = "/p:".repeat(10_000);
        let found = memory.finder(&root).path(&path).shell(script.as_bytes());
        assert!(found.is_empty(), "{found:?}");
        assert!(memory.canonical.len() <= MAX_MISSED * MAX_FOLDERS);

        let long = format!("/{}", "l".repeat(MAX_PATH));
        let found = memory.finder(&root).argv(&[long.as_str().into()]);
        assert!(found.is_empty(), "{found:?}");
        let relative = memory.finder(&root).folder(Path::new("usr/bin"));
        assert!(relative.argv(&["./x".into()]).is_empty());
    }

    #[test]
    fn programs_are_found_through_interpreters_wrappers_and_links() {
        let fixture = Fixture::new()
            .file("/usr/bin/dash", "")
            .link("/bin/sh", "/usr/bin/dash")
            .file("/usr/bin/python3.11", "")
            .link("/usr/bin/python3", "python3.11")
            .file("/usr/bin/env", "")
            .file("/opt/x", "")
            .file("/opt/y.py", "")
            .file("/usr/bin/nohup", "")
            .file("/usr/bin/flock", "")
            .file("/usr/bin/timeout", "")
            .folder("/etc/cron.daily")
            .file("/usr/bin/run-parts", "")
            .file("/usr/bin/nice", "")
            .file("/usr/bin/su", "")
            .file("/usr/bin/sudo", "");
        let root = fixture.root();
        let mut memory = Programs::default();
        for (line, expected) in [
            ("/bin/sh -c '/opt/x --y'", "/usr/bin/dash /opt/x"),
            ("sh -lc \"exec /opt/x\"", "/usr/bin/dash /opt/x"),
            (
                "/usr/bin/env -i A=b python3 -u /opt/y.py z",
                "/usr/bin/env /usr/bin/python3.11 /opt/y.py",
            ),
            (
                "nohup timeout 5 nice -n 10 /opt/x &",
                "/usr/bin/nohup /usr/bin/timeout /usr/bin/nice /opt/x",
            ),
            ("flock -n /run/lock /opt/x", "/usr/bin/flock /opt/x"),
            ("flock /run/lock -c '/opt/x'", "/usr/bin/flock /opt/x"),
            ("su - ana -c '/opt/x'", "/usr/bin/su /opt/x"),
            ("sudo -u ana /opt/x", "/usr/bin/sudo /opt/x"),
            (
                "cd / && run-parts --report /etc/cron.daily",
                "/usr/bin/run-parts /etc/cron.daily",
            ),
            (". /opt/x; /missing/one", "/opt/x /missing/one"),
            ("python3 -c 'import os'", "/usr/bin/python3.11"),
            ("/opt/test -x; /opt/exec", "/opt/test /opt/exec"),
            ("cd /opt && ./x; cd y; ./y.py", "/opt/x /opt/y.py"),
            (
                "/usr/bin/osascript -l JavaScript /opt/x",
                "/usr/bin/osascript /opt/x",
            ),
            ("[ -x /opt/no ] && echo /opt/no; $VAR /opt/no; nothing", ""),
            ("sh -c 'sh -c \"sh -c /opt/x\"'", "/usr/bin/dash /opt/x"),
        ] {
            let found = memory.finder(&root).shell(line.as_bytes());
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{line}");
        }
        let relative = memory
            .finder(&root)
            .folder(Path::new("/opt"))
            .argv(&["./x".into()]);
        assert_eq!(relative, [Text::from("/opt/x")]);
        let script = memory.finder(&root).folder(Path::new("/opt")).argv(&[
            "/usr/bin/python3".into(),
            "-X".into(),
            "dev".into(),
            "y.py".into(),
        ]);
        assert_eq!(
            script,
            [Text::from("/usr/bin/python3.11"), Text::from("/opt/y.py")]
        );
    }
}
