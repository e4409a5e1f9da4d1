//! Whole systems: all modules and all watch lists on a machine with a bit of everything, while software comes and goes.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[cfg(target_os = "linux")]
mod debian;
mod mac;

use assay_tests::{Scratch, built};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Lets every module and every shipped watch list look at a root. They are in a folder of their own, so that a build
/// meanwhile is no news of the machine.
fn with_everything(mut scratch: Scratch) -> Scratch {
    let modules = scratch.path("modules");
    fs::create_dir(&modules).unwrap();
    for found in fs::read_dir(built()).unwrap().map(Result::unwrap) {
        let name = found.file_name().into_string().unwrap();
        if name.starts_with("libassay_module_") && name.ends_with(std::env::consts::DLL_SUFFIX) {
            fs::hard_link(found.path(), modules.join(name)).unwrap();
        }
    }
    scratch.modules = vec![modules];
    fs::create_dir(&scratch.watch).unwrap();
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/watch.d");
    for found in fs::read_dir(lists).unwrap().map(Result::unwrap) {
        fs::copy(found.path(), scratch.watch.join(found.file_name())).unwrap();
    }
    scratch
}

/// The first run learns everything, leaves no place out and tells nothing else; the second is silent.
fn learn(scratch: &Scratch) {
    assert_eq!(scratch.said(), ["baseline_created"]);
    assert_eq!(scratch.said(), [""; 0], "nothing happened");
    assert_eq!(status(scratch)["gaps"], serde_json::json!([]));
}

fn status(scratch: &Scratch) -> Value {
    scratch.json(&["status"]).remove(0)
}

/// What must hold of a system, and does not.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn unless_empty(&mut self, what: &str, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<_> = lines.into_iter().collect();
        if !lines.is_empty() {
            self.0.push(format!("{what}:\n    {}", lines.join("\n    ")));
        }
    }
}

impl Drop for Wrong {
    /// Whoever mends one thing wants to know of all.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{}", self.0.join("\n\n"));
        }
    }
}
