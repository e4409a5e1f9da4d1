//! Where attacks are tried: a root and a folder beside it with everything that they are after.

use super::layers::{self, Walls};
use super::list::{Attack, CHAPTERS};
use crate::bench::{Bench, Victim, cc, compile, here};
use assay_engine::discover::open_module;
use assay_engine::run::{Failure, Output, parse};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What came of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It worked.
    Done,
    /// The system's answer, such as `EPERM`, or the name of an exception.
    Denied(String),
    /// The process was ended by a signal.
    Killed(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("**works**"),
            Self::Denied(errno) => f.write_str(errno),
            Self::Killed(signal) => f.write_str(signal),
        }
    }
}

/// Everything that attacks are after.
pub(super) struct Arena {
    bench: Bench,
    script: PathBuf,
    python: PathBuf,
    tcp: TcpListener,
    udp: UdpSocket,
    sockets: [UnixListener; 2],
}

impl Arena {
    pub(super) fn new() -> Self {
        let bench = Bench::new("");
        let scratch = &bench.scratch;
        let sources = [
            "attacks_files.c",
            "attacks_talk.c",
            "attacks_processes.c",
            "attacks_rights.c",
        ];
        let sources = sources.map(|name| here().join("abi/modules").join(name));
        // Nobody else has this one, and the C side can make it from a number.
        let number = fs::metadata(scratch.path("")).unwrap().ino() % 1_000_000_000;
        let name = format!("assay-attacks-{number}");
        let script = scratch.modules[0].join("attacks");
        for (flags, to) in [
            (&["-shared", "-fPIC"][..], bench.module("attacks")),
            (&["-D", "SCRIPT"], script.clone()),
        ] {
            let mut command = cc("attacks.c");
            command
                .args(&sources)
                .args(flags)
                .args(["-D", "NAME=attacks", "-o"])
                .arg(to);
            compile(command);
        }
        let python = scratch.path("python/attacks.py");
        fs::create_dir(scratch.path("python")).unwrap();
        fs::copy(here().join("abi/modules/attacks.py"), &python).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let arena = Self {
            script,
            python,
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            sockets: [
                UnixListener::bind(scratch.host("/socket")).unwrap(),
                UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(),
            ],
            bench,
        };
        arena.tcp.set_nonblocking(true).unwrap();
        arena.udp.set_nonblocking(true).unwrap();
        for socket in &arena.sockets {
            socket.set_nonblocking(true).unwrap();
        }
        let scratch = &arena.bench.scratch;
        scratch.file("/tcp", arena.tcp.local_addr().unwrap().port().to_string());
        scratch.file("/udp", arena.udp.local_addr().unwrap().port().to_string());
        scratch.file("/abstract", number.to_string());
        scratch.link("/link", scratch.path("outside/secret").to_str().unwrap());
        let zero = makedev(1, 5);
        let mode = Mode::from_raw_mode(0o600);
        // Only root may; for others there is one attack less to try.
        _ = mknodat(
            CWD,
            scratch.host("/device"),
            FileType::CharacterDevice,
            mode,
            zero,
        );
        mknodat(CWD, scratch.host("/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        fs::create_dir(scratch.path("outside")).unwrap();
        arena
    }

    /// The attack as an ordinary program, with nothing around it.
    pub(super) fn control(&self, attack: &Attack) -> Outcome {
        self.free(&self.script, attack)
    }

    /// The same for an attack that is written in Python.
    pub(super) fn python_control(&self, attack: &Attack) -> Outcome {
        self.free(&self.python, attack)
    }

    /// The attack in a script module in Python.
    pub(super) fn python(&self, attack: &Attack) -> Outcome {
        self.confined(&self.python, attack, Walls::All)
    }

    fn free(&self, program: &Path, attack: &Attack) -> Outcome {
        let _victims = self.prepare();
        let request =
            serde_json::json!({"root": self.bench.scratch.path("root"), "config": {"only": attack.name}});
        let mut child = Command::new(program)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(request.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        outcome(&Output::recorded(output.stdout), attack)
    }

    /// The attack in a native module.
    pub(super) fn native(&self, attack: &Attack, walls: Walls) -> Outcome {
        self.confined(&self.bench.module("attacks"), attack, walls)
    }

    /// The attack in a script module, behind every wall that scripts have.
    pub(super) fn script(&self, attack: &Attack) -> Outcome {
        self.confined(&self.script, attack, Walls::All)
    }

    /// The walls that do not stand on this machine, and why.
    pub(super) fn missing(&self) -> Vec<String> {
        let _victims = self.prepare();
        let output = self.scan(&self.script, &CHAPTERS[0].attacks[0], || {});
        parse(&output, "attacks").unwrap().sandbox.missing
    }

    /// Why the attack is not even tried where a container's filter keeps limits from being set.
    pub(super) fn without_limits(&self, attack: &Attack) -> Failure {
        let _victims = self.prepare();
        let output = self.scan(&self.bench.module("attacks"), attack, layers::refuse_limits);
        parse(&output, "attacks").unwrap_err()
    }

    fn confined(&self, module: &Path, attack: &Attack, walls: Walls) -> Outcome {
        let victims = self.prepare();
        let before = self.state();
        let output = self.scan(module, attack, || walls.take_the_others_away());
        if let Ok(scan) = parse(&output, "attacks") {
            assert_eq!(scan.sandbox.active, walls.layers(), "{:?}", scan.sandbox.missing);
        }
        // The module's own word aside:
        if walls == Walls::All {
            assert_eq!(self.state(), before, "{}", attack.name);
            assert!(!self.heard(), "{} was heard", attack.name);
            for mut victim in victims {
                assert!(victim.0.try_wait().unwrap().is_none(), "{}", attack.name);
            }
        }
        outcome(&output, attack)
    }

    /// What the module writes when the core runs it. `first` is done by the thread that starts it, which ends then:
    /// what a thread gave up, it and its children do not get back.
    fn scan(&self, module: &Path, attack: &Attack, first: impl FnOnce() + Send) -> Output {
        let candidate = open_module(module).unwrap();
        let config = toml::Table::from_iter([("only".to_owned(), attack.name.into())]);
        let run = || {
            first();
            self.bench.ask(&candidate, &config)
        };
        std::thread::scope(|scope| scope.spawn(run).join())
            .unwrap()
            .unwrap()
    }

    /// Sets up everything as it was before the last attack, with two processes to attack.
    fn prepare(&self) -> [Victim; 2] {
        let scratch = &self.bench.scratch;
        for planted in [scratch.host("/planted"), scratch.path("outside/planted")] {
            _ = fs::remove_file(&planted);
            _ = fs::remove_dir(&planted);
        }
        _ = fs::remove_file(scratch.host("/shared"));
        for (name, mode) in [
            ("root/shared", 0o666),
            ("root/private", 0o600),
            ("outside/secret", 0o644),
            ("outside/module.so", 0o644),
        ] {
            let path = scratch.path(name);
            fs::write(&path, "precious").unwrap();
            std::os::unix::fs::chown(&path, Some(user()), Some(user())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        for name in ["root", "outside", "root/socket"] {
            fs::set_permissions(scratch.path(name), fs::Permissions::from_mode(0o777)).unwrap();
        }
        let other = if user() == 0 { NOBODY } else { user() };
        let victims = [Victim::of(user()), Victim::of(other)];
        for (victim, name) in victims.iter().zip(["/core", "/nobody"]) {
            scratch.file(name, victim.0.id().to_string());
        }
        while self.heard() {}
        victims
    }

    /// Everything there is, with what changes when anybody touches it.
    fn state(&self) -> BTreeMap<PathBuf, [i64; 6]> {
        let scratch = &self.bench.scratch;
        let folders = [scratch.path("root"), scratch.path("outside")];
        let inside = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let paths = inside.map(|entry| entry.unwrap().path());
        let what = |path: PathBuf| {
            let seen = fs::symlink_metadata(&path).unwrap();
            let numbers = [
                i64::from(seen.mode()),
                i64::from(seen.uid()),
                seen.ino().cast_signed(),
                seen.size().cast_signed(),
                seen.ctime(),
                seen.ctime_nsec(),
            ];
            (path, numbers)
        };
        paths.chain(folders.clone()).map(what).collect()
    }

    /// Whether anybody connected or sent, once.
    fn heard(&self) -> bool {
        let sockets = self.sockets.iter().any(|socket| socket.accept().is_ok());
        sockets || self.tcp.accept().is_ok() || self.udp.recv(&mut [0; 8]).is_ok()
    }
}

/// What the one entry says, or how the process ended.
fn outcome(output: &Output, attack: &Attack) -> Outcome {
    match parse(output, "attacks") {
        Ok(scan) => {
            let [entry] = scan.entries.as_slice() else {
                panic!("{}: {:#?}", attack.name, scan.entries)
            };
            let said = entry.fields["value"].to_string();
            match &*said {
                "done" => Outcome::Done,
                errno if errno.starts_with(|first: char| first.is_ascii_uppercase()) => {
                    Outcome::Denied(errno.to_owned())
                }
                other => panic!("{}: {other}", attack.name),
            }
        }
        Err(Failure { text, .. }) => {
            let signal = text.split_once("done: signal ").expect(&text).1;
            let number: i32 = signal.split([' ', ';']).next().unwrap().parse().expect(&text);
            Outcome::Killed(match number {
                libc::SIGXFSZ => "SIGXFSZ".to_owned(),
                libc::SIGSYS => "SIGSYS".to_owned(),
                other => panic!("{}: signal {other}", attack.name),
            })
        }
    }
}

/// The user `nobody`, as the host becomes it.
const NOBODY: u32 = 65534;

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
