//! The attacks again, for who runs Assay without being root: this very test, started anew as an ordinary user.

use super::attacks;
use crate::bench::{has, here};
use assay_tests::{built, skipped, spine};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Neither root, nor `nobody`, whom root's modules run as.
const USER: u32 = 4242;

#[test]
fn an_ordinary_users_modules_get_nothing() {
    if !rustix::process::geteuid().is_root() {
        return skipped("root, who alone can become somebody else");
    }
    if !has("cc") {
        return;
    }
    // Neither the build folder, which may be below a home, nor /tmp, which is writable by everybody.
    let folder = tempfile::Builder::new()
        .prefix("assay-tests-")
        .tempdir_in("/var/lib")
        .unwrap();
    let folder = folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let (programs, sources) = (folder.join("debug"), folder.join("sources"));
    fs::create_dir_all(programs.join("deps")).unwrap();
    for name in ["assay", "assay-host"] {
        fs::copy(built().join(name), programs.join(name)).unwrap();
    }
    for module in fs::read_dir(spine()).unwrap().flatten() {
        let copy = programs.join(module.file_name());
        fs::copy(module.path(), &copy).unwrap();
        // Nobody but its owner gives a file a second name.
        chown(copy, Some(USER), Some(USER)).unwrap();
    }
    fs::copy(std::env::current_exe().unwrap(), programs.join("deps/abi")).unwrap();
    for (from, to) in [
        ("abi/modules", "tests/abi/modules"),
        ("../core/abi/include", "core/abi/include"),
        ("../core/cli/templates/c", "core/cli/templates/c"),
        ("../modules/python", "modules/python"),
    ] {
        copy_folder(&here().join(from), &sources.join(to));
    }
    chown(&programs, Some(USER), Some(USER)).unwrap();
    let output = Command::new(programs.join("deps/abi"))
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .args(["native", "script"].map(|kind| format!("attacks::a_{kind}_module_gets_nothing")))
        .uid(USER)
        .gid(USER)
        .current_dir(&programs)
        .env("CARGO_MANIFEST_DIR", sources.join("tests"))
        .env("HOME", &programs)
        .env("TMPDIR", &programs)
        .env("ASSAY_BUILT", "1")
        // What an ordinary user may not do anyway proves nothing, and is skipped.
        .env_remove("CI")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("2 passed"), "{said}");
    let skipped = String::from_utf8_lossy(&output.stderr)
        .matches("skipped: ")
        .count();
    let tried = 2 * attacks().count() - skipped;
    assert!(tried > attacks().count(), "{tried} tried, {skipped} skipped");
}

/// The files of a folder, for everybody to read.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        let (path, copy) = (file.path(), to.join(file.file_name()));
        if path.is_file() {
            fs::copy(&path, &copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}
