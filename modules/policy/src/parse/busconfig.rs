//! Configuration of a D-Bus daemon.

use super::xml::{self, Piece};
use std::collections::BTreeMap;

/// What a file says, by what it is about: `policy user=root`, `servicehelper`, `includedir`; each with its rules or
/// values in order.
pub(crate) type Config = BTreeMap<String, Vec<String>>;

/// Reads a file.
pub(crate) fn read(bytes: &[u8]) -> Result<Config, String> {
    let mut config = Config::new();
    let mut policy: Option<(String, Vec<String>)> = None;
    let mut inside: Option<(String, Vec<String>)> = None;
    let mut is_bus = false;
    for piece in xml::pieces(bytes)? {
        match piece {
            Piece::Start { name, attributes } => {
                let named = named(&name, &attributes);
                match (name.as_str(), &mut policy) {
                    ("busconfig", _) => is_bus = true,
                    ("policy", _) => policy = Some((named, Vec::new())),
                    (_, Some((_, rules))) => rules.push(named),
                    (_, None) => inside = Some((named, Vec::new())),
                }
            }
            Piece::Text(text) => inside
                .iter_mut()
                .for_each(|(_, values)| values.push(text.clone())),
            Piece::End { name } => {
                let ended = if name == "policy" {
                    policy.take()
                } else {
                    inside.take()
                };
                if let Some((about, said)) = ended {
                    config.entry(about).or_default().extend(said);
                }
            }
        }
    }
    if is_bus {
        Ok(config)
    } else {
        Err("no busconfig".to_owned())
    }
}

/// `allow send_destination=org.x`: an element with its attributes, whose order means nothing.
fn named(name: &str, attributes: &[(String, String)]) -> String {
    let mut words: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.sort();
    words.insert(0, name.to_owned());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_and_settings() {
        let text = b"<busconfig><type>system</type><fork/><servicehelper>/x</servicehelper><policy context='default'>\
            <deny own='*'/><allow send_type='signal' send_destination='a'></allow></policy><policy user='root'/>\
            <limit name='n'>1</limit></busconfig>";
        let said: Vec<String> = read(text)
            .expect("a configuration")
            .into_iter()
            .map(|(key, values)| format!("{key}: {}", values.join(" | ")))
            .collect();
        assert_eq!(
            said,
            [
                "fork: ",
                "limit name=n: 1",
                "policy context=default: deny own=* | allow send_destination=a send_type=signal",
                "policy user=root: ",
                "servicehelper: /x",
                "type: system"
            ]
        );
        assert!(read(b"<html/>").is_err());
    }
}
