//! A script module: an executable that speaks the lines itself, in the place of this process.

use crate::sys::Exec;
use anyhow::{Context as _, Result};
use assay_model::{Confine, Script, Text};
use std::ffi::CString;
use std::path::Path;

/// What an interpreter is told to run: the file that was checked, not whatever is at its path by now.
#[cfg(target_os = "linux")]
const CHECKED_FILE: &str = "/proc/self/fd/3";
#[cfg(not(target_os = "linux"))]
const CHECKED_FILE: &str = "/dev/fd/3";

/// Makes ready to execute the script. Nothing is looked up by name afterwards.
///
/// # Errors
/// When the program is not, or not any more, the file that was checked.
pub(crate) fn prepare(confine: &Confine, script: &Script) -> Result<Exec> {
    let program = crate::program_file(script);
    let path = script.interpreter.as_ref().unwrap_or(&confine.module).as_path();
    #[cfg(not(target_os = "linux"))]
    same_file(program, path)?;
    let mut words = script.words.clone();
    if script.interpreter.is_some() {
        words.push(CHECKED_FILE.into());
        rustix::io::fcntl_setfd(program, rustix::io::FdFlags::CLOEXEC).context("descriptor 4 is not open")?;
    } else {
        words.push(confine.module.clone());
    }
    let words: Result<Vec<CString>, _> = words
        .into_iter()
        .map(Text::into_bytes)
        .map(CString::new)
        .collect();
    let path = CString::new(Text::from(path as &Path).into_bytes())?;
    Exec::new(program, path, words.context("a word of the command holds NUL")?).context("prepare to execute")
}

/// macOS executes by path, and only if the path still leads to the file that was checked. The folders above it were
/// checked too, so only the owner could swap it meanwhile.
#[cfg(not(target_os = "linux"))]
pub(crate) fn same_file(checked: std::os::fd::BorrowedFd<'_>, path: &Path) -> Result<()> {
    let shown = Text::from(path);
    let checked = rustix::fs::fstat(checked).context("the module's descriptor is not open")?;
    let now = rustix::fs::lstat(path).with_context(|| format!("`{shown}`"))?;
    anyhow::ensure!(
        (checked.st_dev, checked.st_ino) == (now.st_dev, now.st_ino),
        "`{shown}` is not the file that was checked"
    );
    Ok(())
}
