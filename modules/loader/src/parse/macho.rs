//! Mach-O: the libraries that a program or a library loads, and where it looks for them.

use super::Numbers;
use super::elf::ReadAt;
use std::collections::BTreeSet;

const THIN_32: u32 = 0xfeed_face;
const THIN_64: u32 = 0xfeed_facf;
const FAT_32: u32 = 0xcafe_babe;
const FAT_64: u32 = 0xcafe_babf;
/// Programs for several processors in one file. Java's classes begin alike, and have more than so many "processors".
const MAX_SLICES: usize = 16;
/// Bytes of load commands: many times what large applications have.
const MAX_COMMANDS: usize = 1 << 20;
/// A longer path opens nothing; macOS allows less.
const MAX_PATH: usize = 4096;
const DYLIB: u32 = 6;

/// How a library is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Plain,
    Weak,
    Reexport,
    Lazy,
    Upward,
}

impl How {
    /// What to say of it; nothing of a plain one.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            How::Plain => None,
            How::Weak => Some("weak"),
            How::Reexport => Some("reexport"),
            How::Lazy => Some("lazy"),
            How::Upward => Some("upward"),
        }
    }
}

/// What a file says to dyld, for all processors together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// Each library by its name as written, without order.
    pub(crate) libraries: BTreeSet<(Vec<u8>, How)>,
    /// The folders in the place of `@rpath`, in their order.
    pub(crate) search: Vec<Vec<u8>>,
    /// Whether the file is a library itself.
    pub(crate) is_library: bool,
}

/// Reads the load commands of a file; `None` when it is no Mach-O file.
pub(crate) fn image(read: &mut ReadAt<'_>) -> Option<Image> {
    let start = read(0, 8 + MAX_SLICES * 32);
    let numbers = Numbers {
        bytes: &start,
        big: true,
    };
    let (wide, entry) = match numbers.u32(0)? {
        FAT_32 => (false, 20),
        FAT_64 => (true, 32),
        _ => {
            let mut image = Image::default();
            slice(read, 0, &mut image)?;
            return Some(image);
        }
    };
    let count = usize::try_from(numbers.u32(4)?)
        .ok()
        .filter(|count| *count <= MAX_SLICES)?;
    let mut image = Image::default();
    let mut any = false;
    for number in 0..count {
        let at = 8 + number * entry;
        let offset = if wide {
            numbers.u64(at + 8)?
        } else {
            numbers.u32(at + 8)?.into()
        };
        any |= slice(read, offset, &mut image).is_some();
    }
    any.then_some(image)
}

fn slice(read: &mut ReadAt<'_>, offset: u64, image: &mut Image) -> Option<()> {
    let header = read(offset, 32);
    let numbers = |big| Numbers { bytes: &header, big };
    let is_thin = |big| matches!(numbers(big).u32(0), Some(THIN_32 | THIN_64));
    let big = [false, true].into_iter().find(|big| is_thin(*big))?;
    let header_size = if numbers(big).u32(0)? == THIN_64 { 32 } else { 28 };
    image.is_library |= numbers(big).u32(12)? == DYLIB;
    let size = usize::try_from(numbers(big).u32(20)?).ok()?.min(MAX_COMMANDS);
    let commands = read(offset.checked_add(header_size)?, size);
    let mut rest = &commands[..];
    while let Some(length) = command(Numbers { bytes: rest, big }, image) {
        rest = rest.get(length..)?;
    }
    Some(())
}

/// Takes the first command in, and gives its length; `None` at the end, or where one makes no sense.
fn command(numbers: Numbers<'_>, image: &mut Image) -> Option<usize> {
    let length = usize::try_from(numbers.u32(4)?)
        .ok()
        .filter(|length| *length >= 8)?;
    let bytes = numbers.bytes.get(..length)?;
    let numbers = Numbers { bytes, ..numbers };
    // The name of a library and a folder stand alike, at an offset that is given.
    let text = || {
        numbers
            .text(usize::try_from(numbers.u32(8)?).ok()?)
            .filter(|text| text.len() <= MAX_PATH)
            .map(<[u8]>::to_vec)
    };
    let how = match numbers.u32(0)? {
        0xc => How::Plain,
        0x8000_0018 => How::Weak,
        0x8000_001f => How::Reexport,
        0x20 => How::Lazy,
        0x8000_0023 => How::Upward,
        0x8000_001c => {
            let folder = text().filter(|folder| !image.search.contains(folder));
            image.search.extend(folder);
            return Some(length);
        }
        _ => return Some(length),
    };
    image.libraries.extend(text().map(|name| (name, how)));
    Some(length)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file of 64 bits with these commands, each a number and a text.
    pub(crate) fn file(kind: u32, commands: &[(u32, &str)]) -> Vec<u8> {
        let mut all = Vec::new();
        for (number, text) in commands {
            let at: u32 = if *number == 0x8000_001c { 12 } else { 24 };
            let length = (at as usize + text.len() + 1).next_multiple_of(8);
            let mut bytes = [
                number.to_le_bytes(),
                u32::try_from(length).unwrap().to_le_bytes(),
                at.to_le_bytes(),
            ]
            .concat();
            bytes.resize(at as usize, 0);
            bytes.extend(text.bytes());
            bytes.resize(length, 0);
            all.extend(bytes);
        }
        let count = u32::try_from(commands.len()).unwrap();
        let size = u32::try_from(all.len()).unwrap();
        let header = [THIN_64, 0x0100_000c, 0, kind, count, size, 0, 0]
            .map(u32::to_le_bytes)
            .concat();
        [header, all].concat()
    }

    fn read(bytes: &[u8]) -> Option<Image> {
        image(&mut |offset, length| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            bytes[from..bytes.len().min(from.saturating_add(length))].to_vec()
        })
    }

    #[test]
    fn libraries_and_folders_of_one_processor_and_of_two() {
        let thin = file(
            2,
            &[
                (0xc, "/usr/lib/libSystem.B.dylib"),
                (0x8000_0018, "@rpath/x.dylib"),
                (0x8000_001c, "@loader_path/."),
            ],
        );
        let image = read(&thin).expect("an image");
        let libraries: Vec<_> = image
            .libraries
            .iter()
            .map(|(name, how)| (String::from_utf8_lossy(name), *how))
            .collect();
        assert_eq!(
            libraries,
            [
                ("/usr/lib/libSystem.B.dylib".into(), How::Plain),
                ("@rpath/x.dylib".into(), How::Weak)
            ]
        );
        assert_eq!((image.search.len(), image.is_library), (1, false));
        let other = file(
            6,
            &[(0x8000_001f, "/opt/y.dylib"), (0x8000_001c, "@loader_path/.")],
        );
        let mut fat = [FAT_32, 2].map(u32::to_be_bytes).concat();
        for offset in [4096_u32, 8192] {
            fat.extend([0, 0, offset, 0, 0].map(u32::to_be_bytes).concat());
        }
        fat.resize(4096, 0);
        fat.extend(thin);
        fat.resize(8192, 0);
        fat.extend(other);
        let image = read(&fat).expect("an image");
        assert_eq!(
            (image.libraries.len(), image.search.len(), image.is_library),
            (3, 1, true)
        );
    }

    #[test]
    fn whatever_is_cut_or_wrong_ends_early() {
        let whole = file(2, &[(0xc, "/a"), (0xc, "/b")]);
        for end in 0..whole.len() {
            assert!(
                read(&whole[..end]).is_none_or(|image| image.libraries.len() <= 2),
                "{end}"
            );
        }
        assert_eq!(read(b"\xca\xfe\xba\xbe\0\0\0\x34 a class of Java"), None);
        assert_eq!(read(b"#!/bin/sh\n"), None);
        assert!(read(&file(2, &[])).expect("an image").libraries.is_empty());
        let mut wild = file(2, &[(0xc, "/a")]);
        wild[32 + 8..32 + 12].fill(0xff);
        assert!(read(&wild).expect("an image").libraries.is_empty());
        wild[32 + 4..32 + 8].fill(0);
        assert!(read(&wild).is_some());
    }
}
