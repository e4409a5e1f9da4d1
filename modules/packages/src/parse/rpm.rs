//! A header of rpm's database: numbers of tags, where their values stand, and the values. All numbers are big-endian.

/// What of a package rpm runs, and who it is from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: Vec<u8>,
    pub(crate) arch: Vec<u8>,
    /// Version and release.
    pub(crate) version: Vec<u8>,
    pub(crate) vendor: Option<Vec<u8>>,
    pub(crate) summary: Option<Vec<u8>>,
    pub(crate) signed: bool,
    pub(crate) scripts: Vec<Script>,
}

/// A script of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// As the spec file calls it, `%post`; of those that are many, with their number.
    pub(crate) when: String,
    /// The program that runs it, with its arguments.
    pub(crate) interpreter: Vec<u8>,
    /// Empty when the interpreter alone is run.
    pub(crate) text: Vec<u8>,
}

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const SUMMARY: u32 = 1004;
const VENDOR: u32 = 1011;
const ARCH: u32 = 1022;
/// Signatures of the header: DSA, RSA, and OpenPGP of any kind since rpm 6.
const SIGNATURES: [u32; 3] = [267, 268, 278];
/// What they are called, the tag of the scripts, and that of their interpreters.
const SCRIPTS: [(&str, u32, u32); 12] = [
    ("%pre", 1023, 1085),
    ("%post", 1024, 1086),
    ("%preun", 1025, 1087),
    ("%postun", 1026, 1088),
    ("%verifyscript", 1079, 1091),
    ("%pretrans", 1151, 1153),
    ("%posttrans", 1152, 1154),
    ("%preuntrans", 5104, 5106),
    ("%postuntrans", 5105, 5107),
    ("%trigger", 1065, 1092),
    ("%filetrigger", 5066, 5067),
    ("%transfiletrigger", 5076, 5077),
];
/// From here on there are several scripts, each with one interpreter; before, one with an interpreter of several words.
const FIRST_LIST: usize = 9;

const ENTRY: usize = 16;
/// Tags that a header has; rpm itself allows more than are ever written.
const MAX_TAGS: usize = 4096;
/// Strings of one tag that are taken: scripts and words of interpreters.
const MAX_STRINGS: usize = 256;

struct Header<'a> {
    /// Tag, type, offset, count.
    entries: Vec<[u32; 4]>,
    store: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(blob: &'a [u8]) -> Option<Self> {
        let count = usize::try_from(number(blob, 0)?)
            .ok()
            .filter(|count| *count <= MAX_TAGS)?;
        let size = usize::try_from(number(blob, 4)?).ok()?;
        let from = 8 + count * ENTRY;
        let entry = |at: usize| {
            let part = |place: usize| number(blob, 8 + at * ENTRY + place * 4);
            Some([part(0)?, part(1)?, part(2)?, part(3)?])
        };
        Some(Self {
            entries: (0..count).map(entry).collect::<Option<_>>()?,
            store: blob.get(from..from.checked_add(size)?)?,
        })
    }

    /// The strings of a tag: types 6, 8 and 9 are one, many, and one in many languages.
    fn strings(&self, tag: u32) -> Vec<&'a [u8]> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry[0] == tag && matches!(entry[1], 6 | 8 | 9));
        let Some([_, kind, offset, count]) = entry else {
            return Vec::new();
        };
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
        let count = if *kind == 6 {
            1
        } else {
            usize::try_from(*count).unwrap_or(0).min(MAX_STRINGS)
        };
        let Some(rest) = self.store.get(offset..) else {
            return Vec::new();
        };
        rest.split(|byte| *byte == 0).take(count).collect()
    }

    fn string(&self, tag: u32) -> Option<Vec<u8>> {
        self.strings(tag).first().map(|text| text.to_vec())
    }

    fn has(&self, tag: u32) -> bool {
        self.entries.iter().any(|entry| entry[0] == tag)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// Reads a header; none when it is damaged.
pub(crate) fn package(blob: &[u8]) -> Option<Package> {
    let header = Header::read(blob)?;
    let version = [header.string(VERSION)?, header.string(RELEASE)?];
    let mut package = Package {
        name: header.string(NAME)?,
        arch: header.string(ARCH).unwrap_or_default(),
        version: version.join(&b'-'),
        vendor: header.string(VENDOR),
        summary: header.string(SUMMARY),
        signed: SIGNATURES.iter().any(|tag| header.has(*tag)),
        scripts: Vec::new(),
    };
    for (place, (when, tag, interpreter)) in SCRIPTS.into_iter().enumerate() {
        let (texts, interpreters) = (header.strings(tag), header.strings(interpreter));
        if place >= FIRST_LIST {
            for (at, text) in texts.iter().enumerate() {
                package.scripts.push(Script {
                    when: format!("{when} {}", at + 1),
                    interpreter: interpreters.get(at).unwrap_or(&&b""[..]).to_vec(),
                    text: text.to_vec(),
                });
            }
        } else if !(texts.is_empty() && interpreters.is_empty()) {
            package.scripts.push(Script {
                when: when.to_owned(),
                interpreter: interpreters.join(&b' '),
                text: texts.first().map(|text| text.to_vec()).unwrap_or_default(),
            });
        }
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_headers_are_none() {
        assert_eq!(package(b""), None);
        assert_eq!(package(&[0xff; 64]), None);
        assert_eq!(package(&[0; 8]), None);
        // One tag, of which the name points out of the store.
        let far = [
            &[0, 0, 0, 1, 0, 0, 0, 1][..],
            &[0, 0, 3, 232, 0, 0, 0, 6, 0x7f, 0, 0, 0, 0, 0, 0, 1],
            b"x",
        ]
        .concat();
        assert_eq!(package(&far), None);
    }
}
