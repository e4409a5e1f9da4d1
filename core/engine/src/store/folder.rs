//! The folder of the state: whose it is, what may lie in it, and the lock that keeps two runs apart.

use super::{DATABASE, Result, StoreError, WITNESS};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, lchown,
};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// Held for as long as a run writes.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it lets go of the lock")] File);

/// Names the path in the error that the system gave for it.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = path.to_owned();
    move |why| StoreError::File {
        path: path.clone(),
        why,
    }
}

/// Flags with which a name that somebody else put there can neither lead elsewhere nor make us wait.
pub(super) fn careful() -> i32 {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    i32::try_from(flags.bits()).unwrap_or_default()
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes the folder if need be. One that belongs to somebody else is refused before anything is written in it.
pub(super) fn own(folder: &Path) -> Result<()> {
    if !folder.exists() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(failed(folder))?;
    }
    let meta = fs::metadata(folder).map_err(failed(folder))?;
    if meta.uid() == me() {
        Ok(())
    } else {
        Err(foreign(folder, meta.uid()))
    }
}

fn foreign(path: &Path, uid: u32) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        uid,
    }
}

/// The files of ours in the folder.
fn ours(folder: &Path) -> [PathBuf; 2] {
    [DATABASE, WITNESS].map(|name| folder.join(name))
}

/// Signs that others could have written here. What is no file at all is put aside at once; owners and modes are left
/// to [`close_to_others`], so that a run that is killed in between leaves them to be told by the next.
///
/// # Errors
/// When only root could take a file back.
pub(super) fn faults(folder: &Path) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let mode = fs::metadata(folder).map_err(failed(folder))?.mode();
    if mode & 0o022 != 0 {
        said.push(format!(
            "others could write to `{}` (mode {:04o})",
            folder.display(),
            mode & 0o7777
        ));
    }
    for path in ours(folder) {
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let shown = path.display();
        if !meta.is_file() {
            said.push(format!("`{shown}` was not a file, and was put aside"));
            aside(&path)?;
        } else if meta.uid() != me() {
            if me() != 0 {
                return Err(foreign(&path, meta.uid()));
            }
            said.push(format!("`{shown}` belonged to user {}", meta.uid()));
        } else if meta.mode() & 0o022 != 0 {
            said.push(format!(
                "others could write to `{shown}` (mode {:04o})",
                meta.mode() & 0o7777
            ));
        }
    }
    Ok(said)
}

/// Takes back what others could read or write.
pub(super) fn close_to_others(folder: &Path) -> Result<()> {
    let close = |path: &Path, mode: u32| -> io::Result<()> {
        let Ok(meta) = fs::metadata(path) else {
            return Ok(());
        };
        if meta.uid() != me() {
            lchown(path, Some(me()), None)?;
        }
        if meta.mode() & 0o077 != 0 {
            fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        Ok(())
    };
    close(folder, 0o700).map_err(failed(folder))?;
    for path in ours(folder) {
        close(&path, 0o600).map_err(failed(&path))?;
    }
    Ok(())
}

/// Keeps a damaged database for whoever wants to know what happened to it. The witness stays, and tells.
///
/// # Errors
/// The file system's.
pub fn put_aside(folder: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        aside(&folder.join(format!("{DATABASE}{suffix}")))?;
    }
    Ok(())
}

/// Gives a file another name. Evidence is kept, but not without end: the last of ten is replaced.
fn aside(path: &Path) -> Result<()> {
    let name = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged.{number}"));
        PathBuf::from(name)
    };
    let free = (1..10).map(name).find(|name| name.symlink_metadata().is_err());
    match fs::rename(path, free.unwrap_or_else(|| name(10))) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(failed(path)(why)),
        _ => Ok(()),
    }
}

/// The database of a state folder.
#[must_use]
pub fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// Takes the lock of a state folder, or says who has it.
///
/// # Errors
/// [`StoreError::Busy`] when another run is going on.
pub fn lock(folder: &Path) -> Result<Lock> {
    own(folder)?;
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).read(true).write(true).truncate(false);
    options.mode(0o600).custom_flags(careful());
    let mut file = options.open(&path).map_err(failed(&path))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(StoreError::Busy(holder.trim().to_owned()));
        }
        Err(errno) => return Err(failed(&path)(errno.into())),
    }
    // For people only: on a full disk the lock holds without it.
    _ = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock(file))
}
