//! The C ABI between `assay-host` and a native module, version 1.0.
//!
//! `include/assay_module.h` says the same in C: it is made from this file (`tests/header.rs`). Structs grow only at the end, and `size` says how much of
//! one is there; nothing is moved, retyped or removed within a major version. Nobody frees the other's
//! memory, no unwinding crosses, and one process loads one module and calls `collect` once.
#![forbid(unsafe_code)]

use core::ffi::c_void;

/// A module is loaded when its major equals the host's.
pub const ABI_MAJOR: u16 = 1;
/// Information only: what changes within a major are JSON fields that older readers ignore.
pub const ABI_MINOR: u16 = 0;
/// The one symbol that a native module exports.
pub const ENTRY_SYMBOL: &str = "assay_module_entry";

/// What `collect` and `emit` answer.
pub type Status = i32;
/// All was done.
pub const OK: Status = 0;
/// The scan failed; nothing that was emitted counts.
pub const FAILED: Status = 1;
/// The host asked to stop.
pub const CANCELLED: Status = 2;
/// The module cannot work on this system.
pub const UNSUPPORTED: Status = 3;
/// The caller passed something that the ABI does not allow.
pub const BAD_ARGUMENT: Status = 4;
/// The module panicked, and the panic was caught before it crossed the border.
pub const PANICKED: Status = 5;

/// UTF-8 text without NUL, lent for the length of one call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// First byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

/// What the host lends to a module for the length of `collect`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Bytes of this struct as the host was built.
    pub size: u32,
    /// The host's major version.
    pub abi_major: u16,
    /// The host's minor version.
    pub abi_minor: u16,
    /// Passed back to each function below, and of no meaning to the module.
    pub ctx: *mut c_void,
    /// Takes one JSON object (an `entry`, `gap`, `kinds` or `inputs` record), copied before it returns. Only to be
    /// called on the thread that entered `collect`.
    pub emit: Option<unsafe extern "C" fn(ctx: *mut c_void, record: Bytes) -> Status>,
    /// Takes a message for the operator: level 1 error, 2 warning, 3 information, 4 debug.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, level: u32, text: Bytes)>,
    /// Other than 0 when the module should stop.
    pub cancelled: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i32>,
}

/// What a module lends to the host for the life of the process.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// Bytes of this struct as the module was built.
    pub size: u32,
    /// The module's major version.
    pub abi_major: u16,
    /// The module's minor version.
    pub abi_minor: u16,
    /// The manifest, as JSON.
    pub manifest: Bytes,
    /// Lists the entries; `request` is one JSON object.
    pub collect: Option<unsafe extern "C" fn(host: *const Host, request: Bytes) -> Status>,
}

/// Size of a struct of this ABI, as its `size` member has it.
#[must_use]
pub const fn size_of<T>() -> u32 {
    // A handful of pointers: no struct of this ABI comes near the end of 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    let size = core::mem::size_of::<T>() as u32;
    size
}

/// The type of [`ENTRY_SYMBOL`]: null when the module refuses the host's major.
pub type EntryFn = unsafe extern "C" fn(host_major: u16) -> *const Module;

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::{offset_of, size_of};

    /// ABI 1.0 on a 64-bit system, byte for byte: a change here breaks every module in the field.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn layout_of_version_1_0_is_frozen() {
        assert_eq!(
            (size_of::<Bytes>(), size_of::<Host>(), size_of::<Module>()),
            (16, 40, 32)
        );
        assert_eq!((offset_of!(Host, abi_major), offset_of!(Host, abi_minor)), (4, 6));
        assert_eq!((offset_of!(Host, ctx), offset_of!(Host, emit)), (8, 16));
        assert_eq!((offset_of!(Host, log), offset_of!(Host, cancelled)), (24, 32));
        assert_eq!(
            (offset_of!(Module, manifest), offset_of!(Module, collect)),
            (8, 24)
        );
    }
}
