//! The few system calls that no safe crate wraps.

use std::io;
use std::time::Duration;

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) {
    // SAFETY: takes numbers only. Nothing in this process owns a descriptor of that range yet.
    #[cfg(target_os = "linux")]
    if unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) } == 0 {
        return;
    }
    // SAFETY: takes no arguments.
    let end = unsafe { libc::getdtablesize() }.clamp(0, 1 << 16);
    for descriptor in first.cast_signed()..end {
        // SAFETY: as above; what is not open is refused.
        unsafe { libc::close(descriptor) };
    }
}

/// Has the system end this process after a time, unless a handler is set for that.
pub(crate) fn alarm(after: Duration) {
    let seconds = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
    // SAFETY: takes a number only.
    unsafe { libc::alarm(seconds) };
}

/// Gives up every supplementary group and becomes `id` in all of real, effective and saved user and group.
/// Capabilities that are permitted stay permitted.
///
/// # Errors
/// When the process may not.
#[cfg(target_os = "linux")]
pub(crate) fn become_user_keeping_capabilities(id: u32) -> io::Result<()> {
    // SAFETY: each call takes numbers only, and the process has one thread.
    let done = unsafe {
        libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
            && libc::setgroups(0, std::ptr::null()) == 0
            && libc::setresgid(id, id, id) == 0
            && libc::setresuid(id, id, id) == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Puts the process into a named profile of macOS, with `profile` in the sandbox's own language.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "macos")]
pub(crate) fn sandbox_init(profile: &str) -> io::Result<()> {
    use std::ffi::{CStr, CString, c_char, c_int};
    unsafe extern "C" {
        fn sandbox_init(profile: *const c_char, flags: u64, errorbuf: *mut *mut c_char) -> c_int;
        fn sandbox_free_error(errorbuf: *mut c_char);
    }
    let profile = CString::new(profile)?;
    let mut error: *mut c_char = std::ptr::null_mut();
    // SAFETY: the profile is a C string that outlives the call, and `error` a place for one pointer.
    if unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) } == 0 {
        return Ok(());
    }
    if error.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: on failure the call leaves a C string there, to be freed once by its own function.
    let said = unsafe {
        let said = CStr::from_ptr(error).to_string_lossy().into_owned();
        sandbox_free_error(error);
        said
    };
    Err(io::Error::other(said))
}
