#![no_main]

use assay_fuzz::{modules::any_file, places::AUTH};
use assay_module_auth::Auth;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Auth>(bytes, AUTH));
