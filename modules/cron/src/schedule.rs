//! When a line of a crontab runs: five fields, or a nickname.

use crate::parse::{is_number, next_word};

const NICKNAMES: &[&[u8]] = &[
    b"@reboot",
    b"@yearly",
    b"@annually",
    b"@monthly",
    b"@weekly",
    b"@daily",
    b"@midnight",
    b"@hourly",
    b"@every_minute",
    b"@every_second",
];
const MONTHS: &[&[u8]] = &[
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const DAYS: &[&[u8]] = &[b"sun", b"mon", b"tue", b"wed", b"thu", b"fri", b"sat"];
/// A field of a schedule: what to say when it is wrong, the values it may take, and names for some of them.
struct TimeField {
    wrong: &'static str,
    from: u32,
    to: u32,
    names: &'static [&'static [u8]],
}

const fn time_field(wrong: &'static str, from: u32, to: u32, names: &'static [&'static [u8]]) -> TimeField {
    TimeField {
        wrong,
        from,
        to,
        names,
    }
}

const TIME_FIELDS: [TimeField; 5] = [
    time_field("bad minute", 0, 59, &[]),
    time_field("bad hour", 0, 23, &[]),
    time_field("bad day of month", 1, 31, &[]),
    time_field("bad month", 1, 12, MONTHS),
    time_field("bad day of week", 0, 7, DAYS),
];

/// Takes the schedule off the front of a line: its words, with one blank between them.
pub(crate) fn take(rest: &mut &[u8]) -> Result<Vec<u8>, &'static str> {
    if rest.starts_with(b"@") {
        let nickname = next_word(rest);
        return if is_nickname(nickname) {
            Ok(nickname.to_vec())
        } else {
            Err("unknown nickname")
        };
    }
    let mut schedule = Vec::new();
    for (number, field) in TIME_FIELDS.iter().enumerate() {
        let word = next_word(rest);
        // cronie and SUSE: a minus before the line keeps the run out of the log.
        let times = if number == 0 {
            word.strip_prefix(b"-").unwrap_or(word)
        } else {
            word
        };
        if !field.accepts(times) {
            return Err(field.wrong);
        }
        if number > 0 {
            schedule.push(b' ');
        }
        schedule.extend_from_slice(word);
    }
    Ok(schedule)
}

/// Whether a word is `@daily` or its like, of any cron.
pub(crate) fn is_nickname(word: &[u8]) -> bool {
    NICKNAMES.iter().any(|known| known.eq_ignore_ascii_case(word))
}

impl TimeField {
    /// `*`, values and ranges with steps, separated by commas; cronie has `a~b` for a random value.
    fn accepts(&self, field: &[u8]) -> bool {
        field.split(|b| *b == b',').all(|part| {
            let (range, step) = match part.iter().position(|b| *b == b'/') {
                Some(slash) => (part.get(..slash), part.get(slash + 1..)),
                None => (Some(part), None),
            };
            let step_is_fine = step.is_none_or(|step| number(step).is_some_and(|step| step > 0));
            step_is_fine && range.is_some_and(|range| self.accepts_range(range))
        })
    }

    fn accepts_range(&self, range: &[u8]) -> bool {
        if range == b"*" {
            return true;
        }
        match range.iter().position(|b| matches!(*b, b'-' | b'~')) {
            None => self.accepts_value(range),
            Some(at) => {
                let random = range.get(at) == Some(&b'~');
                [range.get(..at), range.get(at + 1..)]
                    .into_iter()
                    .flatten()
                    .all(|end| {
                        // `~` alone, and with one end left out, is any value.
                        (random && end.is_empty()) || self.accepts_value(end)
                    })
            }
        }
    }

    fn accepts_value(&self, value: &[u8]) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(value))
            || number(value).is_some_and(|value| (self.from..=self.to).contains(&value))
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    // `parse` would take a sign.
    if !is_number(digits) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Result<(String, String), &'static str> {
        let mut rest = line.as_bytes();
        let schedule = take(&mut rest)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((text(&schedule), text(rest)))
    }

    #[test]
    fn schedules_of_every_cron_are_understood() {
        for schedule in [
            "* * * * *",
            "*/7 0-23/2 1,15 jan-MAR,12 Mon-fri",
            "-3 4 * * 7",
            "0~30 ~ * * *",
            "5/10 22-4 31 12 0",
            "@reboot",
            "@Midnight",
        ] {
            let line = format!("{}  /opt/x  y", schedule.replace(' ', "\t "));
            assert_eq!(taken(&line), Ok((schedule.to_owned(), "/opt/x  y".to_owned())));
        }
    }

    #[test]
    fn what_no_cron_takes_says_why() {
        for (line, why) in [
            ("60 * * * * x", "bad minute"),
            ("+5 * * * * x", "bad minute"),
            ("*/0 * * * * x", "bad minute"),
            ("1, * * * * x", "bad minute"),
            ("1- * * * * x", "bad minute"),
            ("1-2-3 * * * * x", "bad minute"),
            ("99999999999 * * * * x", "bad minute"),
            ("echo hello", "bad minute"),
            ("* 24 * * * x", "bad hour"),
            ("* * 0 * * x", "bad day of month"),
            ("* * * foo * x", "bad month"),
            ("* * * * 8 x", "bad day of week"),
            ("* * * *", "bad day of week"),
            ("@sometimes x", "unknown nickname"),
            ("@", "unknown nickname"),
        ] {
            assert_eq!(taken(line), Err(why), "{line}");
        }
    }
}
