#![no_main]

use assay_fuzz::{modules::any_file, places::DESKTOP};
use assay_module_desktop::Desktop;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Desktop>(bytes, DESKTOP));
