//! A native module: loading it, calling it, and handing on what it emits.

use anyhow::{Context as _, Result, bail};
use assay_abi as abi;
use assay_model::{Confine, LogLevel, Manifest, Record};
use serde::Deserialize;
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

static ENTRIES: AtomicU64 = AtomicU64::new(0);
/// Set when the core is gone or a record was refused: the scan is to end.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A loaded module. Never unloaded: the process ends with the scan.
pub(crate) struct Module(&'static abi::Module);

/// Loads the module behind descriptor 3.
pub(crate) fn load(confine: &Confine) -> Result<Module> {
    let path = path_of_checked_file(confine)?;
    // SAFETY: the library's constructors run here, inside the sandbox, which is what it is for.
    let library = unsafe { libloading::Library::new(&path) }
        .map_err(|e| anyhow::anyhow!("cannot load `{}`: {}", confine.module, with_cause(&e)))?;
    let library = Box::leak(Box::new(library));
    // SAFETY: the symbol has this type in every major of the ABI.
    let entry = unsafe { library.get::<abi::EntryFn>(abi::ENTRY_SYMBOL.as_bytes()) }
        .map_err(|_| anyhow::anyhow!("`{}` exports no {}", confine.module, abi::ENTRY_SYMBOL))?;
    // SAFETY: the ABI: a pointer that is null, or valid for the life of the process.
    let module = unsafe { entry(abi::ABI_MAJOR).as_ref() };
    let Some(module) = module else {
        bail!("the module refuses ABI {}", abi::ABI_MAJOR)
    };
    if module.abi_major != abi::ABI_MAJOR {
        bail!(
            "the module has ABI {}, this host has {}",
            module.abi_major,
            abi::ABI_MAJOR
        );
    }
    if module.size < abi::size_of::<abi::Module>() {
        bail!(
            "the module's description is {} bytes, ABI 1.0 has {}",
            module.size,
            abi::size_of::<abi::Module>()
        );
    }
    Ok(Module(module))
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(target_os = "linux")]
fn path_of_checked_file(_: &Confine) -> Result<String> {
    Ok(format!("/proc/self/fd/{}", crate::MODULE))
}

/// macOS cannot load from a descriptor: it loads by path, and only if the path still leads to the file that was
/// checked.
#[cfg(not(target_os = "linux"))]
fn path_of_checked_file(confine: &Confine) -> Result<std::path::PathBuf> {
    crate::script::same_file(crate::module_file(), confine.module.as_path())?;
    Ok(confine.module.as_path().to_owned())
}

impl Module {
    /// The `hello` line, with the manifest as the module has it.
    pub(crate) fn hello(&self) -> Result<String> {
        // SAFETY: static for the life of the process, by the ABI.
        let manifest = unsafe { borrow(self.0.manifest) };
        let manifest: Manifest =
            serde_json::from_slice(manifest).context("the manifest is not what docs/modules.md describes")?;
        Ok(serde_json::to_string(&Record::Hello {
            v: assay_model::PROTOCOL_VERSION,
            manifest,
        })?)
    }

    /// Lets the module list its entries.
    pub(crate) fn collect(&self, request: &str) -> abi::Status {
        let Some(collect) = self.0.collect else {
            return abi::FAILED;
        };
        let host = abi::Host {
            size: abi::size_of::<abi::Host>(),
            abi_major: abi::ABI_MAJOR,
            abi_minor: abi::ABI_MINOR,
            ctx: std::ptr::null_mut(),
            emit: Some(emit),
            log: Some(log),
            cancelled: Some(cancelled),
        };
        let request = abi::Bytes {
            ptr: request.as_ptr(),
            len: request.len(),
        };
        // SAFETY: both live until the call returns.
        unsafe { collect(&raw const host, request) }
    }
}

/// The bytes that a module lends.
///
/// # Safety
/// `bytes` is null, or points to its length of bytes, for as long as the answer is used.
unsafe fn borrow<'a>(bytes: abi::Bytes) -> &'a [u8] {
    if bytes.ptr.is_null() {
        &[]
    } else {
        // SAFETY: promised by the caller; a null pointer is never read.
        unsafe { std::slice::from_raw_parts(bytes.ptr, bytes.len) }
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    record: &'a str,
}

unsafe extern "C" fn emit(_: *mut c_void, record: abi::Bytes) -> abi::Status {
    // SAFETY: lent for this call, by the ABI.
    let record = unsafe { borrow(record) };
    match serde_json::from_slice::<Tag<'_>>(record).map(|tag| tag.record) {
        Ok("entry") => _ = ENTRIES.fetch_add(1, Ordering::Relaxed),
        Ok("gap" | "inputs" | "kinds") => {}
        _ => {
            // Handed on all the same, on one line of its own: the core says what is wrong with it.
            STOPPED.store(true, Ordering::Relaxed);
            say_raw(&String::from_utf8_lossy(record).replace('\n', " "));
            return abi::BAD_ARGUMENT;
        }
    }
    if record.contains(&b'\n') {
        // It is JSON, so these stand between its values and not in them.
        let one_line: Vec<u8> = record
            .iter()
            .map(|b| if *b == b'\n' { b' ' } else { *b })
            .collect();
        write_line(&one_line);
    } else {
        write_line(record);
    }
    if stopped() { abi::CANCELLED } else { abi::OK }
}

/// Whether a record was refused, or nobody reads them any more.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

unsafe extern "C" fn log(_: *mut c_void, level: u32, text: abi::Bytes) {
    let level = match level {
        1 => LogLevel::Error,
        2 => LogLevel::Warning,
        3 => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    // SAFETY: lent for this call, by the ABI.
    let text = String::from_utf8_lossy(unsafe { borrow(text) }).into_owned();
    say(&Record::Log { level, text });
}

extern "C" fn cancelled(_: *mut c_void) -> i32 {
    i32::from(stopped())
}

/// Number of `entry` records handed on.
pub(crate) fn entries_sent() -> u64 {
    ENTRIES.load(Ordering::Relaxed)
}

/// Standard output without its own line buffering: ten thousand entries are a few writes.
static OUT: LazyLock<Mutex<BufWriter<File>>> = LazyLock::new(|| {
    use std::os::fd::FromRawFd as _;
    // SAFETY: descriptor 1 is the core's pipe, and nothing else in this process writes to or closes it.
    let pipe = unsafe { File::from_raw_fd(1) };
    Mutex::new(BufWriter::with_capacity(64 << 10, pipe))
});

fn write_line(line: &[u8]) {
    let mut out = OUT.lock().unwrap_or_else(PoisonError::into_inner);
    if out.write_all(line).and_then(|()| out.write_all(b"\n")).is_err() {
        STOPPED.store(true, Ordering::Relaxed);
    }
}

/// Writes one record.
pub(crate) fn say(record: &Record) {
    if let Ok(line) = serde_json::to_string(record) {
        say_raw(&line);
    }
}

/// Writes one line, and at once: a crash that follows does not take it along.
pub(crate) fn say_raw(line: &str) {
    write_line(line.as_bytes());
    _ = OUT.lock().unwrap_or_else(PoisonError::into_inner).flush();
}

/// What a status means.
pub(crate) fn status_name(status: abi::Status) -> String {
    match status {
        abi::FAILED => "failed".to_owned(),
        abi::CANCELLED => "cancelled".to_owned(),
        abi::UNSUPPORTED => "unsupported here".to_owned(),
        abi::BAD_ARGUMENT => "bad argument".to_owned(),
        abi::PANICKED => "panicked".to_owned(),
        other => format!("status {other}, which the ABI does not have"),
    }
}
