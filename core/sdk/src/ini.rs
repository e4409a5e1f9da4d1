//! Files of sections and settings: desktop entries, key files, D-Bus services, `yum.repos.d`, and git's own kind.
//!
//! Nothing is lost: order stays, a key or a section that comes twice comes twice, and a line that is no setting is
//! a key without a value. So what one reader skips and another one runs is seen. The result is never larger than
//! a small multiple of the text.
//!
//! ```
//! use assay_sdk::ini;
//! let desktop = ini::parse(b"[Desktop Entry]\nName=Sync\nExec=/opt/sync --quiet\nExec=/opt/other\n");
//! assert_eq!(desktop.last("Desktop Entry", "Exec").unwrap(), &"/opt/other");
//! assert_eq!(desktop.all("Desktop Entry", "Exec").count(), 2);
//! ```

mod git;

use crate::lines;
use assay_model::Text;

/// What a file says, in its order.
///
/// ```
/// let ini = assay_sdk::ini::parse(b"a = 1\n[s]\nb = 2\n[open\n");
/// let names: Vec<_> = ini.sections.iter().map(|section| section.name.to_string()).collect();
/// assert_eq!(names, ["", "s"]);
/// assert_eq!(ini.malformed, Some(4));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// Every header, also when one of its name came before; what stands above the first is in one named "".
    pub sections: Vec<Section>,
    /// The first line that the format does not allow: another reader may stop there, or refuse the file.
    pub malformed: Option<i64>,
}

/// A header, with the settings up to the next one.
///
/// ```
/// let git = assay_sdk::ini::git(b"[Remote \"Origin\"]\n");
/// let section = &git.sections[0];
/// assert_eq!((&section.name, section.subsection.as_ref()), (&"remote".into(), Some(&"Origin".into())));
/// assert_eq!((section.line, section.settings.len()), (1, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What stands between the brackets, without blanks around it; git's in lower case.
    pub name: Text,
    /// git's quoted name after it, as it is written.
    pub subsection: Option<Text>,
    /// The line of its header, from 1; 0 for the one without.
    pub line: i64,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// A key with its value.
///
/// ```
/// let hook = assay_sdk::ini::parse(b"[Action]\nExec = /opt/x\nNeedsTargets\n");
/// let [exec, bare] = &hook.sections[0].settings[..] else { panic!() };
/// assert_eq!((&exec.key, exec.value.as_ref(), exec.line), (&"Exec".into(), Some(&"/opt/x".into()), 2));
/// assert_eq!((&bare.key, &bare.value), (&"NeedsTargets".into(), &None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key; git's in lower case. For a line that is no setting, the line.
    pub key: Text,
    /// The value without blanks around it; `None` when there is no `=`.
    pub value: Option<Text>,
    /// Its line, from 1.
    pub line: i64,
}

impl Ini {
    /// Every value of a key, in the sections of that name, in order; `section` and `key` as they are written.
    ///
    /// ```
    /// let ini = assay_sdk::ini::parse(b"[a]\nx=1\n[b]\nx=2\n[a]\nx=3\n");
    /// let values: Vec<_> = ini.all("a", "x").map(ToString::to_string).collect();
    /// assert_eq!(values, ["1", "3"]);
    /// ```
    pub fn all<'a, 'n>(&'a self, section: &'n str, key: &'n str) -> impl Iterator<Item = &'a Text> {
        let sections = self.sections.iter().filter(move |found| found.name == *section);
        let settings = sections.flat_map(|section| &section.settings);
        settings
            .filter(move |setting| setting.key == *key)
            .filter_map(|setting| setting.value.as_ref())
    }
    /// The value that counts where the last one wins.
    ///
    /// ```
    /// let ini = assay_sdk::ini::parse(b"[a]\nx=1\nx=2\n");
    /// assert_eq!(ini.last("a", "x").unwrap(), &"2");
    /// assert!(ini.last("a", "y").is_none());
    /// ```
    #[must_use]
    pub fn last(&self, section: &str, key: &str) -> Option<&Text> {
        self.all(section, key).last()
    }

    /// The section that settings now belong to.
    fn open(&mut self) -> &mut Vec<Setting> {
        if self.sections.is_empty() {
            self.sections.push(Section::default());
        }
        let last = self.sections.len() - 1;
        &mut self.sections[last].settings
    }
    fn note_malformed(&mut self, line: i64) {
        self.malformed = self.malformed.or(Some(line));
    }
}

/// Reads sections of `key = value` lines; `#` or `;` at the beginning of a line makes it a comment, and so it does
/// after a header. Values are taken as they stand: quotes, escapes and what follows a `#` are the reader's own affair.
///
/// Sources: the Desktop Entry Specification, GLib's key files, alpm-hooks(5), dnf.conf(5).
///
/// ```
/// let ini = assay_sdk::ini::parse(b"; by hand\n[ main ] # mine\r\n url = a=b \n");
/// assert_eq!(ini.last("main", "url").unwrap(), &"a=b");
/// ```
#[must_use]
pub fn parse(text: &[u8]) -> Ini {
    let mut ini = Ini::default();
    for line in lines::read(text).comments(b"#;").trimmed() {
        let text = &line.text[..];
        if text.starts_with(b"[") {
            match header(text) {
                Some(name) => ini.sections.push(Section {
                    name: name.into(),
                    line: line.number,
                    ..Section::default()
                }),
                None => {
                    ini.note_malformed(line.number);
                    ini.open().push(setting(text, None, line.number));
                }
            }
            continue;
        }
        let (key, value) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (
                text[..at].trim_ascii_end(),
                Some(text[at + 1..].trim_ascii_start()),
            ),
            None => (text, None),
        };
        ini.open().push(setting(key, value, line.number));
    }
    ini
}

/// Reads git's configuration: subsections, quotes, escapes, continued lines, a comment after a value, keys without
/// a value. Names come in lower case, but for subsections, as git compares them.
///
/// Source: git-config(1), "Syntax", and git's `config.c`. git refuses a malformed file; this goes on after the line.
///
/// ```
/// use assay_sdk::ini;
/// let git = ini::git(b"[Core] FSMonitor = \"/opt/x # y\" ; why\n[includeIf \"gitdir:~/w/\"]\n\tpath = \\\n  ~/w.inc\n");
/// assert_eq!(git.last("core", "fsmonitor").unwrap(), &"/opt/x # y");
/// assert_eq!(git.last("includeif", "path").unwrap(), &"~/w.inc");
/// ```
#[must_use]
pub fn git(text: &[u8]) -> Ini {
    git::parse(text)
}

/// The name in `[ name ] # comment`. Brackets in a name are part of it, as in KDE's `[a][b]`.
fn header(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_prefix(b"[")?;
    let is_end = |at: &usize| {
        let rest = || inner[at + 1..].trim_ascii_start();
        inner[*at] == b']' && matches!(rest().first(), None | Some(b'#' | b';'))
    };
    let end = (0..inner.len()).find(is_end)?;
    Some(inner[..end].trim_ascii())
}

fn setting(key: &[u8], value: Option<&[u8]>, line: i64) -> Setting {
    Setting {
        key: key.into(),
        value: value.map(Into::into),
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_repeats_and_odd_lines_stay() {
        let ini = parse(b"\xef\xbb\xbfx\n[s]\n\xff = \xfe\n[s\n = y\n[s]\n");
        let seen: Vec<_> = ini
            .sections
            .iter()
            .map(|section| {
                let settings = section
                    .settings
                    .iter()
                    .map(|s| format!("{:?}={:?}", s.key, s.value));
                format!(
                    "{} {}: {}",
                    section.line,
                    section.name,
                    settings.collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                "0 : \"x\"=None",
                "2 s: \"\\xff\"=Some(\"\\xfe\"), \"[s\"=None, \"\"=Some(\"y\")",
                "6 s: "
            ]
        );
        assert_eq!(ini.malformed, Some(4));
    }

    #[test]
    fn a_header_is_its_name() {
        let name = |line: &str| parse(line.as_bytes()).sections[0].name.to_string();
        for (line, expected) in [
            ("[ section ]", "section"),
            ("[x] # comment [y]", "x"),
            ("[x];c", "x"),
            ("[a][b]", "a][b"),
            ("[a b] ", "a b"),
            ("[ ]", ""),
        ] {
            assert_eq!(name(line), expected, "{line}");
        }
        assert_eq!(parse(b"[x] y").malformed, Some(1));
    }

    #[test]
    fn a_long_header_takes_no_long_time() {
        let brackets = [b"[".as_slice(), &b"] ".repeat(500_000), b"x"].concat();
        assert_eq!(parse(&brackets).malformed, Some(1));
        let blanks = [b"[".as_slice(), &b"]".repeat(2_000), &b" ".repeat(500_000), b"x"].concat();
        assert_eq!(parse(&blanks).malformed, Some(1));
    }
}
