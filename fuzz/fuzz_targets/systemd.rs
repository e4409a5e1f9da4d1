#![no_main]

use assay_fuzz::{modules::any_file, places::SYSTEMD};
use assay_module_systemd::Systemd;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Systemd>(bytes, SYSTEMD));
