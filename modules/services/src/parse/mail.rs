//! Where mail goes: aliases(5), `.forward`, dot-qmail(5), procmailrc(5), and the services of master(5).

use super::{first_word, tidy};
use assay_sdk::lines;
use assay_sdk::secrets::hide_in;

/// What becomes of mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Empty in a file that is one person's.
    pub(crate) recipient: Vec<u8>,
    /// An address, a file, `:include:` with one, or a command after a `|`.
    pub(crate) action: Vec<u8>,
}

impl Delivery {
    /// The command, if it is one.
    pub(crate) fn command(&self) -> Option<&[u8]> {
        self.action.strip_prefix(b"|").map(<[u8]>::trim_ascii)
    }
}

/// Lines, of which those that begin with a blank go on with the one before.
fn folded(text: &[u8]) -> Vec<Vec<u8>> {
    let mut folded = Vec::<Vec<u8>>::new();
    for line in lines::read(text).comments(b"#") {
        let said = line.text.trim_ascii();
        match folded.last_mut() {
            Some(last) if line.text.starts_with(b" ") || line.text.starts_with(b"\t") => {
                last.push(b' ');
                last.extend_from_slice(said);
            }
            _ => folded.push(said.to_vec()),
        }
    }
    folded
}

/// Reads aliases: a name, a colon, and what its mail is divided among.
pub(crate) fn aliases(text: &[u8]) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for line in folded(text) {
        let (recipient, rest) = match line.strip_prefix(b"\"") {
            // A name may be quoted, with a colon in it.
            Some(quoted) => {
                let end = quoted
                    .iter()
                    .position(|byte| *byte == b'"')
                    .unwrap_or(quoted.len());
                (&quoted[..end], quoted.get(end + 1..).unwrap_or_default())
            }
            None => {
                let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
                (line[..end].trim_ascii_end(), &line[end..])
            }
        };
        let rest = rest.trim_ascii();
        let of = |action| Delivery {
            recipient: recipient.to_vec(),
            action,
        };
        deliveries.extend(
            divided(rest.strip_prefix(b":").unwrap_or(rest))
                .into_iter()
                .map(of),
        );
    }
    deliveries
}

/// Reads `.forward`, or dot-qmail.
pub(crate) fn forward(text: &[u8]) -> Vec<Delivery> {
    let lines = lines::read(text).comments(b"#").trimmed();
    let actions = lines.flat_map(|line| divided(&line.text));
    let of = |action| Delivery {
        recipient: Vec::new(),
        action,
    };
    actions.map(of).collect()
}

/// Parts between commas, quotes taken off; a comma in a quoted command is part of it, and so is one after a `|` that is not
/// quoted.
fn divided(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut part, mut quoted, mut escaped) = (Vec::new(), Vec::new(), false, false);
    let is_command = text.trim_ascii_start().starts_with(b"|");
    for byte in text {
        match byte {
            _ if escaped => {
                part.push(*byte);
                escaped = false;
            }
            b'\\' if quoted => escaped = true,
            b'"' if !is_command => quoted = !quoted,
            b',' if !quoted && !is_command => parts.push(std::mem::take(&mut part)),
            byte => part.push(*byte),
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim_ascii());
    parts
        .filter(|part| !part.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Reads procmailrc: a recipe is told by its action, with its conditions where the recipient of others is.
pub(crate) fn procmail(text: &[u8]) -> Vec<Delivery> {
    let (mut deliveries, mut conditions) = (Vec::new(), Vec::<Vec<u8>>::new());
    for line in lines::read(text).comments(b"#").joined_by(b" ").trimmed() {
        let line = tidy(&line.text);
        if line.starts_with(b":") || line.starts_with(b"*") {
            conditions.push(line);
        } else {
            deliveries.push(Delivery {
                recipient: std::mem::take(&mut conditions).join(&b' '),
                action: hide_in(&line).into_owned(),
            });
        }
    }
    deliveries
}

/// A service of master.cf.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its name and type: `smtp inet`.
    pub(crate) name: Vec<u8>,
    pub(crate) flags: Vec<Vec<u8>>,
    pub(crate) command: Vec<u8>,
    pub(crate) arguments: Vec<u8>,
}

impl Service {
    /// What pipe(8) and spawn(8) run.
    pub(crate) fn argv(&self) -> Option<&[u8]> {
        let at = self.arguments.windows(5).position(|window| window == b"argv=")?;
        Some(&self.arguments[at + 5..])
    }
}

/// Reads master.cf: eight columns, the last of which takes the rest and the lines below.
pub(crate) fn services(text: &[u8]) -> Vec<Service> {
    folded(text).iter().map(|line| service(line)).collect()
}

fn service(line: &[u8]) -> Service {
    let line = tidy(line);
    let mut columns = Vec::new();
    let mut rest = &line[..];
    while columns.len() < 8 && !rest.is_empty() {
        let (column, after) = first_word(rest);
        columns.push(column.to_vec());
        rest = after;
    }
    let command = if columns.len() == 8 {
        columns.pop().unwrap_or_default()
    } else {
        Vec::new()
    };
    let flags = columns.split_off(columns.len().min(2));
    Service {
        name: columns.join(&b' '),
        flags,
        command,
        arguments: hide_in(rest).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(deliveries: &[Delivery]) -> Vec<String> {
        let show = |d: &Delivery| {
            let text = [&d.recipient[..], &d.action].join(&b'>');
            let command = d.command().map(String::from_utf8_lossy);
            format!(
                "{}{}",
                String::from_utf8_lossy(&text),
                command.map(|c| format!(" => {c}")).unwrap_or_default()
            )
        };
        deliveries.iter().map(show).collect()
    }

    #[test]
    fn aliases_divide_mail() {
        let text =
            b"# x\nroot: ana, \"|/opt/x -a,b\"\n\t,/var/mail/copy\n\"a:b\": :include:/opt/list\nbroken\n";
        let expected = [
            "root>ana",
            "root>|/opt/x -a,b => /opt/x -a,b",
            "root>/var/mail/copy",
            "a:b>:include:/opt/list",
        ];
        assert_eq!(show(&aliases(text)), expected);
    }

    #[test]
    fn a_pipe_with_or_without_quotes() {
        let expected = [">|/opt/x 1,2 => /opt/x 1,2"];
        assert_eq!(show(&forward(b"\"|/opt/x 1,2\"\n")), expected);
        assert_eq!(show(&forward(b"| /opt/x 1,2")), [">| /opt/x 1,2 => /opt/x 1,2"]);
        assert_eq!(show(&forward(b"\\ana, b@c\n")), [">\\ana", ">b@c"]);
    }

    #[test]
    fn recipes_and_services() {
        let text = b"SHELL=/bin/sh\n:0c\n* ^Subject: go\n| /opt/x\n:0\n! a@b\n";
        let expected = [
            ">SHELL=/bin/sh",
            ":0c * ^Subject: go>| /opt/x => /opt/x",
            ":0>! a@b",
        ];
        assert_eq!(show(&procmail(text)), expected);

        let text = b"smtp inet n - y - - smtpd\nx unix - n n - - pipe\n  flags=R user=ana\n  argv=/opt/x -f\nshort\n";
        let [smtp, pipe, short] = &services(text)[..] else {
            panic!()
        };
        assert_eq!(
            (&smtp.name[..], &smtp.command[..], smtp.argv()),
            (&b"smtp inet"[..], &b"smtpd"[..], None)
        );
        assert_eq!((pipe.argv(), pipe.flags.len()), (Some(&b"/opt/x -f"[..]), 5));
        assert_eq!(short.name, b"short");
    }
}
