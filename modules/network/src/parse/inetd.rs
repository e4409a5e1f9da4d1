//! inetd.conf(5), a service a line, and xinetd.conf(5), a service a block.

use assay_sdk::{Text, lines};

/// A service.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: Text,
    pub(crate) socket_type: Option<Text>,
    pub(crate) protocol: Option<Text>,
    pub(crate) port: Option<Text>,
    pub(crate) user: Option<Text>,
    pub(crate) program: Option<Text>,
    pub(crate) arguments: Option<Text>,
    pub(crate) disabled: bool,
    /// Sorted.
    pub(crate) other: Vec<Text>,
}

/// Reads inetd.conf; a line with too few words is a service with what it has.
pub(crate) fn lines(text: &[u8]) -> Vec<Service> {
    let lines = lines::read(text).comments(b"#").trimmed();
    lines.map(|line| of_line(&line.text)).collect()
}

fn of_line(line: &[u8]) -> Service {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let mut next = || words.next().map(Text::from);
    let (name, socket_type, protocol, wait, user, program) = (next(), next(), next(), next(), next(), next());
    let arguments = words.collect::<Vec<_>>().join(&b' ');
    let parts = [name, protocol.clone()].into_iter().flatten();
    let parts: Vec<Text> = parts.collect();
    let parts: Vec<&[u8]> = parts.iter().map(Text::as_bytes).collect();
    Service {
        name: parts.join(&b'/').into(),
        socket_type,
        protocol,
        user,
        program,
        arguments: (!arguments.is_empty()).then(|| arguments.into()),
        other: wait.into_iter().collect(),
        ..Service::default()
    }
}

/// Reads a file of xinetd. What stands under `defaults`, and lines outside of blocks, are services of that name.
pub(crate) fn blocks(text: &[u8]) -> Vec<Service> {
    let (mut services, mut block) = (Vec::new(), None::<Service>);
    for line in lines::read(text).comments(b"#").trimmed() {
        let line = &line.text[..];
        match (line, &mut block) {
            (b"{", _) => {}
            (b"}", _) => services.extend(block.take()),
            (_, Some(service)) if !is_header(line) => attribute(service, line),
            _ => {
                services.extend(block.take());
                let header = line.strip_suffix(b"{").unwrap_or(line).trim_ascii();
                let name = header.strip_prefix(b"service").unwrap_or(header).trim_ascii();
                let service = Service {
                    name: name.into(),
                    ..Service::default()
                };
                if is_header(line) {
                    block = Some(service);
                } else {
                    services.push(service);
                }
            }
        }
    }
    services.extend(block);
    services
}

fn is_header(line: &[u8]) -> bool {
    let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    matches!(word, b"service" | b"defaults")
}

fn attribute(service: &mut Service, line: &[u8]) {
    let Some(at) = line.iter().position(|byte| *byte == b'=') else {
        service.other.push(line.into());
        return;
    };
    let name = line[..at].trim_ascii();
    let value = Text::from(line[at + 1..].trim_ascii());
    match name {
        b"socket_type" => service.socket_type = Some(value),
        b"protocol" => service.protocol = Some(value),
        b"port" => service.port = Some(value),
        b"user" => service.user = Some(value),
        b"server" => service.program = Some(value),
        b"server_args" => service.arguments = Some(value),
        b"disable" => service.disabled = value == "yes",
        // An id tells two services of one name apart.
        b"id" => service.name = [service.name.as_bytes(), b" ", value.as_bytes()].concat().into(),
        _ => {
            let other = [name, b"=", value.as_bytes()].concat();
            let at = service
                .other
                .partition_point(|known| known.as_bytes() < &other[..]);
            service.other.insert(at, other.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_inetd() {
        let [shell, short] =
            &lines(b"#x\n127.0.0.1:9999\tstream tcp nowait.40 root /bin/sh sh -i\nftp\n")[..]
        else {
            panic!()
        };
        assert_eq!(shell.name, "127.0.0.1:9999/tcp");
        assert_eq!(shell.program.as_ref().and_then(Text::as_str), Some("/bin/sh"));
        assert_eq!(shell.arguments.as_ref().and_then(Text::as_str), Some("sh -i"));
        assert_eq!(shell.other, ["nowait.40"]);
        assert_eq!((&short.name, &short.program), (&"ftp".into(), &None));
    }

    #[test]
    fn blocks_of_xinetd() {
        let text = b"defaults\n{\n log_type = SYSLOG\n}\nincludedir /etc/xinetd.d\nservice time {\n id = time-udp\n disable = yes\n\
            server = /opt/t\n server_args = -q\n wait = no\n flags += IPv6\n}\nservice open\n{\n server = /opt/o\n";
        let seen: Vec<_> = blocks(text)
            .iter()
            .map(|s| format!("{} {:?} {} {:?}", s.name, s.program, s.disabled, s.other))
            .collect();
        let expected = [
            "defaults None false [\"log_type=SYSLOG\"]",
            "includedir /etc/xinetd.d None false []",
            "time time-udp Some(\"/opt/t\") true [\"flags +=IPv6\", \"wait=no\"]",
            "open Some(\"/opt/o\") false []",
        ];
        assert_eq!(seen, expected);
    }
}
