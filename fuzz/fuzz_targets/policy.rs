#![no_main]

use assay_fuzz::{modules::any_file, places::POLICY};
use assay_module_policy::Policy;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Policy>(bytes, POLICY));
