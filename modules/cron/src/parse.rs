//! Lines of crontabs and anacrontabs.
//!
//! Sources of the format: crontab(5) of Vixie cron as Debian, cronie and Apple ship it, busybox `crond`, and
//! anacrontab(5). Where they differ this accepts what any of them does: a line that is taken for a job here
//! and refused there is still shown as what it says.

use crate::schedule;

/// What a line says. Comments and blank lines say nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a, Job> {
    /// `NAME = value`, which holds for the lines below it.
    Environment {
        name: &'a [u8],
        value: &'a [u8],
    },
    Job(Job),
    /// No scheduler makes sense of it.
    Bad {
        text: &'a [u8],
        why: &'static str,
    },
}

/// A line of a crontab.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CronJob<'a> {
    /// Five fields or a nickname such as `@reboot`, with one blank between the fields.
    pub(crate) schedule: Vec<u8>,
    /// The column that only system tabs have; on macOS `user:group/class`.
    pub(crate) user: Option<&'a [u8]>,
    /// The rest, as it is written.
    pub(crate) written: &'a [u8],
    /// macOS: not while on battery.
    pub(crate) on_mains_only: bool,
}

/// A line of an anacrontab.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AnacronJob<'a> {
    /// Days, or `@monthly` and its like.
    pub(crate) period: &'a [u8],
    /// Minutes.
    pub(crate) delay: &'a [u8],
    /// The name under which the day of the last run is kept.
    pub(crate) id: &'a [u8],
    pub(crate) command: &'a [u8],
}

const NOT_ON_BATTERY: &[u8] = b"@AppleNotOnBattery";

/// The lines of a file that say something, without blanks around them, and whether a newline ends each.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| {
        let (line, ended) = match line.strip_suffix(b"\n") {
            Some(line) => (line, true),
            None => (line, false),
        };
        let line = trim(line);
        (!line.is_empty() && line != b"\r" && !line.starts_with(b"#")).then_some((line, ended))
    })
}

/// The same text with lines that end in a backslash joined to the next, as anacron reads them.
pub(crate) fn join_continued(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        joined.extend_from_slice(line.strip_suffix(b"\\\n").unwrap_or(line));
    }
    joined
}

/// Reads a line of a crontab; a system tab has a column for the user.
pub(crate) fn cron_line(text: &[u8], system: bool) -> Line<'_, CronJob<'_>> {
    match environment(text) {
        Some((name, value)) => Line::Environment { name, value },
        None => match cron_job(text, system) {
            Ok(job) => Line::Job(job),
            Err(why) => Line::Bad { text, why },
        },
    }
}

/// Reads a line of an anacrontab.
pub(crate) fn anacron_line(text: &[u8]) -> Line<'_, AnacronJob<'_>> {
    match environment(text) {
        Some((name, value)) => Line::Environment { name, value },
        None => match anacron_job(text) {
            Ok(job) => Line::Job(job),
            Err(why) => Line::Bad { text, why },
        },
    }
}

/// `NAME = value`, either in quotes or not. cron tries this before it takes a line for a job.
fn environment(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = match quoted(text) {
        Some(split) => split,
        None if is_quote(text) => return None,
        None => text.split_at(text.iter().position(|b| is_blank(*b) || *b == b'=')?),
    };
    let value = trim(trim(rest).strip_prefix(b"=")?);
    if name.is_empty() {
        return None;
    }
    match quoted(value) {
        Some((value, rest)) => rest.is_empty().then_some((name, value)),
        None if is_quote(value) => None,
        None => Some((name, value)),
    }
}

fn is_quote(text: &[u8]) -> bool {
    text.starts_with(b"'") || text.starts_with(b"\"")
}

/// A text in quotes of one kind, and what follows it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (quote, rest) = text.split_first().filter(|(b, _)| matches!(**b, b'"' | b'\''))?;
    let end = rest.iter().position(|b| b == quote)?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

fn cron_job(text: &[u8], system: bool) -> Result<CronJob<'_>, &'static str> {
    let mut rest = text;
    let schedule = schedule::take(&mut rest)?;
    let user = system.then(|| next_word(&mut rest));
    let mut written = trim(rest);
    let mut after = written;
    let on_mains_only = next_word(&mut after) == NOT_ON_BATTERY;
    if on_mains_only {
        written = trim(after);
    }
    if written.is_empty() {
        return Err("no command");
    }
    Ok(CronJob {
        schedule,
        user,
        written,
        on_mains_only,
    })
}

impl CronJob<'_> {
    /// What the shell is given, and what it reads as standard input: a `%` without a backslash before it ends
    /// the first, and is a newline in the second.
    pub(crate) fn command_and_input(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut command = Vec::with_capacity(self.written.len());
        let mut input: Option<Vec<u8>> = None;
        let mut bytes = self.written.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let byte = match byte {
                b'\\' if bytes.next_if_eq(&b'%').is_some() => b'%',
                b'%' if input.is_none() => {
                    input = Some(Vec::new());
                    continue;
                }
                b'%' => b'\n',
                byte => byte,
            };
            input.as_mut().unwrap_or(&mut command).push(byte);
        }
        (command, input)
    }
}

/// The account in the column `user:group/class` of macOS.
pub(crate) fn account(column: &[u8]) -> &[u8] {
    let end = column.iter().position(|b| matches!(*b, b':' | b'/'));
    end.and_then(|end| column.get(..end)).unwrap_or(column)
}

fn anacron_job(text: &[u8]) -> Result<AnacronJob<'_>, &'static str> {
    let mut rest = text;
    let period = next_word(&mut rest);
    if !(schedule::is_nickname(period) || is_number(period)) {
        return Err("bad period");
    }
    let delay = next_word(&mut rest);
    if !is_number(delay) {
        return Err("bad delay");
    }
    let id = next_word(&mut rest);
    let command = trim(rest);
    if command.is_empty() {
        return Err("no command");
    }
    Ok(AnacronJob {
        period,
        delay,
        id,
        command,
    })
}

/// Takes the first word off, and the blanks after it.
pub(crate) fn next_word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|b| is_blank(*b)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = trim(after);
    word
}

/// What follows the last blank between words.
pub(crate) fn last_word(text: &[u8]) -> &[u8] {
    trim(text).rsplit(|b| is_blank(*b)).next().unwrap_or_default()
}

pub(crate) fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Without blanks at either end. A carriage return is kept: cron keeps it, and a shell stumbles over it.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|b| !is_blank(*b)) else {
        return &[];
    };
    let end = text
        .iter()
        .rposition(|b| !is_blank(*b))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str, system: bool) -> (String, String, String) {
        match cron_line(text.as_bytes(), system) {
            Line::Job(job) => {
                let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                (
                    lossy(&job.schedule),
                    job.user.map(lossy).unwrap_or_default(),
                    lossy(job.written),
                )
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_neither_job_nor_variable_is_bad() {
        for (text, reason) in [
            ("* * * * *", "no command"),
            ("@daily", "no command"),
            ("'unended = x", "bad minute"),
            ("FOO='unended", "bad minute"),
            ("FOO='a' b", "bad minute"),
            ("=x", "bad minute"),
        ] {
            let line = cron_line(text.as_bytes(), false);
            assert!(
                matches!(line, Line::Bad { why, .. } if why == reason),
                "{text}: {line:?}"
            );
        }
    }

    #[test]
    fn a_system_tab_has_a_user_column() {
        let expected = (
            "5 4 * * *".to_owned(),
            "ana:staff/daemon".to_owned(),
            "/opt/x".to_owned(),
        );
        assert_eq!(job("5\t4 *  * *\tana:staff/daemon\t/opt/x", true), expected);
        assert!(matches!(
            cron_line(b"* * * * * /opt/x", true),
            Line::Bad {
                why: "no command",
                ..
            }
        ));
    }

    #[test]
    fn environment_comes_before_jobs() {
        for (text, name, value) in [
            ("PATH=/bin:/opt", "PATH", "/bin:/opt"),
            ("A = b c", "A", "b c"),
            ("\"odd name\"\t=\t' kept '", "odd name", " kept "),
            ("MAILTO=\"\"", "MAILTO", ""),
            ("EMPTY=", "EMPTY", ""),
            ("X=it's", "X", "it's"),
        ] {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            assert_eq!(
                cron_line(text.as_bytes(), false),
                Line::Environment { name, value },
                "{text}"
            );
        }
        assert_eq!(job("@daily A=1 /opt/x", false).2, "A=1 /opt/x");
        assert_eq!(job("* * * * * x=1", false).2, "x=1");
    }

    #[test]
    fn percent_signs_are_newlines_of_the_input() {
        let split = |text: &'static str| match cron_line(text.as_bytes(), false) {
            Line::Job(job) => {
                let (command, input) = job.command_and_input();
                (
                    String::from_utf8(command).expect("UTF-8"),
                    input.map(|input| String::from_utf8(input).expect("UTF-8")),
                )
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(split("@daily date +\\%F \\n"), ("date +%F \\n".to_owned(), None));
        assert_eq!(
            split("@daily sh%one \\%%two"),
            ("sh".to_owned(), Some("one %\ntwo".to_owned()))
        );
        assert_eq!(split("@daily x%"), ("x".to_owned(), Some(String::new())));
    }

    #[test]
    fn apple_jobs_may_wait_for_mains() {
        let Line::Job(job) = cron_line(b"0 1 * * * root @AppleNotOnBattery /opt/x", true) else {
            panic!("no job");
        };
        assert!(job.on_mains_only);
        assert_eq!(job.written, b"/opt/x");
        assert!(matches!(
            cron_line(b"@daily @AppleNotOnBattery", false),
            Line::Bad {
                why: "no command",
                ..
            }
        ));
    }

    #[test]
    fn comments_blanks_and_the_last_newline() {
        let text = b"# DO NOT EDIT\n\n \t \n  # no\n\r\n\t1 2 3 4 5 x \nlast";
        let all: Vec<_> = lines(text).collect();
        assert_eq!(all, [(&b"1 2 3 4 5 x"[..], true), (&b"last"[..], false)]);
    }

    #[test]
    fn anacron_lines_continue_and_name_their_job() {
        let text = join_continued(b"1 5 nightly \\\n  /opt/x \\\n--y\n@monthly 45 m z\n");
        let all: Vec<_> = lines(&text).map(|(line, _)| anacron_line(line)).collect();
        let first = AnacronJob {
            period: b"1",
            delay: b"5",
            id: b"nightly",
            command: b"/opt/x --y",
        };
        let second = AnacronJob {
            period: b"@monthly",
            delay: b"45",
            id: b"m",
            command: b"z",
        };
        assert_eq!(all, [Line::Job(first), Line::Job(second)]);
        for (text, wrong) in [
            ("x 5 id c", "bad period"),
            ("1 x id c", "bad delay"),
            ("1 5 id", "no command"),
        ] {
            assert!(
                matches!(anacron_line(text.as_bytes()), Line::Bad { why, .. } if why == wrong),
                "{text}"
            );
        }
    }
}
