//! How is a file that is no shared library run? By itself when it is a program; else by the interpreter that its first
//! line names, which is trusted no more than the file: it and every folder and link on the way to it are checked.

use crate::trust::{self, Refused};
use assay_model::{Script, Text};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};

/// Bytes of a first line, as Linux has it.
const MAX_LINE: usize = 255;
/// Links on the way to an interpreter.
const MAX_LINKS: usize = 40;
/// Where `#!/usr/bin/env NAME` finds its program, whatever the environment says.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// How executables of Linux and macOS begin.
const PROGRAMS: &[[u8; 4]] = &[
    *b"\x7fELF",
    [0xcf, 0xfa, 0xed, 0xfe],
    [0xfe, 0xed, 0xfa, 0xcf],
    [0xca, 0xfe, 0xba, 0xbe],
    [0xca, 0xfe, 0xba, 0xbf],
];

/// How a module's code comes to run.
#[derive(Debug)]
pub enum Code {
    /// A shared library, which the host loads.
    Native,
    /// A program, which the host executes.
    Program,
    /// A script, for which the host executes the interpreter.
    Script(Interpreter),
}

/// What runs a script.
#[derive(Debug)]
pub struct Interpreter {
    /// Where it is, every link resolved.
    pub path: PathBuf,
    /// The checked descriptor, from which it is executed.
    pub file: File,
    /// The words of the command that stand before the script: its name, and at most one argument.
    pub words: Vec<OsString>,
}

impl Code {
    /// How the host executes a module that is no library; `python` is the folder of `assay_module.py`.
    pub(crate) fn script(&self, python: Option<&Path>) -> Option<Script> {
        let (interpreter, words) = match self {
            Self::Native => return None,
            Self::Program => (None, Vec::new()),
            Self::Script(found) => {
                let words = found.words.iter().map(|word| word.as_os_str().into());
                (Some(found.path.as_path().into()), words.collect())
            }
        };
        Some(Script {
            interpreter,
            words,
            python: python.map(Text::from),
        })
    }

    /// What a script finds in its environment, and nothing of what the core has: a variable of whoever starts Assay
    /// is not to choose the code that a module runs. A library finds nothing.
    pub(crate) fn environment(&self, python: Option<&Path>) -> Vec<(&'static str, OsString)> {
        if matches!(self, Self::Native) {
            return Vec::new();
        }
        let mut variables: Vec<(&str, OsString)> = vec![
            ("PATH", PATH.into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
            // Not from the folder of the script, whose other files nobody has checked, nor from a home.
            ("PYTHONSAFEPATH", "1".into()),
            ("PYTHONNOUSERSITE", "1".into()),
        ];
        variables.extend(python.map(|folder| ("PYTHONPATH", folder.into())));
        variables
    }
}

/// How a checked file is run; `None` when it is nothing that runs.
///
/// # Errors
/// When its interpreter is not there or not trusted.
pub(crate) fn code_of(path: &Path, file: &File) -> Result<Option<Code>, Refused> {
    let start = start_of(file).map_err(|why| Refused::Open {
        path: path.to_owned(),
        why,
    })?;
    if let Some(line) = start.strip_prefix(b"#!") {
        return interpreter(path, line).map(|found| Some(Code::Script(found)));
    }
    let is_program = start
        .first_chunk()
        .is_some_and(|magic: &[u8; 4]| PROGRAMS.contains(magic));
    Ok(is_program.then_some(Code::Program))
}

fn start_of(file: &File) -> std::io::Result<Vec<u8>> {
    let mut start = vec![0; MAX_LINE + 1];
    let mut filled = 0;
    while filled < start.len() {
        match file.read_at(&mut start[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    start.truncate(filled);
    Ok(start)
}

/// What `line`, which follows `#!`, names: a path and at most one argument, as the kernel reads it.
fn interpreter(script: &Path, line: &[u8]) -> Result<Interpreter, Refused> {
    let refused = |why| Refused::FirstLine {
        path: script.to_owned(),
        why,
    };
    let Some(end) = line.iter().position(|b| *b == b'\n') else {
        return Err(refused("does not end, or is too long; give it at most 255 bytes"));
    };
    let line = line[..end].trim_ascii();
    let space = line.iter().position(|b| matches!(b, b' ' | b'\t'));
    let (program, argument) = line.split_at(space.unwrap_or(line.len()));
    let argument = argument.trim_ascii();
    if !program.starts_with(b"/") {
        return Err(refused(
            "names no interpreter by its path; begin with a line such as `#!/usr/bin/env python3`",
        ));
    }
    let program = Path::new(OsStr::from_bytes(program));
    if program == Path::new("/usr/bin/env") || program == Path::new("/bin/env") {
        return by_name(script, argument);
    }
    let mut words = vec![program.as_os_str().to_owned()];
    if !argument.is_empty() {
        words.push(OsStr::from_bytes(argument).to_owned());
    }
    open(script, program, words)
}

/// The program that `env` would start.
fn by_name(script: &Path, name: &[u8]) -> Result<Interpreter, Refused> {
    let refused = |why| Refused::FirstLine {
        path: script.to_owned(),
        why,
    };
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"._+-".contains(b);
    if name.is_empty() || name.starts_with(b"-") || !name.iter().all(is_plain) {
        return Err(refused(
            "must give `env` the name of a program and nothing else; name the program by its path to add an argument",
        ));
    }
    let name = OsStr::from_bytes(name);
    let places = PATH.split(':').map(|folder| Path::new(folder).join(name));
    let Some(program) = places.into_iter().find(|place| place.is_file()) else {
        return Err(refused(
            "names a program that is in none of /usr/local/bin, /usr/bin and /bin; install it, or name it by its path",
        ));
    };
    let words = vec![program.clone().into_os_string()];
    open(script, &program, words)
}

fn open(script: &Path, program: &Path, words: Vec<OsString>) -> Result<Interpreter, Refused> {
    let untrusted = |why| Refused::Interpreter {
        path: script.to_owned(),
        why: Box::new(why),
    };
    let (path, file) = through_links(program).map_err(untrusted)?;
    let start = start_of(&file).unwrap_or_default();
    if start.starts_with(b"#!") {
        return Err(Refused::FirstLine {
            path: script.to_owned(),
            why: "names what is itself a script; name the program that runs that one",
        });
    }
    Ok(Interpreter { path, file, words })
}

/// Opens what a path leads to. Every folder on the way belongs to root or the user and is writable by nobody else,
/// those that hold the links as well: an interpreter looks beside the name that it was called by for its settings
/// (Python for `pyvenv.cfg`), and who can turn a link can give it others.
fn through_links(path: &Path) -> Result<(PathBuf, File), Refused> {
    let mut walked = PathBuf::from("/");
    let mut names: VecDeque<OsString> = names_of(path);
    let mut links = 0;
    while let Some(name) = names.pop_front() {
        if name == ".." {
            walked.pop();
            continue;
        }
        let next = walked.join(&name);
        match rustix::fs::readlink(&next, Vec::new()) {
            Ok(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Refused::Open {
                        path: path.to_owned(),
                        why: rustix::io::Errno::LOOP.into(),
                    });
                }
                trust::folder(&walked)?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                if target.is_absolute() {
                    walked = PathBuf::from("/");
                }
                for name in names_of(&target).into_iter().rev() {
                    names.push_front(name);
                }
            }
            // It is no link.
            Err(rustix::io::Errno::INVAL) => walked = next,
            Err(errno) => {
                return Err(Refused::Open {
                    path: next,
                    why: errno.into(),
                });
            }
        }
    }
    let file = trust::open(&walked)?;
    Ok((walked, file))
}

fn names_of(path: &Path) -> VecDeque<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.collect()
}

/// Whether a path leads to a regular file that somebody may execute.
pub(crate) fn may_execute(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
