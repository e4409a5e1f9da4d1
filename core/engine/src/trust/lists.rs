//! Access control lists, which grant what the mode does not show.

use std::os::fd::AsFd;

/// Whether a file has a list by which somebody besides its owner and its group may write to it.
///
/// On Linux such a list lends its mask to the group bits of the mode: whatever it lets anybody write, the mode lets the
/// group write, acl(5). So any list counts, and only of a file whose group may write: group 0 in the mode may be
/// anybody in the list.
#[cfg(target_os = "linux")]
pub(super) fn lets_write(file: impl AsFd, group_may_write: bool) -> bool {
    use rustix::io::Errno;
    let mut nothing = [0_u8; 0];
    // Asked for its size alone. What cannot be told is taken for a list.
    group_may_write
        && !matches!(
            rustix::fs::fgetxattr(file, "system.posix_acl_access", &mut nothing[..]),
            Err(Errno::NODATA | Errno::OPNOTSUPP)
        )
}

/// The same on macOS, where a list stands beside the mode. What cannot be told is taken for a list.
#[cfg(target_os = "macos")]
pub(super) fn lets_write(file: impl AsFd, _: bool) -> bool {
    crate::sys::list_lets_write(file.as_fd()).unwrap_or(true)
}

/// Command that takes a list away, for whoever reads why a file was refused.
pub(super) const REMOVE: &str = if cfg!(target_os = "macos") {
    "chmod -N"
} else {
    "setfacl -b"
};
