//! The formats. Bytes in, structs out.

pub(crate) mod binfmt;
pub(crate) mod menus;
pub(crate) mod sysctl;
pub(crate) mod udev;
