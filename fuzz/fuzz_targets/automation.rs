#![no_main]

use assay_fuzz::{modules::any_file, places::AUTOMATION};
use assay_module_automation::Automation;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Automation>(bytes, AUTOMATION));
