//! Names in certificates, which are DER: sets of an identifier and a text each.

const MAX_TEXTS: usize = 32;

/// The texts of a distinguished name, in order; none when it is none.
pub(crate) fn texts(bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut todo = vec![bytes];
    while let Some(rest) = todo.pop() {
        let Some((tag, value, after)) = next(rest) else {
            continue;
        };
        if texts.len() >= MAX_TEXTS {
            break;
        }
        // What follows is looked at after what is inside.
        todo.push(after);
        match tag {
            // SEQUENCE and SET hold others.
            0x30 | 0x31 => todo.push(value),
            // UTF8String, PrintableString, T61String, IA5String.
            0x0c | 0x13 | 0x14 | 0x16 => texts.push(String::from_utf8_lossy(value).into_owned()),
            _ => {}
        }
    }
    texts
}

/// The first value: its tag, its bytes, and what follows.
fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (
                length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (value, after) = rest.split_at_checked(length)?;
    Some((*tag, value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_their_order_and_nothing_of_nonsense() {
        let name = [&b"\x30\x1c\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02DE\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Root"[..], b""].concat();
        assert_eq!(texts(&name), ["DE", "Root"]);
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\xff\xff",
            b"\x0c\x82\xff\xff",
            &[0x30; 4096],
            &[0x30, 0x80, 0, 0],
        ] {
            assert!(texts(bytes).is_empty());
        }
    }
}
