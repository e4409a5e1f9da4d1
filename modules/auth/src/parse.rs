//! The formats: PAM services, sudoers, doas.conf. Bytes in, structs out.

pub(crate) mod doas;
pub(crate) mod pam;
pub(crate) mod sudoers;
mod text;
