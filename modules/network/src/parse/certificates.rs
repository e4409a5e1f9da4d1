//! Certificates in PEM (RFC 7468), one after the other, and what of each tells it from others (RFC 5280).

/// A certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The values of its subject: `US, Example Trust, Example Root R1`.
    pub(crate) subject: Vec<u8>,
    /// Its number, in hexadecimal.
    pub(crate) serial: String,
    /// The last bytes of its signature, which nobody can make again for another key.
    pub(crate) signature_end: String,
}

/// Bytes of a signature that tell it from all others.
const SIGNATURE_END: usize = 16;

/// Reads a bundle. What cannot be read as a certificate is counted.
pub(crate) fn bundle(text: &[u8]) -> (Vec<Certificate>, usize) {
    let (mut certificates, mut odd, mut body) = (Vec::new(), 0, None::<Vec<u8>>);
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"-----BEGIN ") {
            body = Some(Vec::new());
        } else if line.starts_with(b"-----END ") {
            match certificate(&base64(&body.take().unwrap_or_default())) {
                Some(certificate) => certificates.push(certificate),
                None => odd += 1,
            }
        } else if let Some(body) = &mut body {
            body.extend_from_slice(line);
        }
    }
    (certificates, odd)
}

fn base64(text: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for value in text.iter().filter_map(value) {
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff).to_le_bytes()[0]);
        }
    }
    bytes
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

fn certificate(der: &[u8]) -> Option<Certificate> {
    let (signed, rest) = inside(value(der, SEQUENCE)?, SEQUENCE)?;
    let (_, rest) = inside(rest, SEQUENCE)?;
    let (_, signature, _) = next(rest)?;
    let signed = inside(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_, serial, rest) = next(signed)?;
    // The algorithm, the issuer and the dates stand between.
    let (_, rest) = inside(rest, SEQUENCE)?;
    let (_, rest) = inside(rest, SEQUENCE)?;
    let (_, rest) = inside(rest, SEQUENCE)?;
    let (subject, _) = inside(rest, SEQUENCE)?;
    Some(Certificate {
        subject: names(subject),
        serial: hex(serial),
        signature_end: hex(&signature[signature.len().saturating_sub(SIGNATURE_END)..]),
    })
}

/// Sets of pairs, of which the second is a text.
fn names(mut subject: &[u8]) -> Vec<u8> {
    let mut texts = Vec::new();
    while let Some((pairs, rest)) = inside(subject, SET) {
        let text = value(pairs, SEQUENCE)
            .and_then(next)
            .and_then(|(_, _, rest)| next(rest));
        texts.extend(text.map(|(_, text, _)| text));
        subject = rest;
    }
    texts.join(&b", "[..])
}

/// The first value: its tag, what is in it, and what follows.
fn next(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        // That many bytes of a length, of which no certificate needs more than three.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (
                length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn inside(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    next(der)
        .filter(|(tag, ..)| *tag == wanted)
        .map(|(_, content, rest)| (content, rest))
}

fn value(der: &[u8], wanted: u8) -> Option<&[u8]> {
    inside(der, wanted).map(|(content, _)| content)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v\nYmFy", b"foobar"),
            ("/+8=", &[0xff, 0xef]),
        ] {
            assert_eq!(base64(text.as_bytes()), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_counted() {
        let text = b"# Root\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----END X-----\n-----BEGIN";
        assert_eq!(bundle(text), (Vec::new(), 2));
        assert_eq!(certificate(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(certificate(&[0x30; 64]), None);
    }
}
