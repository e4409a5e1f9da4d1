//! logrotate.conf(5): directives, in blocks of logs or for all of them, and scripts up to `endscript`.

use super::{first_word, tidy};
use assay_sdk::lines;

/// A directive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// The logs that it is about; empty for all of them.
    pub(crate) logs: Vec<u8>,
    pub(crate) name: Vec<u8>,
    /// Of a script its lines, without indentation.
    pub(crate) value: Vec<u8>,
    pub(crate) runs: bool,
}

const SCRIPTS: [&[u8]; 5] = [
    b"prerotate",
    b"postrotate",
    b"firstaction",
    b"lastaction",
    b"preremove",
];
const PROGRAMS: [&[u8]; 2] = [b"compresscmd", b"uncompresscmd"];

/// Reads a file. Logs may be on lines of their own before their brace.
pub(crate) fn directives(text: &[u8]) -> Vec<Directive> {
    let (mut directives, mut logs, mut inside) = (Vec::new(), Vec::new(), false);
    let mut lines = lines::read(text).comments(b"#").trimmed();
    while let Some(line) = lines.next() {
        let mut line = &line.text[..];
        let is_pattern = line.starts_with(b"/") || line.starts_with(b"\"") || line.starts_with(b"~");
        if !inside && (is_pattern || line.contains(&b'{')) {
            let end = line.iter().position(|byte| *byte == b'{');
            logs.extend_from_slice(&line[..end.unwrap_or(line.len())]);
            logs.push(b' ');
            let Some(end) = end else { continue };
            inside = true;
            logs = tidy(&logs);
            line = line[end + 1..].trim_ascii();
        }
        let closes = inside && line.ends_with(b"}");
        line = if closes {
            line[..line.len() - 1].trim_ascii()
        } else {
            line
        };
        let (name, value) = first_word(line);
        if SCRIPTS.contains(&name) {
            let mut script = Vec::new();
            for line in lines.by_ref().take_while(|line| &line.text[..] != b"endscript") {
                script.extend_from_slice(&line.text);
                script.push(b'\n');
            }
            directives.push(directive(&logs, name, script.trim_ascii_end(), true));
        } else if !name.is_empty() {
            // `size=1M` is `size 1M`.
            let (name, value) = match name.iter().position(|byte| *byte == b'=') {
                Some(at) => (&name[..at], [&name[at + 1..], value].concat()),
                None => (
                    name,
                    value.strip_prefix(b"=").unwrap_or(value).trim_ascii().to_vec(),
                ),
            };
            directives.push(directive(&logs, name, &value, PROGRAMS.contains(&name)));
        }
        if closes {
            inside = false;
            logs.clear();
        }
    }
    directives
}

fn directive(logs: &[u8], name: &[u8], value: &[u8], runs: bool) -> Directive {
    Directive {
        logs: logs.to_vec(),
        name: name.to_vec(),
        value: value.to_vec(),
        runs,
    }
}

/// Endings of what editors and package managers leave behind, which logrotate does not read.
const TABOO: [&str; 16] = [
    ".bak",
    ".cfsaved",
    ".disabled",
    ".dpkg-bak",
    ".dpkg-del",
    ".dpkg-dist",
    ".dpkg-new",
    ".dpkg-old",
    ".rpmnew",
    ".rpmorig",
    ".rpmsave",
    ".swp",
    ".ucf-dist",
    ".ucf-new",
    ".ucf-old",
    "~",
];

/// Whether logrotate leaves out a file of this name in its folder.
pub(crate) fn is_taboo(name: &[u8]) -> bool {
    name.ends_with(b",v")
        || name.starts_with(b".")
        || TABOO.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_scripts_and_globals() {
        let text = b"# all\nweekly\ncompresscmd /bin/xz\ninclude /etc/logrotate.d\n/var/log/a\n\"/var/log/b c\"\n{\n\
            rotate 4\n size=1M\n  postrotate\n    # why\n    /opt/x -q\n\tkill $p\n  endscript\n}\n\
            /var/log/d { daily\n missingok }\nmaxage = 9\n/e {\n prerotate\n cut off";
        let seen: Vec<_> = directives(text)
            .iter()
            .map(|d| {
                let parts = [&d.logs[..], &d.name, &d.value].join(&b'|');
                format!(
                    "{}{}",
                    String::from_utf8_lossy(&parts),
                    if d.runs { " !" } else { "" }
                )
            })
            .collect();
        let expected = [
            "|weekly|",
            "|compresscmd|/bin/xz !",
            "|include|/etc/logrotate.d",
            "/var/log/a \"/var/log/b c\"|rotate|4",
            "/var/log/a \"/var/log/b c\"|size|1M",
            "/var/log/a \"/var/log/b c\"|postrotate|/opt/x -q\nkill $p !",
            "/var/log/d|daily|",
            "/var/log/d|missingok|",
            "|maxage|9",
            "/e|prerotate|cut off !",
        ];
        assert_eq!(seen, expected);
    }
}
