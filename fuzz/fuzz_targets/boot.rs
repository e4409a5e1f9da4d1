#![no_main]

use assay_fuzz::{modules::any_file, places::BOOT};
use assay_module_boot::Boot;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Boot>(bytes, BOOT));
