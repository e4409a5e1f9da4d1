//! Log receivers that a test can break: a datagram socket in the place of `/dev/log`, and a TCP log server.
//!
//! Both keep whatever they were given in the order they were given it. What a receiver has in its hands when it goes
//! down is kept as well: a sink may rightly count it as taken.

pub(crate) use assay_tests::needs;
use assay_tests::wait_for;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Messages, in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Messages(Arc<Mutex<Vec<String>>>);

impl Messages {
    fn add(&self, message: &[u8]) {
        let text = String::from_utf8(message.to_vec()).expect("messages are ASCII");
        self.0.lock().unwrap().push(text);
    }
    /// What came so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The part of a message that [`assay_engine::alert::line`] wrote.
pub(crate) fn text_of(message: &str) -> &str {
    match message.split_once(">1 ") {
        // <PRI>1 TIME HOST APP PROCESS ID - TEXT
        Some((_, rest)) => rest.splitn(7, ' ').nth(6).unwrap(),
        // <PRI>TIME TAG[PROCESS]: TEXT
        None => message.split_once("]: ").unwrap().1,
    }
}

/// A datagram socket as `/dev/log` is one.
pub(crate) struct UnixLog {
    path: PathBuf,
    pub(crate) got: Messages,
    unread: Option<UnixDatagram>,
    reader: Option<(UnixDatagram, JoinHandle<()>)>,
}

impl UnixLog {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            got: Messages::default(),
            unread: None,
            reader: None,
        }
    }

    /// Is there, and reads nothing until it is up.
    pub(crate) fn stuck(&mut self) {
        self.unread = Some(UnixDatagram::bind(&self.path).unwrap());
    }

    /// Listens, if it does not already.
    pub(crate) fn up(&mut self) {
        if self.reader.is_some() {
            return;
        }
        let unread = self.unread.take();
        let socket = unread.unwrap_or_else(|| UnixDatagram::bind(&self.path).unwrap());
        let (got, reader) = (self.got.clone(), socket.try_clone().unwrap());
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            // After the shutdown the queue is read to its end; then comes a message of no bytes.
            while let Some(length) = reader.recv(&mut buffer).ok().filter(|length| *length > 0) {
                got.add(&buffer[..length]);
            }
        });
        self.reader = Some((socket, thread));
    }

    /// Takes nothing more.
    pub(crate) fn down(&mut self) {
        if let Some((socket, thread)) = self.reader.take() {
            std::fs::remove_file(&self.path).unwrap();
            socket.shutdown(Shutdown::Read).unwrap();
            thread.join().unwrap();
        }
    }
}

impl Drop for UnixLog {
    fn drop(&mut self) {
        self.down();
    }
}

/// How a TCP server treats a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Reads to the end, then closes.
    Serves,
    /// Reads so many bytes, then throws the connection away.
    Resets(u64),
    /// Takes the connection and does nothing.
    Stalls,
    /// Takes the connection, reads nothing, and never stops talking.
    Chatters,
}

/// A TCP log server that expects octet counting.
pub(crate) struct TcpLog {
    port: u16,
    pub(crate) got: Messages,
    server: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl TcpLog {
    pub(crate) fn new() -> Self {
        Self {
            port: free_port(),
            got: Messages::default(),
            server: None,
        }
    }
    pub(crate) fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Listens, in that mood.
    pub(crate) fn up(&mut self, mood: Mood) {
        self.down();
        // A process that another test starts just now may hold the last listener until it is another program.
        let mut listener = None;
        wait_for("the port", || {
            listener = TcpListener::bind(("127.0.0.1", self.port)).ok();
            listener.is_some()
        });
        let listener = listener.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, got) = (Arc::clone(&stop), self.got.clone());
        let thread = std::thread::spawn(move || {
            let mut stalled = Vec::new();
            for connection in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let connection = connection.unwrap();
                match mood {
                    Mood::Stalls => stalled.push(connection),
                    Mood::Chatters => chatter(connection),
                    Mood::Serves => keep(&got, connection, u64::MAX),
                    Mood::Resets(after) => keep(&got, connection, after),
                }
            }
        });
        self.server = Some((stop, thread));
    }

    /// Refuses connections.
    pub(crate) fn down(&mut self) {
        if let Some((stop, thread)) = self.server.take() {
            stop.store(true, Ordering::Release);
            drop(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
            thread.join().unwrap();
        }
    }
}

impl Drop for TcpLog {
    fn drop(&mut self) {
        self.down();
    }
}

/// Says something as long as the other side is there.
fn chatter(mut connection: TcpStream) {
    while connection.write_all(b"200 OK\n").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Reads at most so many bytes, and keeps the messages that are whole.
fn keep(got: &Messages, connection: TcpStream, most: u64) {
    connection
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut bytes = Vec::new();
    // A client that was killed leaves a reset, or half a message.
    _ = connection.take(most).read_to_end(&mut bytes);
    let mut rest = &bytes[..];
    while let Some(blank) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..blank]).unwrap().parse().unwrap();
        let Some(message) = rest.get(blank + 1..blank + 1 + length) else {
            return;
        };
        got.add(message);
        rest = &rest[blank + 1 + length..];
    }
}

/// A port that nobody listens on and that the system does not give to clients, so that it stays free while a server
/// is down.
pub(crate) fn free_port() -> u16 {
    use std::hash::{BuildHasher as _, RandomState};
    let mut ports = std::iter::repeat_with(|| 20_000 + (RandomState::new().hash_one(0) % 12_000) as u16);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// A folder in the scratch folder with the modules named alone.
pub(crate) fn modules(scratch: &assay_tests::Scratch, names: &[&str]) -> Vec<PathBuf> {
    let folder = scratch.path("modules");
    std::fs::create_dir(&folder).unwrap();
    for name in names {
        let file = format!(
            "{}assay_module_{name}{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        std::fs::copy(assay_tests::built().join(&file), folder.join(file)).unwrap();
    }
    vec![folder]
}

/// Processes that have a path below this folder on their command line.
pub(crate) fn processes_of(folder: &Path) -> usize {
    let folder = folder.to_str().unwrap();
    let commands = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let commands = commands.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    commands
        .filter(|command| String::from_utf8_lossy(command).contains(folder))
        .count()
}
