#![no_main]

use assay_fuzz::{modules::any_file, places::APPS};
use assay_module_apps::Apps;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Apps>(bytes, APPS));
