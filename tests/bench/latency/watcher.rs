//! `assay watch` as it is installed, and what the system says that it uses.

use super::installed::Installed;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

pub(crate) struct Watcher {
    child: Child,
    _service: UnixDatagram,
}

impl Watcher {
    /// Starts it and waits until everything is watched.
    pub(crate) fn start(installed: &Installed, root: &Path, scratch: &Path) -> Self {
        let socket = scratch.join("notify");
        let service = UnixDatagram::bind(&socket).unwrap();
        service.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let mut command = installed.command("watch", root, &scratch.join("state"));
        command
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(scratch.join("errors")).unwrap());
        let child = command.spawn().unwrap();
        let mut bytes = [0; 100];
        let length = service.recv(&mut bytes).unwrap();
        assert_eq!(bytes[..length].trim_ascii(), b"READY=1");
        Self {
            child,
            _service: service,
        }
    }

    /// A figure of `/proc/PID/status`, in MiB.
    pub(crate) fn mib(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let value = value
            .trim_start_matches(':')
            .trim()
            .trim_end_matches(" kB")
            .trim();
        value.parse::<f64>().unwrap() / 1024.0
    }

    /// Processor time until now, of it and of all that it started and that ended.
    pub(crate) fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let words = stat.rsplit_once(") ").unwrap().1.split(' ');
        let ticks: u64 = words
            .skip(11)
            .take(4)
            .map(|word| word.parse::<u64>().unwrap())
            .sum();
        // What Linux tells is in hundredths of a second, whatever its clock is.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
