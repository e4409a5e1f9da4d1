#![no_main]

use assay_fuzz::modules::any_tree;
use assay_module_hideouts::Hideouts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_tree::<Hideouts>(bytes));
