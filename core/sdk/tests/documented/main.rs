//! Every public item of the SDK shows its use, in an example that `cargo test --doc` compiles and runs.
//!
//! An item is a function, type, trait, macro, constant or module, and a method. A method is also shown by an example
//! of its type that calls it, so that a builder is one example and not ten.

mod source;

use source::{Crate, Item};
use std::path::Path;

fn without_example(items: &[Item]) -> Vec<&str> {
    let without = items.iter().filter(|item| !item.is_shown());
    without.map(|item| item.name.as_str()).collect()
}

#[test]
fn every_public_item_has_an_example() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sdk = Crate::read("assay_sdk", &core.join("sdk/src"));
    let others = [
        Crate::read("assay_model", &core.join("model/src")),
        Crate::read("assay_root", &core.join("root/src")),
    ];
    let items = sdk.public(&others);
    // What must be found if the search finds anything: own, from another file, from another crate, a method of each.
    for name in [
        "Scan::own_program",
        "Keys",
        "Entry::maybe",
        "Root::read",
        "plist::parse",
        "testkit::Seen::snapshot",
        "export_module!",
        "Module::collect",
        "plist::MAX_DEPTH",
        "lines",
    ] {
        assert!(items.iter().any(|item| item.name == name), "{name} is not found");
    }
    assert_eq!(
        without_example(&items),
        [""; 0],
        "public items without an example"
    );
}

#[test]
fn an_item_without_an_example_is_noticed() {
    let text = r#"
        //! The crate.
        //! ```
        //! shown();
        //! ```
        /// Shown, and its method too.
        /// ```
        /// One.called();
        /// ```
        pub struct One;
        impl One {
            /// Shown above.
            pub fn called(&self) {}
            /// Not.
            pub fn forgotten(&self) {}
            /// Nobody sees it.
            fn private(&self) {}
        }
        /// ```ignore
        /// not_compiled();
        /// ```
        pub fn not_compiled() {}
        /// ```
        /// shown();
        /// ```
        pub fn shown() {}
        pub use elsewhere::Bare;
        #[doc(hidden)]
        pub use elsewhere::Hidden;
        #[doc(hidden)]
        pub mod private {}
        struct Private;
    "#;
    let items = Crate::of_text("sample", text).public(&[]);
    assert_eq!(
        without_example(&items),
        ["One::forgotten", "not_compiled", "Bare"]
    );
}
