#![no_main]

use assay_fuzz::{modules::any_file, places::SERVICES};
use assay_module_services::Services;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Services>(bytes, SERVICES));
