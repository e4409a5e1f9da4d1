//! Signatures of module files, for `modules.trust = "signed"`: those of [minisign](https://jedisct1.github.io/minisign/),
//! in `FILE.minisig` beside the file.

use crate::trust;
use minisign_verify::{Error, PublicKey, Signature};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes of a signature with its comments.
const MAX_SIGNATURE: u64 = 16 << 10;

/// A public key as minisign prints it: `RW` and 54 more signs.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    fn parse(text: &str) -> Result<Self, String> {
        match PublicKey::from_base64(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(format!(
                "`{text}` is no public key of minisign; that is the second line of `minisign.pub`, and begins with `RW`"
            )),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a public key of minisign")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Key::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Why a module file does not count as signed.
#[derive(Debug, thiserror::Error)]
pub enum Unsigned {
    /// There is no key that it could be signed with.
    #[error("`modules.trust` is \"signed\", and `modules.keys` holds no key")]
    NoKeys,
    /// The signature is not there, or others could have written it.
    #[error("it is not signed: {why}; sign it with `minisign -S -m {}`", file.display())]
    NoSignature {
        /// The module file.
        file: PathBuf,
        /// What is wrong.
        why: trust::Refused,
    },
    /// The signature is none.
    #[error("`{}` {why}; sign again with `minisign -S -m {}`", signature.display(), file.display())]
    Broken {
        /// The module file.
        file: PathBuf,
        /// The file with the signature.
        signature: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is one, of another key.
    #[error("`{}` was made with a key that is not in `modules.keys`", .0.display())]
    OtherKey(PathBuf),
    /// It is one, of another file.
    #[error("`{}` does not fit the file, which is another than was signed", .0.display())]
    OtherFile(PathBuf),
    /// The module file could not be read.
    #[error("`{}` cannot be read: {why}", file.display())]
    Io {
        /// The module file.
        file: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
}

/// Where the signature of a file is.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// The key that signed what the descriptor `opened` holds, which is the file at `path`.
///
/// Only signatures over a digest of the file count, as minisign has made them since 2021; the older sort needs the whole
/// file in memory.
///
/// # Errors
/// See [`Unsigned`].
pub fn signer<'a>(path: &Path, opened: &File, keys: &'a [Key]) -> Result<&'a Key, Unsigned> {
    if keys.is_empty() {
        return Err(Unsigned::NoKeys);
    }
    let at = beside(path);
    let text = read(path, &at)?;
    let broken = |why| Unsigned::Broken {
        file: path.to_owned(),
        signature: at.clone(),
        why,
    };
    let signature = Signature::decode(&text).map_err(|_| broken("is no signature of minisign"))?;
    for key in keys {
        let Ok(public) = PublicKey::from_base64(&key.0) else {
            continue;
        };
        let mut verifier = match public.verify_stream(&signature) {
            Ok(verifier) => verifier,
            Err(Error::UnsupportedLegacyMode) => return Err(broken("is of a sort that minisign has left")),
            Err(_) => continue,
        };
        let mut take = |piece: &[u8]| verifier.update(piece);
        every_piece(opened, &mut take).map_err(|why| Unsigned::Io {
            file: path.to_owned(),
            why,
        })?;
        return match verifier.finalize() {
            Ok(()) => Ok(key),
            Err(_) => Err(Unsigned::OtherFile(at)),
        };
    }
    Err(Unsigned::OtherKey(at))
}

fn read(file: &Path, at: &Path) -> Result<String, Unsigned> {
    let opened = trust::open(at).map_err(|why| Unsigned::NoSignature {
        file: file.to_owned(),
        why,
    })?;
    let mut text = String::new();
    let whole = opened.take(MAX_SIGNATURE).read_to_string(&mut text);
    whole.map(|_| text).map_err(|_| Unsigned::Broken {
        file: file.to_owned(),
        signature: at.to_owned(),
        why: "is no text",
    })
}

fn every_piece(file: &File, take: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 17];
    let mut at = 0;
    loop {
        let read = file.read_at(&mut buffer, at)?;
        if read == 0 {
            return Ok(());
        }
        take(&buffer[..read]);
        at += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_public_key_is_one() {
        let good = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        assert_eq!(Key::parse(good).unwrap().to_string(), good);
        for bad in [
            "",
            "RW",
            "ssh-ed25519 AAAA",
            &good[..55],
            &good.replace("RWQ", "AAA"),
        ] {
            assert!(Key::parse(bad).unwrap_err().contains("minisign.pub"), "{bad}");
        }
    }
}
