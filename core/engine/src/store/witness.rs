//! The witness: what was true of the database when the last run ended, written outside of it.
//!
//! It knows the last alert that somebody else may have seen, so that a database that vanished or was rolled back is
//! noticed and no number is given twice; and the digest of the whole database, so that a flipped bit is noticed that
//! SQLite has no way to see. It also knows when runs were: a run that found nothing new does not write to the database.

use super::folder::{careful, failed};
use super::{DATABASE, Result, Store, WITNESS};
use crate::discover::hex;
use assay_model::Stamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Witness {
    /// Which database's history it is about.
    pub(super) history: String,
    /// The last alert.
    pub(super) seq: u64,
    /// Its digest.
    pub(super) digest: String,
    /// The database file; `None` while a run is going on, or when one did not come to its end.
    #[serde(default)]
    database: Option<Image>,
    /// The last runs.
    #[serde(default)]
    pub(super) runs: Runs,
}

/// When runs began that came to their end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// The last.
    pub last: Option<String>,
    /// The last that read everything.
    pub last_full: Option<String>,
}

/// What the database file was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Image {
    stamp: Stamp,
    sha256: String,
}

impl Image {
    fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // Before its bytes: who writes meanwhile changes it.
        let stamp = assay_root::stamp(&rustix::fs::fstat(&file)?);
        Ok(Self {
            stamp,
            sha256: digest_of(file)?,
        })
    }

    /// Whether it is that still, as files are: what nothing has touched is read in full runs only.
    fn is_still(&self, path: &Path, full: bool) -> bool {
        let now = jiff::Timestamp::now().as_nanosecond();
        let settled = self.stamp.is_settled(i64::try_from(now).unwrap_or(0));
        let stat = rustix::fs::lstat(path);
        if !full && settled && stat.is_ok_and(|stat| assay_root::stamp(&stat) == self.stamp) {
            return true;
        }
        Self::of(path).is_ok_and(|now| now.sha256 == self.sha256)
    }
}

/// When the last runs were over a state; it need not be open.
#[must_use]
pub fn runs(folder: &Path) -> Runs {
    read(folder).map(|witness| witness.runs).unwrap_or_default()
}

/// Reads the witness; `None` when there is none, or none that can be read.
pub(super) fn read(folder: &Path) -> Option<Witness> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .custom_flags(careful())
        .open(folder.join(WITNESS));
    let mut bytes = Vec::new();
    file.ok()?.take(1 << 16).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

impl Witness {
    /// The database, if it is as the last run left it; an error when it is not. `None` when that cannot be told,
    /// because that run was killed: then SQLite's log still has what it did.
    pub(super) fn recognises(&self, folder: &Path, full: bool) -> Option<std::result::Result<Image, ()>> {
        let then = self.database.as_ref()?;
        let same = || then.is_still(&folder.join(DATABASE), full);
        log_is_empty(folder).then(|| if same() { Ok(then.clone()) } else { Err(()) })
    }
}

/// Whether SQLite's log holds nothing that is not in the database file.
fn log_is_empty(folder: &Path) -> bool {
    fs::metadata(folder.join(format!("{DATABASE}-wal"))).map_or(true, |meta| meta.len() == 0)
}

fn digest_of(mut file: File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&buffer[..length]),
        }
    }
}

impl Store {
    /// Writes down, outside the database, how far the history has come.
    ///
    /// # Errors
    /// The file system's.
    pub fn witness(&self) -> Result<()> {
        self.write_witness(self.untouched())
    }

    /// What the database file was when it was opened, as long as nothing was written.
    fn untouched(&self) -> Option<Image> {
        // SQLite writes past the log, too: where a disk that failed kept an earlier run from turning it on.
        let same = |image: &&Image| image.is_still(&self.folder.join(DATABASE), false);
        self.image
            .as_ref()
            .filter(|_| log_is_empty(&self.folder))
            .filter(same)
            .cloned()
    }

    /// When the last runs were.
    #[must_use]
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    fn write_witness(&self, database: Option<Image>) -> Result<()> {
        let (seq, digest) = self.last_alert()?;
        let path = self.folder.join(WITNESS);
        let is_untouched = database.is_some() && database == self.image;
        let text = serde_json::to_vec(&Witness {
            history: self.history.clone(),
            seq,
            digest,
            database,
            runs: self.runs.clone(),
        })?;
        if fs::read(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        let new = self.folder.join("witness.new");
        let write = || {
            _ = fs::remove_file(&new);
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            // Of a database that nothing was written to, the witness before this one is as true.
            if is_untouched {
                Ok(())
            } else {
                File::open(&self.folder)?.sync_all()
            }
        };
        write().map_err(failed(&path))
    }

    /// Ends a run that began at `now`, and was `full`. A store that is dropped without it is sound as well, only the
    /// next run cannot tell whether every byte is as it was.
    ///
    /// # Errors
    /// SQLite's, and the file system's.
    pub fn end_run(mut self, now: &str, full: bool) -> Result<()> {
        self.runs.last = Some(now.to_owned());
        if full {
            self.runs.last_full = Some(now.to_owned());
        }
        self.close()
    }

    /// Ends any other work; as [`Store::end_run`].
    ///
    /// # Errors
    /// SQLite's, and the file system's.
    pub fn close(self) -> Result<()> {
        if let Some(image) = self.untouched() {
            return self.write_witness(Some(image));
        }
        // Whoever looks at the state just now is not waited for.
        self.database.busy_timeout(std::time::Duration::ZERO)?;
        let checkpoint = |how: &str| -> rusqlite::Result<bool> {
            self.database
                .query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
                    Ok(row.get::<_, i64>(0)? == 0 && row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
                })
        };
        if !checkpoint("PASSIVE")? {
            return self.witness();
        }
        // The log is emptied after that only: as long as it is not, the next run does not rely on the digest.
        let path = self.folder.join(DATABASE);
        self.write_witness(Some(Image::of(&path).map_err(failed(&path))?))?;
        checkpoint("TRUNCATE")?;
        Ok(())
    }
}
