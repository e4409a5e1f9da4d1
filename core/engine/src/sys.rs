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

/// Answers of the calls below.
#[cfg(target_os = "linux")]
fn answer(answer: libc::c_int) -> rustix::io::Result<libc::c_int> {
    if answer >= 0 {
        return Ok(answer);
    }
    let error = std::io::Error::last_os_error();
    Err(rustix::io::Errno::from_io_error(&error).unwrap_or(rustix::io::Errno::IO))
}

/// A group of fanotify whose events name the folder, the name in it, and the file.
#[cfg(target_os = "linux")]
pub(crate) fn fanotify_group() -> rustix::io::Result<std::os::fd::OwnedFd> {
    use std::os::fd::FromRawFd as _;
    let flags = libc::FAN_CLASS_NOTIF
        | libc::FAN_CLOEXEC
        | libc::FAN_NONBLOCK
        | libc::FAN_REPORT_DFID_NAME
        | libc::FAN_REPORT_FID;
    // SAFETY: takes numbers only.
    let group = answer(unsafe { libc::fanotify_init(flags, libc::O_RDONLY.cast_unsigned()) })?;
    // SAFETY: a descriptor that was made just now, and is nobody else's.
    Ok(unsafe { std::os::fd::OwnedFd::from_raw_fd(group) })
}

#[cfg(target_os = "linux")]
fn terminated(path: &std::path::Path) -> rustix::io::Result<std::ffi::CString> {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(|_| rustix::io::Errno::INVAL)
}

/// Adds `events` to what `group` is told of at a path, a link being a link, or takes them away: `what` is
/// `FAN_MARK_ADD` or `FAN_MARK_REMOVE`.
#[cfg(target_os = "linux")]
pub(crate) fn fanotify_mark(
    group: std::os::fd::BorrowedFd<'_>,
    path: &std::path::Path,
    what: libc::c_uint,
    is_folder: bool,
    events: u64,
) -> rustix::io::Result<()> {
    use std::os::fd::AsRawFd as _;
    let only = if is_folder { libc::FAN_MARK_ONLYDIR } else { 0 };
    let (flags, path) = (what | only | libc::FAN_MARK_DONT_FOLLOW, terminated(path)?);
    // SAFETY: an open descriptor, and a path that lives until the call returns.
    let marked =
        unsafe { libc::fanotify_mark(group.as_raw_fd(), flags, events, libc::AT_FDCWD, path.as_ptr()) };
    answer(marked).map(drop)
}

/// The type and the bytes of the handle by which a file system knows what is at a path, a link being a link, as events of
/// fanotify give them.
#[cfg(target_os = "linux")]
pub(crate) fn handle_of(path: &std::path::Path) -> rustix::io::Result<Vec<u8>> {
    /// `MAX_HANDLE_SZ` of linux/exportfs.h.
    const LONGEST: usize = 128;
    /// `struct file_handle`, with room for the longest.
    #[repr(C)]
    struct Handle {
        length: u32,
        kind: i32,
        bytes: [u8; LONGEST],
    }
    let mut handle = Handle {
        length: 128,
        kind: 0,
        bytes: [0; LONGEST],
    };
    let (mut mount, path) = (0, terminated(path)?);
    // SAFETY: the path lives until the call returns, and the handle has the room that it says it has.
    answer(unsafe {
        libc::name_to_handle_at(
            libc::AT_FDCWD,
            path.as_ptr(),
            (&raw mut handle).cast(),
            &raw mut mount,
            0,
        )
    })?;
    let length = usize::try_from(handle.length).unwrap_or(LONGEST).min(LONGEST);
    Ok([&handle.kind.to_ne_bytes(), &handle.bytes[..length]].concat())
}

/// Gives memory back that was used for a run.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn trim_memory() {
    // SAFETY: takes a number only.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators do it by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn trim_memory() {}
