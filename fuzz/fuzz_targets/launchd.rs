#![no_main]

use assay_fuzz::{modules::any_file, places::LAUNCHD};
use assay_module_launchd::Launchd;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Launchd>(bytes, LAUNCHD));
