//! What the dynamic linker is told: `ld.so.preload`, `ld.so.conf`, and musl's file.

use assay_sdk::lines;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// A longer path opens nothing.
const MAX_PATH: usize = 4096;

/// The libraries of `ld.so.preload`: blanks, colons and line ends stand between them.
pub(crate) fn preload(text: &[u8]) -> Vec<Vec<u8>> {
    let mut libraries = Vec::new();
    for line in text.split(|b| *b == b'\n') {
        // A comment may begin anywhere.
        let said = line.split(|b| *b == b'#').next().unwrap_or_default();
        let words = said.split(|b| b.is_ascii_whitespace() || *b == b':' || *b == 0);
        libraries.extend(words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec));
    }
    libraries
}

/// The files that a library's name may stand for: the linker puts its own folder in the place of `$LIB`.
pub(crate) fn candidates(library: &[u8]) -> Vec<PathBuf> {
    if library.len() > MAX_PATH {
        return Vec::new();
    }
    let name = String::from_utf8_lossy(library).replace("${LIB}", "$LIB");
    if !name.contains("$LIB") {
        return vec![path(library)];
    }
    ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"]
        .iter()
        .map(|lib| PathBuf::from(name.replace("$LIB", lib)))
        .collect()
}

/// What `ld.so.conf`, or a file that it includes, says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conf {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) includes: Vec<PathBuf>,
}

/// Reads a file of folders, one or more a line, and `include PATTERN`.
pub(crate) fn conf(text: &[u8]) -> Conf {
    let mut conf = Conf::default();
    for line in lines::read(text).comments(b"#") {
        let said = line.text.split(|b| *b == b'#').next().unwrap_or_default();
        let mut words = said
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        match words.next() {
            Some(b"include") => conf
                .includes
                .extend(words.filter(|word| word.len() <= MAX_PATH).map(path)),
            Some(b"hwcap") | None => {}
            Some(first) => {
                let more = words.flat_map(|word| word.split(|b| matches!(b, b':' | b',')));
                let folders = first.split(|b| matches!(b, b':' | b',')).chain(more);
                // Old programs took a type after `=`.
                let folders = folders.filter_map(|folder| folder.split(|b| *b == b'=').next());
                conf.folders
                    .extend(folders.filter(|folder| can_be(folder)).map(path));
            }
        }
    }
    conf
}

/// The folders of musl's file.
pub(crate) fn musl(text: &[u8]) -> Vec<PathBuf> {
    let folders = text.split(|b| matches!(b, b':' | b'\n')).map(<[u8]>::trim_ascii);
    folders.filter(|folder| can_be(folder)).map(path).collect()
}

/// Whether a name fits a pattern with `*` and `?`; a set in brackets stands for any one sign.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from, mut star) = (0, 0, None);
    while let Some(sign) = name.get(from) {
        let rest = pattern.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'*') {
            star = Some((at, from));
            at += 1;
        } else if let Some(length) = fits(rest, *sign) {
            (at, from) = (at + length, from + 1);
        } else if let Some((back, taken)) = star {
            // The last star takes one sign more.
            star = Some((back, taken + 1));
            (at, from) = (back + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

/// The length of the part of a pattern that stands for the sign.
fn fits(pattern: &[u8], sign: u8) -> Option<usize> {
    match pattern.first()? {
        b'[' => pattern.iter().position(|b| *b == b']').map(|end| end + 1),
        first => (*first == b'?' || *first == sign).then_some(1),
    }
}

fn can_be(folder: &[u8]) -> bool {
    !folder.is_empty() && folder.len() <= MAX_PATH
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_stand_in_a_row_or_in_lines() {
        let libraries = preload(b"/a.so:/b.so /c.so # /no.so\n#/no.so\n\t${LIB}/d.so\r\n");
        assert_eq!(libraries, [&b"/a.so"[..], b"/b.so", b"/c.so", b"${LIB}/d.so"]);
        let files = candidates(b"/opt/$LIB/d.so");
        assert_eq!(files[1], PathBuf::from("/opt/lib64/d.so"));
    }

    #[test]
    fn folders_and_includes() {
        let conf =
            conf(b"include ld.so.conf.d/*.conf\n/opt/lib /x:/y # z\nhwcap 0 nosegneg\n# /no\n/old=libc6\n");
        assert_eq!(conf.includes, [PathBuf::from("ld.so.conf.d/*.conf")]);
        assert_eq!(conf.folders, ["/opt/lib", "/x", "/y", "/old"].map(PathBuf::from));
        assert_eq!(
            musl(b"/lib:/opt\n/x\n"),
            ["/lib", "/opt", "/x"].map(PathBuf::from)
        );
    }

    #[test]
    fn patterns_fit() {
        for (pattern, name, fits) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a?c*", "abc", true),
            ("[ab]x", "bx", true),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("", "", true),
            ("*", ".x", true),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                fits,
                "{pattern} {name}"
            );
        }
    }
}
