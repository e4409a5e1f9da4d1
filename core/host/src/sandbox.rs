//! The walls around a module: what a listing of files needs, and nothing else.
//!
//! Each layer stands alone, because kernels lack some of them: what could not be built is reported to the core,
//! which says it in `assay status`. Only what would leave the process stronger than it was told to be is an error.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

use crate::sys::Exec;
use anyhow::{Result, bail};
use assay_model::{Confine, Sandbox};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Bytes of stack, as most systems have it by default; where it is unlimited, endless recursion would take all memory.
const STACK: u64 = 8 << 20;
/// How long after the deadline a process ends itself.
const AFTER_DEADLINE: Duration = Duration::from_secs(5);
/// Builds every wall this system has, in an order in which none keeps the next from being built. They stay around
/// what `exec`, if there is one, executes then.
pub(crate) fn enter(confine: &Confine, exec: Option<&Exec>) -> Result<Sandbox> {
    let mut walls = Walls::default();
    // The core kills long before. This is for a module that hangs when there is no core any more.
    crate::sys::alarm(Duration::from_millis(confine.deadline_ms).saturating_add(AFTER_DEADLINE));
    limits(confine)?;
    walls.done("limits");
    #[cfg(target_os = "linux")]
    linux::enter(&mut walls, confine, exec)?;
    #[cfg(not(target_os = "linux"))]
    walls.missing(
        "dies_with_core",
        "this system has no such request; a timer ends it",
    );
    #[cfg(target_os = "macos")]
    macos::enter(&mut walls, exec)?;
    Ok(walls.0)
}

#[derive(Default)]
struct Walls(Sandbox);

impl Walls {
    fn done(&mut self, layer: &str) {
        self.0.active.push(layer.to_owned());
    }
    fn missing(&mut self, layer: &str, why: impl std::fmt::Display) {
        self.0.missing.push(format!("{layer}: {why}"));
    }
    fn built(&mut self, layer: &str, result: Result<()>) {
        match result {
            Ok(()) => self.done(layer),
            Err(error) => self.missing(layer, format!("{error:#}")),
        }
    }
}

fn limits(confine: &Confine) -> Result<()> {
    for (resource, soft, hard) in [
        (Resource::As, confine.memory, confine.memory),
        // The soft limit ends it with a signal of its own, which tells more than the kill of the hard one.
        (
            Resource::Cpu,
            confine.cpu_seconds,
            confine.cpu_seconds.saturating_add(1),
        ),
        (Resource::Stack, STACK, STACK),
        (Resource::Nofile, 256, 256),
        (Resource::Core, 0, 0),
        // Standard output is a pipe, which this does not touch; no file may grow.
        (Resource::Fsize, 0, 0),
        (Resource::Memlock, 0, 0),
    ] {
        limit(resource, soft, hard)?;
    }
    Ok(())
}

/// Not one process or thread more, should the filter of system calls be missing. Root is exempt.
///
/// After the change of user: Linux remembers of a process that it became a user with more processes than this limit,
/// and lets it execute nothing.
fn no_more_processes() -> Result<()> {
    limit(Resource::Nproc, 0, 0)
}

fn limit(resource: Resource, soft: u64, hard: u64) -> Result<()> {
    let limit = Rlimit {
        current: Some(soft),
        maximum: Some(hard),
    };
    match setrlimit(resource, limit) {
        Ok(()) => Ok(()),
        // A hard limit that is lower already may not be raised, and need not be. A container whose filter refuses the
        // call altogether answers the same, and then nothing would be limited.
        Err(rustix::io::Errno::PERM) if getrlimit(resource).maximum.is_some_and(|now| now <= hard) => Ok(()),
        // macOS refuses a limit of address space below what is mapped already.
        Err(_) if cfg!(target_os = "macos") && matches!(resource, Resource::As) => Ok(()),
        Err(errno) => bail!("set a resource limit: {errno}"),
    }
}
