#![no_main]

use assay_fuzz::{modules::any_file, places::SHELLRC};
use assay_module_shellrc::Shellrc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Shellrc>(bytes, SHELLRC));
