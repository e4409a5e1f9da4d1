//! The few system calls that no safe crate wraps.

use std::ffi::{CString, c_char};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd as _;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: i32) {
    // SAFETY: takes numbers only. Nothing in this process owns a descriptor of that range yet.
    #[cfg(target_os = "linux")]
    if unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) } == 0 {
        return;
    }
    // SAFETY: takes no arguments.
    let end = unsafe { libc::getdtablesize() }.clamp(0, 1 << 16);
    for descriptor in first..end {
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
    use std::ffi::{CStr, c_int};
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

/// One exec that is about to happen. What it needs is never given back: either the exec happens, or the process ends.
pub(crate) struct Exec {
    #[cfg(target_os = "linux")]
    program: BorrowedFd<'static>,
    #[cfg(not(target_os = "linux"))]
    path: CString,
    /// An empty path, which says to execute `program` itself.
    #[cfg(target_os = "linux")]
    empty: &'static mut [*const c_char],
    /// The command, with a null pointer behind it.
    words: &'static mut [*const c_char],
}

#[cfg(target_os = "linux")]
impl Exec {
    /// The exec of an open program.
    ///
    /// # Errors
    /// When the system has no memory or no random numbers to give.
    pub(crate) fn new(program: BorrowedFd<'static>, _: CString, words: Vec<CString>) -> io::Result<Self> {
        let hidden = hidden(words.len() + 1)?;
        for (place, word) in hidden.iter_mut().zip(words) {
            *place = word.into_raw();
        }
        Ok(Self {
            program,
            empty: self::hidden(1)?,
            words: hidden,
        })
    }

    /// The second and third argument of the call: numbers that nothing but this program knows.
    pub(crate) fn addresses(&self) -> [u64; 2] {
        [self.empty.as_ptr() as u64, self.words.as_ptr() as u64]
    }

    /// Executes it in the place of this process, with this process's environment; comes back only when that fails.
    pub(crate) fn run(self) -> io::Error {
        unsafe extern "C" {
            static environ: *const *const c_char;
        }
        // SAFETY: the empty path is a NUL byte, and the words are C strings with a null pointer behind them, as is the
        // environment, which nothing changes: this process has one thread.
        unsafe {
            libc::syscall(
                libc::SYS_execveat,
                self.program.as_raw_fd(),
                self.empty.as_ptr(),
                self.words.as_ptr(),
                environ,
                libc::AT_EMPTY_PATH,
            );
        }
        io::Error::last_os_error()
    }
}

/// Null pointers at an address that nobody can guess: of 2^38 bytes, any page, and in that any place.
#[cfg(target_os = "linux")]
fn hidden(count: usize) -> io::Result<&'static mut [*const c_char]> {
    const PAGE: usize = 4096;
    const WORD: usize = size_of::<*const c_char>();
    let mut random = [0usize; 2];
    // SAFETY: the buffer is as long as the call is told.
    let got = unsafe { libc::getrandom(random.as_mut_ptr().cast(), size_of_val(&random), 0) };
    if got.cast_unsigned() != size_of_val(&random) {
        return Err(io::Error::last_os_error());
    }
    let wanted = (random[0] % (1 << 38)) / PAGE * PAGE;
    let length = PAGE + count * WORD;
    // SAFETY: a new mapping; the address is a wish, which the kernel grants where nothing else is.
    let page = unsafe {
        libc::mmap(
            wanted as *mut libc::c_void,
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let place = random[1] % (PAGE / WORD);
    // SAFETY: the place and what follows are inside the mapping, which is zeroed and is never taken away.
    Ok(unsafe { std::slice::from_raw_parts_mut(page.cast::<*const c_char>().add(place), count) })
}

#[cfg(not(target_os = "linux"))]
impl Exec {
    /// The exec of the program at `path`.
    ///
    /// # Errors
    /// None on this system.
    #[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
    pub(crate) fn new(_: BorrowedFd<'static>, path: CString, words: Vec<CString>) -> io::Result<Self> {
        let words = words.into_iter().map(|word| word.into_raw().cast_const());
        let words: Vec<_> = words.chain([std::ptr::null()]).collect();
        Ok(Self {
            path,
            words: words.leak(),
        })
    }

    /// What is executed.
    #[cfg(target_os = "macos")]
    pub(crate) fn path(&self) -> &std::ffi::CStr {
        &self.path
    }

    /// Executes it in the place of this process, with this process's environment; comes back only when that fails.
    pub(crate) fn run(self) -> io::Error {
        // SAFETY: C strings, and a null pointer behind the words.
        unsafe { libc::execv(self.path.as_ptr(), self.words.as_ptr()) };
        io::Error::last_os_error()
    }
}
