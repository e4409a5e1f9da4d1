#![no_main]

use assay_fuzz::{modules::any_file, places::STARTUP};
use assay_module_startup::Startup;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Startup>(bytes, STARTUP));
