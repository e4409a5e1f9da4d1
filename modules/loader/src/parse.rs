//! The formats. Bytes in, structs out.

pub(crate) mod cache;
pub(crate) mod elf;
pub(crate) mod macho;
pub(crate) mod settings;

/// Numbers of a file in one byte order.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big: bool,
}

impl<'a> Numbers<'a> {
    pub(crate) fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }
    pub(crate) fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
    pub(crate) fn u64(self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        Some(if self.big {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }
    /// The bytes from `at` to the next NUL.
    pub(crate) fn text(self, at: usize) -> Option<&'a [u8]> {
        let rest = self.bytes.get(at..)?;
        let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
        rest.get(..end)
    }
}
