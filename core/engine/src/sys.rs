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
