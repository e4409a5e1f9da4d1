//! Keys as files hold them: what they are called, and what is wrong with them. RFC 4253, section 6.6; RFC 5656;
//! `PROTOCOL.key` and `PROTOCOL.certkeys` of OpenSSH.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};

/// What is certainly read is what sshd might read.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A longer name of a type is none.
const MAX_NAME: usize = 64;
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    /// As the key itself says: `ssh-ed25519`.
    pub(crate) algorithm: String,
    pub(crate) bits: Option<i64>,
    /// `SHA256:` and what `ssh-keygen -l` prints.
    pub(crate) fingerprint: String,
    /// Why it should not be trusted.
    pub(crate) weak: Option<String>,
}

/// What can be told of a private key without its secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PrivateKey {
    /// What its first line says: `OPENSSH PRIVATE KEY`.
    pub(crate) format: String,
    pub(crate) encrypted: bool,
    pub(crate) public: Option<PublicKey>,
}

/// The bytes that a word of base64 stands for.
pub(crate) fn decode(word: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(word).ok()
}

/// Takes a public key apart; `None` when these bytes are none.
pub(crate) fn public(blob: &[u8]) -> Option<PublicKey> {
    let mut wire = Wire(blob);
    let algorithm = std::str::from_utf8(wire.string()?).ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte);
    if algorithm.is_empty() || algorithm.len() > MAX_NAME || !algorithm.bytes().all(plain) {
        return None;
    }
    let family = match algorithm.split_once("-cert-v") {
        Some((family, _)) => {
            wire.string()?;
            family
        }
        None => algorithm,
    };
    let (bits, weak) = match family {
        "ssh-rsa" => rsa(&mut wire)?,
        "ssh-dss" => {
            let bits = length(wire.string()?);
            (Some(bits), Some(format!("DSA of {bits} bits")))
        }
        _ if family.starts_with("ecdsa-sha2-") || family.starts_with("sk-ecdsa-sha2-") => curve(&mut wire)?,
        "ssh-ed25519" | "sk-ssh-ed25519" | "sk-ssh-ed25519@openssh.com" if wire.string()?.len() != 32 => {
            return None;
        }
        "ssh-ed25519" | "sk-ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => (Some(256), None),
        _ => (None, None),
    };
    Some(PublicKey {
        algorithm: algorithm.to_owned(),
        bits,
        fingerprint: fingerprint(blob),
        weak,
    })
}

fn rsa(wire: &mut Wire<'_>) -> Option<(Option<i64>, Option<String>)> {
    let exponent = wire.string()?;
    let modulus = wire.string()?;
    let bits = length(modulus);
    let is_even = |number: &[u8]| number.last().is_none_or(|byte| byte % 2 == 0);
    let weak = if is_even(modulus) {
        Some("RSA with an even modulus".to_owned())
    } else if is_even(exponent) || length(exponent) < 2 {
        Some("RSA with an exponent that hides nothing".to_owned())
    } else {
        let least = [2048, 3072].into_iter().find(|least| bits < *least);
        least.map(|least| format!("RSA of {bits} bits, fewer than {least}"))
    };
    Some((Some(bits), weak))
}

fn curve(wire: &mut Wire<'_>) -> Option<(Option<i64>, Option<String>)> {
    let curve = wire.string()?;
    wire.string()?;
    let bits = match curve {
        b"nistp256" => 256,
        b"nistp384" => 384,
        b"nistp521" => 521,
        _ => return Some((None, Some("ECDSA on a curve that nobody knows".to_owned()))),
    };
    Some((Some(bits), None))
}

/// Bits of a number.
fn length(number: &[u8]) -> i64 {
    let number = match number.iter().position(|byte| *byte != 0) {
        Some(at) => &number[at..],
        None => return 0,
    };
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    i64::try_from(number.len()).unwrap_or(i64::MAX / 8) * 8 - i64::from(unused)
}

fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

/// The first sixteen digits of the digest of something that is told from others and not shown.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What a private key says of itself; `None` when the text holds none.
pub(crate) fn private(text: &[u8]) -> Option<PrivateKey> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let format = lines.find_map(|line| {
        let name = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
        let name = std::str::from_utf8(name).ok()?;
        (name.ends_with("PRIVATE KEY") && name.len() <= MAX_NAME).then(|| name.to_owned())
    })?;
    let body: Vec<&[u8]> = lines.take_while(|line| !line.starts_with(b"-----END")).collect();
    let mut key = PrivateKey {
        encrypted: format.starts_with("ENCRYPTED") || body.iter().any(|line| line.ends_with(b",ENCRYPTED")),
        public: None,
        format,
    };
    // Beside the secret of this form stands its public half, as it is.
    if key.format == "OPENSSH PRIVATE KEY"
        && let Some(bytes) = decode(&body.concat())
        && let Some(rest) = bytes.strip_prefix(MAGIC)
    {
        let mut wire = Wire(rest);
        let cipher = wire.string();
        key.encrypted = cipher.is_some_and(|cipher| cipher != b"none");
        let public = (wire.string(), wire.string(), wire.number());
        if let (Some(_), Some(_), Some(1..)) = public {
            key.public = wire.string().and_then(self::public);
        }
    }
    Some(key)
}

/// What has not been read yet.
struct Wire<'b>(&'b [u8]);

impl<'b> Wire<'b> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }
    fn string(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}
