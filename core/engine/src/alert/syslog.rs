//! Syslog: the local socket in the form of RFC 3164 that every local daemon reads, and log servers in the form of
//! RFC 5424 over UDP (RFC 5426) or TCP with octet counting (RFC 6587).
//!
//! A log server may be slow, hostile or gone: every look-up, connect, write and wait is bounded by [`PATIENCE`], and
//! what is sent at once by [`WHOLE`], so that one that takes a byte a second holds up nothing either.

use super::{Sink, SinkError, Stored, line};
use crate::config::Facility;
use assay_model::Severity;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, Read as _, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(3);
/// How long a group of alerts may take from beginning to end.
const WHOLE: Duration = Duration::from_secs(10);
/// What fits into a datagram of UDP and of every system's local socket.
const DATAGRAM: usize = 60_000;
/// How long a refusal of the first datagram may take to come back before the rest follows.
const REFUSAL: Duration = Duration::from_millis(20);
/// Datagrams are sent in small groups with a pause after each: a server's socket holds a few hundred.
const GROUP: usize = 16;
const PAUSE: Duration = Duration::from_millis(2);
const TAG: &str = "assay";

pub(super) fn open(address: &str, facility: Facility, limit: usize) -> Box<dyn Sink> {
    let format = Format {
        facility,
        limit: limit.min(DATAGRAM),
    };
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
        let line = line(stored, self.limit.saturating_sub(header.len()));
        format!("{header}{line}").into_bytes()
    }

    /// `<PRI>Mmm dd hh:mm:ss tag[pid]: message`, in local time, as the C library's syslog() writes it.
    fn rfc3164(&self, stored: &Stored) -> Vec<u8> {
        let time = stored.alert.time.parse::<jiff::Timestamp>().unwrap_or_default();
        let time = time
            .to_zoned_datetime(jiff::tz::TimeZone::system())
            .strftime("%b %e %H:%M:%S");
        let priority = self.priority(stored.loudness());
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
        let priority = self.priority(stored.loudness());
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

/// Does something that the system gives no time limit for. Whoever hangs is left behind, and ends with the process.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (send, receive) = channel();
    std::thread::Builder::new()
        .name("sink".into())
        .spawn(move || _ = send.send(work()))?;
    receive.recv_timeout(PATIENCE).map_err(|_| too_late())?
}

fn too_late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "does not answer in time")
}

/// Addresses of `host:port`.
fn resolve(server: &str) -> io::Result<Vec<SocketAddr>> {
    let server = server.to_owned();
    in_time(move || {
        let found: Vec<_> = server.to_socket_addrs()?.collect();
        if found.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no address for `{server}`"),
            ));
        }
        Ok(found)
    })
}

/// Waits until a socket that does not block can be written to, or read from.
fn wait(socket: &impl AsFd, what: PollFlags, until: Instant) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now()).min(PATIENCE);
    let timeout = left.try_into().map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(socket, what)], Some(&timeout)) {
        Ok(0) => Err(too_late()),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Writes all of it to a socket that does not block.
fn write_all(socket: &mut (impl Write + AsFd), mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(socket, PollFlags::OUT, until)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
                let path = path.to_owned();
                let stream = in_time(move || UnixStream::connect(path))?;
                stream.set_nonblocking(true)?;
                Ok(Self::Stream(stream))
            }
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, mut message: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Datagram(socket) => match socket.send(&message) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(too_late()),
                sent => sent.map(drop),
            },
            Self::Stream(stream) => {
                message.push(0);
                write_all(stream, &message, Instant::now() + WHOLE)
            }
        }
    }
}

impl Local {
    fn connect(&self) -> io::Result<LocalSocket> {
        // Which socket: the default one is named in no configuration.
        LocalSocket::connect(&self.path)
            .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display())))
    }
}

impl Sink for Local {
    fn reach(&self) -> Result<(), SinkError> {
        self.connect().map(drop)
    }

    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        let mut socket = match self.connect() {
            Ok(socket) => socket,
            Err(error) => return (0, Some(error)),
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
        let mut last = too_late();
        for address in resolve(&self.server)? {
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
    fn reach(&self) -> Result<(), SinkError> {
        self.connect().map(drop)
    }

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
    fn connect(&self, until: Instant) -> io::Result<TcpStream> {
        let mut last = too_late();
        for address in resolve(&self.server)? {
            let left = until.saturating_duration_since(Instant::now()).min(PATIENCE);
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    stream.set_nonblocking(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn exchange(&self, alerts: &[Stored]) -> io::Result<()> {
        let until = Instant::now() + WHOLE;
        let mut stream = self.connect(until)?;
        let mut frames = Vec::new();
        for stored in alerts {
            let message = self.format.rfc5424(stored);
            frames.extend(format!("{} ", message.len()).into_bytes());
            frames.extend(message);
        }
        write_all(&mut stream, &frames, until)?;
        // A server that goes away ends its side too, but before we end ours.
        if stream.peek(&mut [0]).is_ok_and(|length| length == 0) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        stream.shutdown(Shutdown::Write)?;
        // A reset instead of an end means that the server threw away what it had not read. What it says is of no
        // interest.
        let mut answer = [0; 512];
        loop {
            match stream.read(&mut answer) {
                Ok(0) => break,
                Ok(_) if Instant::now() < until => {}
                Ok(_) => return Err(too_late()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(&stream, PollFlags::IN, until)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // The end may have crossed with what we sent; then its reset comes right after it.
        std::thread::sleep(REFUSAL);
        stream.take_error()?.map_or(Ok(()), Err)
    }
}

impl Sink for Tcp {
    fn reach(&self) -> Result<(), SinkError> {
        self.connect(Instant::now() + PATIENCE).map(drop)
    }

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
                let text = line(stored, self.format.limit);
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
