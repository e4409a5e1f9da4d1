#![no_main]

use assay_fuzz::{modules::any_file, places::CRON};
use assay_module_cron::Cron;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Cron>(bytes, CRON));
