#![no_main]

use assay_fuzz::{modules::any_file, places::LOADER};
use assay_module_loader::Loader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Loader>(bytes, LOADER));
