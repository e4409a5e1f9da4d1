//! `periodic.conf` of macOS: assignments in the shell's language, and whatever else somebody put there.
//!
//! The file is sourced by every script of periodic(8), so that a line of any kind in it is code.

use assay_sdk::{Text, split_commands, split_words};

/// What a periodic.conf holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conf {
    /// Names and values, quotes taken off, in their order.
    pub(crate) settings: Vec<(Vec<u8>, Text)>,
    /// All lines that are no plain assignment, without comments and blank lines.
    pub(crate) code: Vec<u8>,
}

/// Reads a periodic.conf. An indented line is part of a block and counts as code.
pub(crate) fn parse(text: &[u8]) -> Conf {
    let mut conf = Conf::default();
    for line in text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end) {
        let content = line.trim_ascii_start();
        if content.is_empty() || content.starts_with(b"#") {
            continue;
        }
        match assignments(line) {
            Some(assignments) => conf.settings.extend(assignments),
            None => {
                if !conf.code.is_empty() {
                    conf.code.push(b'\n');
                }
                conf.code.extend_from_slice(line);
            }
        }
    }
    conf
}

/// The assignments of a line that does nothing else.
fn assignments(line: &[u8]) -> Option<Vec<(Vec<u8>, Text)>> {
    let is_indented = line.starts_with(b" ") || line.starts_with(b"\t");
    if is_indented || !split_commands(line).is_empty() {
        return None;
    }
    split_words(line)
        .into_iter()
        .map(|word| assignment(word.text.as_bytes()))
        .collect()
}

/// A word that sets a variable, and runs nothing to find the value.
fn assignment(word: &[u8]) -> Option<(Vec<u8>, Text)> {
    if word.contains(&b'`') || word.windows(2).any(|pair| pair == b"$(") {
        return None;
    }
    let equals = word.iter().position(|b| *b == b'=')?;
    let (name, value) = word.split_at(equals);
    let is_name = name.first().is_some_and(|b| !b.is_ascii_digit())
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    is_name.then(|| (name.to_vec(), value.get(1..).unwrap_or_default().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_settings_and_the_rest_is_code() {
        let text = b"# comment\ndaily_local=\"/etc/daily.local /opt/x\"\t# of (ours) & `x`\nA=1 B='2'; C=\n\n/opt/evil &\nif x; then\n  D=1\n  # not me\nfi\nE=1 /opt/y\nF=$(/opt/z)\nG=`z`\nH=\"$(z)\"\n>/x\n9=x\n";
        let conf = parse(text);
        let settings: Vec<_> = conf
            .settings
            .iter()
            .map(|(name, value)| format!("{}={value}", String::from_utf8_lossy(name)))
            .collect();
        assert_eq!(
            settings,
            ["daily_local=/etc/daily.local /opt/x", "A=1", "B=2", "C="]
        );
        assert_eq!(
            String::from_utf8(conf.code).expect("UTF-8"),
            "/opt/evil &\nif x; then\n  D=1\nfi\nE=1 /opt/y\nF=$(/opt/z)\nG=`z`\nH=\"$(z)\"\n>/x\n9=x"
        );
    }
}
