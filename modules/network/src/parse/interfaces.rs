//! interfaces(5) of ifupdown: stanzas, each with options below it.

use assay_sdk::lines;
use assay_sdk::secrets::hide;

/// A line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The stanza that it belongs to: `iface eth0 inet`; none for lines that stand alone, such as `auto lo`.
    pub(crate) stanza: Option<Vec<u8>>,
    pub(crate) option: Vec<u8>,
    /// Without passwords.
    pub(crate) value: Vec<u8>,
}

impl Line {
    /// Whether a shell runs the value.
    pub(crate) fn is_command(&self) -> bool {
        let commands: [&[u8]; 7] = [
            b"up",
            b"down",
            b"pre-up",
            b"post-up",
            b"pre-down",
            b"post-down",
            b"script",
        ];
        commands.contains(&&self.option[..])
    }
    /// What it is called in its file. A command is its own name: an interface may have many.
    pub(crate) fn name(&self) -> Vec<u8> {
        let stanza = self.stanza.as_deref().unwrap_or_default();
        let value = if self.is_command() || self.stanza.is_none() {
            &self.value[..]
        } else {
            b""
        };
        let parts = [stanza, &self.option, value];
        let parts: Vec<&[u8]> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(&b' ')
    }
}

/// Reads a file of interfaces.
pub(crate) fn lines(text: &[u8]) -> Vec<Line> {
    let (mut lines, mut stanza) = (Vec::new(), None);
    for line in lines::read(text).comments(b"#").joined_by(b" ").trimmed() {
        let (option, value) = first_word(&line.text);
        match option {
            b"iface" | b"mapping" | b"template" | b"rename" => {
                let words: Vec<&[u8]> = words(&line.text).collect();
                // The method (`static`, `dhcp`) is what an interface does; its name and family are what it is.
                let (name, method) = words.split_at(words.len().min(if option == b"iface" { 3 } else { 2 }));
                let name = name.join(&b' ');
                lines.push(Line {
                    stanza: Some(name.clone()),
                    option: b"method".to_vec(),
                    value: method.join(&b' '),
                });
                stanza = Some(name);
            }
            b"auto" | b"source" | b"source-directory" | b"source-dir" | b"no-auto-down" | b"no-scripts" => {
                stanza = None;
                lines.push(Line {
                    stanza: None,
                    option: option.to_vec(),
                    value: value.to_vec(),
                });
            }
            _ if option.starts_with(b"allow-") => {
                stanza = None;
                lines.push(Line {
                    stanza: None,
                    option: option.to_vec(),
                    value: value.to_vec(),
                });
            }
            _ => lines.push(Line {
                stanza: stanza.clone(),
                option: option.to_vec(),
                value: shown(option, value),
            }),
        }
    }
    lines
}

/// Keys of Wi-Fi are called `wpa-psk` or `wireless-key1`.
fn shown(option: &[u8], value: &[u8]) -> Vec<u8> {
    let is_key = option.starts_with(b"wireless-key")
        || option.starts_with(b"wireless_key")
        || option.starts_with(b"wpa-wep-key");
    if is_key {
        return b"<hidden>".to_vec();
    }
    hide(option, value).into_owned()
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    (&line[..end], line[end..].trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_belong_to_the_stanza_above() {
        let text = b"auto lo eth0\niface eth0 inet static\n  address 10.0.0.2\n  up /opt/x \\\n    -q\n\
            iface wlan0 inet dhcp\n  wpa-psk geheim\nsource interfaces.d/*\npost-up stray\niface";
        let seen: Vec<_> = lines(text)
            .iter()
            .map(|line| {
                let value = String::from_utf8_lossy(&line.value).into_owned();
                format!("{} = {value}", String::from_utf8_lossy(&line.name()))
            })
            .collect();
        let expected = [
            "auto lo eth0 = lo eth0",
            "iface eth0 inet method = static",
            "iface eth0 inet address = 10.0.0.2",
            "iface eth0 inet up /opt/x      -q = /opt/x      -q",
            "iface wlan0 inet method = dhcp",
            "iface wlan0 inet wpa-psk = <hidden>",
            "source interfaces.d/* = interfaces.d/*",
            "post-up stray = stray",
            "iface method = ",
        ];
        assert_eq!(seen, expected);
    }
}
