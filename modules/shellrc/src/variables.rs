//! Variables whose value is known from the text, so that `. "$NVM_DIR/nvm.sh"` names a file.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Names and values as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    values: HashMap<Vec<u8>, Vec<u8>>,
}

/// No start-up file sets more; a longer value names no file.
const MAX_VARIABLES: usize = 1000;
const MAX_VALUE: usize = 4096;
/// References that are followed for one word, in its value and in theirs.
const MAX_REFERENCES: usize = 64;

impl Variables {
    /// The same, and what holds for whoever has that home.
    pub(crate) fn at_home(&self, home: &Path) -> Self {
        let mut variables = self.clone();
        variables.set(b"HOME", home.as_os_str().as_bytes());
        variables
    }

    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) {
        if value.len() > MAX_VALUE || (self.values.len() >= MAX_VARIABLES && !self.values.contains_key(name))
        {
            return;
        }
        // `PATH="/x:$PATH"` would never end.
        if let Some(value) = self.expand(value) {
            self.values.insert(name.to_vec(), value);
        } else if !mentions(value, name) {
            self.values.insert(name.to_vec(), value.to_vec());
        }
    }

    /// The value of a variable, if all of it is known.
    pub(crate) fn get(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.expand(self.values.get(name)?)
    }

    /// A word with `~`, `$NAME`, `${NAME}` and `${NAME:-other}` put in; `None` when one of them is not known, or when it
    /// holds a command.
    pub(crate) fn expand(&self, word: &[u8]) -> Option<Vec<u8>> {
        let mut left = MAX_REFERENCES;
        self.expand_within(word, &mut left)
    }

    fn expand_within(&self, word: &[u8], left: &mut usize) -> Option<Vec<u8>> {
        let mut expanded = Vec::new();
        let mut rest = word;
        if let Some(after) = word.strip_prefix(b"~")
            && matches!(after.first(), None | Some(b'/'))
        {
            expanded = self.value_of(b"HOME", left)?;
            rest = after;
        }
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'$' | b'`')) {
            let (before, from) = rest.split_at(at);
            expanded.extend_from_slice(before);
            let (value, after) = self.reference(from, left)?;
            expanded.extend_from_slice(&value);
            rest = after;
            if expanded.len() > MAX_VALUE {
                return None;
            }
        }
        expanded.extend_from_slice(rest);
        Some(expanded)
    }

    /// What stands at a `$`, and what comes after it.
    fn reference<'t>(&self, text: &'t [u8], left: &mut usize) -> Option<(Vec<u8>, &'t [u8])> {
        let after = text.strip_prefix(b"$")?;
        let Some(braced) = after.strip_prefix(b"{") else {
            let (name, after) = after.split_at(name_length(after));
            return Some((self.value_of(name, left)?, after));
        };
        let end = braced.iter().position(|byte| *byte == b'}')?;
        let (inside, after) = (braced.get(..end)?, braced.get(end + 1..)?);
        let (name, rest) = inside.split_at(name_length(inside));
        let known = self.value_of(name, left);
        let value = match rest {
            b"" => known?,
            [b':', b'-' | b'=', other @ ..] | [b'-' | b'=', other @ ..] => match known {
                Some(known) => known,
                None => self.expand_within(other, left)?,
            },
            _ => return None,
        };
        Some((value, after))
    }

    fn value_of(&self, name: &[u8], left: &mut usize) -> Option<Vec<u8>> {
        *left = left.checked_sub(1)?;
        self.expand_within(self.values.get(name)?, left)
    }
}

fn name_length(text: &[u8]) -> usize {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.iter().position(|byte| !is_name(byte)).unwrap_or(text.len())
}

fn mentions(value: &[u8], name: &[u8]) -> bool {
    !name.is_empty() && value.windows(name.len()).any(|part| part == name)
}

/// The parts of `NAME=value` or `NAME+=value`.
pub(crate) fn assignment(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = word.split_at(name_length(word));
    let value = rest.strip_prefix(b"+=").or_else(|| rest.strip_prefix(b"="))?;
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(word: &str) -> Option<String> {
        let mut variables = Variables::default();
        variables.set(b"HOME", b"/home/ana");
        variables.set(b"DIR", b"$HOME/.tool");
        variables.set(b"LATER", b"$UNKNOWN/x");
        variables.set(b"LOOP", b"${LOOP}");
        variables.set(b"A", b"$B");
        variables.set(b"B", b"$A");
        variables
            .expand(word.as_bytes())
            .map(|word| String::from_utf8_lossy(&word).into_owned())
    }

    #[test]
    fn what_is_known_is_put_in() {
        for (word, value) in [
            ("~/.x", "/home/ana/.x"),
            ("~", "/home/ana"),
            ("$HOME/.x", "/home/ana/.x"),
            ("${DIR}/x", "/home/ana/.tool/x"),
            ("${XDG_CONFIG_HOME:-$HOME/.config}/x", "/home/ana/.config/x"),
            ("${DIR:-/other}/x", "/home/ana/.tool/x"),
            ("plain", "plain"),
        ] {
            assert_eq!(expanded(word).as_deref(), Some(value), "{word}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        for word in [
            "$UNKNOWN",
            "$LATER",
            "$LOOP",
            "$A",
            "$(pwd)/x",
            "`pwd`",
            "${DIR%/x}",
            "${DIR",
            "$",
            "$1/x",
        ] {
            assert_eq!(expanded(word), None, "{word}");
        }
        assert_eq!(expanded("~root/x").as_deref(), Some("~root/x"), "no path of ana");
    }

    /// Values that name each other many times unfold to billions of references.
    #[test]
    fn values_that_unfold_are_bounded() {
        let mut variables = Variables::default();
        for (name, value) in [("A", "$B"), ("B", "$C"), ("C", "$D"), ("D", "$U")] {
            variables.set(name.as_bytes(), value.repeat(1000).as_bytes());
        }
        variables.set(b"U", b"");
        assert_eq!(variables.expand(b"$A"), None);
        variables.set(b"LONG", "x".repeat(MAX_VALUE).as_bytes());
        assert_eq!(variables.expand(b"$LONG$LONG$LONG"), None);
    }
}
