#![no_main]

use assay_fuzz::{modules::any_file, places::DEVELOPER};
use assay_module_developer::Developer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Developer>(bytes, DEVELOPER));
