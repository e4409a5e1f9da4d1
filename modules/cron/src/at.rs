//! Jobs of at(1): what their file names say, and which part of them is the command.
//!
//! `at` writes a shell script: comments, `umask`, the whole environment of whoever called it, a `cd`, and
//! only then the command. The environment may hold secrets, so nothing above the `cd` is given away but the
//! ids. Sources of the format: `at.c` of the at package and of Apple's at.

/// What the name of a job's file says: queue letter, five hexadecimal digits, eight hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AtName {
    pub(crate) number: u32,
    /// Minutes since 1970.
    pub(crate) due: u32,
    /// `a` for at, `b` for batch, later letters for lower priority, `=` while it runs.
    pub(crate) queue: u8,
}

/// What a job's script holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AtScript {
    pub(crate) uid: Option<i64>,
    pub(crate) gid: Option<i64>,
    /// Whether something stands above the `cd` that at(1) does not write, and that runs as well.
    pub(crate) odd_header: bool,
    pub(crate) folder: Vec<u8>,
    pub(crate) command: Vec<u8>,
}

impl AtName {
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        let (queue, digits) = name.split_first()?;
        let is_queue = queue.is_ascii_alphabetic() || *queue == b'=';
        if !is_queue || digits.len() != 13 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let digits = std::str::from_utf8(digits).ok()?;
        Some(Self {
            number: u32::from_str_radix(digits.get(..5)?, 16).ok()?,
            due: u32::from_str_radix(digits.get(5..)?, 16).ok()?,
            queue: *queue,
        })
    }

    /// The due time in UTC, such as `2026-11-24T06:30Z`.
    pub(crate) fn due_time(self) -> String {
        let (year, month, day) = date(i64::from(self.due / (24 * 60)));
        let (hour, minute) = (self.due / 60 % 24, self.due % 60);
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
    }
}

/// Year, month and day of a number of days since 1970. Years are counted from March, which puts the leap day
/// last and makes the months before it follow one formula; 400 years have 146,097 days.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since March 1st of the year 0
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next_year, month, day)
}

/// Reads a job's script. `None` when it is none that at(1) writes: where the environment ends is then unknown.
pub(crate) fn script(text: &[u8]) -> Option<AtScript> {
    let mut script = AtScript::default();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((folder, after)) = change_folder(rest) {
            script.folder = folder;
            script.command = command(after).to_vec();
            return Some(script);
        }
        rest = match exported(rest) {
            Some(after) => after,
            None => {
                let (line, after) = split_line(rest);
                if let Some(ids) = line.strip_prefix(b"# atrun ") {
                    script.uid = id(ids, b"uid=");
                    script.gid = id(ids, b"gid=");
                }
                script.odd_header |= !(line.starts_with(b"#") || is_umask(line));
                after
            }
        };
    }
    None
}

/// What follows a `NAME=value; export NAME` line, whose value may hold newlines.
fn exported(text: &[u8]) -> Option<&[u8]> {
    let equals = text.iter().position(|b| matches!(*b, b'=' | b'\n'))?;
    let (name, rest) = text.split_at(equals);
    let (_, rest) = escaped_word(rest.strip_prefix(b"=")?);
    let rest = rest.strip_prefix(b"; export ")?.strip_prefix(name)?;
    rest.strip_prefix(b"\n")
}

/// The folder of `cd FOLDER || {`, and what follows the block that the brace opens.
fn change_folder(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (folder, rest) = escaped_word(text.strip_prefix(b"cd ")?);
    let mut rest = rest.strip_prefix(b" || {\n")?;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        if line == b"}" {
            return Some((folder, after));
        }
        rest = after;
    }
    None
}

/// A word as at(1) writes it: a backslash before every character that a shell might understand, and newlines
/// in double quotes. Anything else ends it, so that a command hidden behind a value is not taken for a value.
fn escaped_word(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [b'"', b'\n', b'"', after @ ..] => {
                word.push(b'\n');
                after
            }
            [b'\\', escaped, after @ ..] => {
                word.push(*escaped);
                after
            }
            [byte, after @ ..] if !b" \t\n;&|<>()$`'\"\\".contains(byte) => {
                word.push(*byte);
                after
            }
            _ => return (word, rest),
        };
    }
}

/// The command without the here-document that newer at(1) wraps it in: its delimiter is random.
fn command(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let unwrapped = || {
        let (first, body) = split_line(text);
        let delimiter = first
            .strip_prefix(b"${SHELL:-/bin/sh} << '")?
            .strip_suffix(b"'")?;
        body.strip_suffix(delimiter)
    };
    unwrapped().unwrap_or(text).trim_ascii_end()
}

fn is_umask(line: &[u8]) -> bool {
    line.strip_prefix(b"umask ")
        .is_some_and(|mask| mask.iter().all(u8::is_ascii_digit))
}

fn id(text: &[u8], name: &[u8]) -> Option<i64> {
    let mut words = text.split(|b| *b == b' ');
    let digits = words.find_map(|word| word.strip_prefix(name))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|b| *b == b'\n') {
        Some(end) => (
            text.get(..end).unwrap_or_default(),
            text.get(end + 1..).unwrap_or_default(),
        ),
        None => (text, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "#!/bin/sh\n# atrun uid=1007 gid=1008\n# mail ana 0\numask 27\n";
    const CD: &str = "cd /srv/my\\ jobs || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n";

    #[test]
    fn names_hold_number_and_due_time() {
        let name = AtName::parse(b"a0002b01c3d2e1").expect("a job");
        assert_eq!((name.number, name.due, name.queue), (43, 0x01c3_d2e1, b'a'));
        assert!(AtName::parse(b"=0002b01c3d2e1").is_some());
        for name in [
            &b".SEQ"[..],
            b"a0002b01c3d2e",
            b"a0002b01c3d2e11",
            b"a0002b01c3d2eg",
            b"1",
            b"",
        ] {
            assert_eq!(AtName::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn due_times_are_dates() {
        let due = |due: u32| {
            AtName {
                number: 0,
                due,
                queue: b'a',
            }
            .due_time()
        };
        assert_eq!(due(0), "1970-01-01T00:00Z");
        assert_eq!(due(951_782_400 / 60 + 61), "2000-02-29T01:01Z");
        assert_eq!(due(951_868_800 / 60), "2000-03-01T00:00Z");
        assert_eq!(due(4_107_542_400 / 60 - 1), "2100-02-28T23:59Z");
        assert_eq!(due(4_107_542_400 / 60), "2100-03-01T00:00Z");
        assert_eq!(due(1_798_761_599 / 60), "2026-12-31T23:59Z");
        assert_eq!(due(u32::MAX), "10136-02-16T04:15Z");
    }

    #[test]
    fn only_what_follows_the_environment_is_the_command() {
        let text = format!(
            "{HEADER}API_TOKEN=s3cr3t\\;\\ x; export API_TOKEN\nTWO=a\"\n\"b=c; export TWO\nEMPTY=; export EMPTY\n{CD}/opt/x\n/opt/y\n\n"
        );
        let script = script(text.as_bytes()).expect("a job");
        assert_eq!((script.uid, script.gid), (Some(1007), Some(1008)));
        assert_eq!(script.folder, b"/srv/my jobs");
        assert_eq!(script.command, b"/opt/x\n/opt/y");
        assert!(!script.odd_header);
    }

    #[test]
    fn here_documents_are_unwrapped() {
        let wrap = |start: &str, end: &str| format!("{HEADER}{CD}{start}\n/opt/x\n\n{end}\n");
        let text = wrap(
            "${SHELL:-/bin/sh} << 'marcinDELIMITER0badcafe'",
            "marcinDELIMITER0badcafe",
        );
        assert_eq!(script(text.as_bytes()).expect("a job").command, b"/opt/x");
        // What runs something else, or goes on after the document, is not cut.
        let text = wrap("/opt/evil << 'END'", "END");
        assert_eq!(
            script(text.as_bytes()).expect("a job").command,
            b"/opt/evil << 'END'\n/opt/x\n\nEND"
        );
        let text = wrap("${SHELL:-/bin/sh} << 'END'", "END\n/opt/evil");
        assert!(
            script(text.as_bytes())
                .expect("a job")
                .command
                .ends_with(b"/opt/evil")
        );
    }

    #[test]
    fn commands_among_the_environment_are_noticed_and_kept_secret() {
        for line in [
            "A=1; /opt/evil; export A",
            "A=$(/opt/evil); export A",
            "/opt/evil",
            "A=1; export B",
            "export KEY=abc",
            "umask $(/opt/evil)",
        ] {
            let text = format!("{HEADER}{line}\n{CD}true\n");
            let script = script(text.as_bytes()).expect(line);
            assert!(script.odd_header, "{line}");
            assert_eq!(script.command, b"true");
        }
    }

    #[test]
    fn without_a_cd_there_is_no_telling_where_the_environment_ends() {
        for text in [
            "",
            "/opt/x\n",
            "#!/bin/sh\nTOKEN=abc; export TOKEN\n",
            "cd /x || {\nexit 1\n",
            "cd /x && y\n",
        ] {
            assert_eq!(script(text.as_bytes()), None, "{text}");
        }
    }
}
