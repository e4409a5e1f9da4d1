//! The cache that `ldconfig` makes: names of libraries, and the files that they stand for.

use super::Numbers;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// The format before 2000, which newer `ldconfig` can write before the new one.
const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const OLD_HEADER: usize = 16;
const OLD_ENTRY: usize = 12;
const HEADER: usize = 48;
const ENTRY: usize = 24;
/// Of the header's flags: numbers begin with their big end.
const BIG_ENDIAN: u8 = 3;

/// A library of the cache.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cached<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) path: &'a [u8],
}

/// The libraries of a cache, in its order; `None` when it is none.
pub(crate) fn libraries(bytes: &[u8]) -> Option<Vec<Cached<'_>>> {
    let bytes = new_format(bytes)?;
    let big = bytes.get(28).is_some_and(|flags| flags & 3 == BIG_ENDIAN);
    let numbers = Numbers { bytes, big };
    let count = usize::try_from(numbers.u32(20)?).ok()?;
    // No more of them than there is room for.
    let count = count.min(bytes.len() / ENTRY);
    let mut libraries = Vec::with_capacity(count);
    for number in 0..count {
        let at = HEADER + number * ENTRY;
        let text = |at: usize| numbers.text(usize::try_from(numbers.u32(at)?).ok()?);
        libraries.push(Cached {
            name: text(at + 4)?,
            path: text(at + 8)?,
        });
    }
    Some(libraries)
}

fn new_format(bytes: &[u8]) -> Option<&[u8]> {
    if !bytes.starts_with(OLD_MAGIC) {
        return bytes.starts_with(MAGIC).then_some(bytes);
    }
    let numbers = Numbers { bytes, big: false };
    let count = usize::try_from(numbers.u32(12)?).ok()?;
    let end = count.checked_mul(OLD_ENTRY)?.checked_add(OLD_HEADER)?;
    // It begins where eight divides.
    let new = bytes.get(end.checked_next_multiple_of(8)?..)?;
    new.starts_with(MAGIC).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(libraries: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(libraries.len()).unwrap().to_le_bytes());
        bytes.resize(HEADER, 0);
        let mut strings = Vec::new();
        let start = HEADER + libraries.len() * ENTRY;
        let mut entries = Vec::new();
        for (name, path) in libraries {
            entries.extend([3, 0, 0, 0]);
            for text in [name, path] {
                entries.extend(u32::try_from(start + strings.len()).unwrap().to_le_bytes());
                strings.extend(text.bytes().chain([0]));
            }
            entries.extend([0; 12]);
        }
        [bytes, entries, strings].concat()
    }

    #[test]
    fn a_cache_alone_and_after_an_old_one() {
        let new = cache(&[("libc.so.6", "/lib/libc.so.6"), ("libx.so", "/opt/libx.so")]);
        let read = libraries(&new).expect("a cache");
        assert_eq!(
            read[1],
            Cached {
                name: b"libx.so",
                path: b"/opt/libx.so"
            }
        );
        let old = [
            OLD_MAGIC,
            &[0],
            &1_u32.to_le_bytes(),
            &[0; OLD_ENTRY],
            &[0; 4],
            &new,
        ]
        .concat();
        assert_eq!(libraries(&old).expect("a cache"), read);
    }

    #[test]
    fn whatever_is_cut_or_wrong_is_no_cache() {
        let whole = cache(&[("a", "/a"), ("b", "/b")]);
        for end in 0..whole.len() - 7 {
            assert!(
                libraries(&whole[..end]).is_none_or(|read| read.len() <= 2),
                "{end}"
            );
        }
        assert_eq!(libraries(b"ld.so-1.7.0\0\xff\xff\xff\xff"), None);
        assert_eq!(libraries(&[MAGIC, &[0xff; 60]].concat()), None);
    }
}
