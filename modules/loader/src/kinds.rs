//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

/// Hijack Execution Flow: Dynamic Linker Hijacking.
const LINKER: &str = "T1574.006";
/// Hijack Execution Flow: Dylib Hijacking.
const DYLIB: &str = "T1574.004";
const LINK: &str = "where it leads, as written, when it is a link";
const LOOSE: &str = "who else than root may put files there, or that it is missing";
const HOW: &str = "weak, reexport, lazy or upward, when it is no plain dependency";

pub(crate) fn all() -> Vec<Kind> {
    vec![
        Kind::new(
            "preloaded_library",
            LINKER,
            "a library that comes into every program, by ld.so.preload",
        )
        .severity(Severity::Critical),
        Kind::new(
            "library_folder",
            LINKER,
            "a folder in which libraries are looked for, by ld.so.conf",
        )
        .compared("loose", FieldKind::Text, LOOSE),
        Kind::new(
            "library_cache_entry",
            LINKER,
            "a library that the linker's cache finds outside those folders, or under another name",
        ),
        Kind::new(
            "dynamic_linker",
            LINKER,
            "the dynamic linker, the C library, or a copy of one",
        )
        .severity(Severity::Critical)
        .compared("link_target", FieldKind::Text, LINK),
        Kind::new("shared_library", LINKER, "a library where every program finds it").compared(
            "link_target",
            FieldKind::Text,
            LINK,
        ),
        Kind::new(
            "library_search_path",
            "T1574",
            "a folder in which one program looks for libraries first",
        )
        .severity(Severity::Medium)
        .compared("loose", FieldKind::Text, LOOSE),
        Kind::new(
            "linked_library",
            "T1546.006",
            "a library, not Apple's, that a program names by its path",
        )
        .compared("how", FieldKind::Text, HOW),
        Kind::new(
            "searched_library",
            DYLIB,
            "a library that a program looks for in several places, or can do without",
        )
        .compared("how", FieldKind::Text, HOW)
        .compared(
            "found",
            FieldKind::Text,
            "the file that is loaded, the first that is there",
        ),
        Kind::new(
            "reexported_library",
            DYLIB,
            "a library that another one hands on as its own",
        )
        .severity(Severity::Medium)
        .compared(
            "found",
            FieldKind::Text,
            "the file that is loaded, the first that is there",
        ),
    ]
}
