//! Syslog: the local socket in the form of RFC 3164 that every local daemon reads, and log servers in the form of
//! RFC 5424 over UDP (RFC 5426) or TCP with octet counting (RFC 6587).
//!
//! A log server may be slow, hostile or gone: every connect, write and wait is bounded by [`PATIENCE`].

use super::{Sink, SinkError, Stored, line};
use crate::config::Facility;
use assay_model::Severity;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);
/// How long a refusal of the first datagram may take to come back before the rest follows.
const REFUSAL: Duration = Duration::from_millis(20);
/// Datagrams are sent in small groups with a pause after each: a server's socket holds a few hundred.
const GROUP: usize = 16;
const PAUSE: Duration = Duration::from_millis(2);
const TAG: &str = "assay";

pub(super) fn open(address: &str, facility: Facility, limit: usize) -> Box<dyn Sink> {
    let format = Format { facility, limit };
    if let Some(server) = address.strip_prefix("udp://") {
        return Box::new(Udp {
            server: server.to_owned(),
            format,
        });
    }
    if let Some(server) = address.strip_prefix("tcp://") {
        return Box::new(Tcp {
            server: server.to_owned(),
            format,
        });
    }
    #[cfg(target_os = "macos")]
    if address == "local" {
        return Box::new(macos::System { format });
    }
    let path = address.strip_prefix("unix:").unwrap_or("/dev/log");
    Box::new(Local {
        path: PathBuf::from(path),
        format,
    })
}

struct Format {
    facility: Facility,
    limit: usize,
}

impl Format {
    /// `<PRI>`, which is facility times eight plus severity (RFC 5424, 6.2.1).
    fn priority(&self, severity: Severity) -> u32 {
        let level = match severity {
            Severity::Critical => 2,
            Severity::High => 3,
            Severity::Medium => 4,
            Severity::Low => 5,
            Severity::Info => 6,
        };
        self.facility as u32 * 8 + level
    }

    fn with_header(&self, stored: &Stored, header: &str) -> Vec<u8> {
        let line = line(
            &stored.alert,
            &stored.digest,
            self.limit.saturating_sub(header.len()),
        );
        format!("{header}{line}").into_bytes()
    }

    /// `<PRI>Mmm dd hh:mm:ss tag[pid]: message`, in local time, as the C library's syslog() writes it.
    fn rfc3164(&self, stored: &Stored) -> Vec<u8> {
        let time = stored.alert.time.parse::<jiff::Timestamp>().unwrap_or_default();
        let time = time
            .to_zoned_datetime(jiff::tz::TimeZone::system())
            .strftime("%b %e %H:%M:%S");
        let priority = self.priority(stored.alert.severity);
        self.with_header(
            stored,
            &format!("<{priority}>{time} {TAG}[{}]: ", std::process::id()),
        )
    }

    /// `<PRI>1 time host app pid msgid - message`.
    fn rfc5424(&self, stored: &Stored) -> Vec<u8> {
        let alert = &stored.alert;
        let host: String = alert
            .host
            .chars()
            .filter(char::is_ascii_graphic)
            .take(255)
            .collect();
        let host = if host.is_empty() { "-".to_owned() } else { host };
        let priority = self.priority(alert.severity);
        let process = std::process::id();
        self.with_header(
            stored,
            &format!(
                "<{priority}>1 {} {host} {TAG} {process} {} - ",
                alert.time,
                alert.change.as_str()
            ),
        )
    }
}

/// The local daemon's socket.
struct Local {
    path: PathBuf,
    format: Format,
}

enum LocalSocket {
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl LocalSocket {
    fn connect(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        match socket.connect(path) {
            Ok(()) => Ok(Self::Datagram(socket)),
            // Some daemons listen for streams; then each message ends with a NUL.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::PROTOTYPE.raw_os_error()) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Stream(stream))
            }
            Err(error) => Err(error),
        }
    }
    fn send(&mut self, mut message: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Datagram(socket) => socket.send(&message).map(drop),
            Self::Stream(stream) => {
                message.push(0);
                stream.write_all(&message)
            }
        }
    }
}

impl Sink for Local {
    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        let mut socket = match LocalSocket::connect(&self.path) {
            Ok(socket) => socket,
            Err(error) => {
                return (
                    0,
                    Some(io::Error::new(
                        error.kind(),
                        format!("{}: {error}", self.path.display()),
                    )),
                );
            }
        };
        for (sent, stored) in alerts.iter().enumerate() {
            if let Err(error) = socket.send(self.format.rfc3164(stored)) {
                return (sent, Some(error));
            }
        }
        (alerts.len(), None)
    }
}

/// A log server over UDP. Nothing tells what arrived; a server that is not there is noticed when its machine says
/// so.
struct Udp {
    server: String,
    format: Format,
}

impl Udp {
    fn connect(&self) -> io::Result<UdpSocket> {
        let mut last = io::Error::new(
            io::ErrorKind::NotFound,
            format!("no address for `{}`", self.server),
        );
        for address in self.server.to_socket_addrs()? {
            let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            match UdpSocket::bind(local).and_then(|socket| socket.connect(address).map(|()| socket)) {
                Ok(socket) => {
                    socket.set_write_timeout(Some(PATIENCE))?;
                    return Ok(socket);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Sink for Udp {
    fn batch(&self) -> usize {
        64
    }

    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        let socket = match self.connect() {
            Ok(socket) => socket,
            Err(error) => return (0, Some(error)),
        };
        let refused = |patience: Duration| {
            let mut polled = [PollFd::new(&socket, PollFlags::IN)];
            _ = poll(&mut polled, patience.try_into().ok().as_ref());
            socket.take_error().ok().flatten()
        };
        for (sent, stored) in alerts.iter().enumerate() {
            let error = socket.send(&self.format.rfc5424(stored)).err();
            let patience = if sent == 0 {
                REFUSAL
            } else if (sent + 1) % GROUP == 0 {
                PAUSE
            } else {
                Duration::ZERO
            };
            if let Some(error) = error.or_else(|| refused(patience)) {
                // A refusal tells of some datagram before it: the group is sent again.
                return (sent.saturating_sub(GROUP), Some(error));
            }
        }
        match refused(REFUSAL) {
            Some(error) => (alerts.len().saturating_sub(GROUP), Some(error)),
            None => (alerts.len(), None),
        }
    }
}

/// A log server over TCP. What counts as taken is what it had read when it closed its side after we closed ours.
struct Tcp {
    server: String,
    format: Format,
}

impl Tcp {
    fn exchange(&self, alerts: &[Stored]) -> io::Result<()> {
        let mut last = io::Error::new(
            io::ErrorKind::NotFound,
            format!("no address for `{}`", self.server),
        );
        let mut connected = None;
        for address in self.server.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    connected = Some(stream);
                    break;
                }
                Err(error) => last = error,
            }
        }
        let Some(mut stream) = connected else {
            return Err(last);
        };
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        for stored in alerts {
            let message = self.format.rfc5424(stored);
            let mut frame = format!("{} ", message.len()).into_bytes();
            frame.extend(message);
            stream.write_all(&frame)?;
        }
        stream.shutdown(Shutdown::Write)?;
        // A reset instead of an end means that the server threw away what it had not read. What it says is of no
        // interest, and bounded.
        let mut answer = [0; 512];
        for _ in 0..16 {
            if stream.read(&mut answer)? == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Sink for Tcp {
    fn batch(&self) -> usize {
        64
    }

    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        match self.exchange(alerts) {
            Ok(()) => (alerts.len(), None),
            Err(error) => (0, Some(error)),
        }
    }
}

/// The system's own log of macOS, by the call that its daemons use.
#[cfg(target_os = "macos")]
mod macos {
    use super::{Format, Sink, SinkError, Stored, TAG, line};
    use std::ffi::CString;

    pub(super) struct System {
        pub(super) format: Format,
    }

    impl Sink for System {
        fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
            for (sent, stored) in alerts.iter().enumerate() {
                let text = line(&stored.alert, &stored.digest, self.format.limit);
                let priority = self.format.priority(stored.alert.severity);
                match CString::new(text) {
                    Ok(text) => crate::sys::syslog(TAG, priority, &text),
                    Err(error) => return (sent, Some(error.into())),
                }
            }
            (alerts.len(), None)
        }
    }
}
