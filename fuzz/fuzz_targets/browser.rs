#![no_main]

use assay_fuzz::{modules::any_file, places::BROWSER};
use assay_module_browser::Browser;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Browser>(bytes, BROWSER));
