#![no_main]

use assay_fuzz::{modules::any_file, places::PROFILES};
use assay_module_profiles::Profiles;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Profiles>(bytes, PROFILES));
