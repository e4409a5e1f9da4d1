//! Running one module in a process of its own, and reading what it lists.
//!
//! The only place that starts processes. Whatever happens in there, the outcome here is a whole scan or a named
//! failure; the process and its group are gone afterwards.

use crate::config::Modules;
use crate::discover::{Candidate, hex};
use crate::places;
use crate::script::Code;
use assay_model::{Confine, HostInfo, Operation, Os, PROTOCOL_VERSION, Request};
use command_fds::{CommandFdExt as _, FdMapping};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

mod records;

pub use records::{Scan, parse};

/// Bytes of one line.
const MAX_LINE: usize = 1 << 20;
/// Bytes of one scan.
const MAX_OUTPUT: usize = 256 << 20;
/// Bytes of the reason that a failure gives.
const MAX_REASON: usize = 1000;
/// Bytes of standard error that are kept.
const MAX_STDERR: usize = 16 << 10;
/// How long a process may take to end after it closed its output, or after it was killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long between two looks whether it has.
const PAUSE: Duration = Duration::from_micros(200);

/// What a module may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wall-clock time.
    pub deadline: Duration,
    /// Processor time.
    pub cpu: Duration,
    /// Bytes of address space.
    pub memory: u64,
    /// As whom it runs, without any of root's rights; `None` for whoever runs Assay. Only root can give another.
    pub user: Option<u32>,
}

impl From<&Modules> for Limits {
    fn from(modules: &Modules) -> Self {
        Self {
            deadline: modules.deadline.0,
            cpu: modules.cpu.0,
            memory: modules.memory.0,
            user: None,
        }
    }
}

/// What a scan is of.
#[derive(Clone, Debug)]
pub struct Target {
    /// The root folder.
    pub root: String,
    /// The system found in it.
    pub os: Os,
    /// Mount points below it that may never answer, and are not to be touched.
    pub avoid: Vec<PathBuf>,
}

/// The bytes of a scan, not yet understood: when they are those of the last good scan, they need not be.
#[derive(Debug, Default)]
pub struct Output {
    /// Digest of everything the process wrote.
    pub digest: String,
    bytes: Vec<u8>,
    /// Bytes since the last end of a line.
    open_line: usize,
    ended: String,
    stderr: Vec<u8>,
}

/// Why a scan failed, as a word and in full.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text}")]
pub struct Failure {
    /// One word, such as `deadline`: the same kind of failure is alerted once.
    pub name: &'static str,
    /// The rest of the story.
    pub text: String,
}

fn failure(name: &'static str, text: impl Into<String>) -> Failure {
    // It may quote the module, and ends up in an alert.
    let text = shortened(&text.into(), MAX_REASON);
    Failure { name, text }
}

fn shortened(text: &str, most: usize) -> String {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mark = if end < text.len() { "…" } else { "" };
    format!("{}{mark}", &text[..end])
}

/// Runs a module and reads all it writes.
///
/// # Errors
/// When it could not be started, took too long or wrote too much. Whether what it wrote is a scan, [`parse`] tells.
pub fn collect(
    host: &Path,
    module: &Candidate,
    target: &Target,
    config: &toml::Table,
    op: Operation,
    limits: &Limits,
) -> Result<Output, Failure> {
    let started = Instant::now();
    let config = serde_json::to_value(config)
        .ok()
        .and_then(|value| value.as_object().cloned());
    let request = Request {
        v: PROTOCOL_VERSION,
        op,
        root: target.root.clone(),
        config: config.unwrap_or_default(),
        deadline_ms: u64::try_from(limits.deadline.as_millis()).unwrap_or(u64::MAX),
        features: vec!["gap".to_owned(), "b64".to_owned()],
        host: HostInfo {
            os: target.os,
            arch: std::env::consts::ARCH.to_owned(),
        },
        avoid: target.avoid.iter().map(|path| path.as_path().into()).collect(),
    };
    let python = match module.code {
        Code::Native => None,
        Code::Program | Code::Script(_) => places::python(host),
    };
    let confine = Confine {
        module: module.path.as_path().into(),
        script: module.code.script(python.as_deref()),
        root: target.root.clone(),
        deadline_ms: request.deadline_ms,
        core: std::process::id(),
        memory: limits.memory,
        cpu_seconds: limits.cpu.as_secs().max(1),
    };
    let confine = serde_json::to_string(&confine).unwrap_or_default();
    let request = serde_json::to_string(&request).unwrap_or_default() + "\n";

    let start = || -> io::Result<Process> {
        let mut files = vec![FdMapping {
            parent_fd: module.file.try_clone()?.into(),
            child_fd: 3,
        }];
        if let Code::Script(interpreter) = &module.code {
            files.push(FdMapping {
                parent_fd: interpreter.file.try_clone()?.into(),
                child_fd: 4,
            });
        }
        let mut command = Command::new(host);
        command
            .fd_mappings(files)
            .map_err(|_| io::Error::other("a descriptor was mapped twice"))?
            .arg(&confine)
            .env_clear()
            .envs(module.code.environment(python.as_deref()))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = limits.user {
            command.uid(user).gid(user);
        }
        let child = command.spawn()?;
        Ok(Process { child, reaped: false })
    };
    let mut process = start().map_err(|e| failure("not_started", format!("`{}`: {e}", host.display())))?;
    let mut output = Output::default();
    converse(
        &mut process.child,
        request.as_bytes(),
        &mut output,
        started + limits.deadline,
    )
    .map_err(|e| match e.name {
        "deadline" => failure(
            "deadline",
            format!("the scan took longer than {} seconds", limits.deadline.as_secs()),
        ),
        _ => e,
    })?;
    output.ended = process
        .end()
        .map_or_else(|| "could not be killed".to_owned(), describe);
    output.digest = hex(&Sha256::digest(&output.bytes));
    Ok(output)
}

/// A child whose whole process group dies when this is dropped.
struct Process {
    child: Child,
    reaped: bool,
}

impl Process {
    /// Waits for the end it is coming to, then forces it, together with whatever it left behind.
    fn end(&mut self) -> Option<ExitStatus> {
        self.wait_for_end();
        self.kill();
        let until = Instant::now() + GRACE;
        let mut status = self.child.try_wait();
        while matches!(status, Ok(None)) && Instant::now() < until {
            std::thread::sleep(PAUSE);
            status = self.child.try_wait();
        }
        self.reaped = !matches!(status, Ok(None));
        status.ok().flatten()
    }

    /// Returns when it has ended by itself, or not in time. It stays a zombie: only that keeps its number, which is
    /// also that of the group to be killed, from being given to somebody else.
    fn wait_for_end(&self) {
        let until = Instant::now() + GRACE;
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Some(pid) = self.pid()
            && matches!(waitid(WaitId::Pid(pid), ended), Ok(None))
            && Instant::now() < until
        {
            std::thread::sleep(PAUSE);
        }
    }

    fn kill(&self) {
        if let Some(group) = self.pid()
            && !self.reaped
        {
            _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            self.end();
        }
    }
}

fn describe(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return status
            .code()
            .map_or_else(|| "unknown end".to_owned(), |code| format!("exit status {code}"));
    };
    let name = match Signal::from_named_raw(signal) {
        Some(Signal::ABORT) => " (abort)",
        Some(Signal::BUS) => " (bus error)",
        Some(Signal::FPE) => " (arithmetic error)",
        Some(Signal::ILL) => " (illegal instruction)",
        Some(Signal::KILL) => " (killed)",
        Some(Signal::SEGV) => " (segmentation fault)",
        Some(Signal::XCPU) => " (processor time used up)",
        _ => "",
    };
    format!("signal {signal}{name}")
}

/// Writes the request, and reads standard output and error until the first of them is closed.
fn converse(
    child: &mut Child,
    mut request: &[u8],
    output: &mut Output,
    deadline: Instant,
) -> Result<(), Failure> {
    let (mut stdin, mut stdout, mut stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let Some(pipe) = &stdin {
        // A process that does not read must not hold up the deadline.
        let nonblocking = rustix::fs::fcntl_setfl(pipe, rustix::fs::OFlags::NONBLOCK);
        nonblocking.map_err(|errno| failure("io", errno.to_string()))?;
    }
    let mut buffer = vec![0; 64 << 10];
    while stdout.is_some() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failure("deadline", ""));
        }
        let ends = [
            stdin.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::OUT)),
            stdout.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
            stderr.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
        ];
        let [writable, readable, complains] = ready(ends, left)?;
        if writable && let Some(pipe) = &mut stdin {
            match pipe.write(request) {
                Ok(written) => request = &request[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // A host that died already is told by its missing output.
                Err(_) => request = &[],
            }
            if request.is_empty() {
                stdin = None;
            }
        }
        // What it complains of first: when both are closed, that is the last there is.
        if complains && let Some(pipe) = &mut stderr {
            match pipe.read(&mut buffer) {
                Ok(0) | Err(_) => stderr = None,
                Ok(read) => {
                    let room = MAX_STDERR.saturating_sub(output.stderr.len()).min(read);
                    output.stderr.extend_from_slice(&buffer[..room]);
                }
            }
        }
        if readable && let Some(pipe) = &mut stdout {
            match pipe.read(&mut buffer) {
                Ok(0) | Err(_) => stdout = None,
                Ok(read) => output.take(&buffer[..read])?,
            }
        }
    }
    Ok(())
}

/// Waits until one of the open ends can be used, and says which.
fn ready(ends: [Option<(BorrowedFd<'_>, PollFlags)>; 3], patience: Duration) -> Result<[bool; 3], Failure> {
    let open = ends.into_iter().flatten();
    let mut polled: Vec<_> = open
        .map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags))
        .collect();
    match poll(&mut polled, patience.try_into().ok().as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(errno) => return Err(failure("io", errno.to_string())),
    }
    let mut usable = polled.iter().map(|fd| !fd.revents().is_empty());
    Ok(ends.map(|end| end.is_some() && usable.next().unwrap_or(false)))
}

impl Output {
    /// The output of a process that is not there: a recorded stream of records.
    #[must_use]
    pub fn recorded(bytes: Vec<u8>) -> Self {
        Self {
            digest: hex(&Sha256::digest(&bytes)),
            bytes,
            ended: "exit status 0".to_owned(),
            ..Self::default()
        }
    }

    fn take(&mut self, read: &[u8]) -> Result<(), Failure> {
        self.bytes.extend_from_slice(read);
        if self.bytes.len() > MAX_OUTPUT {
            return Err(failure("output_too_big", format!("more than {MAX_OUTPUT} bytes")));
        }
        self.open_line = read
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(self.open_line + read.len(), |newline| read.len() - newline - 1);
        if self.open_line > MAX_LINE {
            return Err(too_long());
        }
        Ok(())
    }
}

fn too_long() -> Failure {
    failure("line_too_long", format!("a line of more than {MAX_LINE} bytes"))
}
