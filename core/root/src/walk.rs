//! Resolving a path inside a root without the kernel's help: one component at a time, each opened relative
//! to the descriptor of its parent and never through a link, so that nothing can be swapped under the walk.

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::{Errno, Result};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// Where paths are walked.
pub(crate) struct Place<'a> {
    pub(crate) root: BorrowedFd<'a>,
    /// Folders that are not entered, nor looked at.
    pub(crate) avoided: &'a [PathBuf],
}

/// Told of each folder that is entered and each link that is followed: those above it, its name, and what it is.
type Visit<'v> = &'v mut dyn FnMut(&Walked, &OsString, &fs::Stat);

/// Where a walk ended: the folder that holds the last component, and the component, `None` for the root.
pub(crate) struct Walked {
    folders: Vec<(OsString, OwnedFd)>,
    last: Option<OsString>,
}

impl Walked {
    fn parent<'a>(&'a self, root: BorrowedFd<'a>) -> BorrowedFd<'a> {
        self.folders.last().map_or(root, |(_, fd)| fd.as_fd())
    }
    fn last(&self) -> &OsStr {
        self.last.as_deref().unwrap_or(OsStr::new("."))
    }
    pub(crate) fn path_of<'a>(&'a self, last: Option<&'a OsString>) -> PathBuf {
        let names = self.folders.iter().map(|(name, _)| name).chain(last);
        Path::new("/").join(names.collect::<PathBuf>())
    }
}

pub(crate) fn open(place: &Place<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd> {
    let walked = walk(place, path, !flags.contains(OFlags::NOFOLLOW), &mut |_, _, _| {})?;
    let flags = flags | OFlags::NOFOLLOW;
    fs::openat(walked.parent(place.root), walked.last(), flags, Mode::empty())
}

pub(crate) fn stat(place: &Place<'_>, path: &Path, follow: bool) -> Result<fs::Stat> {
    let walked = walk(place, path, follow, &mut |_, _, _| {})?;
    fs::statat(
        walked.parent(place.root),
        walked.last(),
        AtFlags::SYMLINK_NOFOLLOW,
    )
}

pub(crate) fn canonical(place: &Place<'_>, path: &Path) -> Result<PathBuf> {
    Ok(follow(place, path, &mut |_, _, _| {})?.0)
}

/// Where a path leads and what is there, after a visit to all that is passed.
pub(crate) fn follow(place: &Place<'_>, path: &Path, visit: Visit<'_>) -> Result<(PathBuf, fs::Stat)> {
    let walked = walk(place, path, true, visit)?;
    let parent = walked.parent(place.root);
    let stat = fs::statat(parent, walked.last(), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((walked.path_of(walked.last.as_ref()), stat))
}

fn walk(place: &Place<'_>, path: &Path, follow_last: bool, visit: Visit<'_>) -> Result<Walked> {
    let root = place.root;
    let mut todo: VecDeque<OsString> = components(path);
    let mut walked = Walked {
        folders: Vec::new(),
        last: None,
    };
    let mut links = 0;
    while let Some(name) = todo.pop_front() {
        if name == ".." {
            walked.folders.pop();
            continue;
        }
        let is_last = todo.is_empty();
        if !place.avoided.is_empty() && place.avoided.contains(&walked.path_of(Some(&name))) {
            return Err(Errno::TIMEDOUT);
        }
        let parent = walked.parent(root);
        let stat = match fs::statat(parent, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) if is_last => None,
            stat => Some(stat?),
        };
        let file_type = stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
        let is_link = file_type == FileType::Symlink && (!is_last || follow_last);
        if let Some(stat) = &stat
            && (is_link || !is_last)
        {
            visit(&walked, &name, stat);
        }
        if is_link {
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP);
            }
            let target = fs::readlinkat(parent, &name, Vec::new())?.into_bytes();
            let target = PathBuf::from(OsString::from_vec(target));
            if target.is_absolute() {
                walked.folders.clear();
            }
            for component in components(&target).into_iter().rev() {
                todo.push_front(component);
            }
        } else if is_last {
            walked.last = Some(name);
        } else {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | super::HANDLE;
            let folder = fs::openat(parent, &name, flags, Mode::empty())?;
            walked.folders.push((name, folder));
        }
    }
    if walked.last.is_none()
        && let Some((name, _)) = walked.folders.pop()
    {
        walked.last = Some(name);
    }
    Ok(walked)
}

fn components(path: &Path) -> VecDeque<OsString> {
    let kept = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    kept.collect()
}
