#![no_main]

use assay_fuzz::{modules::any_file, places::PACKAGES};
use assay_module_packages::Packages;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Packages>(bytes, PACKAGES));
