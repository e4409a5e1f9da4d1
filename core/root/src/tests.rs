#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]
use super::*;
use std::fs as host;
use std::os::unix::fs::symlink;

/// A root with links that try to leave it, next to a file that only they could reach.
fn roots() -> (tempfile::TempDir, [Root; 2]) {
    let scratch = tempfile::tempdir().unwrap();
    host::write(scratch.path().join("outside"), "outside").unwrap();
    let top = scratch.path().join("root");
    host::create_dir_all(top.join("etc/deep/er")).unwrap();
    host::write(top.join("etc/passwd"), "inside").unwrap();
    for (link, target) in [
        ("abs", "/etc/passwd"),
        ("up", "../outside"),
        ("far", "../../../../../../../../etc/passwd"),
        ("a", "b"),
        ("b", "a"),
        ("gone", "/nowhere/at/all"),
        ("folder", "etc/deep"),
        ("etc/deep/er/back", "../../passwd"),
        ("magic", "/proc/self/root/etc/passwd"),
    ] {
        symlink(target, top.join(link)).unwrap();
    }
    rustix::fs::mknodat(rustix::fs::CWD, top.join("fifo"), FileType::Fifo, 0o644.into(), 0).unwrap();
    let both = [Root::open(&top).unwrap(), Root::open_portable(&top).unwrap()];
    (scratch, both)
}

#[test]
fn links_resolve_inside_and_never_leave() {
    let (_scratch, roots) = roots();
    for root in roots {
        for inside in [
            "/abs",
            "/far",
            "/folder/er/back",
            "/etc/../etc/./passwd",
            "/../etc/passwd",
        ] {
            assert_eq!(
                root.read(Path::new(inside), 99).unwrap(),
                b"inside",
                "{inside} {root:?}"
            );
            assert_eq!(
                root.canonical(Path::new(inside)).unwrap(),
                Path::new("/etc/passwd"),
                "{inside}"
            );
        }
        for nothing in ["/up", "/gone", "/magic", "/etc/passwd/x", "/none"] {
            assert!(
                root.read(Path::new(nothing), 99).unwrap_err().is_not_found(),
                "{nothing} {root:?}"
            );
            assert!(
                root.canonical(Path::new(nothing)).unwrap_err().is_not_found(),
                "{nothing} {root:?}"
            );
        }
        assert!(matches!(
            root.read(Path::new("/a"), 99).unwrap_err().why,
            Why::Loop
        ));
        assert_eq!(root.canonical(Path::new("/")).unwrap(), Path::new("/"));
        assert_eq!(
            root.canonical(Path::new("/folder/..")).unwrap(),
            Path::new("/etc")
        );
    }
}

#[test]
fn only_regular_files_are_opened() {
    let (_scratch, roots) = roots();
    for root in roots {
        for (path, file_type) in [("/fifo", FileType::Fifo), ("/etc", FileType::Directory)] {
            let why = root.open_file(Path::new(path), Last::Follow).unwrap_err().why;
            assert!(
                matches!(why, Why::WrongType(found) if found == file_type),
                "{path}: {why}"
            );
        }
        let why = root.open_file(Path::new("/abs"), Last::Keep).unwrap_err().why;
        assert!(matches!(why, Why::WrongType(FileType::Symlink)), "{why}");
        assert!(matches!(
            root.read(Path::new("/abs"), 5).unwrap_err().why,
            Why::TooBig { limit: 5 }
        ));
        assert_eq!(root.read(Path::new("/abs"), 6).unwrap(), b"inside");
    }
}

#[test]
fn lists_are_sorted_and_say_what_each_name_is() {
    let (_scratch, roots) = roots();
    for root in roots {
        let names = root.list(Path::new("/folder/..")).unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|n| (n.name.to_str().unwrap(), n.file_type))
            .collect();
        assert_eq!(
            names,
            [("deep", FileType::Directory), ("passwd", FileType::RegularFile)]
        );
        let why = root.list(Path::new("/abs")).unwrap_err().why;
        assert!(matches!(why, Why::WrongType(FileType::RegularFile)), "{why}");
        assert_eq!(
            root.read_link(Path::new("/folder/er/back")).unwrap(),
            Path::new("../../passwd")
        );
    }
}

#[test]
fn a_folder_that_flips_to_a_link_never_shows_another_folder() {
    let (scratch, [root, portable]) = roots();
    let top = scratch.path().join("root");
    host::create_dir(scratch.path().join("secret")).unwrap();
    host::write(scratch.path().join("secret/escaped"), "").unwrap();
    host::create_dir(top.join("flip")).unwrap();
    symlink(scratch.path().join("secret"), top.join("link")).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, top.join("flip"), cwd, top.join("link"), exchange).unwrap();
            }
        });
        for _ in 0..20_000 {
            for root in [&root, &portable] {
                if let Ok(names) = root.list(Path::new("/flip")) {
                    assert!(names.is_empty(), "escaped: {names:?}");
                }
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
