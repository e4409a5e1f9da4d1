//! Mounts that nobody outside one test sees, and that are gone with it.

use std::ffi::{CString, c_ulong, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr::null;

/// Runs `test` where its mounts are its own: whatever becomes of it, none stays behind. Does nothing, and says
/// so, where that is not allowed, unless under CI.
pub(crate) fn alone(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let body = move || {
            // A mount namespace is one thread's, and that of the processes it starts.
            // SAFETY: numbers only, and this thread shares nothing that it needs with the others.
            if unsafe { libc::unshare(libc::CLONE_FS | libc::CLONE_NEWNS) } != 0 {
                return super::needs(
                    false,
                    "the right to mount (root, or CAP_SYS_ADMIN in a container)",
                );
            }
            mount(None, Path::new("/"), None, libc::MS_REC | libc::MS_PRIVATE, None);
            test();
            true
        };
        match scope.spawn(body).join() {
            Ok(_) => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
}

/// A mount that is undone when this is dropped.
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    pub(crate) fn new(
        source: Option<&str>,
        target: &Path,
        kind: Option<&str>,
        flags: c_ulong,
        options: Option<&str>,
    ) -> Self {
        mount(source, target, kind, flags, options);
        Self(target.to_owned())
    }
    /// Shows the folder `source` at `target` as well.
    pub(crate) fn bind(source: &Path, target: &Path) -> Self {
        Self::new(source.to_str(), target, None, libc::MS_BIND, None)
    }
    /// An empty file system in memory.
    pub(crate) fn tmpfs(target: &Path) -> Self {
        Self::new(Some("tmpfs"), target, Some("tmpfs"), 0, None)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let target = c_string(self.0.as_os_str().as_bytes());
        // SAFETY: a C string that lives through the call.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
    }
}

fn c_string(bytes: &[u8]) -> CString {
    CString::new(bytes).expect("no NUL")
}

fn mount(source: Option<&str>, target: &Path, kind: Option<&str>, flags: c_ulong, options: Option<&str>) {
    let [source, kind, options] =
        [source, kind, options].map(|text| text.map(|text| c_string(text.as_bytes())));
    let path = c_string(target.as_os_str().as_bytes());
    let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
    let data = pointer(&options).cast::<c_void>();
    // SAFETY: each pointer is null or a C string that lives through the call.
    let done = unsafe { libc::mount(pointer(&source), path.as_ptr(), pointer(&kind), flags, data) };
    assert_eq!(
        done,
        0,
        "mount on {}: {}",
        target.display(),
        std::io::Error::last_os_error()
    );
}
