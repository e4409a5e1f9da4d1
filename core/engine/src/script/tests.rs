use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

/// A folder whose path from `/` is trusted: below the build folder, like everything that tests load.
fn scratch() -> tempfile::TempDir {
    let base = std::env::current_exe().unwrap();
    tempfile::tempdir_in(base.parent().unwrap()).unwrap()
}

fn refused(line: &str) -> String {
    interpreter(Path::new("/m/x.py"), line.as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_first_line_is_read_as_the_kernel_reads_it() {
    for (line, words) in [
        ("/bin/sh\n", &["/bin/sh"][..]),
        (" \t/bin/sh   -e  -u \n", &["/bin/sh", "-e  -u"]),
        ("/usr/bin/env sh\nexit\n", &["/usr/bin/sh"]),
    ] {
        let found = interpreter(Path::new("/m/x"), line.as_bytes()).unwrap();
        assert_eq!(found.words, words, "{line:?}");
        assert_eq!(found.path, Path::new("/bin/sh").canonicalize().unwrap());
    }
}

#[test]
fn a_first_line_that_names_no_program_is_refused_with_the_way_out() {
    for (line, words) in [
        ("/bin/sh", "does not end"),
        (&*format!("/bin/{}", "x".repeat(300)), "too long"),
        ("\n", "such as `#!/usr/bin/env python3`"),
        ("python3\n", "such as `#!/usr/bin/env python3`"),
        ("/usr/bin/env\n", "the name of a program and nothing else"),
        (
            "/usr/bin/env -S sh -e\n",
            "the name of a program and nothing else",
        ),
        (
            "/usr/bin/env ../../tmp/x\n",
            "the name of a program and nothing else",
        ),
        ("/usr/bin/env no-such-program\n", "in none of /usr/local/bin"),
        ("/usr/bin/no-such-program\n", "cannot be opened"),
        ("/usr/bin\n", "is not a regular file"),
    ] {
        assert!(refused(line).contains(words), "{line:?}: {}", refused(line));
    }
}

#[test]
fn what_is_itself_a_script_is_no_interpreter() {
    let scratch = scratch();
    let shim = scratch.path().join("python3");
    fs::write(&shim, "#!/bin/sh\n").unwrap();
    let said = refused(&format!("{}\n", shim.display()));
    assert!(said.contains("itself a script"), "{said}");
}

#[test]
fn every_folder_that_a_link_to_the_interpreter_lies_in_is_checked() {
    let scratch = scratch();
    let folder = scratch.path().join("shared");
    fs::create_dir(&folder).unwrap();
    symlink("/bin", folder.join("bin")).unwrap();
    let line = format!("{}/bin/sh\n", folder.display());
    let found = interpreter(Path::new("/m/x"), line.as_bytes()).unwrap();
    assert_eq!(found.path, Path::new("/bin/sh").canonicalize().unwrap());
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let said = refused(&line);
    assert!(
        said.contains("writable by everybody") && said.contains("chmod o-w"),
        "{said}"
    );
    assert!(
        said.starts_with("`/m/x.py` may not be run by what its first line names"),
        "{said}"
    );
}

#[test]
fn links_that_never_end_are_refused() {
    let scratch = scratch();
    let link = scratch.path().join("sh");
    symlink("sh", &link).unwrap();
    assert!(refused(&format!("{}\n", link.display())).contains("symbolic links"));
}
