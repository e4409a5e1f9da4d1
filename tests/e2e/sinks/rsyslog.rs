//! The syslog forms as rsyslog reads them: over a local socket, UDP and TCP.

use super::{plant, syslog, with_sinks};
use crate::receivers::{free_port, needs};
use assay_engine::alert::{self, Stored};
use assay_model::Severity;
use assay_tests::{Scratch, wait_for};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// The ways in, each with files of its own for what came.
pub(crate) const WAYS: [&str; 3] = ["unix", "udp", "tcp"];
/// The default of `alerts.max_line`.
const LIMIT: usize = 8192;

/// An rsyslog of the test's own: configuration, sockets, ports and process id in one folder.
pub(crate) struct Rsyslog {
    folder: tempfile::TempDir,
    program: PathBuf,
    udp: u16,
    tcp: u16,
    running: Option<Child>,
}

impl Rsyslog {
    pub(crate) fn new() -> Option<Self> {
        let installed = Path::new("/usr/sbin/rsyslogd");
        if !needs(installed.exists(), "rsyslog: apt-get install rsyslog") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Under another name no AppArmor profile keeps it out of the folder.
        let program = folder.path().join("rsyslogd");
        fs::copy(installed, &program).unwrap();
        let (udp, tcp) = (free_port(), free_port());
        let rsyslog = Self {
            folder,
            program,
            udp,
            tcp,
            running: None,
        };
        let path = |name: &str| rsyslog.path(name).display().to_string();
        let mut config = format!(
            r#"
            global(workDirectory="{}" maxMessageSize="8k")
            module(load="imuxsock" SysSock.Use="off")
            module(load="imudp")
            module(load="imtcp")
            template(name="fields" type="string" string="%pri%\t%app-name%\t%rawmsg%\t%msg%\n")
            input(type="imuxsock" Socket="{}" RateLimit.Interval="0" Ruleset="unix")
            input(type="imudp" address="127.0.0.1" port="{udp}" Ruleset="udp")
            input(type="imtcp" address="127.0.0.1" port="{tcp}" Ruleset="tcp")
            "#,
            rsyslog.folder.path().display(),
            path("log"),
        );
        for way in WAYS {
            let file = path(way);
            config += &format!(
                "ruleset(name=\"{way}\") {{ action(type=\"omfile\" file=\"{file}\" template=\"fields\")
                action(type=\"omfile\" file=\"{file}.old\" template=\"RSYSLOG_TraditionalFileFormat\")
                action(type=\"omfile\" file=\"{file}.new\" template=\"RSYSLOG_FileFormat\") }}\n"
            );
        }
        fs::write(rsyslog.path("rsyslog.conf"), config).unwrap();
        Some(rsyslog)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn addresses(&self) -> [String; 3] {
        [
            format!("unix:{}", self.path("log").display()),
            format!("udp://127.0.0.1:{}", self.udp),
            format!("tcp://127.0.0.1:{}", self.tcp),
        ]
    }

    pub(crate) fn start(&mut self) {
        let mut command = Command::new(&self.program);
        command
            .arg("-n")
            .arg("-f")
            .arg(self.path("rsyslog.conf"))
            .arg("-i")
            .arg(self.path("pid"));
        self.running = Some(command.spawn().unwrap());
        wait_for("rsyslog to listen", || {
            self.path("log").exists() && TcpStream::connect(("127.0.0.1", self.tcp)).is_ok()
        });
    }

    /// Ends it as init does, so that it writes what it has.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.running.take() else {
            return;
        };
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap();
    }

    /// What came that way: priority, name of the program, header and text.
    fn got(&self, way: &str) -> Vec<(u32, String, usize, String)> {
        let text = fs::read_to_string(self.path(way)).unwrap_or_default();
        let lines = text.lines().map(|line| {
            let [priority, program, raw, text] = line.split('\t').collect::<Vec<_>>().try_into().expect(line);
            // The blank before the text is part of it in RFC 3164 as rsyslog reads it.
            let text = text.strip_prefix(' ').unwrap_or(text);
            (
                priority.parse().unwrap(),
                program.to_owned(),
                raw.len() - text.len(),
                text.to_owned(),
            )
        });
        lines.collect()
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Every alert of the database with its digest.
fn stored(scratch: &Scratch) -> Vec<Stored> {
    let database = rusqlite::Connection::open(scratch.path("state/assay.db")).unwrap();
    let mut query = database
        .prepare("SELECT body, digest FROM alerts ORDER BY seq")
        .unwrap();
    let rows = query
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap)
        .map(|(body, digest): (String, String)| Stored {
            alert: serde_json::from_str(&body).unwrap(),
            body,
            digest,
            group: None,
        })
        .collect()
}

/// Every alert came every way, in order, byte for byte as [`alert::line`] has it.
fn everything_came(rsyslog: &Rsyslog, stored: &[Stored]) {
    for way in WAYS {
        let mut next = 0;
        for (priority, program, header, text) in rsyslog.got(way) {
            let number = text
                .rsplit(' ')
                .find_map(|word| word.strip_prefix("seq="))
                .unwrap();
            let index = number.parse::<usize>().unwrap() - 1;
            assert!(index <= next, "{way}: alert {number} came before {}", next + 1);
            next = next.max(index + 1);
            let alert = &stored[index].alert;
            assert_eq!(text, alert::line(&stored[index], LIMIT - header), "{way}");
            let level = match alert.severity {
                Severity::Critical => 2,
                Severity::High => 3,
                Severity::Medium => 4,
                Severity::Low => 5,
                Severity::Info => 6,
            };
            assert_eq!((priority, &*program), (10 * 8 + level, "assay"), "{way}: {text}");
        }
        assert_eq!(next, stored.len(), "{way}: the last alerts did not come");
    }
}

/// The pairs of a line, as docs/alerts.md says how to read them.
fn fields(line: &str) -> BTreeMap<&str, Vec<u8>> {
    let mut fields = BTreeMap::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').expect(line);
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let mut escaped = false;
                let end = quoted.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                (&quoted[..end.expect(line)], &quoted[end.unwrap() + 1..])
            }
            None => after.split_at(after.find(' ').unwrap_or(after.len())),
        };
        assert!(
            fields.insert(name, unescape(value)).is_none(),
            "{name} twice in {line}"
        );
        rest = after.strip_prefix(' ').unwrap_or_else(|| {
            assert!(after.is_empty(), "{after} in {line}");
            after
        });
    }
    fields
}

fn unescape(value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend(plain.bytes());
        let (kind, after) = escape.split_at(1);
        rest = match kind {
            "x" => {
                out.push(u8::from_str_radix(&after[..2], 16).unwrap());
                &after[2..]
            }
            "u" => {
                let (code, after) = after[1..].split_once('}').unwrap();
                let letter = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
                out.extend(letter.to_string().bytes());
                after
            }
            "n" | "t" | "r" => {
                out.push(match kind {
                    "n" => b'\n',
                    "t" => b'\t',
                    _ => b'\r',
                });
                after
            }
            same => {
                out.extend(same.bytes());
                after
            }
        };
    }
    out.extend(rest.bytes());
    out
}

#[test]
fn rsyslog_reads_every_form_also_after_it_was_down_for_a_thousand_alerts() {
    let Some(mut rsyslog) = Rsyslog::new() else { return };
    let scratch = with_sinks(&rsyslog.addresses().map(|address| syslog(&address)));
    scratch.run();
    plant(&scratch, "many", 1000);
    scratch.run();
    let waiting = scratch.json(&["status"])[0]["sinks"].clone();
    // One alert for what was learned, and one for each sink that is down.
    assert!(
        waiting.as_array().unwrap()[..3]
            .iter()
            .all(|sink| sink["queued"] == 1004),
        "{waiting}"
    );

    rsyslog.start();
    scratch.run();
    // Of every severity there is one, with a line that has to be shortened, and a field for each sign.
    scratch.file(
        "/etc/cron.d/long",
        format!("1 1 * * * root /opt/long {}\n", "x\u{202e}".repeat(3000)),
    );
    scratch.run();
    assert_eq!(scratch.assay(&["accept", "--all"]).code, 0);
    scratch.remove("/etc/cron.d/many");
    scratch.run();
    let waiting = scratch.json(&["status"])[0]["sinks"].clone();
    assert!(
        waiting.as_array().unwrap().iter().all(|sink| sink["queued"] == 0),
        "{waiting}"
    );
    let stored = stored(&scratch);
    wait_for("the last datagram", || {
        rsyslog
            .got("udp")
            .iter()
            .any(|(.., text)| text.contains(&format!(" seq={} ", stored.len())))
    });
    rsyslog.stop();
    assert!(stored.len() > 2000);
    assert!(
        stored
            .iter()
            .any(|stored| alert::line(stored, usize::MAX).len() > LIMIT)
    );
    everything_came(&rsyslog, &stored);
}

#[test]
fn a_hostile_name_is_one_message_whose_fields_read_back() {
    let Some(mut rsyslog) = Rsyslog::new() else { return };
    rsyslog.start();
    let scratch = with_sinks(&rsyslog.addresses().map(|address| syslog(&address)));
    let names: [&[u8]; 5] = [
        b"x\n<13>Jan  1 00:00:00 sshd[1]: change=added severity=info seq=1 id=x",
        b"x\x1b]0;owned\x07\x1b[2J\r\x00"[..16].as_ref(),
        "x\u{9b}31m\u{202e}\u{2028}\u{200b}".as_bytes(),
        b"x\xff\xfe\\\" seq=1 id=x \"",
        b"x' \"=' key=\"y\" %n%s #011 #012",
    ];
    scratch.run();
    for name in names {
        let path = scratch.host("/etc/cron.daily").join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
    }
    scratch.run();
    let stored = stored(&scratch);
    wait_for("the last datagram", || rsyslog.got("udp").len() >= stored.len());
    rsyslog.stop();
    everything_came(&rsyslog, &stored);
    for way in WAYS {
        let got = rsyslog.got(way);
        assert_eq!(got.len(), stored.len(), "{way}: a name made a message of its own");
        for name in names {
            let path = [b"/etc/cron.daily/", name].concat();
            let about = got
                .iter()
                .map(|(.., text)| fields(text))
                .filter(|f| f.get("source") == Some(&path));
            let about: Vec<_> = about.collect();
            assert_eq!(about.len(), 1, "{way}: {}", String::from_utf8_lossy(name));
            let alert = stored
                .iter()
                .map(|stored| &stored.alert)
                .find(|a| a.source.as_ref().is_some_and(|s| s.as_bytes() == path));
            let alert = alert.unwrap();
            assert_eq!(about[0]["key"], alert.key.as_ref().unwrap().as_bytes());
            assert_eq!(about[0]["seq"], alert.seq.to_string().into_bytes());
            assert_eq!(about[0]["id"], alert.id.as_bytes());
        }
    }
}
