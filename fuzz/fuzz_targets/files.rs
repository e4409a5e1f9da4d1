#![no_main]

use assay_fuzz::modules::any_list;
use assay_module_files::Files;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_list::<Files>(bytes));
