#![no_main]

use assay_fuzz::{modules::any_file, places::RUNNING};
use assay_module_running::Copied;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Copied>(bytes, RUNNING));
