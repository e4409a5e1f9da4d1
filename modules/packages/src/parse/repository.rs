//! Repositories of dnf, yum and zypper: dnf.conf(5).

use assay_sdk::secrets::{hide, hide_in};
use assay_sdk::{Text, ini};
use std::collections::BTreeMap;

/// A repository, one section of a `.repo` file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) id: Text,
    /// The settings that have a field of their own, by its name.
    pub(crate) known: BTreeMap<&'static str, Text>,
    /// The others as `name=value`, sorted.
    pub(crate) other: Vec<Text>,
}

/// The settings that say where packages come from and whether their keys are asked.
pub(crate) const FIELDS: [(&str, &str); 9] = [
    ("baseurl", "where its packages are"),
    ("mirrorlist", "where a list of places with its packages is"),
    ("metalink", "the same, with digests"),
    ("enabled", "whether it is asked"),
    ("gpgcheck", "whether its packages must be signed"),
    ("repo_gpgcheck", "whether its list must be signed"),
    ("gpgkey", "whose signatures count"),
    ("sslverify", "whether the server must prove who it is"),
    ("proxy", "through whom it is asked"),
];

/// Reads the repositories of a file.
pub(crate) fn repositories(text: &[u8]) -> Vec<Repository> {
    let sections = ini::parse(text).sections.into_iter();
    sections.map(repository).collect()
}

fn repository(section: ini::Section) -> Repository {
    let (mut known, mut other) = (BTreeMap::<&'static str, Vec<u8>>::new(), Vec::new());
    let mut last = None;
    for setting in section.settings {
        let key = setting.key.as_bytes();
        let field = FIELDS
            .iter()
            .map(|(name, _)| *name)
            .find(|name| name.as_bytes() == key);
        match (setting.value, field) {
            (Some(value), Some(field)) => {
                known.insert(field, hide_in(value.as_bytes()).into_owned());
                last = Some(field);
            }
            // A URL on a line of its own goes on with the setting above, also when it holds a `=`.
            (value, None) if last.is_some() && key.windows(3).any(|sign| sign == b"://") => {
                let more = [
                    key,
                    value.as_ref().map_or(&b""[..], |_| b"="),
                    value.as_ref().map_or(b"", Text::as_bytes),
                ];
                let all = last.and_then(|field| known.get_mut(field));
                if let Some(all) = all {
                    all.push(b' ');
                    all.extend_from_slice(&hide_in(&more.concat()));
                }
            }
            (value, _) => {
                if key == b"name" {
                    continue;
                }
                let value = value.unwrap_or_default();
                let value = hide(key, value.as_bytes());
                other.push(Text::from([key, b"=", &value].concat()));
                last = None;
            }
        }
    }
    other.sort();
    Repository {
        id: section.name,
        known: known
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect(),
        other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_on_lines_of_their_own_belong_to_the_setting_above() {
        let text = b"[main]\nname=Main\nbaseurl=https://a/x\n   https://u:p@b/x?y=z\ngpgcheck=0\npassword=geheim\ncost=5\n";
        let [main] = &repositories(text)[..] else { panic!() };
        assert_eq!(main.known["baseurl"], "https://a/x https://u:<hidden>@b/x?y=z");
        assert_eq!(main.known["gpgcheck"], "0");
        assert_eq!(main.other, ["cost=5", "password=<hidden>"]);
    }
}
