//! Alerts as JSON lines in a file that log rotation may move away at any time.

use super::{Sink, SinkError, Stored, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

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
            self.open = Some(self.reopen()?);
        }
        self.open.as_mut().ok_or_else(|| io::Error::other("not open"))
    }

    fn reopen(&self) -> io::Result<File> {
        // A link, FIFO or device in its place would send alerts, as root, wherever its owner likes.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let mut options = OpenOptions::new();
        let mut file = options
            .append(true)
            .read(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("is not a regular file"));
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
    fn batch(&self) -> usize {
        16
    }

    fn send(&mut self, alerts: &[Stored]) -> (usize, Option<SinkError>) {
        for (sent, stored) in alerts.iter().enumerate() {
            let line = json(&stored.body, &stored.digest) + "\n";
            let written = self.current().and_then(|file| file.write_all(line.as_bytes()));
            if let Err(error) = written {
                self.open = None;
                return (sent, Some(error));
            }
        }
        // On the disk before it counts as taken.
        match self.open.as_ref().map(File::sync_data).transpose() {
            Ok(_) => (alerts.len(), None),
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
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        assert!(JsonLines::new(path).send(&[stored(1)]).1.is_some());
    }
}
