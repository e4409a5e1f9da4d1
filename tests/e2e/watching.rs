//! `assay watch`: what changes is alerted at once, whatever is done to the folders on the way to it, and nothing is
//! alerted twice.

mod lasting;
mod service;
mod tricks;

use assay_tests::{Scratch, short};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A root with a cron job, the program that it runs, and a state that knows both.
fn known() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("/etc/cron.d/backup", "5 4 * * * root /opt/backup --all\n");
    scratch.script("/opt/backup", "#!/bin/sh\n");
    scratch.run();
    scratch
}

fn job(file: &str, program: &str) -> String {
    format!("cron_job /etc/cron.d/{file}: 5 4 * * * root {program}")
}

type Stream = fn(&mut Command, fs::File) -> &mut Command;

/// What a watch writes to standard output when it is told to read a configuration that is none.
pub(crate) fn output_of_a_refusal(scratch: &Scratch) -> String {
    let sound = fs::read_to_string(scratch.path("assay.toml")).unwrap();
    let watching = Watching::start(scratch);
    scratch.config("[[sink]]\ntype = 'fil'\n");
    watching.signal(rustix::process::Signal::HUP);
    watching.wait("config_refused");
    watching.end();
    scratch.config(&sound);
    fs::read_to_string(scratch.path("output")).unwrap()
}

/// `assay watch` over a scratch root, ended with the test.
struct Watching<'s> {
    scratch: &'s Scratch,
    child: Child,
    service: UnixDatagram,
    /// Alerts that were there before.
    before: usize,
}

impl<'s> Watching<'s> {
    /// Starts it, and waits until it says that it watches.
    fn start(scratch: &'s Scratch) -> Self {
        Self::start_as(scratch, scratch.command(&["watch"]))
    }

    fn start_as(scratch: &'s Scratch, mut command: Command) -> Self {
        let socket = scratch.path("notify");
        _ = fs::remove_file(&socket);
        let service = UnixDatagram::bind(&socket).unwrap();
        // Whoever it runs as.
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
        service.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let before = scratch.delivered().len();
        for (stream, name) in [(Command::stdout as Stream, "output"), (Command::stderr, "errors")] {
            stream(&mut command, fs::File::create(scratch.path(name)).unwrap());
        }
        command.env("NOTIFY_SOCKET", &socket);
        let child = command.spawn().unwrap();
        let watching = Self {
            scratch,
            child,
            service,
            before,
        };
        while watching.notified() != "READY=1" {}
        watching
    }

    /// The next thing that the service manager is told.
    fn notified(&self) -> String {
        let mut bytes = [0; 100];
        let length = self.service.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.scratch.path("errors")).unwrap()
    }

    /// Alerts since it was started, as `change kind key` each.
    fn said(&self) -> Vec<String> {
        self.scratch
            .delivered()
            .iter()
            .skip(self.before)
            .map(short)
            .collect()
    }

    /// Waits for an alert.
    fn wait(&self, alert: &str) {
        self.wait_until(alert, |said| said.iter().any(|said| said == alert));
    }

    /// Waits until what was said is `enough`.
    fn wait_until(&self, what: &str, enough: impl Fn(&[String]) -> bool) {
        // A flood takes its time where everything else is tested meanwhile.
        let until = Instant::now() + Duration::from_secs(300);
        loop {
            let said = self.said();
            if enough(&said) {
                return;
            }
            let is_late = Instant::now() > until;
            assert!(
                !is_late,
                "no {what}: {} said, {:#?}\n{}",
                said.len(),
                said.iter().take(20),
                self.errors()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has nothing to do, and tells what it said in all.
    fn settled(&self) -> Vec<String> {
        let until = Instant::now() + Duration::from_secs(60);
        let mut said = self.said();
        loop {
            std::thread::sleep(Duration::from_millis(700));
            let now = self.said();
            if now == said {
                return now;
            }
            assert!(Instant::now() < until, "no end: {now:#?}");
            said = now;
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends it as a service manager does.
    fn end(mut self) -> Vec<String> {
        self.signal(rustix::process::Signal::TERM);
        assert_eq!(self.notified(), "STOPPING=1");
        assert!(self.child.wait().unwrap().success());
        self.said()
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn what_changes_is_alerted_without_a_run() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    assert!(watching.said().is_empty(), "what was known is no news");

    scratch.file("/etc/cron.d/new", "5 4 * * * root /opt/new\n");
    let new = job("new", "/opt/new");
    watching.wait(&format!("added {new}"));
    // A folder that was not there, with a file that was named.
    scratch.file("/opt/sub/new", "");
    scratch.script("/opt/new", "#!/bin/sh\n");
    watching.wait("changed program /opt/new");
    fs::write(scratch.host("/opt/backup"), "#!/bin/sh\nevil\n").unwrap();
    watching.wait("changed program /opt/backup");
    scratch.remove("/etc/cron.d/new");
    watching.wait(&format!("reverted {new}"));
    let said = watching.settled();
    assert_eq!(said.len(), 4, "{said:#?}");
    assert_eq!(watching.end(), said);
    assert!(scratch.run().is_empty(), "a run after it finds nothing more");
}

#[test]
fn what_changed_before_is_alerted_at_the_start() {
    let scratch = known();
    scratch.remove("/etc/cron.d/backup");
    let watching = Watching::start(&scratch);
    assert_eq!(
        watching.end(),
        [format!("removed {}", job("backup", "/opt/backup --all"))]
    );
}

#[test]
fn who_wrote_is_told_as_a_hint() {
    let scratch = known();
    let watching = Watching::start(&scratch);
    let script = format!(
        "echo '5 4 * * * root /opt/new' > '{}'; sleep 1",
        scratch.host("/etc/cron.d/new").display()
    );
    let mut shell = Command::new("/bin/sh").args(["-c", &script]).spawn().unwrap();
    watching.wait(&format!("added {}", job("new", "/opt/new")));
    let hint = &scratch.delivered()[watching.before]["writer_hint"];
    shell.wait().unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if !assay_tests::needs(is_root, "root: only then fanotify tells who wrote") {
        return;
    }
    assert_eq!(hint["pid"], shell.id());
    assert_eq!(hint["user"], 0);
    let executable = fs::canonicalize("/bin/sh").unwrap();
    assert_eq!(hint["executable"], executable.to_str().unwrap());
}

#[test]
fn a_script_that_does_not_tell_where_it_looks_is_asked_when_its_globs_change() {
    let mut scratch = known();
    let folder = scratch.path("scripts");
    fs::create_dir(&folder).unwrap();
    let module = r#"#!/usr/bin/env python3
import os
from assay_module import entry, kind, module
KINDS = [kind("book", "T1053", "a file on a shelf", source="content")]

@module("shelf", "1.0.0", "shelves", kinds=KINDS, watch=["/srv/{*,x/y}/shelf/**", "~/.shelf"], platforms=["linux"])
def collect(root):
    for glob in ["/srv/*/shelf/*", "/home/*/.shelf"]:
        for place in root.glob(glob):
            yield entry("book", place, place)

collect()
"#;
    let path = folder.join("shelf.py");
    fs::write(&path, module).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    scratch.modules.push(folder);
    scratch.file("/srv/a/shelf/one", "1");
    let learned = scratch.run();
    assert_eq!(learned[0]["fields"]["shelf.entries"], 1, "{learned:#?}");
    let watching = Watching::start(&scratch);
    scratch.file("/srv/b/shelf/two", "2");
    watching.wait("added book /srv/b/shelf/two");
    scratch.file("/srv/a/shelf/one", "11");
    watching.wait("changed opaque /srv/a/shelf/one");
    scratch.file("/home/ana/.shelf", "3");
    watching.wait("added book /home/ana/.shelf");
    assert_eq!(watching.settled().len(), 3);
}

#[test]
fn a_module_that_is_dropped_into_a_folder_runs() {
    let mut scratch = known();
    let folder = scratch.path("dropped");
    fs::create_dir(&folder).unwrap();
    scratch.modules.push(folder.clone());
    let watching = Watching::start(&scratch);
    let file = format!(
        "{}assay_module_shellrc{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    fs::copy(assay_tests::built().join(&file), folder.join(&file)).unwrap();
    watching.wait("baseline_created");
    scratch.file("/etc/profile.d/new.sh", "/opt/new\n");
    watching.wait_until("alert of the new module", |said| {
        said.iter().any(|said| said.contains("/etc/profile.d/new.sh"))
    });
}
