//! The formats: bytes in, structs out.

pub(crate) mod calendar;
pub(crate) mod folders;
pub(crate) mod mail;
pub(crate) mod workflow;
