#![no_main]

use assay_fuzz::{modules::any_file, places::ACCOUNTS};
use assay_module_accounts::Accounts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<Accounts>(bytes, ACCOUNTS));
