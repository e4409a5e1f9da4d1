#![no_main]

use assay_fuzz::{modules::any_file, places::NETWORK};
use assay_module_network::Network;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Network>(bytes, NETWORK));
