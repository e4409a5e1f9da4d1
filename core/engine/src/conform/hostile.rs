//! What whoever plants entries may put at a place that a module watches, to hide them from it or to stop it.

use super::places::Place;
use super::tree::Tree;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a line without an end: not too many to be read, and more than a record may have once each is escaped.
const LONG: usize = 1_000_000;
/// Places that get such a line; the rest would only fill the disk.
const MOST_LONG: usize = 64;
/// Levels of nesting that end any recursion without a bound.
const DEEP: usize = 100_000;

/// One thing that is done to every place of a root.
pub(super) struct Act {
    /// A word or two for the report.
    pub(super) name: &'static str,
    /// What stands there then.
    pub(super) what: &'static str,
    /// What a module has to do about it.
    pub(super) advice: &'static str,
    /// Whether it cannot be read, so that a module that names the place has to send a gap.
    pub(super) is_gap: bool,
    /// How many places it is done to.
    pub(super) most: usize,
    pub(super) plant: Plant,
}

/// How a place is made.
pub(super) enum Plant {
    /// Something else than a file with content stands there.
    Thing(fn(&Tree, &Path) -> io::Result<()>),
    /// A file stands there whose content is made from what it should be.
    Content(fn(&Path, &[u8]) -> Vec<u8>),
    /// The same, at names that readers stumble over.
    StrangeName,
    /// A file with its content, which is then taken every right, or its folder is.
    Locked(fn(&Path) -> &Path),
}

const NOT_READ: &str =
    "open with O_NONBLOCK and O_NOFOLLOW, fstat before reading, and send a gap for what is no file";
const NO_FOLLOWING: &str =
    "resolve links inside the root, at most 40 of them, and go into no folder through a link";
const NO_TRUST: &str =
    "bound what you read and unfold; what makes no sense is an entry with `unparsable`, or a gap";

const fn thing(name: &'static str, what: &'static str, plant: fn(&Tree, &Path) -> io::Result<()>) -> Act {
    Act {
        name,
        what,
        advice: NOT_READ,
        is_gap: false,
        most: usize::MAX,
        plant: Plant::Thing(plant),
    }
}

const fn content(name: &'static str, what: &'static str, made: fn(&Path, &[u8]) -> Vec<u8>) -> Act {
    Act {
        advice: NO_TRUST,
        plant: Plant::Content(made),
        ..thing(name, what, |_, _| Ok(()))
    }
}

const fn locked(name: &'static str, what: &'static str, which: fn(&Path) -> &Path) -> Act {
    Act {
        advice: "a permission that is refused is a gap with the reason `permission`, and the scan goes on",
        is_gap: true,
        plant: Plant::Locked(which),
        ..thing(name, what, |_, _| Ok(()))
    }
}

const fn link(name: &'static str, what: &'static str, plant: fn(&Tree, &Path) -> io::Result<()>) -> Act {
    Act {
        advice: NO_FOLLOWING,
        ..thing(name, what, plant)
    }
}

const fn gap(act: Act) -> Act {
    Act { is_gap: true, ..act }
}

/// All of them.
pub(super) const ACTS: &[Act] = &[
    link("dangling links", "links that lead nowhere", |tree, path| {
        tree.link(path, Path::new("/no/such/file"))
    }),
    link("link loops", "links that lead to themselves", |tree, path| {
        tree.link(path, Path::new(path.file_name().unwrap_or_default()))
    }),
    link(
        "folder loops",
        "links that lead to the folder they are in",
        |tree, path| tree.link(path, Path::new(".")),
    ),
    link(
        "links outside",
        "links that lead out of the root",
        |tree, path| {
            let up: PathBuf = path.components().skip(1).map(|_| "..").collect();
            tree.link(path, &up.join("outside"))
        },
    ),
    gap(thing("FIFOs", "FIFOs where files belong", Tree::fifo)),
    thing("FIFOs as folders", "FIFOs where folders belong", |tree, path| {
        tree.fifo(folder_of(path))
    }),
    thing("folders as files", "folders where files belong", Tree::folder),
    thing("files as folders", "files where folders belong", |tree, path| {
        tree.file(folder_of(path), b"a file\n")
    }),
    gap(Act {
        advice: "bound the size of what you read, look at it before reading, and send a gap with the reason `too_big`",
        ..thing("huge files", "sparse files of a tebibyte", Tree::huge)
    }),
    locked("unreadable files", "files that nobody may read", |path| path),
    locked("unreadable folders", "folders that nobody may enter", folder_of),
    Act {
        advice: "a path is bytes: what is no UTF-8 travels as {\"b64\":\"…\"}, and JSON escapes the rest",
        plant: Plant::StrangeName,
        ..thing(
            "strange names",
            "names with line ends, colours or invalid UTF-8",
            |_, _| Ok(()),
        )
    },
    content("empty files", "files without content", |_, _| Vec::new()),
    content("truncated", "files cut in the middle", |_, was| {
        was[..was.len() / 2].to_vec()
    }),
    content("doubled", "files that say everything twice", |_, was| {
        was.repeat(2)
    }),
    content("invalid UTF-8", "files with bytes that are no text", |_, was| {
        was.chunks(11)
            .flat_map(|piece| [piece, b"\xff\xc0"].concat())
            .collect()
    }),
    content("NUL bytes", "files with NUL bytes", |_, was| {
        was.chunks(13).flat_map(|piece| [piece, b"\0"].concat()).collect()
    }),
    content("random bytes", "files of random bytes", |path, _| noise(path)),
    content("nested", "files that open 100,000 brackets", |path, was| {
        brackets(path, was).repeat(DEEP)
    }),
    Act {
        most: MOST_LONG,
        ..content("long lines", "files of one line of a million bytes", |_, _| {
            vec![1; LONG]
        })
    },
];

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| *folder != Path::new("/"))
        .unwrap_or(path)
}

/// The same bytes for the same path: a check that fails, fails again.
fn noise(path: &Path) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    use std::os::unix::ffi::OsStrExt as _;
    let blocks = (0u32..128).map(|n| {
        let mut hash = Sha256::new();
        hash.update(path.as_os_str().as_bytes());
        hash.update(n.to_le_bytes());
        hash.finalize()
    });
    blocks.flat_map(|block| block.to_vec()).collect()
}

fn brackets(path: &Path, was: &[u8]) -> &'static [u8] {
    let ends = |end: &str| path.extension().is_some_and(|e| e == end);
    if ends("plist") || ends("xml") || was.trim_ascii_start().starts_with(b"<") {
        b"<array>"
    } else if ends("json") || was.trim_ascii_start().starts_with(b"{") {
        b"{\"a\":"
    } else {
        b"["
    }
}

/// Content for a place of which no real file is known: what files of that name look like.
pub(super) fn plausible(path: &Path) -> Vec<u8> {
    let ends = |end: &str| path.extension().is_some_and(|e| e == end);
    if ends("plist") {
        return br#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict><key>Label</key><string>org.example.x</string><key>ProgramArguments</key><array>
<string>/bin/true</string><string>x</string></array><key>RunAtLoad</key><true/></dict></plist>
"#
        .to_vec();
    }
    if ends("json") {
        return br#"{"name":"x","command":"/bin/true","list":["a","b"],"on":true}"#.to_vec();
    }
    b"# a comment\n[section]\nname = value\nExecStart=/bin/true x\n/bin/true x\n5 4 * * * root /bin/true x\n"
        .to_vec()
}

impl Act {
    /// Makes the places, and gives those that were made: where one cannot be, another glob of the module has put a folder
    /// or a file on its way.
    pub(super) fn plant<'a>(&self, tree: &Tree, places: &'a [(Place, Vec<u8>)]) -> Vec<&'a Place> {
        let mut made = Vec::new();
        for (place, was) in places.iter().take(self.most) {
            let path = &place.path;
            let planted = match &self.plant {
                Plant::Thing(thing) => thing(tree, path),
                Plant::Content(content) => tree.file(path, &content(path, was)),
                Plant::StrangeName | Plant::Locked(_) => tree.file(path, was),
            };
            made.extend(planted.is_ok().then_some(place));
        }
        if let Plant::Locked(which) = &self.plant {
            made.retain(|place| tree.lock(which(&place.path)).is_ok());
        }
        made
    }

    /// Whether it takes rights away, which nobody can take from root.
    pub(super) fn is_about_rights(&self) -> bool {
        matches!(self.plant, Plant::Locked(_))
    }
}
