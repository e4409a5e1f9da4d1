//! ELF: the folders in which a program looks for libraries first.

use super::Numbers;

const MAGIC: &[u8] = b"\x7fELF";
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;
const STRINGS: u64 = 5;
/// Headers of programs, and bytes of what the linker reads of one: many times what any program has.
const MAX_HEADERS: usize = 256;
const MAX_DYNAMIC: usize = 64 << 10;
const MAX_TEXT: usize = 4 << 10;

/// Reads so many bytes at a place, or as many as there are.
pub(crate) type ReadAt<'a> = dyn FnMut(u64, usize) -> Vec<u8> + 'a;

/// Where the numbers of a file of 32 or 64 bits stand.
struct Layout {
    wide: bool,
    big: bool,
}

/// A part of the file that is loaded.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

/// The folders of `DT_RPATH` and `DT_RUNPATH` as they are written; none of what is no ELF file, or is broken.
pub(crate) fn search_path(read: &mut ReadAt<'_>) -> Vec<Vec<u8>> {
    let text = text(read).unwrap_or_default();
    let mut folders: Vec<Vec<u8>> = text
        .split(|b| *b == b':')
        .filter(|folder| !folder.is_empty() && folder.len() <= MAX_TEXT / 2)
        .map(<[u8]>::to_vec)
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

fn text(read: &mut ReadAt<'_>) -> Option<Vec<u8>> {
    let header = read(0, 64);
    if !header.starts_with(MAGIC) {
        return None;
    }
    let layout = Layout {
        wide: header.get(4)? == &2,
        big: header.get(5)? == &2,
    };
    let segments = layout.segments(&header, read)?;
    let dynamic = segments.iter().find(|segment| segment.kind == DYNAMIC)?;
    let length = usize::try_from(dynamic.size)
        .unwrap_or(MAX_DYNAMIC)
        .min(MAX_DYNAMIC);
    let tags = layout.tags(&read(dynamic.offset, length));
    let of = |wanted: u64| {
        tags.iter()
            .find(|(tag, _)| *tag == wanted)
            .map(|(_, value)| *value)
    };
    let strings = of(STRINGS)?;
    let held = |segment: &&Segment| {
        segment.kind == LOAD && strings >= segment.address && strings - segment.address < segment.size
    };
    let segment = segments.iter().find(held)?;
    let strings = segment.offset.checked_add(strings - segment.address)?;
    let mut all = Vec::new();
    for at in [of(RPATH), of(RUNPATH)].into_iter().flatten() {
        let bytes = read(strings.checked_add(at)?, MAX_TEXT);
        all.extend_from_slice(bytes.split(|b| *b == 0).next().unwrap_or_default());
        all.push(b':');
    }
    Some(all)
}

impl Layout {
    fn numbers<'a>(&self, bytes: &'a [u8]) -> Numbers<'a> {
        Numbers { bytes, big: self.big }
    }
    /// A number as wide as an address.
    fn word(&self, bytes: &[u8], narrow: usize, wide: usize) -> Option<u64> {
        if self.wide {
            self.numbers(bytes).u64(wide)
        } else {
            self.numbers(bytes).u32(narrow).map(u64::from)
        }
    }

    fn segments(&self, header: &[u8], read: &mut ReadAt<'_>) -> Option<Vec<Segment>> {
        let offset = self.word(header, 28, 32)?;
        let count = usize::from(self.numbers(header).u16(if self.wide { 56 } else { 44 })?).min(MAX_HEADERS);
        let size = if self.wide { 56 } else { 32 };
        let bytes = read(offset, count * size);
        let segments = bytes.chunks_exact(size).filter_map(|bytes| {
            Some(Segment {
                kind: self.numbers(bytes).u32(0)?,
                offset: self.word(bytes, 4, 8)?,
                address: self.word(bytes, 8, 16)?,
                size: self.word(bytes, 16, 32)?,
            })
        });
        Some(segments.collect())
    }

    fn tags(&self, bytes: &[u8]) -> Vec<(u64, u64)> {
        let tags = bytes.chunks_exact(if self.wide { 16 } else { 8 });
        tags.filter_map(|tag| Some((self.word(tag, 0, 0)?, self.word(tag, 4, 8)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of 64 bits with one loaded part, whose strings begin at 0x200.
    fn program(tags: &[(u64, u64)], strings: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 0x200];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, MAGIC);
        put(4, &[2, 1]);
        put(32, &64_u64.to_le_bytes());
        put(56, &2_u16.to_le_bytes());
        for (number, kind, offset, address, size) in [
            (0, LOAD, 0_u64, 0x1000_u64, 0x1000_u64),
            (1, DYNAMIC, 0x100, 0x1100, 0x100),
        ] {
            let at = 64 + number * 56;
            put(at, &kind.to_le_bytes());
            put(at + 8, &offset.to_le_bytes());
            put(at + 16, &address.to_le_bytes());
            put(at + 32, &size.to_le_bytes());
        }
        for (number, (tag, value)) in tags.iter().enumerate() {
            put(0x100 + number * 16, &tag.to_le_bytes());
            put(0x108 + number * 16, &value.to_le_bytes());
        }
        [&bytes[..], strings].concat()
    }

    fn folders(bytes: &[u8]) -> Vec<String> {
        let mut read = |offset: u64, length: usize| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            bytes[from..bytes.len().min(from.saturating_add(length))].to_vec()
        };
        let found = search_path(&mut read);
        found
            .iter()
            .map(|folder| String::from_utf8_lossy(folder).into_owned())
            .collect()
    }

    #[test]
    fn both_lists_of_folders_are_read() {
        let bytes = program(
            &[(RUNPATH, 1), (STRINGS, 0x1200), (RPATH, 23)],
            b"\0/opt/b:$ORIGIN/../lib\0/opt/a\0",
        );
        assert_eq!(folders(&bytes), ["$ORIGIN/../lib", "/opt/a", "/opt/b"]);
    }

    #[test]
    fn whatever_is_cut_or_wrong_has_none() {
        let whole = program(&[(RUNPATH, 0), (STRINGS, 0x1200)], b"/opt");
        assert_eq!(folders(&whole), ["/opt"]);
        for end in 0..0x200 {
            assert!(folders(&whole[..end]).len() <= 1, "{end}");
        }
        assert!(folders(&program(&[(RUNPATH, u64::MAX), (STRINGS, 0x1200)], b"x")).is_empty());
        assert!(folders(&program(&[(RUNPATH, 0), (STRINGS, u64::MAX)], b"x")).is_empty());
        assert!(folders(&[MAGIC, &[0xff; 100]].concat()).is_empty());
        assert!(folders(b"#!/bin/sh\n").is_empty());
    }
}
