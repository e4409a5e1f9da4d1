//! A run that ends even when a file system never answers.
//!
//! A process with a thread that waits in the kernel for a dead file server cannot end, not even killed, and whoever
//! waits for it, cron or systemd, starts no other. So where such file systems are mounted, another process does the
//! run, and this one ends as soon as that says that it is done.

use assay_engine::hang;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};

/// Set for the process that does the run; its standard input is where it says how that ended.
const GUARDED: &str = "ASSAY_GUARDED";

fn is_guarded() -> bool {
    std::env::var_os(GUARDED).is_some()
}

/// Does the run elsewhere and answers how that ended; `None` when it is to be done here.
pub(crate) fn elsewhere() -> Option<ExitCode> {
    if is_guarded() {
        die_with_parent();
        return None;
    }
    if !hang::is_possible() {
        return None;
    }
    // What cannot be started elsewhere is done here all the same.
    let (mut here, there) = UnixStream::pair().ok()?;
    let program = std::env::current_exe().ok()?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut run = Command::new(program);
    run.args(arguments)
        .env(GUARDED, "1")
        .stdin(Stdio::from(OwnedFd::from(there)));
    let mut child = run.spawn().ok()?;
    // The command holds the other end as well, and nothing would end the wait for a run that dies.
    drop(run);
    let mut code = [1];
    if here.read_exact(&mut code).is_err() {
        let status = child.wait().ok().and_then(|status| status.code());
        code = [status.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)];
    }
    Some(ExitCode::from(code[0]))
}

/// The run ends with whoever asked for it. A system without this request lets it come to its end.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}

/// Says that the run is done. Nobody waits for this process any longer, and nothing it holds keeps anybody waiting.
pub(crate) fn done(code: ExitCode) {
    if !is_guarded() {
        return;
    }
    let say = || -> io::Result<()> {
        let mut there = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        io::stdout().flush()?;
        let null = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
        there.write_all(&[number.unwrap_or(1)])
    };
    // It is told by the end of the process then.
    _ = say();
}
