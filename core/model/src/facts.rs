//! What the core, not a module, records of a file.

use crate::{Fields, Text};
use serde::{Deserialize, Serialize};

/// Facts of one file as it was measured. A link is described itself, never what it points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What it is; [`FileType::Missing`] when there is nothing at that path.
    #[serde(rename = "type")]
    pub file_type: FileType,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Permission bits with set-id and sticky, as `chmod` takes them.
    #[serde(default)]
    pub mode: u32,
    /// Owner, as a number: names are looked up by nobody who runs as root.
    #[serde(default)]
    pub uid: u32,
    /// Group, as a number.
    #[serde(default)]
    pub gid: u32,
    /// Lower-case hexadecimal digest of the content of a regular file. Absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where a link points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    /// It changed each time it was read, so the digest is of a moment only and is not compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changing: bool,
}

impl Facts {
    /// A path with nothing there.
    #[must_use]
    pub fn missing() -> Self {
        Self {
            file_type: FileType::Missing,
            size: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            sha256: None,
            target: None,
            changing: false,
        }
    }

    /// The facts that count as changed when they differ. With `content`, what is in the file counts; without
    /// it only what kind of file it is and who may write it. Size stands in where there is no digest.
    #[must_use]
    pub fn compared(&self, content: bool) -> Fields {
        let mut fields = Fields::from([("type".to_owned(), self.file_type.as_str().into())]);
        if self.file_type == FileType::Missing {
            return fields;
        }
        fields.insert("mode".to_owned(), format!("{:04o}", self.mode).into());
        fields.insert("uid".to_owned(), i64::from(self.uid).into());
        fields.insert("gid".to_owned(), i64::from(self.gid).into());
        if let Some(target) = &self.target {
            fields.insert("target".to_owned(), target.clone().into());
        }
        if content && self.file_type == FileType::File {
            let (name, value) = match &self.sha256 {
                _ if self.changing => ("changing", true.into()),
                Some(digest) => ("sha256", digest.as_str().into()),
                None => ("size", i64::try_from(self.size).unwrap_or(i64::MAX).into()),
            };
            fields.insert(name.to_owned(), value);
        }
        fields
    }
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Folder,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character or block device.
    Device,
    /// Nothing is there.
    Missing,
}

impl FileType {
    /// The word used in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Link => "link",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Missing => "missing",
        }
    }
}
