//! The C header is made from the Rust structs, so that the two cannot say different things.

use std::fs;
use std::path::Path;

/// With `ASSAY_WRITE_HEADER=1` it is written anew.
#[test]
fn the_header_is_what_the_structs_make_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let made = cbindgen::Builder::new()
        .with_src(here.join("src/lib.rs"))
        .with_config(config)
        .generate();
    let mut header = Vec::new();
    made.unwrap().write(&mut header);
    let header = String::from_utf8(header).unwrap();
    let path = here.join("include/assay_module.h");
    if std::env::var_os("ASSAY_WRITE_HEADER").is_some() {
        fs::write(&path, &header).unwrap();
    }
    let checked_in = fs::read_to_string(path).unwrap();
    assert!(
        header == checked_in,
        "core/abi/src/lib.rs makes another header:\n{header}\nIf that is meant, ASSAY_WRITE_HEADER=1 writes it."
    );
}
