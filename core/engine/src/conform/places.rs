//! Paths that a module's `watch` globs stand for: where hostile things are put.

use assay_model::Os;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// Paths of one module; a manifest with more globs is looked at only so far.
const MAX_PLACES: usize = 2000;
/// Bytes of one name, by every file system that matters.
const MAX_NAME: usize = 255;
/// The folder that stands for `**`.
const DEEP: &[u8] = b"deep";

/// A path that the module says it reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Absolute, below the root.
    pub(super) path: PathBuf,
    /// Whether the glob names just this path, so that something must be said of what is there. Whose home is looked at
    /// is the module's own affair.
    pub(super) literal: bool,
}

/// Names that files have when somebody wants a reader to stumble: no UTF-8, a line of its own in a log, a colour of a
/// terminal, an option of a command, blanks, as long as can be.
pub(super) fn strange_names() -> Vec<Vec<u8>> {
    vec![
        b"\xff\xfe\x80".to_vec(),
        b"a\nchange=added\x1b[31m\r".to_vec(),
        b"-rf".to_vec(),
        b" a b ".to_vec(),
        b"\"'`$(x);&|".to_vec(),
        "\u{202e}cod.\u{2066}".into(),
        vec![b'n'; MAX_NAME],
    ]
}

/// Every path that the globs stand for when each wildcard is one of `names`; the longest first, so that a file is
/// never put where a folder must be.
pub(super) fn of(globs: &[String], os: Os, names: &[Vec<u8>]) -> Vec<Place> {
    let mut places = Vec::new();
    for glob in globs.iter().flat_map(|glob| alternatives(glob)) {
        let is_of_homes = glob.starts_with('~');
        for base in bases(&glob, os) {
            for name in names {
                places.extend(place(&base, name).map(|place| Place {
                    literal: place.literal && !is_of_homes,
                    ..place
                }));
            }
        }
    }
    places.sort_by(|a, b| {
        b.path
            .components()
            .count()
            .cmp(&a.path.components().count())
            .then(a.cmp(b))
    });
    places.dedup_by(|a, b| a.path == b.path);
    places.truncate(MAX_PLACES);
    places
}

/// `{a,b}` written out; more than [`MAX_PLACES`] are not.
pub(super) fn alternatives(glob: &str) -> Vec<String> {
    let mut open = vec![glob.to_owned()];
    let mut done = Vec::new();
    while let Some(glob) = open.pop()
        && done.len() + open.len() < MAX_PLACES
    {
        // The innermost braces: those before the first that close.
        let end = glob.find('}');
        let Some((start, end)) = end.and_then(|end| Some((glob[..end].rfind('{')?, end))) else {
            done.push(glob);
            continue;
        };
        let choices = glob[start + 1..end].split(',').rev();
        open.extend(choices.map(|choice| format!("{}{choice}{}", &glob[..start], &glob[end + 1..])));
    }
    done
}

/// With `~` as each of two homes.
fn bases(glob: &str, os: Os) -> Vec<String> {
    let Some(rest) = glob.strip_prefix('~') else {
        return vec![glob.to_owned()];
    };
    let homes = match os {
        Os::Linux => ["/home/ana", "/root"],
        Os::Macos => ["/Users/ana", "/private/var/root"],
    };
    homes.map(|home| format!("{home}{rest}")).to_vec()
}

fn place(glob: &str, name: &[u8]) -> Option<Place> {
    let mut path = PathBuf::from("/");
    let mut literal = true;
    let mut parts = glob
        .strip_prefix('/')?
        .split('/')
        .filter(|part| !part.is_empty())
        .peekable();
    while let Some(part) = parts.next() {
        if part == ".." {
            return None;
        }
        let is_wild = part.contains(['*', '?', '[']);
        literal &= !is_wild;
        let component = match part {
            "**" if parts.peek().is_some() => DEEP.to_vec(),
            part if is_wild => component(part, name),
            part => part.as_bytes().to_vec(),
        };
        path.push(OsString::from_vec(component));
    }
    (path != Path::new("/")).then_some(Place { path, literal })
}

/// One component that the pattern matches, with `name` for its first star.
fn component(pattern: &str, name: &[u8]) -> Vec<u8> {
    let fixed = pattern.bytes().filter(|b| *b != b'*').count();
    let mut name = Some(&name[..name.len().min(MAX_NAME.saturating_sub(fixed))]);
    let mut made = Vec::new();
    let mut rest = pattern.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'*' => made.extend_from_slice(name.take().unwrap_or_default()),
            b'?' => made.push(b'x'),
            b'[' => {
                let set: Vec<u8> = rest.by_ref().take_while(|b| *b != b']').collect();
                made.push(
                    set.first()
                        .copied()
                        .filter(|b| !b"!^".contains(b))
                        .unwrap_or(b'x'),
                );
            }
            byte => made.push(byte),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(glob: &str, os: Os) -> Vec<String> {
        let places = of(&[glob.to_owned()], os, &[b"x".to_vec()]);
        places
            .iter()
            .map(|place| place.path.display().to_string())
            .collect()
    }

    #[test]
    fn a_glob_becomes_paths_that_it_matches() {
        for (glob, expected) in [
            ("/etc/shells", &["/etc/shells"][..]),
            ("/etc/cron.d/*", &["/etc/cron.d/x"]),
            (
                "/a/{b,c/{d,e}}/*.conf",
                &["/a/c/d/x.conf", "/a/c/e/x.conf", "/a/b/x.conf"],
            ),
            ("/a/**", &["/a/x"]),
            ("/a/**/y?[0-9]*z*", &["/a/deep/yx0xz"]),
            ("~/.x", &["/home/ana/.x", "/root/.x"]),
            ("relative", &[]),
            ("/a/../../b", &[]),
            ("/", &[]),
        ] {
            assert_eq!(paths(glob, Os::Linux), expected, "{glob}");
        }
        assert_eq!(paths("~/L", Os::Macos), ["/private/var/root/L", "/Users/ana/L"]);
    }

    #[test]
    fn no_manifest_makes_more_than_can_be_planted() {
        let many = format!("/{}", "{a,b,c,d}".repeat(40));
        assert!(alternatives(&many).len() <= MAX_PLACES);
        let unbalanced = ["/{a", "/a}", "/}{", "/{{{{", "/[", "/***", "~", ""];
        for glob in unbalanced {
            of(&[glob.to_owned()], Os::Linux, &strange_names());
        }
        for place in of(&["/a/*.plist".to_owned()], Os::Linux, &strange_names()) {
            assert!(place.path.file_name().unwrap().len() <= MAX_NAME);
        }
    }
}
