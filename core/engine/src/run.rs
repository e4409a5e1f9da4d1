//! Running one module in a process of its own, and reading what it lists.
//!
//! The only place that starts processes. Whatever happens in there, the outcome here is a whole scan or a named
//! failure; the process and its group are gone afterwards.

use crate::discover::{Candidate, hex};
use assay_model::{
    Confine, Entry, Gap, HostInfo, Input, LogLevel, MAX_NESTING, Manifest, Operation, Os, PROTOCOL_VERSION,
    Record, Request, Sandbox,
};
use command_fds::{CommandFdExt as _, FdMapping};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bytes of one line.
const MAX_LINE: usize = 1 << 20;
/// Bytes of one scan.
const MAX_OUTPUT: usize = 256 << 20;
/// Records of one scan.
const MAX_RECORDS: usize = 1_000_000;
/// Bytes of memory that the records of one scan may take: a list of short strings takes twenty times what it takes on
/// the wire, and a core that runs out of memory takes every other module along.
const MAX_MEMORY: usize = 512 << 20;
/// About what a value takes in memory besides its bytes: a vector, its allocation, a share of the map it is in.
const VALUE: usize = 64;
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
}

/// What a scan is of.
#[derive(Clone, Debug)]
pub struct Target {
    /// The root folder.
    pub root: String,
    /// The system found in it.
    pub os: Os,
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

/// A scan that succeeded.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// What the module says of itself.
    pub manifest: Manifest,
    /// What it saw.
    pub entries: Vec<Entry>,
    /// What it could not look at.
    pub gaps: Vec<Gap>,
    /// What it all depends on; `None` when the module does not say, and must be asked every time.
    pub inputs: Option<Vec<Input>>,
    /// The walls around it.
    pub sandbox: Sandbox,
    /// Its messages.
    pub log: Vec<(LogLevel, String)>,
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
    let mut text = text.into();
    // It may quote the module, and ends up in an alert.
    if text.len() > MAX_REASON {
        text.truncate(text.floor_char_boundary(MAX_REASON));
        text.push('…');
    }
    Failure { name, text }
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
    };
    let confine = Confine {
        module: module.path.to_string_lossy().into_owned(),
        core: std::process::id(),
        memory: limits.memory,
        cpu_seconds: limits.cpu.as_secs().max(1),
    };
    let lines = [serde_json::to_string(&confine), serde_json::to_string(&request)];
    let lines = lines.map(Result::unwrap_or_default).join("\n") + "\n";

    let start = || -> io::Result<Process> {
        let file = module.file.try_clone()?;
        let mut command = Command::new(host);
        command
            .fd_mappings(vec![FdMapping {
                parent_fd: file.into(),
                child_fd: 3,
            }])
            .map_err(|_| io::Error::other("descriptor 3 was mapped twice"))?
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn()?;
        Ok(Process { child, reaped: false })
    };
    let mut process = start().map_err(|e| failure("not_started", format!("`{}`: {e}", host.display())))?;
    let mut output = Output::default();
    converse(
        &mut process.child,
        lines.as_bytes(),
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

/// Understands what a module wrote.
///
/// # Errors
/// Named for the first rule of the protocol that was broken.
pub fn parse(output: &Output, name: &str) -> Result<Scan, Failure> {
    let mut reader = Reader { ..Reader::default() };
    for line in output
        .bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
    {
        reader.line(line)?;
    }
    reader.finish(output, name)
}

#[derive(Default)]
struct Reader {
    sandbox: Option<Sandbox>,
    manifest: Option<Manifest>,
    entries: Vec<Entry>,
    gaps: Vec<Gap>,
    inputs: Vec<Input>,
    complete: bool,
    log: Vec<(LogLevel, String)>,
    done: Option<u64>,
    records: usize,
    /// About what they take.
    memory: usize,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.records += 1;
        if self.records > MAX_RECORDS {
            return Err(failure(
                "too_many_records",
                format!("more than {MAX_RECORDS} records"),
            ));
        }
        if line.len() > MAX_LINE {
            return Err(too_long());
        }
        let (nesting, values) = shape(line);
        self.memory += line.len() + values * VALUE;
        if self.memory > MAX_MEMORY {
            return Err(failure(
                "output_too_big",
                format!("what it lists takes more than {MAX_MEMORY} bytes of memory"),
            ));
        }
        if nesting > MAX_NESTING {
            return Err(failure(
                "nested_too_deep",
                format!("a record nested more than {MAX_NESTING} levels"),
            ));
        }
        let record: Record = serde_json::from_slice(line).map_err(|e| {
            let start = assay_model::escape_terminal(&line[..line.len().min(80)]);
            failure("invalid_record", format!("{e}, in `{start}`"))
        })?;
        if self.done.is_some() {
            return Err(failure("record_after_done", "a record came after `done`"));
        }
        match record {
            // The host's, and so the first: a module cannot speak for its own walls.
            Record::Sandbox(sandbox) if self.records == 1 => self.sandbox = Some(sandbox),
            Record::Sandbox(_) => {
                return Err(failure(
                    "invalid_record",
                    "only the host says what confines a module",
                ));
            }
            Record::Hello { v, .. } if v != PROTOCOL_VERSION => {
                return Err(failure(
                    "other_protocol",
                    format!("the module speaks version {v}"),
                ));
            }
            Record::Hello { .. } if self.manifest.is_some() => {
                return Err(failure("invalid_record", "`hello` came twice"));
            }
            Record::Hello { manifest, .. } => self.manifest = Some(manifest),
            Record::Entry(_) | Record::Gap(_) if self.manifest.is_none() => {
                return Err(failure("no_hello", "an entry came before `hello`"));
            }
            Record::Entry(entry) => self.entries.push(entry),
            Record::Gap(gap) => self.gaps.push(gap),
            Record::Inputs { seen, complete } => {
                self.inputs.extend(seen);
                self.complete = complete;
            }
            Record::Log { level, text } => self.log.push((level, text)),
            Record::Done { entries } => self.done = Some(entries),
        }
        Ok(())
    }

    fn finish(self, output: &Output, name: &str) -> Result<Scan, Failure> {
        let said = self
            .log
            .iter()
            .rev()
            .find(|(level, _)| *level == LogLevel::Error)
            .map(|(_, text)| text.clone());
        let Some(announced) = self.done else {
            let stderr = assay_model::escape_terminal(output.stderr.trim_ascii());
            let why = said
                .or((!stderr.is_empty()).then_some(stderr))
                .unwrap_or_default();
            let text = if why.is_empty() {
                output.ended.clone()
            } else {
                format!("{}; {why}", output.ended)
            };
            return Err(failure(
                "no_done",
                format!("the scan ended before it was done: {text}"),
            ));
        };
        let Some(manifest) = self.manifest else {
            return Err(failure("no_hello", "the module never said `hello`"));
        };
        if announced != self.entries.len() as u64 {
            let text = format!("`done` says {announced} entries, {} came", self.entries.len());
            return Err(failure("wrong_count", text));
        }
        check_manifest(&manifest, name)?;
        check_entries(&manifest, &self.entries)?;
        let sandbox = self.sandbox.unwrap_or_default();
        Ok(Scan {
            manifest,
            entries: self.entries,
            gaps: self.gaps,
            inputs: self.complete.then_some(self.inputs),
            sandbox,
            log: self.log,
        })
    }
}

/// How deep a line nests, and about how many values it holds, without parsing it.
fn shape(line: &[u8]) -> (usize, usize) {
    let (mut depth, mut deepest, mut values, mut quoted, mut escaped) = (0usize, 0, 0, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => values += 1,
            b'{' | b'[' if !quoted => {
                values += 1;
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (deepest, values)
}

fn check_manifest(manifest: &Manifest, name: &str) -> Result<(), Failure> {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let wrong = |text: String| Err(failure("bad_manifest", text));
    // The file's name is what an operator sees and trusts: a module cannot speak in another's name.
    if manifest.name != name {
        return wrong(format!(
            "the file is named for `{name}`, the manifest says `{}`",
            manifest.name
        ));
    }
    if !word(name) || name == crate::facts::MODULE {
        return wrong(format!("`{name}` is no name for a module"));
    }
    let mut kinds = HashSet::new();
    for kind in &manifest.kinds {
        let fields: HashSet<_> = kind.fields.iter().map(|f| &f.name).collect();
        let words = word(&kind.name) && fields.iter().all(|name| word(name));
        if !words || !kinds.insert(&kind.name) || fields.len() != kind.fields.len() {
            return wrong(format!(
                "kind `{}` or one of its fields is declared twice, or is no word",
                kind.name
            ));
        }
    }
    Ok(())
}

fn check_entries(manifest: &Manifest, entries: &[Entry]) -> Result<(), Failure> {
    let mut keys = HashSet::with_capacity(entries.len());
    for entry in entries {
        let Some(kind) = manifest.kind_named(&entry.kind) else {
            return Err(failure(
                "undeclared",
                format!("kind `{}` is not in the manifest", entry.kind),
            ));
        };
        for (name, value) in &entry.fields {
            let declared = kind.fields.iter().find(|f| f.name == *name);
            if !declared.is_some_and(|f| f.kind.holds(value)) {
                let text = format!(
                    "field `{}.{name}` is not in the manifest, or of another type",
                    kind.name
                );
                return Err(failure("undeclared", text));
            }
        }
        if let Some(path) = entry
            .programs
            .iter()
            .chain([&entry.source])
            .find(|p| !p.as_bytes().starts_with(b"/"))
        {
            return Err(failure(
                "invalid_record",
                format!("`{path}` is not an absolute path"),
            ));
        }
        if !keys.insert((&entry.kind, &entry.key)) {
            return Err(failure(
                "duplicate_key",
                format!("{} `{}` came twice", entry.kind, entry.key),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = r#"{"record":"hello","v":1,"manifest":{"name":"m","version":"1","summary":"s","platforms":["linux"],
        "kinds":[{"name":"k","summary":"s","technique":"T1","severity":"low","fields":[{"name":"f","type":"text","meaning":"m","compared":true}]}]}}"#;

    fn parsed(lines: &str) -> Result<Scan, Failure> {
        let text = lines.replace("HELLO", &HELLO.replace('\n', " "));
        parse(&Output::recorded(text.into_bytes()), "m")
    }
    fn entry(key: &str) -> String {
        format!(r#"{{"record":"entry","kind":"k","key":{key},"source":"/s","fields":{{"f":"v"}}}}"#)
    }

    #[test]
    fn a_whole_scan_is_understood() {
        let text = format!(
            "{{\"record\":\"sandbox\",\"active\":[\"x\"],\"missing\":[]}}\nHELLO\n{}\n{}\n{{\"record\":\"done\",\"entries\":1,\"later\":[1]}}\n",
            entry(r#"{"b64":"/w=="}"#),
            r#"{"record":"gap","path":"/g","reason":"permission"}"#
        );
        let scan = parsed(&text).unwrap();
        assert_eq!(scan.entries[0].key.as_bytes(), b"\xff");
        assert_eq!((scan.gaps.len(), scan.sandbox.active.len()), (1, 1));
    }

    #[test]
    fn every_broken_rule_has_a_name() {
        let done = |n: u32| format!(r#"{{"record":"done","entries":{n}}}"#);
        let twice = format!("HELLO\n{0}\n{0}\n{1}", entry("\"a\""), done(2));
        let deep = format!(
            "HELLO\n{{\"record\":\"log\",\"x\":{}{}}}",
            "[".repeat(9),
            "]".repeat(9)
        );
        for (name, text) in [
            ("no_done", "HELLO\n".to_owned()),
            ("no_done", String::new()),
            ("no_hello", done(0)),
            ("no_hello", entry("\"a\"")),
            ("wrong_count", format!("HELLO\n{}", done(7))),
            ("duplicate_key", twice),
            ("invalid_record", "HELLO\nnot json".to_owned()),
            ("invalid_record", "HELLO\n\u{fffd}{}".to_owned()),
            (
                "invalid_record",
                "HELLO\n{\"record\":\"sandbox\",\"active\":[],\"missing\":[]}".to_owned(),
            ),
            (
                "invalid_record",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("/s", "s"), done(1)),
            ),
            (
                "undeclared",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("\"k\"", "\"z\""), done(1)),
            ),
            (
                "undeclared",
                format!("HELLO\n{}\n{}", entry("\"a\"").replace("\"v\"", "1"), done(1)),
            ),
            ("nested_too_deep", deep),
            ("record_after_done", format!("HELLO\n{0}\n{0}", done(0))),
            (
                "other_protocol",
                "HELLO".replace("HELLO", &HELLO.replace('\n', " ").replace("\"v\":1", "\"v\":2")),
            ),
            (
                "bad_manifest",
                format!(
                    "{}\n{}",
                    HELLO.replace('\n', " ").replace("\"m\"", "\"n\""),
                    done(0)
                ),
            ),
            ("line_too_long", format!("HELLO\n\"{}\"", "x".repeat(MAX_LINE))),
        ] {
            assert_eq!(parsed(&text).unwrap_err().name, name, "{text:.200}");
        }
    }
}
