//! Staying resident: what changes is looked at as soon as it does, and everything at an interval all the same.
//!
//! The last run told where modules looked and which files entries name ([`Places`](crate::scope::Places)). The folders
//! on the way to all of that are watched ([`index`]); when something happens in one, the modules and files that it
//! concerns are looked at by a run like any other ([`Scope`]), under the same lock, against the same database. So a
//! watcher that is wrong costs a run that finds nothing, or waits for the next sweep; it never decides what changed.
//!
//! A folder is looked at again once it is watched: what happened in between was seen by nobody.

#[cfg(target_os = "linux")]
mod fanotify;
mod happening;
mod index;
#[cfg(target_os = "linux")]
mod inotify;
mod patterns;
mod supervisor;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
mod writer;

use crate::engine::{Engine, EngineError, Report};
use crate::scope::{Scope, Touched};
use crate::store::StoreError;
use crate::{hang, sys};
use assay_model::{Gap, GapReason, What};
use assay_root::Root;
use happening::{Happening, News, Watched};
use index::{Concerned, Index};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use system::Watcher;
use writer::Writers;

/// How long it is quiet before what happened is looked at: most files are written in several steps.
const SETTLE: Duration = Duration::from_millis(20);
/// Who writes without end does not put that off any longer.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How long after one look at what happened the next comes: meanwhile the system makes one event of many alike.
const PAUSE: Duration = Duration::from_millis(5);
/// How soon a run is tried again while another one is going on.
const BUSY: Duration = Duration::from_millis(100);
/// How soon what failed is tried again, and how late at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// What somebody may want to know of a watch.
#[derive(Debug)]
pub enum Said<'a> {
    /// Everything was looked at, and from now on so many folders are watched.
    Watching(usize),
    /// A run came to its end.
    Ran(&'a Report),
    /// A run could not be done; it is tried again.
    Failed(&'a EngineError),
    /// The configuration was read again.
    Reloaded,
    /// It cannot be used; the one before stays in force.
    Refused(&'a str),
}

/// Why a watch could not begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The first run failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The system gives nothing to watch with.
    #[error("cannot watch: {0}")]
    System(#[from] std::io::Error),
}

/// What waits to be looked at.
#[derive(Default)]
struct Pending {
    touched: Touched,
    /// Not only what is touched.
    everything: bool,
    /// Nothing to look at, but something to say, or to send.
    news: bool,
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Pending {
    fn add(&mut self, concerned: Concerned) {
        if concerned.is_nobody() {
            return;
        }
        self.everything |= concerned.own;
        self.touched.modules.extend(concerned.touched.modules);
        self.touched.files.extend(concerned.touched.files);
        let now = Instant::now();
        self.since.get_or_insert(now);
        self.last = Some(now);
    }

    /// When it is to be looked at.
    fn due(&self) -> Option<Instant> {
        let (since, last) = (self.since?, self.last?);
        Some((since + LONGEST_WAIT).min(last + SETTLE))
    }

    fn now(&mut self) {
        let now = Instant::now();
        (self.since, self.last) = (Some(now), now.checked_sub(SETTLE).or(Some(now)));
    }
}

struct Resident<'a> {
    engine: Engine,
    watcher: Watcher,
    index: Index,
    writers: Writers,
    pending: Pending,
    /// When it was last looked what happened.
    read: Instant,
    /// A run has told what is to be watched.
    is_watching: bool,
    /// What the system could not tell, or is not asked: changes there are found by sweeps.
    lost: bool,
    unwatched: Vec<(PathBuf, Errno)>,
    sweep: Instant,
    /// When what failed is tried again, and how long that took the last time.
    retry: Option<Instant>,
    wait: Duration,
    /// When sinks that are down are tried again.
    sinks: Instant,
    sinks_wait: Duration,
    /// To be said with the next run.
    about: Vec<(What, String)>,
    say: &'a mut dyn FnMut(Said<'_>),
}

/// Watches until SIGTERM or SIGINT. After SIGHUP `reload` makes the engine anew; when it cannot, the old one goes on.
///
/// # Errors
/// When it cannot begin. Later on what fails is said and tried again.
pub fn watch(
    engine: Engine,
    reload: &mut dyn FnMut() -> Result<Engine, String>,
    say: &mut dyn FnMut(Said<'_>),
) -> Result<(), WatchError> {
    let (ended, end) = UnixStream::pair()?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(signal, end.try_clone()?)?;
    }
    let (mut reloads, hang_up) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGHUP, hang_up)?;
    reloads.set_nonblocking(true)?;

    let mut resident = Resident::new(engine, say)?;
    resident.begin()?;
    supervisor::ready();
    loop {
        let timeout = resident.next().saturating_duration_since(Instant::now());
        let timeout = supervisor::alive().map_or(timeout, |pulse| timeout.min(pulse));
        let (is_over, mounts) = resident.wait(&ended, &reloads, timeout)?;
        if is_over {
            break;
        }
        if drained(&mut reloads) {
            resident.reload(reload);
        }
        resident.read(mounts);
        resident.run_if_due();
    }
    supervisor::stopping();
    Ok(())
}

/// Whether there was anything.
fn drained(stream: &mut UnixStream) -> bool {
    let mut bytes = [0; 64];
    let mut any = false;
    while stream.read(&mut bytes).is_ok_and(|length| length > 0) {
        any = true;
    }
    any
}

impl<'a> Resident<'a> {
    fn new(engine: Engine, say: &'a mut dyn FnMut(Said<'_>)) -> Result<Self, WatchError> {
        let watcher = Watcher::new(engine.root().path()).map_err(std::io::Error::from)?;
        let now = Instant::now();
        Ok(Self {
            engine,
            watcher,
            index: Index::default(),
            writers: Writers::default(),
            pending: Pending::default(),
            read: now,
            is_watching: false,
            lost: false,
            unwatched: Vec::new(),
            sweep: now,
            retry: None,
            wait: RETRY.0,
            sinks: now,
            sinks_wait: RETRY.0,
            about: Vec::new(),
            say,
        })
    }

    /// The first run, and those that follow until everything is watched; they must succeed, or nothing is known.
    fn begin(&mut self) -> Result<(), EngineError> {
        self.pending.everything = true;
        self.pending.now();
        while self.pending.since.is_some() {
            match self.run() {
                Err(EngineError::Store(StoreError::Busy(_))) => std::thread::sleep(BUSY),
                other => other?,
            }
        }
        (self.say)(Said::Watching(self.index.wanted().folders.len()));
        Ok(())
    }

    /// When there is something to do, whatever happens until then: nothing before what failed is tried again.
    fn next(&self) -> Instant {
        let next = [
            Some(self.sweep),
            self.pending.due(),
            (self.sinks_wait > RETRY.0).then_some(self.sinks),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.sweep);
        self.retry.map_or(next, |retry| next.max(retry))
    }

    /// Waits for something to happen; answers whether it is to end, and whether something was mounted.
    fn wait(
        &self,
        ended: &UnixStream,
        reloads: &UnixStream,
        timeout: Duration,
    ) -> Result<(bool, bool), WatchError> {
        let sources = self.watcher.sources();
        let wanted = |is_table: bool| if is_table { PollFlags::PRI } else { PollFlags::IN };
        let mut waiting: Vec<PollFd<'_>> = [ended.as_fd(), reloads.as_fd()]
            .into_iter()
            .map(|fd| (fd, false))
            .chain(sources.iter().copied())
            .map(|(fd, is_table)| PollFd::from_borrowed_fd(fd, wanted(is_table)))
            .collect();
        let timeout = Timespec::try_from(timeout).ok();
        match poll(&mut waiting, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(std::io::Error::from(errno).into()),
        }
        let is_over = !waiting[0].revents().is_empty();
        let mounted = waiting[2..]
            .iter()
            .zip(&sources)
            .any(|(fd, (_, is_table))| *is_table && fd.revents().contains(PollFlags::PRI));
        Ok((is_over, mounted))
    }

    /// Takes in what happened.
    fn read(&mut self, mounted: bool) {
        std::thread::sleep(PAUSE.saturating_sub(self.read.elapsed()));
        self.read = Instant::now();
        let (index, pending, writers) = (&self.index, &mut self.pending, &mut self.writers);
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let mut lost = false;
        let mut replaced = Vec::new();
        let mut tell = |news| match news {
            News::Lost => lost = true,
            // What a run writes is no news, nor is what its modules do, who can write nowhere.
            News::Happening(happening) if happening.pid == Some(own) => {}
            News::Happening(happening) => {
                let concerned = index.concerned(&happening);
                if happening.renamed {
                    replaced.push(happening.path());
                }
                if !concerned.is_nobody() {
                    writers.wrote(&happening);
                }
                pending.add(concerned);
            }
        };
        self.watcher.read(&mut tell);
        if mounted {
            self.watcher.read_mounts(&mut tell);
        }
        for path in replaced {
            self.watcher.forget_below(&path);
        }
        if lost {
            self.lose();
        }
    }

    /// What happened is not known: everything is looked at, once it is watched anew.
    fn lose(&mut self) {
        self.lost = true;
        if let Ok(watcher) = Watcher::new(self.engine.root().path()) {
            self.watcher = watcher;
            self.unwatched = self.watcher.watch_only(&self.index.wanted()).failed;
        }
        self.pending.everything = true;
        self.pending.now();
    }

    fn reload(&mut self, reload: &mut dyn FnMut() -> Result<Engine, String>) {
        match reload() {
            Ok(engine) => {
                self.engine = engine;
                (self.say)(Said::Reloaded);
            }
            Err(why) => {
                (self.say)(Said::Refused(&why));
                self.about.push((What::ConfigRefused, why));
            }
        }
        self.pending.everything = true;
        self.pending.now();
    }

    fn run_if_due(&mut self) {
        let now = Instant::now();
        if now >= self.sweep {
            self.pending.everything = true;
            self.pending.now();
        }
        if self.sinks_wait > RETRY.0 && now >= self.sinks {
            self.pending.news = true;
            self.pending.now();
        }
        // Runs make others necessary, where folders came that were not watched: after what happened meanwhile was read.
        let now = Instant::now();
        if self.pending.due().is_none_or(|due| due > now) || self.retry.is_some_and(|retry| retry > now) {
            return;
        }
        match self.run() {
            Ok(()) => (self.retry, self.wait) = (None, RETRY.0),
            Err(EngineError::Store(StoreError::Busy(_))) => self.retry = Some(Instant::now() + BUSY),
            Err(error) => {
                (self.say)(Said::Failed(&error));
                self.retry = Some(Instant::now() + self.wait);
                self.wait = (self.wait * 2).min(RETRY.1);
            }
        }
    }

    /// One run over what waits, and watching what it found.
    fn run(&mut self) -> Result<(), EngineError> {
        let everything = self.pending.everything;
        let touched = self.pending.touched.clone();
        let now = Instant::now();
        let scope = Scope {
            full: false,
            touched: (!everything).then_some(touched),
            writers: self.writers.of(self.engine.root()),
            // Before the first run nobody knows.
            unwatched: self.is_watching.then(|| self.gaps()),
            places: true,
            spare_sinks: now < self.sinks,
            about: self.about.clone(),
        };
        let report = self.engine.run(&scope, &mut |_, _, _| _ = supervisor::alive())?;
        self.about.clear();
        self.pending = Pending::default();
        self.writers = Writers::default();
        if everything {
            self.sweep = now + jittered(self.engine.options.config.verify.sweep_every.0);
        }
        self.mind_sinks(&report, scope.spare_sinks);
        (self.say)(Said::Ran(&report));
        let was_lost = std::mem::take(&mut self.lost);
        if let Err(error) = self.follow(report, scope.touched.as_ref()) {
            self.pending.everything = true;
            self.pending.now();
            return Err(error);
        }
        if was_lost {
            // All of it was looked at since.
            self.pending.news = true;
            self.pending.now();
        }
        sys::trim_memory();
        Ok(())
    }

    /// Sinks that are down are tried again, later each time.
    fn mind_sinks(&mut self, report: &Report, spared: bool) {
        if report.sinks.iter().all(|sink| sink.error.is_none()) {
            (self.sinks, self.sinks_wait) = (Instant::now(), RETRY.0);
        } else if !spared {
            self.sinks_wait = (self.sinks_wait * 2).min(RETRY.1);
            self.sinks = Instant::now() + self.sinks_wait;
        }
    }

    /// Watches where the next change may be.
    fn follow(&mut self, report: Report, touched: Option<&Touched>) -> Result<(), EngineError> {
        let root = self.engine.root();
        let avoided = hang::mounts(root.path()).unwrap_or_default();
        let root = Root::open(root.path())?.avoiding(&avoided);
        self.index.own(&self.engine.own_places());
        self.index.update(&root, report.places, touched);
        let Watched { new, failed } = self.watcher.watch_only(&self.index.wanted());
        if self.unwatched.is_empty() != failed.is_empty() {
            self.pending.news = true;
            self.pending.now();
        }
        self.unwatched = failed;
        for path in &new {
            let concerned = self.index.concerned(&Happening::replaced(path.clone()));
            self.pending.add(concerned);
        }
        if !new.is_empty() || !self.is_watching {
            self.pending.now();
        }
        self.is_watching = true;
        Ok(())
    }

    /// Where changes are not seen, as one gap.
    fn gaps(&self) -> Vec<Gap> {
        let mut said = Vec::new();
        if self.lost {
            said.push("more happened at once than the system remembers; everything was looked at".to_owned());
        }
        if let Some((first, errno)) = self.unwatched.first() {
            let (count, hint) = (self.unwatched.len(), hint(*errno));
            said.push(format!(
                "{count} folders and files are not watched, the first `{}`: {errno}{hint}",
                first.display()
            ));
        }
        let silent = self.index.silent();
        if let Some(first) = silent.first() {
            let count = silent.len();
            said.push(format!(
                "{count} places are on file systems that do not tell, the first `{}`",
                first.display()
            ));
        }
        if said.is_empty() {
            return Vec::new();
        }
        vec![Gap {
            path: "/".into(),
            reason: GapReason::Unwatched,
            text: format!("{}; only sweeps find changes there", said.join("; ")),
            hides: Vec::new(),
        }]
    }
}

fn hint(errno: Errno) -> &'static str {
    if errno == Errno::NOSPC {
        "; raise fs.fanotify.max_user_marks and fs.inotify.max_user_watches"
    } else {
        ""
    }
}

/// Up to a tenth sooner or later: thousands of machines do not sweep, and do not send, at once.
fn jittered(interval: Duration) -> Duration {
    let [random, ..] = *uuid::Uuid::new_v4().as_bytes();
    interval.mul_f64(0.9 + 0.2 * f64::from(random) / 255.0)
}
