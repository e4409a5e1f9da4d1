//! A module that panics once the scanned root has a file `/misbehave`. The test compiles it twice: as `panics`, which
//! unwinds, and as `panics_and_aborts`.

use assay_sdk::{Entry, FieldKind, Kind, Last, Manifest, Module, Result, Scan, export_module};
use std::path::Path;

struct Panics;

impl Module for Panics {
    fn manifest() -> Manifest {
        let name = if cfg!(panic = "abort") { "panics_and_aborts" } else { "panics" };
        Manifest::new(name, "1", "a test").kind(Kind::new("thing", "T1546", "a thing").compared(
            "value",
            FieldKind::Text,
            "value",
        ))
    }

    fn collect(scan: &mut Scan<'_>) -> Result<()> {
        let source = Path::new("/etc/os-release");
        scan.entry(Entry::new("thing", "steady", source).field("value", "the same"))?;
        let trigger = scan.root().stat(Path::new("/misbehave"), Last::Keep)?;
        assert!(trigger.is_none(), "the file is there");
        Ok(())
    }
}

export_module!(Panics);
