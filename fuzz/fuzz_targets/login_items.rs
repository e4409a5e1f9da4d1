#![no_main]

use assay_fuzz::{modules::any_file, places::LOGIN_ITEMS};
use assay_module_login_items::LoginItems;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_file::<LoginItems>(bytes, LOGIN_ITEMS));
