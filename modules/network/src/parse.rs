//! Formats of the network's files: bytes to structs.

pub(crate) mod certificates;
pub(crate) mod inetd;
pub(crate) mod interfaces;
