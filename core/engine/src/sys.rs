//! The few system calls that no safe crate wraps.

/// Writes one message to the system's log.
#[cfg(target_os = "macos")]
pub(crate) fn syslog(tag: &str, priority: u32, text: &std::ffi::CStr) {
    use std::ffi::CString;
    use std::sync::OnceLock;
    static TAG: OnceLock<CString> = OnceLock::new();
    let tag = TAG.get_or_init(|| CString::new(tag).unwrap_or_default());
    let priority = i32::try_from(priority).unwrap_or_default();
    // SAFETY: the tag lives for ever, as openlog asks; the format takes exactly one string.
    unsafe {
        libc::openlog(tag.as_ptr(), libc::LOG_PID | libc::LOG_NDELAY, 0);
        libc::syslog(priority, c"%s".as_ptr(), text.as_ptr());
    }
}

/// Makes a FIFO that everybody may read.
#[cfg(target_os = "linux")]
pub(crate) fn mkfifo(path: &std::path::Path) -> std::io::Result<()> {
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    Ok(rustix::fs::mkfifoat(rustix::fs::CWD, path, mode)?)
}

/// The same where rustix has no call for it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn mkfifo(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path ends with a NUL and lives until the call returns.
    match unsafe { libc::mkfifo(path.as_ptr(), 0o644) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Whether the access control list of an open file or folder, if it has one, grants anybody to change it.
///
/// # Errors
/// When the list cannot be read.
#[cfg(target_os = "macos")]
pub(crate) fn list_lets_write(file: std::os::fd::BorrowedFd<'_>) -> std::io::Result<bool> {
    use std::ffi::{c_int, c_void};
    use std::io::Error;
    use std::os::fd::AsRawFd as _;
    unsafe extern "C" {
        fn acl_get_fd_np(fd: c_int, kind: c_int) -> *mut c_void;
        fn acl_get_entry(acl: *mut c_void, which: c_int, entry: *mut *mut c_void) -> c_int;
        fn acl_get_tag_type(entry: *mut c_void, tag: *mut c_int) -> c_int;
        fn acl_get_permset_mask_np(entry: *mut c_void, mask: *mut u64) -> c_int;
        fn acl_free(object: *mut c_void) -> c_int;
    }
    // <sys/acl.h>, <sys/kauth.h>
    const EXTENDED: c_int = 0x100;
    const FIRST_ENTRY: c_int = 0;
    const NEXT_ENTRY: c_int = -1;
    const ALLOW: c_int = 1;
    /// Write and append data, delete, delete a child, change security and owner.
    const WRITING: u64 = 1 << 2 | 1 << 5 | 1 << 4 | 1 << 6 | 1 << 12 | 1 << 13;

    // SAFETY: takes numbers only; answers null, or a list that is freed below.
    let list = unsafe { acl_get_fd_np(file.as_raw_fd(), EXTENDED) };
    if list.is_null() {
        let error = Error::last_os_error();
        return if error.raw_os_error() == Some(libc::ENOENT) {
            Ok(false)
        } else {
            Err(error)
        };
    }
    let (mut which, mut grants, mut entry) = (FIRST_ENTRY, false, std::ptr::null_mut());
    // SAFETY: the list is one, and `entry` a place for one pointer into it. It answers -1 after the last.
    while unsafe { acl_get_entry(list, which, &raw mut entry) } == 0 {
        which = NEXT_ENTRY;
        let (mut tag, mut mask) = (0, 0);
        // SAFETY: the entry belongs to the list, which is not freed yet; the rest are places for one number each.
        let told = unsafe {
            acl_get_tag_type(entry, &raw mut tag) == 0 && acl_get_permset_mask_np(entry, &raw mut mask) == 0
        };
        grants |= !told || (tag == ALLOW && mask & WRITING != 0);
    }
    // SAFETY: it came from the call above and is not used again.
    unsafe { acl_free(list) };
    Ok(grants)
}
