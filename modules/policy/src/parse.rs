//! The formats: XML as polkit and D-Bus write it, their files, and names in certificates. Bytes in, structs out.

pub(crate) mod busconfig;
pub(crate) mod der;
pub(crate) mod polkit;
pub(crate) mod xml;
