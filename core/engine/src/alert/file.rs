//! Alerts as JSON lines in a file that log rotation may move away at any time.

use super::{Sink, SinkError, Stored, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

pub(super) struct JsonLines {
    path: PathBuf,
    open: Option<File>,
}

impl JsonLines {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// The file that has the name now: another one after rotation.
    fn current(&mut self) -> io::Result<&mut File> {
        let identity = |meta: &std::fs::Metadata| (meta.dev(), meta.ino());
        let named = std::fs::symlink_metadata(&self.path)
            .ok()
            .map(|meta| identity(&meta));
        let held = self
            .open
            .as_ref()
            .map(File::metadata)
            .transpose()?
            .map(|meta| identity(&meta));
        if held.is_none() || held != named {
            self.on_disk()?;
            self.open = Some(self.reopen()?);
        }
        self.open.as_mut().ok_or_else(|| io::Error::other("not open"))
    }

    /// Waits until what was written is on the disk, also that in a file which was moved away in between.
    fn on_disk(&self) -> io::Result<()> {
        self.open.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn reopen(&self) -> io::Result<File> {
        // A link, FIFO or device in its place would send alerts, as root, wherever its owner likes.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let mut options = OpenOptions::new();
        options.append(true).read(true).mode(0o600).custom_flags(flags);
        let mut file = match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = options.create(true).open(&self.path)?;
                // The name has to be on the disk as well as what will be written.
                let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
                File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
                file
            }
            other => other?,
        };
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        if meta.nlink() > 1 {
            return Err(io::Error::other(
                "has another name, which may be a file of somebody else's",
            ));
        }
        // Ended within a line when the disk was full: the next alert begins on a line of its own.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
        Ok(file)
    }
}

impl Sink for JsonLines {
    fn reach(&self) -> Result<(), SinkError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match std::fs::symlink_metadata(&self.path) {
            Ok(meta) if !meta.is_file() => Err(io::Error::other("is not a regular file")),
            Ok(_) => OpenOptions::new().append(true).open(&self.path).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = folder.unwrap_or(Path::new("."));
                Ok(rustix::fs::access(folder, rustix::fs::Access::WRITE_OK)?)
            }
            Err(error) => Err(error),
        }
    }

    fn batch(&self) -> usize {
        16
    }

    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        let mut sent = 0;
        let mut failed = None;
        for stored in alerts {
            let line = json(&stored.body, &stored.digest) + "\n";
            match self.current().and_then(|file| file.write_all(line.as_bytes())) {
                Ok(()) => sent += 1,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        // On the disk before it counts as taken.
        let on_disk = self.on_disk();
        if failed.is_some() || on_disk.is_err() {
            self.open = None;
        }
        match on_disk {
            Ok(()) => (sent, failed),
            Err(error) => (0, Some(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Draft, Place, digest};
    use assay_model::What;

    fn stored(seq: u64) -> Stored {
        let text = |s: &str| s.to_owned();
        let place = Place {
            seq,
            id: format!("id{seq}"),
            time: text("t"),
            host: text("h"),
            history: text("x"),
            previous: text("0"),
        };
        let alert = Draft::about(What::Accepted, "x").place(place);
        let body = serde_json::to_string(&alert).unwrap();
        Stored {
            group: None,
            digest: digest(&body),
            alert,
            body,
        }
    }

    #[test]
    fn a_rotated_file_is_reopened_and_a_torn_line_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        std::fs::write(&path, "{\"torn").unwrap();
        let mut sink = JsonLines::new(path.clone());
        assert_eq!(sink.send(&[stored(1)]).0, 1);
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        assert_eq!(sink.send(&[stored(2), stored(3)]).0, 2);
        let lines = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(lines("old").lines().count(), 2);
        let second: serde_json::Value =
            serde_json::from_str(lines("alerts.jsonl").lines().next().unwrap()).unwrap();
        assert_eq!(
            (second["seq"].as_u64(), second["digest"].as_str()),
            (Some(2), Some(stored(2).digest.as_str()))
        );
    }

    #[test]
    fn links_and_fifos_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        std::os::unix::fs::symlink(folder.path().join("victim"), &path).unwrap();
        let (sent, error) = JsonLines::new(path.clone()).send(&[stored(1)]);
        assert!(sent == 0 && error.is_some() && !folder.path().join("victim").exists());
        std::fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        assert!(JsonLines::new(path).send(&[stored(1)]).1.is_some());
    }
}
