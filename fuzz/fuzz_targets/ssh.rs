#![no_main]

use assay_fuzz::{modules::any_file, places::SSH};
use assay_module_ssh::Ssh;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Ssh>(bytes, SSH));
