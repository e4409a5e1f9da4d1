//! The texts of the files.

use super::{EVERY, File, Kind, MARK, Wish};
use std::time::Duration;

const SERVICE: &str = include_str!("../../../../config/systemd/assay.service");
const TIMER: &str = include_str!("../../../../config/systemd/assay.timer");
const RESIDENT: &str = include_str!("../../../../config/systemd/assay-watch.service");
const JOB: &str = include_str!("../../../../config/launchd/org.assay.run.plist");
const LINE: &str = include_str!("../../../../config/cron/assay");

/// The program as it stands in those texts.
const PROGRAM: &str = "/usr/local/bin/assay";
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// No timer waits for longer than that to spread the load of many machines.
const SPREAD: u64 = 5 * MINUTE;

/// Why a wish cannot be fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Cron knows minutes of an hour and hours of a day.
    #[error(
        "cron cannot run something every {0}; it can every 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d"
    )]
    Interval(String),
    /// Nothing happens every no time.
    #[error("`--every` must be a second at least")]
    Never,
    /// It would not be what it was when it is read.
    #[error(
        "`{0}` cannot stand in a file that starts Assay: it has a line break or another control character"
    )]
    Text(String),
}

impl Wish {
    /// The files that do what is wished.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn files(&self) -> Result<Vec<File>, Refused> {
        if self.every.as_secs() == 0 {
            return Err(Refused::Never);
        }
        let unsound = |text: &&String| text.chars().any(char::is_control);
        if let Some(text) = self.command.iter().chain(&self.writes).find(unsound) {
            return Err(Refused::Text(text.escape_debug().to_string()));
        }
        let texts = match self.kind {
            Kind::SystemdTimer => vec![self.unit(SERVICE, "run"), self.timer()],
            Kind::SystemdService => vec![self.unit(RESIDENT, "watch")],
            Kind::Launchd => vec![self.job()],
            Kind::Cron => vec![self.line()?],
        };
        let files = self.kind.paths().iter().zip(texts);
        Ok(files.map(|(path, text)| File { path, text }).collect())
    }

    /// Who wrote it, and as what. It is a comment of XML, too, which two hyphens may not stand in.
    fn mark(&self) -> String {
        let how = if self.resident {
            ", resident".to_owned()
        } else {
            format!("{EVERY}{}", written(self.every))
        };
        format!("{MARK}{}{how}; `assay uninstall` removes it.", self.kind.as_str())
    }

    /// A text with the mark in the place of the comment that it begins with, which is for who copies it.
    fn marked(&self, text: &str) -> String {
        let rest: Vec<&str> = text.lines().skip_while(|line| line.starts_with('#')).collect();
        format!("# {}\n{}\n", self.mark(), rest.join("\n"))
    }

    /// Arguments for the shell, a unit or the like, each made to be one word there.
    fn words(&self, command: &str, word: fn(&str) -> String) -> String {
        let words = self.command.iter().map(String::as_str).chain([command]);
        words.map(word).collect::<Vec<_>>().join(" ")
    }

    fn unit(&self, unit: &str, command: &str) -> String {
        let was = format!("ExecStart={PROGRAM} {command}\n");
        let is = format!("ExecStart={}\n", self.words(command, for_systemd));
        let mut unit = self.marked(unit).replace(&was, &is);
        if !self.network {
            unit = unit.replace(
                "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n",
                "# No sink is on the network. When one is, `assay install` writes this file anew.\n\
                 RestrictAddressFamilies=AF_UNIX\nPrivateNetwork=yes\nIPAddressDeny=any\n",
            );
        }
        for folder in &self.writes {
            // A folder that is not there is told by the sink, and must not keep everything else from being looked at.
            let path = quoted(&format!("-{folder}"));
            unit = unit.replace("UMask=0077\n", &format!("UMask=0077\nReadWritePaths={path}\n"));
        }
        unit
    }

    fn timer(&self) -> String {
        let seconds = self.every.as_secs();
        let when = calendar(seconds).map_or_else(
            || format!("OnUnitActiveSec={seconds}s"),
            |calendar| format!("OnCalendar={}", calendar.for_systemd()),
        );
        let spread = (seconds / 10).clamp(1, SPREAD);
        self.marked(TIMER)
            .replace("OnCalendar=*:0/5", &when)
            .replace("every five minutes", &format!("every {}", written(self.every)))
            .replace("AccuracySec=30s", &format!("AccuracySec={}s", spread.min(30)))
            .replace("RandomizedDelaySec=30s", &format!("RandomizedDelaySec={spread}s"))
    }

    fn line(&self) -> Result<String, Refused> {
        let calendar =
            calendar(self.every.as_secs()).ok_or_else(|| Refused::Interval(written(self.every)))?;
        let line = format!("{} root {}", calendar.for_cron(), self.words("run", for_cron));
        Ok(self
            .marked(LINE)
            .replace(&format!("*/5 * * * * root {PROGRAM} run"), &line))
    }

    fn job(&self) -> String {
        let text = |word: &str| format!("\t\t<string>{}</string>\n", for_xml(word));
        let command = if self.resident { "watch" } else { "run" };
        let words = self.command.iter().map(String::as_str).chain([command]);
        let words: String = words.map(text).collect();
        let begin = JOB.find("<!-- ").unwrap_or(0);
        let end = JOB.find("-->").map_or(begin, |at| at + 3);
        let job = format!("{}<!-- {} -->{}", &JOB[..begin], self.mark(), &JOB[end..]);
        let job = job.replace(&[text(PROGRAM), text("run")].concat(), &words);
        let every = "\t<key>StartInterval</key>\n\t<integer>300</integer>\n";
        if self.resident {
            return job.replace(every, "\t<key>KeepAlive</key>\n\t<true/>\n");
        }
        job.replace(every, &every.replace("300", &self.every.as_secs().to_string()))
    }
}

/// Times of a day that come evenly, from its beginning.
enum Calendar {
    Minutes(u64),
    Hours(u64),
    Daily,
}

fn calendar(seconds: u64) -> Option<Calendar> {
    let divides = |unit: u64, whole: u64| seconds.is_multiple_of(unit) && whole.is_multiple_of(seconds);
    match seconds {
        DAY => Some(Calendar::Daily),
        _ if seconds < HOUR && divides(MINUTE, HOUR) => Some(Calendar::Minutes(seconds / MINUTE)),
        _ if divides(HOUR, DAY) => Some(Calendar::Hours(seconds / HOUR)),
        _ => None,
    }
}

impl Calendar {
    fn for_cron(&self) -> String {
        match self {
            Self::Minutes(1) => "* * * * *".to_owned(),
            Self::Minutes(minutes) => format!("*/{minutes} * * * *"),
            Self::Hours(1) => "0 * * * *".to_owned(),
            Self::Hours(hours) => format!("0 */{hours} * * *"),
            Self::Daily => "0 0 * * *".to_owned(),
        }
    }

    fn for_systemd(&self) -> String {
        match self {
            Self::Minutes(minutes) => format!("*:0/{minutes}"),
            Self::Hours(hours) => format!("0/{hours}:00"),
            Self::Daily => "daily".to_owned(),
        }
    }
}

/// A length of time as `--every` takes it.
fn written(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (1, "s")];
    let unit = units.iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    unit.map_or_else(String::new, |(unit, name)| format!("{}{name}", seconds / unit))
}

fn is_plain(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/:@+,-=".contains(&byte);
    !word.is_empty() && word.bytes().all(plain)
}

/// One word of a unit file, where `%` begins a specifier.
fn quoted(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let word = word.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", word.replace('%', "%%"))
}

/// One word of a command of a unit file, where `$` begins a variable besides.
fn for_systemd(word: &str) -> String {
    quoted(&word.replace('$', "$$"))
}

/// One word of a line of cron's, which a shell reads after cron has ended the command at the first bare `%`.
fn for_cron(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    // Between quotes the shell would keep the backslash that cron wants before it.
    let parts = word.split('%').map(|part| part.replace('\'', "'\\''"));
    format!("'{}'", parts.collect::<Vec<_>>().join("'\\%'"))
}

fn for_xml(word: &str) -> String {
    word.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
