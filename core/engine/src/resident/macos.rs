//! Watching folders on macOS: one stream of FSEvents over the whole root. It tells paths only, neither who wrote nor
//! what exactly happened, so everything that it tells is taken for a change of names.

use super::happening::{Happening, News, Wanted, Watched};
use notify::{Event, EventKind, FsEventWatcher, RecursiveMode, Watcher as _};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

/// Events that wait to be read.
const QUEUE: usize = 1 << 14;

/// A stream of events.
pub(super) struct Watcher {
    _stream: FsEventWatcher,
    events: Receiver<News>,
    ready: UnixStream,
}

impl Watcher {
    /// Over everything below `root`.
    ///
    /// # Errors
    /// When the system gives no stream.
    pub(super) fn new(root: &Path) -> rustix::io::Result<Self> {
        let failed = |_| rustix::io::Errno::IO;
        let (ready, wake) = UnixStream::pair().map_err(failed)?;
        ready.set_nonblocking(true).map_err(failed)?;
        wake.set_nonblocking(true).map_err(failed)?;
        let (send, events) = sync_channel(QUEUE);
        let mut lost = false;
        let handler = move |event: notify::Result<Event>| {
            let news = told(event);
            for news in news {
                lost |= send.try_send(news).is_err();
            }
            // What found no room is said once there is some.
            if lost && send.try_send(News::Lost).is_ok() {
                lost = false;
            }
            // A byte that finds no room is not needed: one is waiting.
            _ = (&wake).write(&[0]);
        };
        let stream = FsEventWatcher::new(handler, notify::Config::default());
        let mut stream = stream.map_err(|_| rustix::io::Errno::IO)?;
        stream
            .watch(root, RecursiveMode::Recursive)
            .map_err(|_| rustix::io::Errno::IO)?;
        Ok(Self {
            _stream: stream,
            events,
            ready,
        })
    }

    /// Everything is watched already.
    #[expect(clippy::unused_self, reason = "the form of the other systems")]
    pub(super) fn watch_only(&mut self, _: &Wanted) -> Watched {
        Watched::default()
    }

    /// Paths are watched, not what is there.
    #[expect(clippy::unused_self, reason = "the form of the other systems")]
    pub(super) fn forget_below(&mut self, _: &Path) {}

    /// What to wait for.
    pub(super) fn sources(&self) -> Vec<(BorrowedFd<'_>, bool)> {
        vec![(self.ready.as_fd(), false)]
    }

    /// Tells what happened until now; what comes meanwhile has sent another byte.
    pub(super) fn read(&mut self, tell: &mut dyn FnMut(News)) {
        let mut bytes = [0; 64];
        while (&self.ready).read(&mut bytes).is_ok_and(|length| length > 0) {}
        // Not more than it holds: who writes without end fills it as fast as it is read.
        self.events.try_iter().take(QUEUE).for_each(tell);
    }

    /// The stream tells of mounts like of anything else.
    #[expect(clippy::unused_self, reason = "the form of the other systems")]
    pub(super) fn read_mounts(&mut self, _: &mut dyn FnMut(News)) {}
}

fn told(event: notify::Result<Event>) -> Vec<News> {
    let Ok(event) = event else {
        return vec![News::Lost];
    };
    if event.need_rescan() {
        return vec![News::Lost];
    }
    if matches!(event.kind, EventKind::Access(_)) {
        return Vec::new();
    }
    let happening = |path: PathBuf| {
        Some(News::Happening(Happening {
            name: Some(path.file_name()?.to_owned()),
            folder: path.parent()?.to_owned(),
            renamed: true,
            pid: None,
        }))
    };
    event.paths.into_iter().filter_map(happening).collect()
}
