#![no_main]

use assay_fuzz::{modules::any_file, places::KERNEL};
use assay_module_kernel::Kernel;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Kernel>(bytes, KERNEL));
