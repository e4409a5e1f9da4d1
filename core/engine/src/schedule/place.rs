//! Putting the files where they belong, and taking them away.

use super::{Command, File, Kind, MARK, interval};
use serde::Serialize;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

/// Bytes of a file that are looked at to tell whose it is.
const LONGEST: u64 = 1 << 16;
/// Folders of programs that may be started, whatever the environment says.
const PROGRAMS: [&str; 2] = ["/usr/bin", "/bin"];

/// Why a schedule was not put in place, or not taken away.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The system lacks what would start it.
    #[error("{0}; `assay install --as` takes another way")]
    Lacking(&'static str),
    /// A file is there that somebody else wrote.
    #[error("`{}` was not written by `assay install`; move it away first", .0.display())]
    Foreign(PathBuf),
    /// The file system.
    #[error("`{}`: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A command that had to work.
    #[error("`{command}` failed: {why}")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        why: String,
    },
}

type Result<T> = std::result::Result<T, PlaceError>;

/// Something that was done, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A file was written.
    Write(File),
    /// A file was removed.
    Remove(&'static str),
    /// A command was run.
    Run(String),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// In order.
    pub steps: Vec<Step>,
    /// Files of other ways that somebody else wrote, and that were left.
    pub left: Vec<&'static str>,
}

impl Done {
    /// Whether a file changed.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step, Step::Run(_)))
    }
}

/// Where schedules are put.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The root folder; commands are run only where that is the system's own.
    pub root: &'a Path,
    /// Whether to do anything, or only to tell what would be done.
    pub dry: bool,
}

/// What is found at the path of a file.
enum Found {
    Nothing,
    Ours(String),
    Foreign,
}

impl Place<'_> {
    fn host(self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn is_running(self) -> bool {
        self.root == Path::new("/")
    }

    /// Whether the system can do it that way.
    ///
    /// # Errors
    /// When it lacks what would.
    pub fn check(self, kind: Kind) -> Result<()> {
        let (any, why) = kind.needs(self.is_running());
        if any.iter().any(|path| self.host(path).is_dir()) {
            Ok(())
        } else {
            Err(PlaceError::Lacking(why))
        }
    }

    /// Puts the files in place, and takes away those of every other way. [`Place::start`] is still to be called.
    ///
    /// # Errors
    /// See [`PlaceError`].
    pub fn write(self, kind: Kind, files: &[File]) -> Result<Done> {
        self.check(kind)?;
        let mut differ = Vec::new();
        let mut existed = false;
        for file in files {
            match self.found(file.path)? {
                Found::Foreign => return Err(PlaceError::Foreign(self.host(file.path))),
                Found::Ours(text) if text == file.text => existed = true,
                Found::Ours(_) => {
                    existed = true;
                    differ.push(file);
                }
                Found::Nothing => differ.push(file),
            }
        }
        let mut done = Done::default();
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            self.take_away(other, &mut done)?;
        }
        if differ.is_empty() {
            return Ok(done);
        }
        if existed {
            self.try_all(kind.stop(), &mut done);
        }
        for file in differ {
            self.put(file)?;
            done.steps.push(Step::Write(file.clone()));
        }
        self.run_all(kind.reload(), &mut done)?;
        Ok(done)
    }

    /// Has the system run it. Where it does so already nothing happens.
    ///
    /// # Errors
    /// When a command fails.
    pub fn start(self, kind: Kind, done: &mut Done) -> Result<()> {
        // launchd refuses what it runs already.
        if kind == Kind::Launchd && !done.changed() {
            return Ok(());
        }
        self.run_all(kind.start(), done)
    }

    /// Takes away every file that was written, whichever way it was.
    ///
    /// # Errors
    /// See [`PlaceError`].
    pub fn remove(self) -> Result<Done> {
        let mut done = Done::default();
        for kind in Kind::ALL {
            self.take_away(kind, &mut done)?;
        }
        Ok(done)
    }

    /// The ways that are in place, each with how often it has Assay run, which is not known of a file that somebody
    /// else wrote, nor said of what stays.
    ///
    /// # Errors
    /// The file system's.
    pub fn installed(self) -> Result<Vec<(Kind, Option<Duration>)>> {
        let mut installed = Vec::new();
        for kind in Kind::ALL {
            let Some(path) = kind.paths().last() else { continue };
            match self.found(path)? {
                Found::Ours(text) => installed.push((kind, interval(&text))),
                Found::Foreign => installed.push((kind, None)),
                Found::Nothing => {}
            }
        }
        Ok(installed)
    }

    fn take_away(self, kind: Kind, done: &mut Done) -> Result<()> {
        let mut ours = Vec::new();
        for path in kind.paths() {
            match self.found(path)? {
                Found::Nothing => {}
                Found::Ours(_) => ours.push(path),
                Found::Foreign => done.left.push(path),
            }
        }
        if ours.is_empty() {
            return Ok(());
        }
        self.try_all(kind.stop(), done);
        for path in ours {
            let host = self.host(path);
            if !self.dry {
                fs::remove_file(&host).map_err(|why| PlaceError::File { path: host, why })?;
            }
            done.steps.push(Step::Remove(path));
        }
        self.run_all(kind.reload(), done)
    }

    fn found(self, path: &str) -> Result<Found> {
        let path = self.host(path);
        let failed = |why| PlaceError::File {
            path: path.clone(),
            why,
        };
        match path.symlink_metadata() {
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Found::Nothing);
            }
            Err(why) => return Err(failed(why)),
            Ok(meta) if !meta.is_file() => return Ok(Found::Foreign),
            Ok(_) => {}
        }
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&path);
        let mut bytes = Vec::new();
        file.and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
            .map_err(failed)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) if text.contains(MARK) => Found::Ours(text),
            _ => Found::Foreign,
        })
    }

    fn put(self, file: &File) -> Result<()> {
        if self.dry {
            return Ok(());
        }
        let path = self.host(file.path);
        let folder = path.parent().unwrap_or(self.root);
        // Neither cron nor systemd nor launchd reads what begins with a dot.
        let new = folder.join(".assay.new");
        let write = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            _ = fs::remove_file(&new);
            let mut to = OpenOptions::new().write(true).create_new(true).open(&new)?;
            to.write_all(file.text.as_bytes())?;
            to.set_permissions(Permissions::from_mode(0o644))?;
            to.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(folder)?.sync_all()
        };
        write().map_err(|why| PlaceError::File {
            path: path.clone(),
            why,
        })
    }

    fn run_all(self, commands: &[Command], done: &mut Done) -> Result<()> {
        for command in commands {
            done.steps.push(Step::Run(command.join(" ")));
            if !self.dry && self.is_running() {
                run(command).map_err(|why| PlaceError::Command {
                    command: command.join(" "),
                    why,
                })?;
            }
        }
        Ok(())
    }

    /// What is not in force need not be taken out of it.
    fn try_all(self, commands: &[Command], done: &mut Done) {
        for command in commands {
            done.steps.push(Step::Run(command.join(" ")));
            if !self.dry && self.is_running() {
                _ = run(command);
            }
        }
    }
}

fn run(command: Command) -> std::result::Result<(), String> {
    let [name, arguments @ ..] = command else {
        return Ok(());
    };
    let programs = PROGRAMS.map(|folder| Path::new(folder).join(name));
    let program = programs.iter().find(|program| program.exists());
    let program = program.ok_or_else(|| "it is not installed".to_owned())?;
    let mut command = process::Command::new(program);
    command.args(arguments).stdin(process::Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .trim()
        .lines()
        .next_back()
        .unwrap_or("it did not say why")
        .to_owned())
}
