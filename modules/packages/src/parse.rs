//! Formats of package managers: bytes to structs.

pub(crate) mod apt_conf;
pub(crate) mod dpkg;
pub(crate) mod hook;
pub(crate) mod repository;
pub(crate) mod rpm;
pub(crate) mod sources;
