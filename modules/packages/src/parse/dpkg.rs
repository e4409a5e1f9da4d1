//! dpkg.cfg(5), and what dpkg-divert(1) notes.

use assay_sdk::lines;

/// An option of dpkg.cfg.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) option: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

impl Choice {
    /// Whether dpkg hands the value to a shell.
    pub(crate) fn is_command(&self) -> bool {
        matches!(
            &self.option[..],
            b"pre-invoke" | b"post-invoke" | b"status-logger"
        )
    }
}

/// Reads dpkg.cfg: an option, and after a blank or `=` its value, which may be quoted.
pub(crate) fn choices(text: &[u8]) -> Vec<Choice> {
    let of_line = |line: lines::Line<'_>| {
        let line = &line.text[..];
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'=';
        let end = line.iter().position(ends).unwrap_or(line.len());
        let value = line.get(end + 1..).unwrap_or_default().trim_ascii();
        Choice {
            option: line[..end].to_vec(),
            value: unquoted(value).to_vec(),
        }
    };
    lines::read(text).comments(b"#").trimmed().map(of_line).collect()
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inside = |quote: &[u8]| value.strip_prefix(quote)?.strip_suffix(quote);
    inside(b"\"").or_else(|| inside(b"'")).unwrap_or(value)
}

/// A file that stands elsewhere than its package put it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Diversion {
    pub(crate) path: Vec<u8>,
    pub(crate) target: Vec<u8>,
    /// The package that asked for it; `:` when it was a person.
    pub(crate) by: Vec<u8>,
}

/// Reads `diversions`: three lines each. A last one that is cut off is no diversion.
pub(crate) fn diversions(text: &[u8]) -> Vec<Diversion> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let of = |three: &[&[u8]]| {
        Some(Diversion {
            path: three.first()?.to_vec(),
            target: three.get(1)?.to_vec(),
            by: three.get(2)?.to_vec(),
        })
    };
    lines.chunks_exact(3).filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_with_a_blank_or_an_equals_sign() {
        let text = b"# log\nlog /var/log/dpkg.log\npre-invoke='/x y'\nstatus-logger = \"/z\"\nno-debsig\n";
        let seen: Vec<_> = choices(text)
            .iter()
            .map(|c| {
                format!(
                    "{:?}",
                    (
                        String::from_utf8_lossy(&c.option),
                        String::from_utf8_lossy(&c.value)
                    )
                )
            })
            .collect();
        let expected = [
            "(\"log\", \"/var/log/dpkg.log\")",
            "(\"pre-invoke\", \"/x y\")",
            "(\"status-logger\", \"= \\\"/z\\\"\")",
            "(\"no-debsig\", \"\")",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_diversion_that_is_cut_off_is_none() {
        let seen = diversions(b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n");
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].by, b"dash");
        assert_eq!(diversions(b"a\nb"), []);
    }
}
