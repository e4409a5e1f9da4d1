//! The filter of system calls.

use crate::sys::Exec;
use anyhow::{Context as _, Result, bail};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as Condition,
    SeccompFilter, SeccompRule as Rule,
};
use std::collections::BTreeMap;

/// System calls of a single thread that reads files and writes to its pipe. Everything else answers EPERM, so
/// that a module fails with a message rather than a signal. `whole`: Landlock holds against all that openat2 can be
/// told. `exec`: the one thing that is executed afterwards.
pub(super) fn filter(whole: bool, exec: Option<&Exec>) -> Result<()> {
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
    if let Some(exec) = exec {
        rules.extend(ALLOWED_TO_SCRIPTS.iter().map(|call| (*call, Vec::new())));
        // The filter outlives the exec, so it must tell this one from any that follow: by two addresses that are
        // gone with this program, and that nobody can guess. The loader and the interpreter itself are refused too:
        // `ld.so /bin/sh` would be a way around the list of what may be executed.
        let [path, words] = exec.addresses();
        let same = |argument, value| Condition::new(argument, Len::Qword, Op::Eq, value);
        let this = Rule::new(vec![same(1, path)?, same(2, words)?])?;
        rules.insert(libc::SYS_execveat, vec![this]);
        // Older interpreters set close-on-exec so.
        let close_on_exec = Rule::new(vec![equals(1, libc::FIOCLEX)?])?;
        rules.insert(libc::SYS_ioctl, vec![close_on_exec]);
    }

    let Ok(arch) = std::env::consts::ARCH.try_into() else {
        bail!("no filter for this processor")
    };
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let filter: BpfProgram = SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()?;
    // Sets no_new_privs as well.
    seccompiler::apply_filter(&filter).context("apply the filter")
}

/// What programs do besides when they start, and shells when they read a file: none of it reaches beyond the process.
const ALLOWED_TO_SCRIPTS: &[i64] = &[
    libc::SYS_chdir,
    libc::SYS_dup3,
    libc::SYS_fchdir,
    libc::SYS_getpgid,
    libc::SYS_getppid,
    libc::SYS_ppoll,
    libc::SYS_set_tid_address,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getpgrp,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// What every module may call.
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
