//! Paths of a watch list: `/etc/pip.conf`, `~/.config/*/x.{a,b}`, `/opt/**/run`.

use super::words::{Checked, read};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Bytes of one path.
const MAX_PATH: usize = 1024;
/// Paths that the braces of one may stand for.
const MAX_ALTERNATIVES: usize = 256;
/// Names in a path.
const MAX_PARTS: usize = 64;

/// Signs that make a name a glob, unless a backslash stands before them.
const PART_SIGNS: [char; 3] = ['*', '?', '['];

/// A path with globs, absolute or below every home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathGlob {
    text: String,
    alternatives: Vec<Vec<Part>>,
}

/// A name on the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Just this name.
    Name(String),
    /// Any name that it fits; hidden names too, because that is where things are hidden.
    Glob(String),
    /// `**`: any number of folders, none included; at the end, any file below.
    Deep,
}

impl PathGlob {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// Whether it is below every home; absolute otherwise.
    #[must_use]
    pub fn is_of_home(&self) -> bool {
        self.text.starts_with('~')
    }
    /// The names on the way, without `~`, once for each of the paths that braces stand for.
    #[must_use]
    pub fn alternatives(&self) -> &[Vec<Part>] {
        &self.alternatives
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl Serialize for PathGlob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de> Deserialize<'de> for PathGlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl Checked for PathGlob {
    const WHAT: &'static str = "a path with globs";
    fn checked(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` {why}"));
        if text.len() > MAX_PATH {
            return Err(format!("a path has at most {MAX_PATH} bytes"));
        }
        if text.contains(['\0', '\n']) {
            return wrong("holds a sign that no path of a list may hold");
        }
        if !(text.starts_with('/') || text.starts_with("~/")) {
            return wrong("must begin with `/`, or with `~/` for every home");
        }
        let expanded = match expand(text) {
            Ok(expanded) => expanded,
            Err(why) => return wrong(&why),
        };
        let mut alternatives = Vec::new();
        for path in expanded {
            let names = path.strip_prefix('~').unwrap_or(&path);
            let parts: Result<Vec<Part>, String> = names.split('/').skip(1).map(part).collect();
            match parts {
                Ok(parts) if parts.len() > MAX_PARTS => return wrong("has too many names"),
                Ok(parts) if alternatives.contains(&parts) => {}
                Ok(parts) => alternatives.push(parts),
                Err(why) => return wrong(&why),
            }
        }
        Ok(Self {
            text: text.to_owned(),
            alternatives,
        })
    }
}

fn part(name: &str) -> Result<Part, String> {
    match name {
        "" => return Err("has an empty name; write one `/` between names, and none at the end".to_owned()),
        "." | ".." => return Err("may not hold `.` or `..`".to_owned()),
        "**" => return Ok(Part::Deep),
        _ if name.contains("**") => {
            return Err("has `**` beside something else; it stands alone between `/`".to_owned());
        }
        _ => {}
    }
    let mut literal = String::new();
    let mut signs = name.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => literal.push(signs.next().ok_or("ends in a backslash")?),
            sign if PART_SIGNS.contains(&sign) => return Ok(Part::Glob(name.to_owned())),
            sign => literal.push(sign),
        }
    }
    Ok(Part::Name(literal))
}

/// Every path that the braces stand for, as a shell has it: `a{b,c{d,e}}`.
fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some((before, inner, after)) = first_braces(text)? else {
        return Ok(vec![text.to_owned()]);
    };
    let mut expanded = Vec::new();
    for choice in inner {
        // What comes out of here has one pair of braces less, so this ends.
        expanded.extend(expand(&format!("{before}{choice}{after}"))?);
        if expanded.len() > MAX_ALTERNATIVES {
            return Err(format!("stands for more than {MAX_ALTERNATIVES} paths"));
        }
    }
    Ok(expanded)
}

type Braces<'a> = (&'a str, Vec<&'a str>, &'a str);

/// What stands before, in and behind the first braces that are not escaped, nor in brackets.
fn first_braces(text: &str) -> Result<Option<Braces<'_>>, String> {
    let (mut depth, mut open, mut choice, mut choices) = (0, 0, 0, Vec::new());
    let mut escaped = false;
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => {
                depth += 1;
                if depth == 1 {
                    (open, choice) = (at, at + 1);
                }
            }
            ',' if depth == 1 => {
                choices.push(&text[choice..at]);
                choice = at + 1;
            }
            '}' if depth == 0 => return Err("closes a brace that is not open".to_owned()),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    choices.push(&text[choice..at]);
                    return Ok(Some((&text[..open], choices, &text[at + 1..])));
                }
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err("opens a brace and does not close it".to_owned());
    }
    Ok(None)
}
