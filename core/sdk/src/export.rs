//! The C side of a module: the only unsafe code of the SDK.

use crate::{Module, Scan};
use assay_abi as abi;
use assay_model::{LogLevel, Record, Request};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Exports a [`Module`](crate::Module) as the native module of this library.
///
/// It belongs in the `lib.rs` of a crate with `crate-type = ["cdylib", "rlib"]`, once. A panic is caught and
/// told to the host, which then keeps what it knew.
///
/// ```standalone_crate
/// use assay_sdk::{Manifest, Module, Result, Scan, export_module};
///
/// /// Lists nothing, which takes no more than this.
/// struct Nothing;
///
/// impl Module for Nothing {
///     fn manifest() -> Manifest {
///         Manifest::new("nothing", "1.0.0", "no place at all")
///     }
///     fn collect(_: &mut Scan) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// export_module!(Nothing);
/// # assert!(assay_module_entry(0).is_null(), "a host of another version is refused");
/// ```
#[macro_export]
macro_rules! export_module {
    ($module:ty) => {
        #[doc(hidden)]
        extern "C" fn assay_module_collect(
            host: *const $crate::private::abi::Host,
            request: $crate::private::abi::Bytes,
        ) -> $crate::private::abi::Status {
            // SAFETY: the host keeps the ABI: both are valid until this call returns.
            unsafe { $crate::private::collect::<$module>(host, request) }
        }

        /// The one symbol of a native module; see `assay_module.h`.
        // SAFETY: no other symbol of that name can be in one library.
        #[unsafe(no_mangle)]
        pub extern "C" fn assay_module_entry(host_major: u16) -> *const $crate::private::abi::Module {
            $crate::private::module::<$module>(host_major, assay_module_collect)
        }
    };
}

/// The static description of module `M`, or null for a host of another major.
#[must_use]
pub fn module<M: Module>(
    host_major: u16,
    collect: extern "C" fn(*const abi::Host, abi::Bytes) -> abi::Status,
) -> *const abi::Module {
    if host_major != abi::ABI_MAJOR {
        return std::ptr::null();
    }
    let manifest =
        catch_unwind(|| serde_json::to_string(&M::manifest()).unwrap_or_default()).unwrap_or_default();
    // One process asks one module once, so what is leaked here lives exactly as long as it must.
    let manifest: &'static str = Box::leak(manifest.into_boxed_str());
    Box::leak(Box::new(abi::Module {
        size: abi::size_of::<abi::Module>(),
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        manifest: bytes(manifest),
        collect: Some(collect),
    }))
}

/// Runs module `M` for the host.
///
/// # Safety
/// `host` points to a valid host of the same major, and `request` to its length of bytes, for this call.
pub unsafe fn collect<M: Module>(host: *const abi::Host, request: abi::Bytes) -> abi::Status {
    if host.is_null() || request.ptr.is_null() {
        return abi::BAD_ARGUMENT;
    }
    // SAFETY: promised by the caller, and neither is null.
    let (host, request) = unsafe { (*host, std::slice::from_raw_parts(request.ptr, request.len)) };
    let (Some(emit), Some(log)) = (host.emit, host.log) else {
        return abi::BAD_ARGUMENT;
    };
    let Ok(request) = serde_json::from_slice::<Request>(request) else {
        return abi::BAD_ARGUMENT;
    };

    let mut sink = |record: &Record| match record {
        Record::Log { level, text } => {
            let level = match level {
                LogLevel::Error => 1,
                LogLevel::Warning => 2,
                LogLevel::Info => 3,
                LogLevel::Debug => 4,
            };
            // SAFETY: the host's function, context and thread; the text lives until it returns.
            unsafe { log(host.ctx, level, bytes(text)) };
            true
        }
        record => serde_json::to_string(record).is_ok_and(|line| {
            // SAFETY: as above.
            unsafe { emit(host.ctx, bytes(&line)) == abi::OK }
        }),
    };
    let run = AssertUnwindSafe(|| {
        let mut scan = Scan::new(&request, &mut sink)?;
        M::collect(&mut scan)?;
        scan.send_inputs()
    });
    match catch_unwind(run) {
        Ok(Ok(())) => abi::OK,
        Ok(Err(crate::Error::Cancelled)) => abi::CANCELLED,
        Ok(Err(error)) => {
            sink(&Record::Log {
                level: LogLevel::Error,
                text: error.to_string(),
            });
            abi::FAILED
        }
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(ToString::to_string);
            let said = said
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            sink(&Record::Log {
                level: LogLevel::Error,
                text: format!("panicked: {said}"),
            });
            abi::PANICKED
        }
    }
}

fn bytes(text: &str) -> abi::Bytes {
    abi::Bytes {
        ptr: text.as_ptr(),
        len: text.len(),
    }
}
