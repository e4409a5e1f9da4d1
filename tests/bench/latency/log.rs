//! Where lines come in: an rsyslogd of the benchmark's own, and the file that it writes.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// rsyslogd with a datagram socket in a folder, which writes each line as it came into one file.
pub(crate) struct Rsyslog {
    folder: PathBuf,
    child: Child,
}

impl Rsyslog {
    pub(crate) fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        // Under another name no AppArmor profile keeps it out of the folder.
        let program = folder.join("rsyslogd");
        fs::copy("/usr/sbin/rsyslogd", &program)
            .expect("this benchmark needs rsyslog: apt-get install rsyslog");
        let rsyslog = folder.display();
        let config = format!(
            r#"
            global(workDirectory="{rsyslog}" maxMessageSize="8k")
            module(load="imuxsock" SysSock.Use="off")
            template(name="raw" type="string" string="%rawmsg%\n")
            input(type="imuxsock" Socket="{rsyslog}/log" RateLimit.Interval="0")
            action(type="omfile" file="{rsyslog}/lines" template="raw")
            "#
        );
        fs::write(folder.join("rsyslog.conf"), config).unwrap();
        File::create(folder.join("lines")).unwrap();
        let mut command = Command::new(program);
        command.arg("-n").arg("-f").arg(folder.join("rsyslog.conf"));
        command.arg("-i").arg(folder.join("pid"));
        let child = command.spawn().unwrap();
        let rsyslog = Self {
            folder: folder.to_owned(),
            child,
        };
        assay_tests::wait_for("rsyslog to listen", || rsyslog.socket().exists());
        rsyslog
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(crate) fn tail(&self) -> Tail {
        Tail::new(&self.folder.join("lines"))
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Lines that come into a file, each as soon as it is there.
pub(crate) struct Tail {
    file: File,
    watch: OwnedFd,
    partial: Vec<u8>,
}

impl Tail {
    /// From the end of the file on.
    pub(crate) fn new(path: &Path) -> Self {
        let mut file = File::open(path).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, path, WatchFlags::MODIFY).unwrap();
        Self {
            file,
            watch,
            partial: Vec::new(),
        }
    }

    /// What came since it was asked last.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.file.read_to_end(&mut self.partial).unwrap();
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.partial.split_off(end + 1);
        let whole = std::mem::replace(&mut self.partial, rest);
        let text = String::from_utf8_lossy(&whole);
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until something came, at most until then.
    pub(crate) fn wait(&mut self, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left.max(Duration::from_micros(1))).unwrap();
        _ = poll(&mut [PollFd::new(&self.watch, PollFlags::IN)], Some(&left));
        _ = rustix::io::read(&self.watch, &mut [0_u8; 4096]);
    }
}
