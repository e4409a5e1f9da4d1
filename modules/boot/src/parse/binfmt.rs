//! Binary formats: of binfmt.d, and of Debian's update-binfmts.

use assay_sdk::lines;

/// What runs files of a format.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) interpreter: Vec<u8>,
    pub(crate) detector: Vec<u8>,
    pub(crate) matches: Vec<u8>,
    pub(crate) flags: Vec<u8>,
}

/// The formats of a file of binfmt.d, `:name:type:offset:magic:mask:interpreter:flags` with any separator.
pub(crate) fn registrations(text: &[u8]) -> Vec<(Vec<u8>, Format)> {
    let lines = lines::read(text).comments(b"#;").trimmed();
    lines.filter_map(|line| registration(&line.text)).collect()
}

fn registration(line: &[u8]) -> Option<(Vec<u8>, Format)> {
    let (separator, rest) = line.split_first()?;
    let mut parts = rest.split(|b| b == separator);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let matches: Vec<&[u8]> = parts.by_ref().take(4).collect();
    let format = Format {
        interpreter: parts.next()?.to_vec(),
        matches: matches.join(&b':'),
        flags: parts.next().unwrap_or_default().to_vec(),
        ..Format::default()
    };
    Some((name.to_vec(), format))
}

/// What a package says of a format, `word value` a line.
pub(crate) fn described(text: &[u8]) -> Format {
    let mut format = Format::default();
    for line in lines::read(text).comments(b"#").trimmed() {
        let end = line.text.iter().position(u8::is_ascii_whitespace);
        let (word, value) = line.text.split_at(end.unwrap_or(line.text.len()));
        let value = value.trim_ascii();
        match word {
            b"interpreter" => format.interpreter = value.to_vec(),
            b"detector" => format.detector = value.to_vec(),
            b"credentials" if value == b"yes" => format.flags.push(b'C'),
            b"preserve" if value == b"yes" => format.flags.push(b'P'),
            b"fix_binary" if value == b"yes" => format.flags.push(b'F'),
            b"magic" | b"mask" | b"offset" | b"extension" => {
                if !format.matches.is_empty() {
                    format.matches.push(b' ');
                }
                format.matches.extend([word, b"=", value].concat());
            }
            _ => {}
        }
    }
    format
}

/// What update-binfmts remembers of a format: package, type, offset, magic, mask, interpreter, detector, credentials,
/// preserve, fix_binary, each on a line.
pub(crate) fn remembered(text: &[u8]) -> Option<Format> {
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').take(10).collect();
    let line = |at: usize| lines.get(at).copied().unwrap_or_default();
    let flags = [(7, b'C'), (8, b'P'), (9, b'F')];
    Some(Format {
        interpreter: lines.get(5)?.to_vec(),
        detector: line(6).to_vec(),
        matches: lines.get(1..5)?.join(&b':'),
        flags: flags
            .into_iter()
            .filter(|(at, _)| line(*at) == b"yes")
            .map(|(_, flag)| flag)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_sign_separates() {
        let text = b"# x\n:py:M::\\xa7\\x0d\\x0d\\x0a::/usr/bin/python3:\n,x,E,,exe,,/opt/i,CF\n::broken\n:short:M\n\xff\n";
        let read: Vec<_> = registrations(text)
            .into_iter()
            .map(|(name, f)| {
                [&name[..], &f.interpreter, &f.matches, &f.flags]
                    .map(|t| String::from_utf8_lossy(t).into_owned())
            })
            .collect();
        assert_eq!(
            read,
            [
                ["py", "/usr/bin/python3", "M::\\xa7\\x0d\\x0d\\x0a:", ""],
                ["x", "/opt/i", "E::exe:", "CF"]
            ]
        );
    }

    #[test]
    fn packages_describe_and_update_binfmts_remembers() {
        let format = described(
            b"package jdk\ninterpreter /usr/bin/jexec\ndetector /opt/d\nmagic PK\\x03\ncredentials yes\n",
        );
        assert_eq!(
            (&format.interpreter[..], &format.detector[..]),
            (&b"/usr/bin/jexec"[..], &b"/opt/d"[..])
        );
        assert_eq!(
            (&format.matches[..], &format.flags[..]),
            (&b"magic=PK\\x03"[..], &b"C"[..])
        );
        let format = remembered(b"jdk\nmagic\n0\nPK\n\n/usr/bin/jexec\n\nyes\n\n\n").expect("lines");
        assert_eq!(
            (&format.interpreter[..], &format.flags[..]),
            (&b"/usr/bin/jexec"[..], &b"C"[..])
        );
        assert_eq!(remembered(b"jdk\nmagic\n"), None);
    }
}
