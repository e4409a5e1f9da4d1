//! The walls around a module: what a listing of files needs, and nothing else.
//!
//! Each layer stands alone, because kernels lack some of them: what could not be built is reported to the core,
//! which says it in `assay status`. Only what would leave the process stronger than it was told to be is an error.

use anyhow::{Result, bail};
use assay_model::{Confine, Sandbox};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::time::Duration;

/// Bytes of stack, as most systems have it by default; where it is unlimited, endless recursion would take all memory.
const STACK: u64 = 8 << 20;
/// How long after the deadline a process ends itself.
const AFTER_DEADLINE: Duration = Duration::from_secs(5);
/// The descriptors that the core gives: standard input, output, error, and the module file.
const DESCRIPTORS: u32 = 4;

/// Builds every wall this system has, in an order in which none keeps the next from being built.
pub(crate) fn enter(confine: &Confine, root: &str, deadline: Duration) -> Result<Sandbox> {
    let mut walls = Walls::default();
    // Whoever started the core may have left descriptors open that are none of a module's business.
    crate::sys::close_from(DESCRIPTORS);
    // The core kills long before. This is for a module that hangs when there is no core any more.
    crate::sys::alarm(deadline.saturating_add(AFTER_DEADLINE));
    limits(confine)?;
    walls.done("limits");
    #[cfg(target_os = "linux")]
    linux::enter(&mut walls, root, confine.core)?;
    #[cfg(not(target_os = "linux"))]
    walls.missing(
        "dies_with_core",
        "this system has no such request; a timer ends it",
    );
    #[cfg(target_os = "macos")]
    macos::enter(&mut walls, root);
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
        // Not one process or thread more, should the filter of system calls be missing. Root is exempt.
        (Resource::Nproc, 0, 0),
        (Resource::Memlock, 0, 0),
    ] {
        let limit = Rlimit {
            current: Some(soft),
            maximum: Some(hard),
        };
        match setrlimit(resource, limit) {
            // A hard limit that is lower already may not be raised, and need not be.
            Ok(()) | Err(rustix::io::Errno::PERM) => {}
            // macOS refuses a limit of address space below what is mapped already.
            Err(_) if cfg!(target_os = "macos") && matches!(resource, Resource::As) => {}
            Err(errno) => bail!("set a resource limit: {errno}"),
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Result, Walls, bail};
    use anyhow::Context as _;
    use caps::{CapSet, Capability};
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
        RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op,
        SeccompCondition as Condition, SeccompFilter, SeccompRule as Rule,
    };
    use std::collections::{BTreeMap, HashSet};
    use std::os::fd::BorrowedFd;

    /// The user `nobody`, by the number that every distribution gives it.
    const NOBODY: u32 = 65534;
    /// What a shared library may need to be loaded, besides itself.
    const LIBRARIES: &[&str] = &[
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/etc/ld.so.cache",
    ];

    pub(super) fn enter(walls: &mut Walls, root: &str, core: u32) -> Result<()> {
        let landlock = landlock(root);
        let (mut whole, part) = match landlock {
            Ok(RulesetStatus::FullyEnforced) => (true, false),
            Ok(RulesetStatus::PartiallyEnforced) => (false, true),
            _ => (false, false),
        };
        match landlock {
            Ok(RulesetStatus::FullyEnforced) => walls.done("landlock"),
            Ok(RulesetStatus::PartiallyEnforced) => {
                walls.done("landlock");
                walls.missing(
                    "landlock_network",
                    "this kernel has an older Landlock, which guards files only",
                );
            }
            Ok(RulesetStatus::NotEnforced) => walls.missing("landlock", "this kernel does not have it"),
            Err(error) => walls.missing("landlock", format!("{error:#}")),
        }
        if rustix::process::geteuid().is_root() {
            // An older Landlock lets files be truncated that the user may write; nobody may write none of worth.
            whole |= least_privilege(walls) && part;
        } else {
            walls.missing("nobody", "not started by root, so it runs as you");
        }
        // After the change of user, which the kernel takes as a reason to forget the request.
        die_with(core)?;
        walls.done("dies_with_core");
        walls.built("seccomp", seccomp(whole));
        Ok(())
    }

    fn die_with(core: u32) -> Result<()> {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL)).context("ask to die with the core")?;
        // The core may have died before the call above; then nobody waits for this scan.
        let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        if parent != Some(core) {
            bail!("the core is gone");
        }
        Ok(())
    }

    /// Reading below the root, nothing else of the file system; no TCP, no signals to and no abstract sockets of
    /// processes outside.
    fn landlock(root: &str) -> Result<RulesetStatus> {
        let abi = ABI::V6;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rule(PathBeneath::new(
                PathFd::new(root).context("open the root")?,
                read,
            ))?;
        for path in LIBRARIES {
            if let Ok(opened) = PathFd::new(path) {
                let access = if std::path::Path::new(path).is_dir() {
                    read
                } else {
                    AccessFs::ReadFile.into()
                };
                rules = rules.add_rule(PathBeneath::new(opened, access))?;
            }
        }
        // SAFETY: the core leaves the module file open as descriptor 3 for the life of the process.
        let module = unsafe { BorrowedFd::borrow_raw(3) };
        let rules = rules.add_rule(PathBeneath::new(module, AccessFs::ReadFile))?;
        Ok(rules.restrict_self()?.ruleset)
    }

    /// Becomes `nobody`, and keeps of root's power only the right to read every file.
    fn least_privilege(walls: &mut Walls) -> bool {
        let permitted = caps::read(None, CapSet::Permitted).unwrap_or_default();
        // Containers often withhold the first, and grant the second, which writes too: the other walls stand before that.
        let reading = [Capability::CAP_DAC_READ_SEARCH, Capability::CAP_DAC_OVERRIDE]
            .into_iter()
            .find(|capability| permitted.contains(capability));
        for capability in caps::all() {
            // Unknown to an older kernel: then there is nothing to drop.
            _ = caps::drop(None, CapSet::Bounding, capability);
        }
        let became = match reading {
            Some(_) => crate::sys::become_user_keeping_capabilities(NOBODY).context("become nobody"),
            // As nobody it could not read what root alone may read, and would miss what it is here for.
            None => Err(anyhow::anyhow!(
                "root may not keep the right to read every file here"
            )),
        };
        // Also when the user stayed: root without capabilities is less than root.
        let kept: HashSet<_> = reading.into_iter().collect();
        let dropped = caps::set(None, CapSet::Inheritable, &HashSet::new())
            .and_then(|()| caps::set(None, CapSet::Effective, &kept))
            .and_then(|()| caps::set(None, CapSet::Permitted, &kept))
            .context("drop capabilities");
        let built = became.and(dropped);
        let is_nobody = built.is_ok();
        walls.built("nobody", built);
        if reading == Some(Capability::CAP_DAC_OVERRIDE) {
            walls.missing(
                "capabilities",
                "this container has no CAP_DAC_READ_SEARCH, so CAP_DAC_OVERRIDE is kept",
            );
        }
        is_nobody && reading == Some(Capability::CAP_DAC_READ_SEARCH)
    }

    /// System calls of a single thread that reads files and writes to its pipe. Everything else answers EPERM, so
    /// that a module fails with a message rather than a signal.
    fn seccomp(whole: bool) -> Result<()> {
        let mut rules: BTreeMap<i64, Vec<Rule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
        let equals = |argument, value| Condition::new(argument, Len::Dword, Op::Eq, value);
        for call in [libc::SYS_write, libc::SYS_writev] {
            rules.insert(
                call,
                vec![Rule::new(vec![equals(0, 1)?])?, Rule::new(vec![equals(0, 2)?])?],
            );
        }
        // Its flags are behind a pointer that a filter cannot read: only Landlock holds there. Without all of it, the
        // SDK falls back to openat.
        if whole {
            rules.insert(libc::SYS_openat2, Vec::new());
        }
        let writing = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u64;
        let read_only = |argument| Condition::new(argument, Len::Dword, Op::MaskedEq(writing), 0);
        rules.insert(libc::SYS_openat, vec![Rule::new(vec![read_only(2)?])?]);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, vec![Rule::new(vec![read_only(1)?])?]);
        // abort() signals its own process and no other.
        let own = u64::from(std::process::id());
        rules.insert(libc::SYS_tgkill, vec![Rule::new(vec![equals(0, own)?])?]);
        // Reading limits, never setting them: the new limits are a null pointer.
        let null = Condition::new(2, Len::Qword, Op::Eq, 0)?;
        rules.insert(libc::SYS_prlimit64, vec![Rule::new(vec![null])?]);

        // Not the commands that lock a file under another program, or send a signal when one is ready.
        let commands = [
            libc::F_DUPFD,
            libc::F_DUPFD_CLOEXEC,
            libc::F_GETFD,
            libc::F_SETFD,
            libc::F_GETFL,
        ];
        let commands = commands.map(|command| Rule::new(vec![equals(1, u64::from(command.unsigned_abs()))?]));
        rules.insert(libc::SYS_fcntl, commands.into_iter().collect::<Result<_, _>>()?);

        let Ok(arch) = std::env::consts::ARCH.try_into() else {
            bail!("no filter for this processor")
        };
        let denied = SeccompAction::Errno(libc::EPERM as u32);
        let filter: BpfProgram = SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()?;
        // Sets no_new_privs as well.
        seccompiler::apply_filter(&filter).context("apply the filter")
    }

    const ALLOWED: &[i64] = &[
        libc::SYS_brk,
        libc::SYS_clock_getres,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_dup,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_fadvise64,
        libc::SYS_fcntl,
        libc::SYS_fgetxattr,
        libc::SYS_flistxattr,
        libc::SYS_fstat,
        libc::SYS_fstatfs,
        libc::SYS_futex,
        libc::SYS_getcwd,
        libc::SYS_getdents64,
        libc::SYS_getegid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_getuid,
        libc::SYS_getxattr,
        libc::SYS_lgetxattr,
        libc::SYS_listxattr,
        libc::SYS_llistxattr,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_newfstatat,
        libc::SYS_pread64,
        libc::SYS_preadv,
        libc::SYS_read,
        libc::SYS_readlinkat,
        libc::SYS_readv,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_set_robust_list,
        libc::SYS_sigaltstack,
        libc::SYS_statfs,
        libc::SYS_statx,
        libc::SYS_sysinfo,
        libc::SYS_uname,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_arch_prctl,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_time,
    ];
}

#[cfg(target_os = "macos")]
mod macos {
    use super::Walls;

    /// Reading files and nothing else, in the language of sandbox(7). `sandbox_init` is marked as deprecated and is
    /// what Apple's own daemons call.
    const PROFILE: &str =
        "(version 1)(deny default)(allow file-read*)(allow sysctl-read)(allow file-map-executable)";

    pub(super) fn enter(walls: &mut Walls, _root: &str) {
        walls.built("sandbox", crate::sys::sandbox_init(PROFILE).map_err(Into::into));
        walls.missing("nobody", "macOS has no right to read that can be kept alone");
    }
}
